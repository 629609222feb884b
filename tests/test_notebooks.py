"""The notebooks run from top to bottom, and say what they promise."""

import ast
import json
from importlib import import_module
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))
PROMISED = {
    "first_look": ("success: True", "INFEASIBLE | "),
    "behaviour_cloning": ("cloned: ", "shuffled: ", "of 2 doors opened"),  # `make learn` says how many in full
}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_python_and_what_it_imports_of_ours_is_there(path):
    cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] for cell in cells), "commit notebooks without their outputs"
    code = "\n".join(line for cell in cells for line in "".join(cell["source"]).splitlines() if line[:1] not in "!%")
    ours = 0
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "shiliu":
            ours += 1
            module = import_module(node.module)
            assert [one.name for one in node.names if not hasattr(module, one.name)] == []
    assert ours


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path):
    nbformat = pytest.importorskip("nbformat", reason="the extra `notebooks` is not installed")
    nbclient = pytest.importorskip("nbclient", reason="the extra `notebooks` is not installed")
    if path.stem == "behaviour_cloning":
        pytest.importorskip("torch", reason="torch is not installed; `make tools` and `make learn` bring it")
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(notebook, timeout=240, kernel_name="python3").execute(cwd=str(path.parent))
    printed = "".join(out.get("text", "") for cell in notebook.cells for out in cell.get("outputs", []))
    assert [promise for promise in PROMISED[path.stem] if promise not in printed] == []
