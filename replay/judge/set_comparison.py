"""The takes of one set among each other: what each is held against, in the order in which they are judged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..checks.finding import Finding
from ..checks.registry import asked_of
from ..checks.takes import Lag, check_duplicate, check_take_lag, content, lag_of
from ..recording.recording import Recording
from .results import Integrity, Subject

Key = tuple[str, str | None, str | None]


@dataclass
class Company:
    """What is kept of the takes of each set: how late each is, and digests of what it holds. Some hundred bytes a take."""

    lags: dict[Key, list[Lag]] = field(default_factory=dict)
    seen: dict[Key, dict[str, str]] = field(default_factory=dict)

    def compare(self, batch: Sequence[tuple[Subject, Integrity]]) -> list[list[Finding]]:
        """`take.lag` and `take.duplicate` of each recording of a batch, against the takes of its set, of this batch and before."""
        own: dict[int, Lag] = {}
        for i, (subject, integrity) in enumerate(batch):
            lag = lag_of(integrity.findings)
            key = set_of(subject.recording)
            if lag is not None and key is not None:
                own[i] = lag
                self.lags.setdefault(key, []).append(lag)
        found = []
        for i, (subject, integrity) in enumerate(batch):
            key, rules = set_of(subject.recording), subject.rules
            if key is None:
                found.append([rules[code].not_applicable("no_set") for code in asked_of("takes")])
                continue
            others = list(self.lags.get(key, ()))
            if i in own:
                others.remove(own[i])
            lagging = next((f.subject for f in integrity.findings if f.code == "stream.lag"), ())
            before = self.seen.setdefault(key, {})
            found.append(
                [
                    check_take_lag(own.get(i), others, lagging, rules),
                    check_duplicate(subject.recording, before, rules),
                ]
            )
            self._remember(subject.recording, before)
        return found

    def beside(self, recordings: Iterable[tuple[Recording, Lag | None]]) -> None:
        """Takes of a set that are not judged now, each with its lag."""
        for recording, lag in recordings:
            key = set_of(recording)
            if key is None:
                continue
            if lag is not None:
                self.lags.setdefault(key, []).append(lag)
            self._remember(recording, self.seen.setdefault(key, {}))

    @staticmethod
    def _remember(recording: Recording, seen: dict[str, str]) -> None:
        for digest in content(recording):
            if digest is not None:
                seen.setdefault(digest, recording.source)


def set_of(recording: Recording) -> Key | None:
    """The set that a take is of, recorded by one robot and read in one way; None where it lies alone."""
    root, sign, _ = recording.source.rpartition("#")
    robot = recording.metadata.get("robot")
    return (root, robot if isinstance(robot, str) else None, recording.mapping) if sign else None
