"""Runs a notebook from top to bottom and prints what it says, nothing written back: `make learn` runs it."""

from __future__ import annotations

import sys
from pathlib import Path

import nbclient
import nbformat


def main(path: Path) -> int:
    notebook = nbformat.read(path, as_version=4)

    def report(cell: nbformat.NotebookNode, **_: object) -> None:
        for out in cell.get("outputs", []):
            print(out.get("text", ""), end="", flush=True)

    client = nbclient.NotebookClient(notebook, timeout=None, kernel_name="python3", on_cell_executed=report)
    client.execute(cwd=str(path.parent))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]).resolve()))
