"""The notebooks run from top to bottom, and say what they promise."""

from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))
PROMISED = {
    "first_look": ("success: True", "INFEASIBLE | "),
    "behaviour_cloning": ("cloned: ", "shuffled: ", "of 2 doors opened"),  # `make learn` says how many in full
}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path):
    nbformat = pytest.importorskip("nbformat", reason="the extra `notebooks` is not installed")
    nbclient = pytest.importorskip("nbclient", reason="the extra `notebooks` is not installed")
    if path.stem == "behaviour_cloning":
        pytest.importorskip("torch", reason="torch is not installed; `make tools` and `make learn` bring it")
    notebook = nbformat.read(path, as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "commit notebooks without their outputs"
    nbclient.NotebookClient(notebook, timeout=240, kernel_name="python3").execute(cwd=str(path.parent))
    printed = "".join(out.get("text", "") for cell in notebook.cells for out in cell.get("outputs", []))
    assert [promise for promise in PROMISED[path.stem] if promise not in printed] == []
