"""What keeps a project in order says the same as the project: version, forms, hooks, release."""

from __future__ import annotations

from pathlib import Path

import pytest
import shiliu
import yaml
from conftest import script

ROOT = Path(__file__).resolve().parents[1]


def read(name: str):
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def test_citation_and_changelog_are_of_this_version():
    assert read("CITATION.cff")["version"] == shiliu.__version__
    assert script(".ci/release.py").notes(f"v{shiliu.__version__}").strip()


def test_a_tag_of_another_version_is_refused():
    with pytest.raises(SystemExit, match=r"The tag is v9\.9\.9, and version\.py says"):
        script(".ci/release.py").notes("v9.9.9")


def test_issue_forms_ask_something_that_has_to_be_answered():
    forms = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
    assert len(forms) == 4
    for form in forms:
        body = read(form.relative_to(ROOT))["body"]
        assert any(one.get("validations", {}).get("required") for one in body), form.name
        assert len({one["id"] for one in body}) == len(body)


def test_hooks_run_what_ci_runs():
    hooks = [hook["entry"] for repo in read(".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    lint = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nlint:")[2].partition("\n\n")[0]
    assert "make lint" in hooks and "make lint" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert any("ruff check" in hook for hook in hooks) and "ruff check" in lint
