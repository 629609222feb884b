"""Do the tables of a set agree with its rows? Lengths, totals, statistics, video ranges, digests, and what nobody reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ..recording.declared import FRAMES, Declared, VideoRange
from .check import Check
from .finding import Finding, worst_of
from .fixes import plain, rewrite
from .inputs import of_set
from .rules import Rule, Rules

# what float32 sums may be off, as in public sets: of the largest value, and of the largest square (1.1e-5 there at most)
ROUNDED_MEAN, ROUNDED_SQUARE = 1e-5, 2e-5
# numbers that LeRobot's own tools give anew when they take episodes out or put sets together; their statistics they leave
# as they were: nothing is normalised by them, and `set.counter` holds them
NUMBERED = ("index", "episode_index", "task_index")
MOVES = 1e-3  # of its size: a column that moves by less stands still
BLOCK = 16  # pixels, to a multiple of which encoders fill up pictures
HALF = 0.5  # of a picture's time: beyond it a row gets another row's picture
FAR = 10.0  # times what a column spans
TEXTS = 8  # names that a finding carries; the others are counted


def check_digest(declared: Declared, rules: Rules) -> list[Finding]:
    """`set.digest`: was the episode changed after it was written? By the digest of its columns, and by what tables repeat.

    `details["known"]` tells whether the digest is of each column, so that those are named which changed; an older set has
    one for several.
    """
    rule = rules["set.digest"]
    if not declared.digests and not declared.copies:
        return [rule.not_applicable("no_digest")]
    columns = tuple(name for name in declared.changed if name != FRAMES)
    names = (*columns, *declared.copies)
    whole = FRAMES in declared.changed and not columns
    if not names and not whole:
        covered = list(declared.covered)
        return [rule.passed(value=0.0, limit=0.0, margin=0.0, details={"covered": covered, "count": len(covered)})]
    n = float(len(names) or 1)
    details: dict[str, Any] = {"known": not whole, "covered": list(declared.covered), "changed": list(columns)}
    details |= {"kind": "frames" if whole else "columns" if columns else "tables"}
    details |= {"copies": {name: list(map(str, pair)) for name, pair in declared.copies.items()}}
    subject = names or (FRAMES,)
    return [rule.beyond(n, subject=subject, details=details)]


def check_length(declared: Declared, rules: Rules) -> list[Finding]:
    """`set.length`: has the episode as many rows as its table says, and do the set's totals hold?

    Rows that the table counts and that are not here, or the other way round, are a FAIL: they were lost, or belong to another
    episode. So are rows that stand elsewhere than the table says, or in another file: who follows it reads another episode's. A
    file that does not lie where the set says, where nothing does, is a WARN: its rows are taken for no others. So is an episode that the
    table does not list, or lists twice, one with a number that no set of so many has, and a total of the whole set that is wrong.
    """
    rule, found = rules["set.length"], []
    lengths = {
        "length": declared.length,
        "span": None if declared.span is None else declared.span[1] - declared.span[0],
    }
    for name, length in lengths.items():
        if length is not None and length != declared.n:
            by = float(abs(length - declared.n))
            subject = ("length",) if name == "length" else ("dataset_from_index", "dataset_to_index")
            details = {"kind": "rows", "said": length, "here": declared.n}
            found.append(rule.beyond(by, subject=subject, details=details))
    if declared.span is not None and declared.place is not None and declared.span[0] != declared.place:
        by = float(abs(declared.span[0] - declared.place))
        details = {
            "kind": "elsewhere",
            "first": declared.span[0],
            "last": declared.span[1] - 1,
            "here": declared.place,
            "there": declared.place + declared.n - 1,
            "other": next(iter(declared.others), None),
        }
        subject = ("dataset_from_index", "dataset_to_index")
        graded = rule.grade_value(by) | {"limit": 0.0, "margin": -by}
        found.append(rule.finding(subject=subject, **graded, details=details))
    if declared.file is not None:
        kind, level = ("folder", "WARN") if declared.file.vacant else ("file", "FAIL")  # LeRobot finds none of them, or other ones
        details = {"kind": kind, "said": declared.file.announced, "here": declared.file.here}
        found.append(rule.beyond(1.0, level=level, subject=declared.file.by, details=details))
    if declared.listed is not None and declared.listed != 1:
        tabled = "total_episodes" in declared.totals  # else the set has no table at all
        details = {
            "kind": "listed" if declared.listed else "unlisted" if tabled else "no_table",
            "said": declared.listed,
        }
        found.append(rule.beyond(1.0, level="WARN", subject=("episode_index",), details=details))
    stated, listed = declared.totals.get("total_episodes", (None, 0))
    if declared.number is not None and stated == listed and declared.number >= listed > 0:  # LeRobot looks a take up by its number
        details = {"kind": "numbered", "number": declared.number, "here": listed, "most": listed - 1}
        found.append(rule.beyond(1.0, level="WARN", subject=("episode_index",), details=details))
    totals = list(_totals(declared, rule))
    if found and totals:  # what is wrong with the episode itself comes first, and the set's totals stand beside it
        (first,), (total,) = worst_of(found), worst_of(totals)
        first.details["others"] += [{"subject": [*one.subject], "level": one.level, "value": one.value, **one.details} for one in totals]
        first.details |= {"total": total.subject[0], "total_said": total.details["said"], "total_here": total.details["here"]}
        return [first]
    found += totals
    if found:
        return worst_of(found)
    if all(value is None for value in lengths.values()) and not declared.totals:
        return [rule.not_applicable("no_lengths")]
    return [rule.passed(value=float(declared.n), details={"here": declared.n})]


def _totals(declared: Declared, rule: Rule) -> Iterator[Finding]:
    """Totals of the whole set that are not what its tables count."""
    for name, (stated, here) in declared.totals.items():
        if stated != here:
            by = float(abs(stated - here)) if isinstance(stated, int | float) else 1.0
            details = {
                "kind": "counted" if name.startswith("total_") else "total",
                "said": stated if isinstance(stated, int | float | str) else str(stated),
                "here": here,
            }
            yield rule.beyond(by, level="WARN", subject=(name,), details=details)


def check_video(declared: Declared, rules: Rules) -> list[Finding]:
    """`set.video`: has each row its picture? By the range that the set gives and the header of the file; none is decoded.

    LeRobot takes for a row the picture at `from_timestamp` + `timestamp`, and refuses where none is there. `value` is by how
    much the range is too short or long, or the file, or overlaps the episode before [s].
    """
    rule = rules["set.video"]
    if not declared.videos:
        return [rule.not_applicable("no_pictures")]
    if not declared.fps:
        return [rule.not_applicable("no_fps")]
    judged = [one for one in declared.videos if one.file_s is not None or None not in (one.start_s, one.stop_s)]
    if not judged:
        return [rule.not_checked("no_video_header", subject=tuple(one.camera for one in declared.videos))]
    return worst_of([_of_video(one, declared.n, declared.fps, rule) for one in judged])


def _of_video(video: VideoRange, n: int, fps: float, rule: Rule) -> Finding:
    due = n / fps
    start = video.start_s or 0.0
    sizes: dict[str, tuple[float, float]] = {}  # kind -> by how much, and what was found
    if video.start_s is not None and video.stop_s is not None:
        here = video.stop_s - video.start_s
        sizes["range"] = abs(here - due), here
        if video.before_s is not None and video.start_s < video.before_s:
            sizes["overlap"] = video.before_s - video.start_s, video.start_s
    if video.file_s is not None:
        left = video.file_s - start
        whole = video.stop_s is None
        sizes["file"] = (abs(left - due) if whole else max(0.0, due - left)), left
    kind = max(sizes, key=lambda k: (sizes[k][0] > HALF / fps, k == "range", sizes[k][0]))
    value, here = sizes[kind]
    graded = rule.grade_value(value, fail=HALF / fps)
    details = {
        "kind": kind,
        "expected": due,
        "here": here,
        "rows": n,
        "pictures": video.pictures,
        "frames": value * fps,
    }
    if graded["level"] == "PASS" and video.size and video.announced:
        apart = np.abs(np.subtract(sorted(video.size), sorted(video.announced))).max()  # which side stands first, sets write as they like
        if apart > BLOCK:
            shown, announced = (f"{height} x {width}" for height, width in (video.size, video.announced))
            details |= {"kind": "size", "shown": shown, "said": announced}
            return rule.finding(level="WARN", subject=(video.camera,), details=details)
    return rule.finding(subject=(video.camera,), **graded, details=details)


def check_stats(declared: Declared, rules: Rules) -> list[Finding]:
    """`set.stats`: do the statistics of the episode hold for its rows, and do the rows lie inside those of the set?

    Least, largest, mean and deviation of each column as a share of its span (of its size where it stands still), the count
    exactly; quantiles must lie in order. A file or a line that cannot be read is named. Counters that number rows and episodes
    are left to `set.counter`.
    WARN: what is trained is normalised by them, what was recorded is as it is.
    """
    rule = rules["set.stats"]
    worst, beyond, looked = _offs(declared)
    torn = list(declared.torn)
    if not looked and not torn:
        return [rule.not_applicable("no_stats")]
    bad = {name: one for name, one in worst.items() if one[0] > rule.bound("warn")}
    if not bad and torn:
        of_files = {"kind": "torn", "which": torn[0], "files": torn}
        return [rule.finding(level="WARN", subject=tuple(torn[:TEXTS]), value=float(len(torn)), details=of_files)]
    if not bad:
        value = max(one[0] for one in worst.values())
        return [
            rule.passed(value=value, limit=rule.warn, margin=rule.bound("warn") - value, details={"columns": looked})
        ]
    names = sorted(bad, key=lambda name: -bad[name][0])
    off, which, kind, stated, here = bad[names[0]]
    details: dict[str, Any] = {"kind": kind, "which": which, "columns": {name: " of the ".join(bad[name][1:3]) for name in names}}
    if off > FAR or not np.isfinite(stated):  # no share of what a column spans says more than the two numbers
        details |= {"kind": "far", "of": kind, "stated": stated, "here": here}
    also = [name for name, one in beyond.items() if one[0] > rule.bound("warn")]
    if kind != "set" and also:  # the episode's own are wrong, and the set's beside them
        details |= {"of_set": ", ".join(also[:TEXTS]), "beyond": beyond[also[0]][1]}
    details |= {"files": torn, "unread": ", ".join(torn[:TEXTS])} if torn else {}
    return [rule.finding(subject=tuple(names[:TEXTS]), **rule.grade_value(off), details=details)]


SUMMED: Mapping[str, Callable[[np.ndarray], float]] = {"min": np.min, "max": np.max, "mean": np.mean, "std": np.std}
Off = tuple[float, str, str, float, float]  # by how much, which number, what it is of, as it is written, and as it is
Offs = tuple[dict[str, Off], dict[str, Off], int]
_KNOWN: WeakKeyDictionary[Declared, Offs] = WeakKeyDictionary()  # a take's key asks for it, and its check


def _offs(declared: Declared) -> Offs:
    """Column -> what is furthest off in it, the same of the statistics of the whole set, and how many columns were looked at."""
    known = _KNOWN.get(declared)
    if known is not None:
        return known
    worst, beyond = dict[str, Off](), dict[str, Off]()
    looked = 0
    for name, values in declared.columns.items():
        if name in NUMBERED:
            continue
        if not len(values):
            continue
        table = np.asarray(values).reshape(len(values), -1).T.astype(np.float64, order="C")  # (k, n): a column lies in one piece
        ends = table.min(axis=1), table.max(axis=1)
        if not np.isfinite(ends).all():
            continue  # what is no number is another finding
        with np.errstate(over="ignore", invalid="ignore"):  # what a file holds may be anything
            offs = [
                *_episode_stats(table, *ends, declared.stats.get(name, {})),
                *_set_stats(table, *ends, declared.set_stats.get(name, {})),
            ]
        looked += bool(offs)
        if offs:
            worst[name] = max(offs, key=lambda one: one[0])
            of_set = [one for one in offs if one[2] == "set"]
            beyond |= {name: max(of_set, key=lambda one: one[0])} if of_set else {}
    _KNOWN[declared] = worst, beyond, looked
    return worst, beyond, looked


def _episode_stats(
    table: np.ndarray, low: np.ndarray, high: np.ndarray, stats: Mapping[str, np.ndarray]
) -> Iterator[Off]:
    """What is off in a column of a table (k, n); its least and largest values are `low` and `high` (k,)."""
    if not stats:
        return
    mean = table.mean(axis=1)
    about = table - mean[:, None]
    found = {"min": low, "max": high, "mean": mean, "std": np.sqrt(np.einsum("kn,kn->k", about, about) / table.shape[1])}
    size, largest = _size(low, high), np.maximum(np.abs(low), np.abs(high))
    for name, here in found.items():
        stated = stats.get(name)
        if stated is not None and stated.size == here.size:
            off = np.abs(stated.reshape(-1) - here)
            if name == "std":
                left = np.abs(stated.reshape(-1) ** 2 - here**2) - ROUNDED_SQUARE * largest**2
                off = np.minimum(off, np.sqrt(np.maximum(left, 0.0)))
            else:
                off = np.maximum(off - ROUNDED_MEAN * largest, 0.0)
            off = off / size
            worst = int(off.argmax())
            pair = float(stated.reshape(-1)[worst]), float(here[worst])
            yield (float(off.max()) if np.isfinite(off).all() else 1.0), name, "episode", *pair
    count = stats.get("count")
    if count is not None and count.size == 1:
        stated_rows, rows = float(count.reshape(-1)[0]), float(table.shape[1])
        yield (0.0 if stated_rows == rows else 1.0), "count", "episode", stated_rows, rows
    ordered = (
        [stats["min"], *(stats[q] for q in sorted(stats) if q.startswith("q")), stats["max"]]
        if {"min", "max"} <= set(stats)
        else []
    )
    if len(ordered) > 2 and all(one.size == len(table) for one in ordered):
        steps = np.diff(np.stack([one.reshape(-1) for one in ordered]), axis=0) / size
        worst = int(steps.min(axis=0).argmin())
        k = int(steps[:, worst].argmin())
        pair = float(ordered[k + 1].reshape(-1)[worst]), float(ordered[k].reshape(-1)[worst])
        yield float(max(0.0, -steps.min())), "quantiles", "episode", *pair


def _set_stats(table: np.ndarray, low: np.ndarray, high: np.ndarray, stats: Mapping[str, np.ndarray]) -> Iterator[Off]:
    """Where the rows lie beyond the least and the largest value of the set, and which of its numbers is none."""
    size = _size(low, high)
    for name, sign, here in (("min", -1.0, low), ("max", 1.0, high)):
        stated = stats.get(name)
        if stated is not None and stated.size == here.size:
            off = np.nan_to_num(sign * (here - stated.reshape(-1)) / size, nan=0.0)
            worst = int(off.argmax())
            yield float(max(0.0, off.max())), name, "set", float(stated.reshape(-1)[worst]), float(here[worst])
    for name, stated in stats.items():
        none = np.flatnonzero(~np.isfinite(stated))
        if len(none) and stated.size == len(table) and name in SUMMED:
            yield 1.0, name, "set", float(stated[none[0]]), float(SUMMED[name](table[none[0]]))


def _size(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """What a difference is a share of: each column's span, or its size where it stands still."""
    size = np.maximum(np.abs(low), np.abs(high))
    return np.maximum(np.where(high - low > MOVES * size, high - low, size), 1e-6)


def check_columns(declared: Declared, rules: Rules) -> list[Finding]:
    """`set.columns`: columns that are announced and not here as they are announced, a WARN; and columns that are written and that
    nobody looks at, by their names. Never required."""
    rule = rules["set.columns"]
    if declared.features:
        name, (kind, announced, here) = next(iter(declared.features.items()))
        details = {"kind": kind, "said": announced, "here": here, "count": len(declared.features)}
        subject = (name, *(one for one in list(declared.features)[1:TEXTS] if declared.features[one][0] == kind))
        return [rule.finding(level="WARN", subject=subject, value=float(len(declared.features)), details=details)]
    if declared.unread:
        details = {"count": len(declared.unread), "columns": list(declared.unread)}
        return [rule.not_checked("unread_columns", subject=declared.unread[:TEXTS], details=details)]
    return [rule.passed(value=0.0, limit=0.0, margin=0.0)]


CHECKS = (
    Check(
        "set.digest",
        run=of_set(check_digest, "set.digest"),
        fix=plain("recopy", "channel", "t0", "t1"),
        of="set",
        shown_by="set's values edited",
        no_curve="a column is what was written or it is not",
    ),
    Check(
        "set.length",
        run=of_set(check_length, "set.length"),
        fix=rewrite,
        of="set",
        explains=("set.video", "set.stats"),
        shown_by="set's length off",
        no_curve="two numbers are compared",
    ),
    Check(
        "set.video",
        run=of_set(check_video, "set.video"),
        fix=rewrite,
        of="set",
        shown_by="set's video elsewhere",
        no_curve="two lengths are compared",
    ),
    Check(
        "set.stats",
        run=of_set(check_stats, "set.stats"),
        fix=rewrite,
        of="set",
        shown_by="set's statistics off",
        no_curve="numbers are compared, column by column",
    ),
    Check(
        "set.columns",
        run=of_set(check_columns, "set.columns"),
        fix=rewrite,
        of="set",
        no_example="every column that is written here is looked at",
        no_curve="names",
    ),
)
