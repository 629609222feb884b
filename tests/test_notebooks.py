"""Eight notebooks, kept with small outputs; `make notebooks` runs them, and `make tools` the one that needs torch."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CLONING = ROOT / "notebooks" / "behaviour_cloning.ipynb"
KEPT = sorted(set((ROOT / "notebooks").glob("*.ipynb")) - {CLONING})
PROMISED = ("cloned: ", "shuffled: ", "of 2 doors opened")  # `make learn` says how many in full


def test_there_are_eight_and_each_is_in_the_list():
    page = (ROOT / "docs" / "notebooks.md").read_text(encoding="utf-8")
    assert len(KEPT) == 8 and [path.name for path in KEPT if f"../notebooks/{path.name}" not in page] == []


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_a_notebook_is_kept_whole_and_small(path):
    assert path.stat().st_size <= 150_000
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    outputs = [out for cell in cells for out in cell.get("outputs", ())]
    assert outputs and cells[0]["cell_type"] == "markdown" and "".join(cells[0]["source"]).startswith("# ")
    assert not [out for out in outputs if out["output_type"] == "error"]
    assert not [out for out in outputs if len(out.get("data", "x")) != 1], "python .ci/notebook.py keep FILE"


@pytest.mark.slow
def test_cloning_runs():
    nbformat = pytest.importorskip("nbformat", reason="the extra `notebooks` is not installed")
    nbclient = pytest.importorskip("nbclient", reason="the extra `notebooks` is not installed")
    pytest.importorskip("torch", reason="torch is not installed; `make tools` and `make learn` bring it")
    notebook = nbformat.read(CLONING, as_version=4)
    nbclient.NotebookClient(notebook, timeout=240, kernel_name="python3").execute(cwd=str(CLONING.parent))
    printed = "".join(out.get("text", "") for cell in notebook.cells for out in cell.get("outputs", []))
    assert [promise for promise in PROMISED if promise not in printed] == []
