"""What the differences of a kept take come to: did verdict or success flip, why, and where the two courses part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..rollout.machine_kind import differing
from .comparing import KeptDifference, same_course
from .kept_take import QPOS, Bits, KeptTake

VISIBLE = 1e-3  # m, rad or a part of a quaternion: by eye, and ten times what the claws' contact gives way
MOVED = 1e-6  # the same, of a start: more than what rounding of one settling leaves


def outcome_of(kept: KeptTake, now: KeptTake, found: Sequence[KeptDifference], period: float) -> dict[str, Any]:
    """One line of a drift, plain JSON.

    Args:
        kept, now: the take with its bits, label and verdict, then and today; found: how they differ.
        period: of control [s].

    Returns:
        `take`, `scenario`; `verdict` and `success` as [kept, now]; `flips` (of `verdict`, `success`); `cause` of a flip, or None:
        `by` (`judge`: on the same bits; `model`: another compiled model on the same machine; `start`: it settles otherwise, by
        more than 1e-6; `course`: it parts on the way) and the `codes` of findings that differ in level, `CODE KEPT → NOW`, the root
        first; `start`: largest difference of a position (`joint`, `size`), or None; `first`: the first control step in which the state
        differs (`step`, `t` [s], and `joint`, `size`, `at` [s] of the first sample that does), or None; `visible`: the first
        sample in which a position differs by 1e-3 (`t`, `joint`, `size`), or None; `differences`: sentences; `elsewhere`: what of
        the machine is another one.
    """
    verdicts = [_verdict(one) for one in (kept, now)]
    successes = [bool(one.label["success"]) for one in (kept, now)]
    flips = [name for name, (a, b) in (("verdict", verdicts), ("success", successes)) if a != b]
    elsewhere = next((one.elsewhere for one in found if one.elsewhere), "")
    start = _apart(kept.bits, now.bits, (0,), 0.0, period)
    line: dict[str, Any] = {
        "take": kept.name,
        "scenario": kept.scenario,
        "verdict": verdicts,
        "success": successes,
        "flips": flips,
        "cause": None,
        "start": None if start is None else {key: start[key] for key in ("joint", "size")},
        "first": _first(kept.bits, now.bits, period),
        "visible": _apart(kept.bits, now.bits, range(len(kept.bits.steps)), VISIBLE, period),
        "differences": [one.text for one in found],
        "elsewhere": elsewhere,
        "error": None,
    }
    if flips:
        line["cause"] = {"by": _by(kept, now, start), "codes": _codes(kept.verdict, now.verdict)}
    return line


def broken(take: str, error: str) -> dict[str, Any]:
    """The line of a take that cannot be read or played any more."""
    keys = ("scenario", "cause", "start", "first", "visible")
    return {
        "take": take,
        **dict.fromkeys(keys),
        "verdict": [None, None],
        "success": [None, None],
        "flips": [],
        "differences": [],
        "elsewhere": "",
        "error": error,
    }


def exit_code(lines: Sequence[Mapping[str, Any]]) -> int:
    """0: all as kept. 1: a flip, a take that cannot be played, or a difference that no other machine explains. 3: numbers alone differ."""
    if any(one["flips"] or one["error"] or (one["differences"] and not one["elsewhere"]) for one in lines):
        return 1
    return 3 if any(one["differences"] for one in lines) else 0


def elsewhere_of(take: KeptTake, here: Mapping[str, str]) -> str:
    """What of the machine is another one than the bits of a take were made on."""
    return differing(take.made_on.get("bits", {}), here)


def _verdict(take: KeptTake) -> str | None:
    found = take.verdict.get("verdict")
    return None if found is None else str(found["verdict"])


def _by(kept: KeptTake, now: KeptTake, start: Mapping[str, Any] | None) -> str:
    if same_course(kept, now.bits):
        return "judge"
    if kept.episode["fingerprint"] != now.episode["fingerprint"] and kept.made_on.get("bits") == now.made_on.get("bits"):
        return "model"
    return "start" if start is not None and start["size"] > MOVED else "course"


def _codes(kept: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Findings that differ in level, the root of today first, then that of the kept verdict."""
    levels: list[dict[str, str]] = []
    for verdict in (kept, now):
        worst: dict[str, str] = {}
        for one in verdict.get("findings", ()):
            worst[one["code"]] = max(worst.get(one["code"], ""), one["level"], key=_RANK.index)
        levels.append(worst)
    roots = [side["verdict"]["root"] for side in (now, kept) if side.get("verdict")]
    codes = [one for one in {**levels[1], **levels[0]} if levels[0].get(one) != levels[1].get(one)]
    codes.sort(key=lambda code: (roots.index(code) if code in roots else len(roots), -_RANK.index(levels[1].get(code, ""))))
    return [f"{code} {levels[0].get(code, '–')} → {levels[1].get(code, '–')}" for code in codes]


_RANK = ("", "INFO", "NOT_APPLICABLE", "PASS", "NOT_CHECKED", "WARN", "FAIL")


def _first(kept: Bits, now: Bits, period: float) -> dict[str, Any] | None:
    """The first control step in which the full state differs, to 1 in 65536; joint and size where positions were kept next."""
    rows = min(len(kept.state), len(now.state))
    other = np.flatnonzero(kept.state[:rows] != now.state[:rows])
    if kept.start == now.start and not len(other):
        return None
    step = 0 if kept.start != now.start else int(other[0]) + 1
    sample = _apart(kept, now, range(len(kept.steps)), 0.0, period)
    found = {"step": step, "t": round(step * period, 6), "joint": None, "size": None, "at": None}
    return found if sample is None else {**found, "joint": sample["joint"], "size": sample["size"], "at": sample["t"]}


def _apart(kept: Bits, now: Bits, rows: Sequence[int], least: float, period: float) -> dict[str, Any] | None:
    """The first of some samples in which a position differs by more than `least`: when, which most, and by how much."""
    before, after = kept.samples[QPOS], now.samples[QPOS]
    names = list(kept.columns[QPOS])
    if before.shape != after.shape or names != list(now.columns[QPOS]):
        return None
    for i in rows:
        size = np.abs(after[i] - before[i])
        size = np.where((after[i] == before[i]) | (np.isnan(before[i]) & np.isnan(after[i])), 0.0, np.nan_to_num(size, nan=np.inf))
        if size.max(initial=0.0) > least:
            worst = int(size.argmax())
            return {"t": round(int(kept.steps[i]) * period, 6), "joint": names[worst], "size": float(f"{size[worst]:.3g}")}
    return None
