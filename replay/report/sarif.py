"""`verdicts.sarif`: SARIF 2.1.0, which code scanning of GitHub and others show beside the files that it is about.

A result is a finding that failed or warned and follows from no other; a file that cannot be read and a recording that is undecided are
one each. What passes has none. Results come as the verdicts do, so that memory does not grow with them.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote

from . import jsonl
from .story import Story
from .text import Words

if TYPE_CHECKING:
    from ..checks.finding import Finding
    from ..judge.verdict import Verdict
    from .baseline import Baseline

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
VERSION = "2.1.0"
UNREADABLE = "unreadable"
MARK = "shiliu/v1"  # by which a result is found again in a later run
LEVELS = {"FAIL": "error", "WARN": "warning"}


class Sarif:
    """Writes a document verdict by verdict; `finish` makes it whole.

    Args:
        file: opened for writing text.
        words: the reader's language.
        baseline: marks each result as new or unchanged.
    """

    def __init__(self, file: IO[str], words: Words, baseline: Baseline | None = None) -> None:
        self._file, self._words, self._baseline = file, words, baseline
        self._rules: dict[str, dict[str, Any]] = {}  # in the order in which they were met
        self._n = 0
        file.write(f'{{"$schema": "{SCHEMA}", "version": "{VERSION}", "runs": [{{"results": [')

    def add(self, verdict: Verdict) -> None:
        """The results of one verdict."""
        marks: Counter[str] = Counter()
        for one in self._results(verdict):
            mark = one["partialFingerprints"][MARK]
            marks[mark] += 1
            if marks[mark] > 1:  # of one code and signal, at another time
                one["partialFingerprints"][MARK] = f"{mark}/{marks[mark]}"
            self._file.write(("," if self._n else "") + "\n" + _dumped(one))
            self._n += 1

    def finish(self, version: str = "") -> None:
        """Rules and tool, after the last result; the file stays open."""
        driver = {"name": "shiliu", **({"version": version} if version else {}), "rules": list(self._rules.values())}
        run = {
            "tool": {"driver": driver},
            "columnKind": "unicodeCodePoints",
            "defaultEncoding": "utf-8",
            "language": LANGUAGES[self._words.lang],
        }
        self._file.write(f"\n], {_dumped(run)[1:-1]}}}]}}\n")

    def _results(self, verdict: Verdict) -> list[dict[str, Any]]:
        story = Story(verdict, self._words)
        if verdict.verdict is None:
            message = story.unread or story.slip
            return [self._result(verdict, UNREADABLE, "error", message, None)]
        found: list[dict[str, Any]] = []
        for index in story.listed:
            finding = story.findings[index]
            if finding.because_of is None:
                found.append(
                    self._result(verdict, finding.code, LEVELS[finding.level], story.words.message(finding), finding)
                )
        if verdict.verdict == "INCONCLUSIVE" and not verdict.cleared:
            root = story.root
            code = root.code if root is not None else "undecided"
            found.insert(0, self._result(verdict, code, "none", story.slip, root))
        return found

    def _result(self, verdict: Verdict, code: str, level: str, message: str, finding: Finding | None) -> dict[str, Any]:
        source = jsonl.source_of(verdict)
        subject = list(finding.subject) if finding is not None else []
        signal = str(finding.signal) if finding is not None else ""
        mark = hashlib.sha256("\0".join((source, code, level, signal, *subject)).encode("utf-8", "backslashreplace")).hexdigest()[:32]
        properties = finding.to_dict() if finding is not None else {}
        self._rules.setdefault(code, _rule(code, self._words.telling(verdict.titles)))
        result: dict[str, Any] = {
            "ruleId": code,
            "ruleIndex": list(self._rules).index(code),
            "kind": "open" if level == "none" else "fail",
            "level": level,
            "message": {"text": str(jsonl.without_paths(message)) or code},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": quote(source.rpartition("#")[0] or source)},
                        "region": {"startLine": 1},
                    },
                    "logicalLocations": [{"name": verdict.episode, "fullyQualifiedName": source, "kind": "recording"}],
                }
            ],
            "partialFingerprints": {MARK: mark},
            "properties": {
                "verdict": verdict.verdict,
                "owner": verdict.owner,
                "scenario": verdict.scenario,
                "cause": finding is not None and verdict.root is not None and verdict.findings[verdict.root] is finding,
                **{
                    key: properties[key]
                    for key in ("subject", "t0", "t1", "value", "limit", "unit", "excess")
                    if properties.get(key) is not None
                },
            },
        }
        if self._baseline is not None:
            own = finding is not None and finding.level in LEVELS
            known = (
                self._baseline.found(verdict, finding.level, code) if own and finding else self._baseline.holds(verdict)
            )
            result["baselineState"] = "unchanged" if known else "new"
        return result


def _rule(code: str, words: Words) -> dict[str, Any]:
    if words.code(code) is None:
        return {"id": code, "shortDescription": {"text": words.verdict(None) if code == UNREADABLE else code}}
    return {
        "id": code,
        "shortDescription": {"text": words.title(code, None, "topic") or code},
        "fullDescription": {"text": words.what(code)},
    }


LANGUAGES = {"en": "en-US", "zh": "zh-CN"}


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
