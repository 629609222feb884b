"""Takes the pictures out of a report and lays them side by side: python docs/case_pictures.py REPORT.html OUT.webp [WIDTH]"""

from __future__ import annotations

import base64
import io
import re
import sys
from pathlib import Path

import numpy as np
from pictures import write
from PIL import Image


def strip(report: str, width: int) -> np.ndarray:
    """(height, 4 x width, 3) uint8 of the pictures of a report's first sheet."""
    pictures = [
        Image.open(io.BytesIO(base64.b64decode(code))).convert("RGB")
        for code in re.findall(r'src="data:image/png;base64,([^"]+)"', report)[:4]
    ]
    if not pictures:
        raise SystemExit("The report has no pictures; judge with pictures=true where OpenGL exists.")
    return np.hstack([np.asarray(p.resize((width, round(width * p.height / p.width)))) for p in pictures])


if __name__ == "__main__":
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    wide = int(sys.argv[3]) if len(sys.argv) > 3 else 320
    write(target, strip(source.read_text(encoding="utf-8"), wide))
