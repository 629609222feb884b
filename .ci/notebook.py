"""Runs notebooks from top to bottom.

    python .ci/notebook.py FILE          prints what it says, nothing is written back (`make learn`)
    python .ci/notebook.py keep FILE...  keeps the outputs, small (`make notebooks keep=true`)
"""

from __future__ import annotations

import base64
import io
import re
import sys
from pathlib import Path

import nbclient
import nbformat
from PIL import Image

sys.path.append(str(Path(__file__).resolve().parents[1] / "docs"))
from pictures import curve

SHOWN = ("image/jpeg", "image/svg+xml", "text/html", "text/plain")  # the first that an output has is kept
QUALITY = 50  # of pictures, which are drawn and not photographed
WIDEST = 720  # pixels, about what a page of the site shows


def main(path: Path) -> int:
    notebook = nbformat.read(path, as_version=4)

    def report(cell: nbformat.NotebookNode, **_: object) -> None:
        for out in cell.get("outputs", []):
            print(out.get("text", ""), end="", flush=True)

    client = nbclient.NotebookClient(notebook, timeout=None, kernel_name="python3", on_cell_executed=report)
    client.execute(cwd=str(path.parent))
    return 0


def smaller(picture: Image.Image) -> str:
    """A picture as an output keeps it."""
    small, kept = io.BytesIO(), picture.convert("RGB")
    kept.thumbnail((WIDEST, kept.height), Image.Resampling.LANCZOS)
    kept.save(small, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return base64.b64encode(small.getvalue()).decode()


def keep(path: Path) -> None:
    """Execute a notebook, and keep one small form of each output."""
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3", record_timing=False).execute(cwd=str(path.parent))
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.execution_count = None
        for out in cell.get("outputs", []):
            if "execution_count" in out:
                out.execution_count = None
            if (data := out.get("data")) is None:
                continue
            if "image/png" in data:
                data["image/jpeg"] = smaller(Image.open(io.BytesIO(base64.b64decode(data["image/png"]))))
            kind = next(kind for kind in SHOWN if kind in data)
            if "<svg" in data[kind]:
                data[kind] = re.sub(r"(?s)<svg.*?</svg>", lambda found: curve(found[0]), data[kind])
            out.data, out.metadata = nbformat.NotebookNode({kind: data[kind]}), nbformat.NotebookNode()
    notebook.metadata.language_info = {"name": "python"}
    nbformat.write(notebook, path)
    print(path.name, f"{path.stat().st_size / 1e3:.0f} kB", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "keep":
        for name in sys.argv[2:]:
            keep(Path(name).resolve())
        raise SystemExit(0)
    raise SystemExit(main(Path(sys.argv[1]).resolve()))
