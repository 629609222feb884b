"""Files that may be parts of one recording: their names count up, and one begins where the one before it ends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..recording.recording import Recording, Unreadable

CONTINUES = "continues"  # key of a recording's metadata: `name` of the recording before, and `after_s` that it ended
COUNTED = re.compile(r"(?P<stem>.*[^\d])(?P<number>\d+)\Z", re.DOTALL)
AT_ONCE_NS = 1_000_000_000  # between the last sample of the one and the first of the other; a recorder that splits loses none
WALL_NS = 1_000_000_000 * 10**9  # times since an epoch; times that begin with each recording tell nothing


def continued(items: Iterable[Recording | Unreadable]) -> Iterator[Recording | Unreadable]:
    """The same, with what each recording seems to go on from in its metadata."""
    before: tuple[str, int, int, str] | None = None
    for item in items:
        now = _counted(item) if isinstance(item, Recording) else None
        if now is not None and isinstance(item, Recording):
            stem, number, first, last = now
            if before is not None and (stem, number) == (before[0], before[1] + 1) and 0 <= first - before[2] <= AT_ONCE_NS:
                item.metadata[CONTINUES] = {"name": before[3], "after_s": (first - before[2]) * 1e-9}
            before = stem, number, last, item.name
        else:
            before = None
        yield item


def _counted(item: Recording) -> tuple[str, int, int, int] | None:
    """The counted name of a file, and the first and last time [ns] of its streams."""
    named = COUNTED.match(item.name)
    times = [s.time_ns for s in item.streams.values() if s.n and s.role in ("command", "measured")]
    if named is None or not times or "#" in item.source:
        return None
    first, last = min(int(t.min()) for t in times), max(int(t.max()) for t in times)
    return (named["stem"], int(named["number"]), first, last) if first > WALL_NS else None
