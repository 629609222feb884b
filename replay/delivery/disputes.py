"""What is odd on purpose: verdicts to which a person objects, why, and what became of it. A YAML file that a person writes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...scenarios.sheet.errors import EpisodeError, odd_kind
from ...scenarios.sheet.near_matches import nearest
from ...scenarios.sheet.yaml_reader import Node, Problems, places_in, read_yaml
from ..recording.metadata import PSEUDONYM, VERDICTS
from ..signals.statistics import wilson

BECAME = ("overruled", "upheld", "open")  # the person was right; the judge was right; nobody has decided
PASSED = "FEASIBLE"
KEYS = ("recording", "verdict", "by", "why", "became")
MAX_BYTES = 4 << 20


@dataclass(frozen=True)
class Dispute:
    """One objection.

    Attributes:
        recording: its source, as its verdict names it; verdict: the judge's verdict.
        by: pseudonym of who objects; why: in a sentence; became: one of `BECAME`.
    """

    recording: str
    verdict: str
    by: str
    why: str
    became: str

    @property
    def lets_in(self) -> bool:
        """Whether a take that was refused is delivered all the same."""
        return self.became == "overruled" and self.verdict != PASSED

    @property
    def keeps_out(self) -> bool:
        """Whether a take that passed is not delivered."""
        return self.became == "overruled" and self.verdict == PASSED

    def plain(self) -> dict[str, str]:
        return asdict(self)


def read_disputes(path: Path, judged: Mapping[str, str | None]) -> dict[str, Dispute]:
    """Disputes by recording.

    Args:
        path: the YAML file; judged: source -> verdict of every recording that was judged.

    Raises:
        EpisodeError: it cannot be read. ScenarioError: with everything that is wrong in it, each with its line.
    """
    if not path.is_file():
        raise EpisodeError(odd_kind(path) or "no such file. Check disputes=.", file=path, field="disputes")
    tree, problems = read_yaml(path, limit=MAX_BYTES), Problems(places_in(path, limit=MAX_BYTES))
    found: dict[str, Dispute] = {}
    node = Node({} if tree is None else tree, "", problems)
    if node.mapping(required=("disputes",)):
        for one in node.child("disputes").each():
            dispute = _dispute(one, judged)
            if dispute is None:
                continue
            if dispute.recording in found:
                one.child("recording").note(
                    f"{dispute.recording!r} stands here twice. Keep what became of it in the end."
                )
            found[dispute.recording] = dispute
    problems.stop(str(path))
    return found


def _dispute(node: Node, judged: Mapping[str, str | None]) -> Dispute | None:
    if not node.mapping(required=KEYS):
        return None
    before = len(node.problems.found)
    recording = node.child("recording").word() if "recording" in node else ""
    verdict = node.child("verdict").word(choices=VERDICTS) if "verdict" in node else ""
    became = node.child("became").word(choices=BECAME) if "became" in node else ""
    why = node.child("why").word() if "why" in node else ""
    by = node.child("by").value if "by" in node else ""
    if not isinstance(by, str) or not PSEUDONYM.fullmatch(by):
        # what stands there may be a name, and messages end in logs
        node.child("by").note("is no pseudonym. Write P- and 3 to 6 digits, such as P-0417; names stay at the centre.")
    if recording and recording not in judged:
        node.child("recording").note(f"no verdict is of {recording!r}.{nearest(recording, list(judged))}")
    elif recording and verdict and judged[recording] != verdict:
        node.child("verdict").note(
            f"the judge says {judged[recording] or 'unreadable'} of {recording!r}, not {verdict}. "
            "Object to the verdict that stands, or name the verdicts that are meant by verdicts=."
        )
    return Dispute(recording, verdict, by, why, became) if len(node.problems.found) == before else None


def error_rates(disputes: Mapping[str, Dispute], judged: Mapping[str, str | None]) -> dict[str, Any]:
    """How often a person overruled the judge, of all recordings that it judged.

    Only what somebody objected to was looked at, so that a share is a lower bound of how often the judge errs.

    Returns:
        For `all`, `refused` (INFEASIBLE, UNSOUND, INCONCLUSIVE) and `passed`: `n` judged, `disputed`, `overruled`, `upheld`, `open`,
        `rate` = overruled / n, `low` and `high` of its 95 % Wilson interval; None where nothing was judged.
    """

    def of(which: Collection[str | None]) -> dict[str, Any]:
        n = sum(verdict in which for verdict in judged.values())
        there = [one for one in disputes.values() if one.verdict in which]
        counted = {word: sum(one.became == word for one in there) for word in BECAME}
        k = counted["overruled"]
        low, high = wilson(k, n) if n else (None, None)
        rate = k / n if n else None
        return {"n": n, "disputed": len(there), **counted, "rate": rate, "low": low, "high": high}

    return {"all": of(set(VERDICTS)), "refused": of(set(VERDICTS) - {PASSED}), "passed": of({PASSED})}
