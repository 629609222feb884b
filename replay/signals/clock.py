"""Times of a stream on the episode's clock, and which streams share a channel of the device."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..recording.quantities import POSITIONS
from ..recording.recording import Recording, Stream

FEW_AT_ONCE = 0.01  # of the samples, up to which two may have one time and lie apart: of those the last one counts
OFF_ITS_WAY = 3.0  # times as far from a sample of its time as that one is from those before and after it: it is no further step
# of the samples, from where on those that lie beside their way are no stray ones; of all that the column goes that goes furthest, that
# they lie beside it: the last digit of an encoder, which flickers, is less
IN_TURNS, BESIDE = 0.1, 0.02
FAR_NS, FAR_STEPS = 1_000_000_000, 10  # from 0, in ns and in usual steps: what is nearer may be a clock that begins there
WALL_NS = 10**17  # ns, some three years: no clock that begins with a recording has come so far


def origin_ns(recording: Recording) -> int:
    """Time of the episode's second zero on the recording's common clock [ns]."""
    return recording.start_ns or 0


def seconds(stream: Stream, origin: int) -> np.ndarray:
    """(n,) episode seconds by the stream's own clock; subtracts in int64, because 1.7e18 ns has no room in a float."""
    return (stream.time_ns - origin) * 1e-9


def never_stamped(times_ns: np.ndarray) -> np.ndarray:
    """Rows of (n,) int64 times that are 0, where the others are far from it: nobody filled them. A clock that begins at 0 has none."""
    zero = times_ns == 0
    many = int(np.count_nonzero(zero))
    if not many or len(zero) - many < 2:
        return np.zeros(0, np.int64)
    others = times_ns[~zero]
    # what was sent once, as the clock began, and again later
    once = many == 1 and zero[0]
    far = WALL_NS if once else max(FAR_NS, FAR_STEPS * float(np.median(np.abs(np.diff(others)))))
    return np.flatnonzero(zero) if np.abs(others).min() > far else np.zeros(0, np.int64)


def lost_to_the_next(stream: Stream) -> np.ndarray:
    """Samples (k,) that have the time of the next one and hold other values; NaN is as NaN."""
    same = np.flatnonzero(np.diff(stream.time_ns) == 0)
    x, following = stream.values[same], stream.values[same + 1]
    return same[~((x == following) | (np.isnan(x) & np.isnan(following))).all(axis=1)]


def two_at_once(stream: Stream) -> np.ndarray:
    """Samples (k,) that have the time of the next one, which is somewhere else: two sources write into one stream.

    A clock that counts coarsely gives several samples of one motion one time: those lie on the way to the next time's.
    """
    lost = lost_to_the_next(stream)
    t, x = stream.time_ns, stream.values
    lost = lost[(t[lost] > t[0]) & (t[lost] < t[-1])] if len(lost) else lost
    if not len(lost) or (np.diff(t) < 0).any():
        return lost[:0]
    firsts = x[np.append(True, np.diff(t) > 0)]
    steps = np.abs(np.diff(firsts, axis=0)).max(axis=1)
    usual = float(np.median(steps[steps > 0])) if (steps > 0).any() else 0.0  # of a device that rests, its last digit
    after = np.searchsorted(t, t[lost], side="right")
    before = np.searchsorted(t, t[np.searchsorted(t, t[lost]) - 1])
    way = np.maximum(np.abs(x[after] - x[lost]), np.abs(x[lost] - x[before])).max(axis=1)
    return lost[np.abs(x[lost + 1] - x[lost]).max(axis=1) > OFF_ITS_WAY * np.maximum(way, usual)]


def in_turns(stream: Stream) -> np.ndarray:
    """Samples (k,) of a topic of positions of which a value lies apart from both its neighbours, which agree: where many do, two sources
    write into it in turns, each with times of its own. A force or a speed may hum so, at half of the rate at which it is read."""
    x = stream.values
    if "topic" not in stream.meta or stream.quantity not in POSITIONS or stream.n < 3:
        return np.zeros(0, np.int64)
    before, after, past = np.abs(x[1:-1] - x[:-2]), np.abs(x[2:] - x[1:-1]), np.abs(x[2:] - x[:-2])
    usual = np.array([np.median(each[each > 0]) if (each > 0).any() else np.inf for each in past.T])
    least = np.maximum(OFF_ITS_WAY * np.maximum(past, usual), BESIDE * np.ptp(x, axis=0).max())
    apart = (np.minimum(before, after) > least).any(axis=1)
    return np.flatnonzero(apart) + 1 if apart.mean() > IN_TURNS else np.zeros(0, np.int64)


def topic(stream: Stream) -> str:
    """What the device calls the channel: several streams may be fields of one message."""
    return str(stream.meta.get("topic", stream.name))


def by_topic(streams: Iterable[Stream]) -> list[Stream]:
    """One stream of each channel, as the fields of one message share their clocks; events have no rhythm."""
    first: dict[str, Stream] = {}
    for stream in streams:
        if stream.role != "event" and stream.n:
            first.setdefault(topic(stream), stream)
    return list(first.values())


def repeats(stream: Stream) -> np.ndarray:
    """(n,) whether a sample repeats the one before because the device's own clock stood still."""
    out = np.zeros(stream.n, bool)
    if stream.device_ns is not None and stream.n > 1:
        same = stream.values[1:] == stream.values[:-1]
        out[1:] = (np.diff(stream.device_ns) == 0) & same.all(axis=1)
    return out
