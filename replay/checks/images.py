"""Do the cameras see, and do they see now? Black, frozen and late pictures, judged on a coarse look at them.

All three work on `PictureSamples`: mean luminance on a grid of cells. A cell covers hundreds of pixels, so that sensor noise
and compression move it by a level at most, and an arm that moves by its own width moves some cell by tens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..recording.pictures import PictureSamples
from ..recording.recording import Recording
from ..signals.channels import SCALE, pair
from ..signals.clock import by_topic, origin_ns, seconds
from ..signals.signal import runs, strictly_rising
from .check import Check
from .finding import Finding, worst_of
from .inputs import Recorded
from .rules import Rule, Rules

DARK = 24  # of 255; video black is 16, and the darkest lit room seen here has cells of 185
FLAT = 4  # levels between the brightest and the darkest cell of a picture that shows nothing
NOISE = 1  # levels by which a cell of the same view may differ
FLICKER = 16  # levels by which two encoded pictures of the same view may differ, of which one is whole and one is a difference
LEAP = 2.0  # times the usual step, when a frozen camera comes back; an arm that enters the view makes a usual one
SMOOTH = 5  # pictures over which change and motion are averaged before they are compared
BY_CHANCE = 0.01  # the chance that motion which knows nothing of the arm fits as well at some delay; more proves none
MEMORY = 8.0  # s over which what is seen and the motion are held against their own past


@dataclass(frozen=True)
class Joints:
    """What the pictures are held against: `t` (n,) s, `q` (n, k) rad (or shares of each one's own way), `delay` s."""

    t: np.ndarray
    q: np.ndarray
    delay: float | None = None

    def moved(self, t0: float, t1: float) -> float:
        """The furthest that any joint moved between two times."""
        inside = (self.t >= t0) & (self.t <= t1)
        return float(np.ptp(self.q[inside], axis=0).max()) if inside.sum() > 1 else 0.0

    def speed(self, t: np.ndarray, width: float) -> np.ndarray:
        """(m,) joint speeds at some times, summed over the joints, over `width` seconds."""
        before, after = (
            np.stack([np.interp(t + side * 0.5 * width, self.t, column) for column in self.q.T]) for side in (-1, 1)
        )
        return np.abs(after - before).sum(axis=0) / width


def joints_of(recording: Recording) -> Joints | None:
    """The measured joints of a recording, else the commanded ones; None where it has neither."""
    command, state = pair(recording)
    stream = state if state is not None else command
    if stream is None or stream.n < 3:
        return None
    finite = np.isfinite(stream.values).all(axis=1)
    t, x = strictly_rising(seconds(stream, origin_ns(recording))[finite], stream.values[finite])
    if len(t) < 3:
        return None
    size = SCALE.get(stream.unit) or 1.0 / np.maximum(np.ptp(x, axis=0), 1e-9)
    late = [
        np.percentile((s.receive_ns - s.time_ns) * 1e-9, 5.0)
        for s in by_topic([stream])
        if s.clock == "capture" and s.receive_ns is not None
    ]
    return Joints(t, x * size, float(late[0]) if late else None)


def check_images(
    recording: Recording, samples: Sequence[PictureSamples], rules: Rules, broken: str | None = None
) -> list[Finding]:
    """`image.black`, `image.frozen` and `image.late` of all cameras: the worst of each code.

    Args:
        samples: one a camera.
        broken: the code of a fault that leaves the joints or the clocks without meaning; then only black is looked for.
    """
    announced = recording.declared.unseen if recording.declared is not None else {}
    if not recording.pictures and not announced:
        return [rules[code].not_applicable("no_pictures") for code in CODES]
    seen = [one for one in samples if one.unreadable is None]
    blind = [{"camera": one.camera, "why": one.unreadable} for one in samples if one.unreadable is not None]
    if not seen:
        details = {"cameras": blind}
        names = tuple(one["camera"] for one in blind if one["camera"])
        reason = "not_run" if not blind else "pictures_unreadable" if recording.pictures else "pictures_absent"
        return [rules[code].not_checked(reason, subject=names, details=dict(details)) for code in CODES]
    joints = None if broken else joints_of(recording)
    found = worst_of([check_black(one, rules) for one in seen])
    if joints is None:
        reason = f"integrity.{broken}" if broken else "no_joints"
        return [*found, *(rules[code].not_checked(reason) for code in CODES[1:])]
    found += worst_of([check_frozen_picture(one, joints, rules) for one in seen])
    found += worst_of([late for one in seen for late in check_late(one, joints, rules)])
    for finding in found if blind else ():
        finding.details["cameras"] = blind
    return found


def _details(samples: PictureSamples) -> dict[str, Any]:
    return {"camera": samples.camera, "looked_at": len(samples.t), "pictures": samples.total}


def _found(
    samples: PictureSamples, rule: Rule, graded: dict[str, Any], rows: tuple[int, int], details: dict[str, Any], share: float | None = None
) -> Finding:
    """A finding of a camera, from one of its pictures to another."""
    t0, t1 = (float(samples.t[row]) for row in rows) if len(samples.t) else (None, None)
    return rule.finding(subject=(samples.camera,), t0=t0, t1=t1, share=share, **graded, details=_details(samples) | details)


def _interval(samples: PictureSamples) -> float:
    within = np.diff(samples.t)[np.diff(samples.stretch) == 0]
    return float(np.median(within)) if len(within) else 1.0 / (samples.rate or 30.0)


def check_black(samples: PictureSamples, rules: Rules) -> Finding:
    """`image.black`: pictures without a bright cell, or without any difference between cells; the longest run.

    Where only stretches were looked at, pictures between two black ones are taken to be black.
    """
    rule = rules["image.black"]
    bright, dark = samples.cells.max(axis=(1, 2)).astype(int), samples.cells.min(axis=(1, 2)).astype(int)
    bad = (bright < DARK) | (bright - dark <= FLAT)
    if not bad.any():
        return rule.passed(subject=(samples.camera,), value=0.0, limit=rule.fail, details=_details(samples))
    every = _interval(samples)
    first, last = max(runs(bad), key=lambda run: samples.t[run[1]] - samples.t[run[0]])
    graded = rule.grade_value(float(samples.t[last] - samples.t[first]) + every)
    details = {"count": int(bad.sum()), "kind": "black" if bright[first] < DARK else "blank", "bright": int(bright[first])}
    return _found(samples, rule, graded, (first, last), details, float(bad.mean()))


def check_frozen_picture(samples: PictureSamples, joints: Joints, rules: Rules) -> Finding:
    """`image.frozen`: one picture again and again while the robot moves.

    A picture stands where no cell departs from the first of the run by more than its noise. It counts where a joint
    moves by `moved` meanwhile (less `settle` at both ends, for what the camera sees later than the joints tell). An
    arm can move where a camera does not look, for seconds and at the end of a take, too; so it is a FAIL only where the
    picture comes back with a leap, far larger than any step that moving things make in it.
    """
    rule = rules["image.frozen"]
    every, settle = _interval(samples), rule.settings["settle"]
    worst: tuple[float, int, int, float] | None = None
    longest = 0.0
    for first, last in (run for period in (1, 2) for run in (_standing(samples, period) if worst is None else ())):
        t0, t1 = float(samples.t[first]), float(samples.t[last])
        if t1 - t0 + every <= rule.bound("warn"):
            continue
        moved = joints.moved(t0 + settle, t1 - settle)
        if moved > rule.settings["moved"] and t1 - t0 > longest:
            longest, worst = t1 - t0, (t1 - t0 + every, first, last, moved)
    if worst is None:
        return rule.passed(subject=(samples.camera,), value=0.0, limit=rule.fail, details=_details(samples))
    value, first, last, moved = worst
    leap, usual = _leap(samples, first, last)
    sure = leap > LEAP * usual
    count = last - first + 1
    details = {"count": count, "moved": moved, "leap": leap, "usual": usual, "kind": "sure" if sure else "unsure"}
    return _found(samples, rule, rule.grade_value(value, sure=sure), (first, last), details, count / len(samples.t))


def _leap(samples: PictureSamples, first: int, last: int) -> tuple[float, float]:
    """Mean change of the cells when a standing picture ends, and what moving things change from picture to picture.

    The first is 0 where it never ends, or where nobody looked when it did. The second is the 99th percentile of all
    other steps that change anything, and infinite where there are fewer than 30.
    """
    steps = np.abs(np.diff(samples.cells.astype(np.int16), axis=0))
    mean = steps.mean(axis=(1, 2))
    others = (steps.max(axis=(1, 2)) > NOISE) & (np.diff(samples.stretch) == 0)
    others[first : last + 1] = False
    usual = float(np.percentile(mean[others], 99.0)) if others.sum() >= 30 else float("inf")
    back = last < len(mean) and samples.stretch[last + 1] == samples.stretch[last]
    return float(mean[last]) if back else 0.0, usual


def _standing(samples: PictureSamples, period: int) -> list[tuple[int, int]]:
    """(first, last) picture of every run that shows one view, drift included; none reaches past what was looked at.

    Args:
        period: of an encoder that writes every second picture otherwise (LeRobot's), the pictures after which it writes one so again.
    """
    cells, found, first = samples.cells.astype(np.int16), [], 0
    for k in range(1, len(cells) + 1):
        ends = k == len(cells) or samples.stretch[k] != samples.stretch[first]
        within = NOISE if k - first >= period else FLICKER
        if ends or np.abs(cells[k] - cells[first + (k - first) % period]).max() > within:
            if k - first > 1:
                found.append((first, k - 1))
            first = k
    return found


def check_late(samples: PictureSamples, joints: Joints, rules: Rules) -> list[Finding]:
    """`image.late`: the camera's clock against the joints' clock, by all that tells of it.

    - what is seen: the pictures change when the joints move. The delay at which change and speed go together best is
      the camera's, where they do so surely (`correlation`), clearly better than at no delay (`better`), in
      both halves of the take, and better than motion that is unrelated to the arm does by chance (`_by_chance`).
    - stamps: the promptest delay from taking to receiving, against that of the joints.
    - ends: a video of fewer or more pictures than there are rows; a topic that begins late or ends early (a WARN).
    - rate: new pictures a second against what is announced, or against the usual interval of the stamps (a WARN).

    Returns:
        One finding a witness that spoke; where none did, a NOT_CHECKED.
    """
    rule = rules["image.late"]
    found = [*_by_content(samples, joints, rule), *_by_stamps(samples, joints, rule)]
    found += [*_by_ends(samples, joints, rule), *_by_rate(samples, rule)]
    return found or [rule.not_checked("no_motion", subject=(samples.camera,), details=_details(samples))]


def _by_content(samples: PictureSamples, joints: Joints, rule: Rule) -> list[Finding]:
    every = _interval(samples)
    change, at, of = [], [], []
    for stretch in np.unique(samples.stretch):
        rows = samples.stretch == stretch
        if rows.sum() <= SMOOTH + 1:
            continue
        steps = np.abs(np.diff(samples.cells[rows].astype(np.int16), axis=0)).mean(axis=(1, 2))
        kernel = np.full(SMOOTH, 1.0 / SMOOTH)
        change.append(np.convolve(steps, kernel, "valid"))
        middle = 0.5 * (samples.t[rows][1:] + samples.t[rows][:-1])
        at.append(np.convolve(middle, kernel, "valid"))
        of.append(np.full(len(at[-1]), stretch))
    if not change:
        return []
    # of both the square root: the faster an arm moves, the less more it changes, and one swing shall not outweigh all else
    e, t, search = np.sqrt(np.concatenate(change)), np.concatenate(at), rule.settings["search"]
    inside = (t - search > joints.t[0]) & (t + search < joints.t[-1])
    if inside.sum() < 3 * SMOOTH or np.ptp(e[inside]) <= 0 or joints.moved(joints.t[0], joints.t[-1]) < 0.1:
        return []
    shifts = np.arange(-round(search / every), round(search / every) + 1) * every
    now = int(np.abs(shifts).argmin())
    speeds = np.sqrt(np.stack([joints.speed(t - shift, SMOOTH * every) for shift in shifts]))
    known = (t - shifts[:, None] >= joints.t[0]) & (t - shifts[:, None] <= joints.t[-1])
    alike = np.array([_alike(e[rows], speed[None, rows])[0] for speed, rows in zip(speeds, known)])
    if alike.max() < rule.settings["correlation"]:
        return []
    first = _least(alike, shifts, rule.settings["better"])
    best, at_once, late = float(alike[first]), float(alike[now]), float(shifts[first])
    if best - at_once <= rule.settings["better"]:
        late = 0.0
    else:  # one burst of change fits any motion somewhere: both halves of the take must be better for it
        for half in np.array_split(np.flatnonzero(inside), 2):
            own = _alike(e[half], speeds[[first, now]][:, half])
            if own[0] - own[1] <= 0.0:
                return []
        if _by_chance(best, e, speeds[now], np.concatenate(of), known[first].mean(), every, search) > BY_CHANCE:
            return []
    details = {"kind": "content", "late": late, "correlation": best, "correlation_at_once": at_once}
    return [_graded(samples, rule, late, details)]


def _least(alike: np.ndarray, shifts: np.ndarray, better: float) -> int:
    """Of the delays that fit best among those beside them, and no less well by `better` than any, the shortest: what goes to and fro
    evenly fits at each of its periods."""
    around = sliding_window_view(np.pad(alike, SMOOTH, constant_values=-1.0), 2 * SMOOTH + 1).max(axis=1)
    good = np.flatnonzero((alike >= around) & (alike >= alike.max() - better))
    return int(good[np.abs(shifts[good]).argmin()])


def _by_chance(
    best: float, e: np.ndarray, v: np.ndarray, stretch: np.ndarray, share: float, every: float, search: float
) -> float:
    """The chance that two series (m,) which know nothing of each other are so alike at some delay of the search.

    Neighbours in a series are alike, so that it counts for fewer numbers than it has: by Bartlett's formula m over the
    sum of the products of both autocorrelations. The correlation of so many numbers is Student's. The delays that are
    searched count for as many as do not overlap by half (Bonferroni).

    Args:
        stretch: (m,) of pictures, beyond which no series goes; share: of the pictures that the delay leaves.
    """
    from scipy.special import betainc  # here, as it takes as long to load as all else of the judge

    own = [_own_past(x, stretch, round(MEMORY / every)) for x in (e, v)]
    weight = 1.0 - np.arange(1, len(own[0])) / len(own[0])
    count = share * len(e) / max(1.0 + 2.0 * float((weight * own[0][1:] * own[1][1:]).sum()), 1.0)
    if count <= 3.0:
        return 1.0
    wide = min(int((past < 0.5).argmax()) or len(past) for past in own)
    chance = 0.5 * float(betainc(0.5 * count - 1.0, 0.5, max(1.0 - best**2, 0.0)))
    return min(1.0, chance * (1.0 + 2.0 * search / (wide * every)))


def _own_past(x: np.ndarray, stretch: np.ndarray, most: int) -> np.ndarray:
    """(most,) correlation of a series (m,) with itself so many pictures before, within its stretches."""
    x, past = x - x.mean(), np.zeros(max(most, 2))
    for one in np.unique(stretch):
        part = x[stretch == one]
        power = np.abs(np.fft.rfft(part, 2 * len(part))) ** 2
        reach = min(len(part), len(past))
        past[:reach] += np.fft.irfft(power, 2 * len(part))[:reach]
    return past / max(past[0], 1e-12)


def _alike(change: np.ndarray, speeds: np.ndarray) -> np.ndarray:
    """(s,) correlation of the change (m,) with each of (s, m) speeds; 0 where either stands still."""
    e, v = change - change.mean(), speeds - speeds.mean(axis=1, keepdims=True)
    size = np.sqrt((e**2).sum() * (v**2).sum(axis=1))
    return np.where(size > 1e-9, (v @ e) / np.maximum(size, 1e-9), 0.0)


def _graded(samples: PictureSamples, rule: Rule, late: float, details: dict[str, Any]) -> Finding:
    return _found(samples, rule, rule.grade_value(abs(late)), (0, -1), {"early": late < 0.0} | details)


def _by_stamps(samples: PictureSamples, joints: Joints, rule: Rule) -> list[Finding]:
    if samples.delay is None or joints.delay is None:
        return []
    late = samples.delay - joints.delay
    return [_graded(samples, rule, late, {"kind": "stamps", "late": late, "delay": samples.delay})]


def _by_ends(samples: PictureSamples, joints: Joints, rule: Rule) -> list[Finding]:
    if samples.times is not None and len(samples.times):
        begin = float(samples.times.min() - joints.t[0])
        end = float(joints.t[-1] - samples.times.max())
        late = max(begin, end, 0.0)
        found = _graded(samples, rule, late, {"kind": "begin" if begin >= end else "end", "late": late})
        if found.level == "FAIL":
            found.level = "WARN"
        return [found]
    if samples.expected is None or not samples.rate:
        return []
    short = samples.expected - samples.total
    details = {"kind": "count", "late": short / samples.rate, "expected": samples.expected, "short": short}
    return [_graded(samples, rule, short / samples.rate, details)]


def _by_rate(samples: PictureSamples, rule: Rule) -> list[Finding]:
    if len(samples.t) < 2 * SMOOTH:
        return []
    if samples.times is not None:
        step = np.diff(np.sort(samples.times))
        announced = 1.0 / max(float(np.median(step)), 1e-6)
        fresh = len(step) / max(float(step.sum()), 1e-9)
        repeated = 0
    else:
        steps = np.abs(np.diff(samples.cells.astype(np.int16), axis=0)).max(axis=(1, 2))
        within = np.diff(samples.stretch) == 0
        again = (steps == 0) & within
        again[1:-1] &= (steps[:-2] > NOISE) & (steps[2:] > NOISE)  # alone between two changes
        again[[0, -1]] = False
        repeated, new = int(again.sum()), int(((steps > NOISE) & within).sum())
        announced = samples.rate or 30.0
        fresh = announced * (1.0 - repeated / max(repeated + new, 1))
    lost = max(0.0, 1.0 - fresh / announced)
    if lost <= rule.settings["rate"]:
        return []
    return [
        rule.finding(
            level="WARN",
            subject=(samples.camera,),
            value=lost,
            limit=rule.settings["rate"],
            margin=rule.settings["rate"] - lost,
            excess=0.0,
            unit="1",
            share=lost,
            details=_details(samples) | {"kind": "rate", "rate": announced, "fresh_rate": fresh, "count": repeated},
        )
    ]


def _run(recorded: Recorded) -> list[Finding]:
    return check_images(recorded.recording, recorded.samples, recorded.rules, recorded.broken)


CHECKS = (
    Check("image.black", run=_run, turn=2, shown_by="camera black"),
    Check("image.frozen", run=_run, settings={"moved": "angle", "settle": "time"}, turn=2, shown_by="camera frozen"),
    Check(
        "image.late",
        run=_run,
        settings={"search": "time", "correlation": "share", "better": "share", "rate": "share"},
        turn=2,
        shown_by="camera late",
    ),
)
CODES = tuple(check.code for check in CHECKS)
