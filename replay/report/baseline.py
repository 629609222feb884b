"""What a former run had found already, so that a pipeline fails only on what is new."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ..judge.verdict import Verdict
from .lines import files_of, lines_of

PASSED = "FEASIBLE"


class Baseline:
    """Recordings that did not pass in a former run, each with its cause; some hundred bytes a recording are kept of it.

    A recording is known where its content or its name is the same, and verdict and cause are.

    Args:
        path: `verdicts.jsonl` of that run, or its folder.

    Attributes:
        n_known, n_new: of the recordings asked about that did not pass.

    Raises:
        EpisodeError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._known: set[bytes] = set()
        self._found: set[bytes] = set()  # findings that failed or warned, those of recordings that passed among them
        self.n_known = self.n_new = 0
        for line in lines_of(files_of(path, "baseline")):
            sha256 = line.tree.get("sha256")
            for one in line.findings:
                if one.get("level") in ("WARN", "FAIL"):
                    self._found |= _keys(sha256, line.source, one["level"], one.get("code"))
            if line.verdict != PASSED and not line.tree.get("cleared"):
                code = line.root["code"] if line.root else None
                self._known |= _keys(sha256, line.source, line.verdict, code)

    def holds(self, verdict: Verdict) -> bool:
        """Whether this was so already; what passes never was."""
        if passed(verdict):
            return False
        root = verdict.root
        code = verdict.findings[root].code if root is not None else None
        return bool(self._known & _keys(verdict.sha256, verdict.called, verdict.verdict, code))

    def found(self, verdict: Verdict, level: str, code: str) -> bool:
        """Whether this recording had such a finding already."""
        return bool(self._found & _keys(verdict.sha256, verdict.called, level, code))

    def counts(self, verdict: Verdict) -> bool:
        """Whether a recording counts for the exit code; asked once for each."""
        if passed(verdict):
            return True
        known = self.holds(verdict)
        self.n_known += known
        self.n_new += not known
        return not known


def passed(verdict: Verdict) -> bool:
    """Whether nobody has to act on it."""
    return verdict.verdict == PASSED or verdict.cleared


def _keys(sha256: str | None, source: str, verdict: str | None, code: str | None) -> set[bytes]:
    names = [("source", source), *((("sha256", sha256),) if sha256 else ())]
    texts = ("\0".join((kind, name, str(verdict), str(code))) for kind, name in names)
    return {hashlib.sha256(text.encode("utf-8", "backslashreplace")).digest()[:16] for text in texts}
