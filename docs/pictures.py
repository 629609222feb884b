"""Pictures of the pages, all of them WebP, half the size of JPEG at the same looks: `write` keeps one, of a generator.

    python docs/pictures.py FILE ...    pictures of other kinds become WebP in their place
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

QUALITY = 55  # looked at: captions of a strip and labels in a head picture read as before


def write(file: Path, picture: np.ndarray) -> None:
    """Keep an (h, w, 3) uint8 picture as `file`, which ends in .webp."""
    Image.fromarray(picture).save(file, "WEBP", quality=QUALITY, method=6)


def convert(file: Path) -> Path:
    """Put a WebP where another picture stands, under its name."""
    with Image.open(file) as picture:
        write(file.with_suffix(".webp"), np.asarray(picture.convert("RGB")))
    file.unlink()
    return file.with_suffix(".webp")


if __name__ == "__main__":
    for one in sys.argv[1:]:
        print(convert(Path(one)))
