"""Does each channel hold the joint that it names, as far and in the direction in which that joint moved?

Command and measurement are two witnesses of one motion. Where they contradict each other in a way that a servo cannot
cause (this joint's measurement follows that joint's command, moves twice as far, moves the other way), channels are
mixed up. Which of the two streams is the wrong one, they cannot tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..recording.normalised import NORMALISED
from ..residual.bodies import ComparedColumns
from ..residual.table import Group, as_both
from ..signals.channels import turns_beside
from ..signals.pairing import Both
from ..signals.sides import other_side
from ..signals.signal import over_runs
from .beyond_stops import beyond_by_exchange
from .check import Check
from .finding import Finding, worst_of
from .fixes import Fix, Known, about
from .hand_scale import short_hands
from .inputs import Recorded
from .rules import Rules

# the share of the motion by which a joint departs from its own command before another's is tried; badly following
# servos of real sessions depart by up to 0.5, and no exchange leaves less than 0.86 of that
BESIDE = 0.3
# joints that move alike differ by less when they are exchanged. They are reported where the exchange leaves this share of it, and
# where it is no noise: its root mean square [rad]; or where both are half as much
ALIKE, NOISE = 0.1, 0.02
MOST_NAMED = 8  # joints of a ring that a sentence names
MOST = 0.6  # of the joints that follow others, that one order has to explain
SEVERAL, OTHER = 3, 1.05  # joints that are scaled, from where on it is the columns, and no joint; times a factor, that is another one
AROUND = 0.3  # s, how far a joint's own delay may lie from that of the others
# s and share of its way for which a joint stands at a place; share of its way that it goes there and back: else it may be on its way
RESTS, STANDS, BACK = 0.5, 0.1, 0.5


def check_wiring(columns: ComparedColumns, rules: Rules) -> list[Finding]:
    """`stream.swapped` and `stream.scaled`, in this order: what is swapped is not asked for its scale. The worst of all groups.

    A hand is asked for its scale alone (`short_hands`): it stops at what it holds.
    """
    hands = short_hands(columns, rules)
    if not columns.wired:
        reason = next((f"no_{role}" for role in ("command", "measured") if not columns.recording.select(role)), "no_mapping")
        left = [rules[code].not_checked(reason) for code in ("stream.swapped", "stream.scaled")]
        return [left[0], *worst_of(hands)] if hands else left
    swapped, scaled = [], []
    for group, both in columns.wired:
        streams = {"compared": [group.channels[0].streams[kind] for kind in ("command", "measured")]}
        found = _with_hands(columns, group, both, rules, streams) or check_swapped(both, rules, streams)
        mixed = {name for one in found if one.failed for name in one.subject}
        swapped += found
        found = check_scaled(both, rules, streams, without=mixed, sizes=not group.own_scales)
        if any(one.level in ("WARN", "FAIL") for one in found):  # of which what something holds back is none
            found = check_scaled(both, rules, streams, without=mixed | columns.answering, sizes=not group.own_scales)
        scaled += found
    scaled += hands
    return [one for found in (swapped, scaled) for one in (found if len(found) == 1 else worst_of(found))]


def _with_hands(columns: ComparedColumns, group: Group, both: Both, rules: Rules, shared: dict[str, Any]) -> list[Finding]:
    """A FAIL of `stream.swapped` in which a hand has part, as stored: asked where a joint does not follow its own command."""
    own = both.likeness.difference.min(axis=0).diagonal()
    if not (own > BESIDE * np.maximum(both.likeness.power_command.max(axis=0), NOISE**2)).any():
        return []
    hands = [
        replace(c, columns={kind: c.way * x for kind, x in c.columns.items()})
        for other in columns.table.groups if other.hands and np.array_equal(other.t, group.t)
        for c in other.channels if c.has_both
    ]  # fmt: skip
    whole = as_both(replace(group, channels=(*group.channels, *hands))) if hands else None
    found = check_swapped(whole, rules, shared) if whole is not None else []
    names = {c.name for c in hands}
    return found if found and found[0].failed and names & set(found[0].subject) else []


def check_swapped(both: Both, rules: Rules, shared: dict[str, Any] | None = None) -> list[Finding]:
    """`stream.swapped`: two channels that each follow the other's command, and not their own.

    Command and state are compared without their means, each pair at the delay that suits it best. Two joints are
    swapped where exchanging them explains what their own commands do not: of the squared difference no more than the
    share `left` remains, and no more than that share of the motion. Joints that move much alike differ by little of
    their motion; of them no more than a tenth of the difference may remain. A joint that stands while the other moves
    counts too: then the other's measurement stands. Joints that move the same fit either way, and are not found.

    Args:
        both: in radians, or shares of the way.
        shared: further details of every finding.

    Returns:
        One finding; its value is the number of pairs, its details name them and say what share of the difference is
        left after the exchange.
    """
    rule, shared = rules["stream.swapped"], shared or {}
    moved = np.maximum(np.ptp(both.command, axis=0), np.ptp(both.state, axis=0)) > rule.settings["moved"]
    if moved.sum() < 1 or len(both.names) < 2:
        return [rule.not_checked("no_motion", details=dict(shared))]
    seen = both.likeness
    best = seen.difference.min(axis=0)
    motion, left = seen.power_command.max(axis=0), rule.settings["left"]
    candidates = []
    for i in range(len(both.names)):
        for j in range(i + 1, len(both.names)):
            if not (moved[i] or moved[j]):
                continue
            own, crossed = best[i, i] + best[j, j], best[i, j] + best[j, i]
            moves = motion[i] + motion[j]
            plain = own > BESIDE * moves and crossed < left * min(own, moves)
            alike = any(own > (part * NOISE) ** 2 and crossed < part * ALIKE * own for part in (1.0, 0.5))
            if plain or alike:
                candidates.append((crossed / own, i, j))
    if (order := _permuted(best, motion, moved, left)) is not None:
        follows = {both.names[j]: both.names[i] for j, i in order.items()}
        own = sum(float(best[j, j]) for j in order)
        shown = ", ".join(f"{name} ({other})" for name, other in list(follows.items())[:MOST_NAMED])
        return [
            rule.finding(
                subject=tuple(follows), t0=float(both.t[0]), t1=float(both.t[-1]), share=len(order) / len(both.names),
                **rule.grade_value(float(len(order))),
                details=shared
                | {
                    "kind": "permuted",
                    "pairs": shown + (", ..." if len(follows) > MOST_NAMED else ""),
                    "follows": follows,
                    "count": len(order),
                    "remaining": sum(float(best[i, j]) for j, i in order.items()) / own,
                },
            )
        ]  # fmt: skip
    pairs: list[tuple[float, int, int]] = []
    for candidate in sorted(candidates):
        if not {candidate[1], candidate[2]} & {k for _, i, j in pairs for k in (i, j)}:
            pairs.append(candidate)
    if not pairs:
        details = shared | {"moving": int(moved.sum())}
        return [rule.passed(value=0.0, limit=0.0, margin=0.0, details=details)]
    pairs.sort(key=lambda pair: pair[1])
    named = [(both.names[i], both.names[j]) for _, i, j in pairs]
    sides = len(pairs) > 1 and all(other_side(one) == other for one, other in named)
    return [
        rule.finding(
            subject=tuple(name for pair in named for name in pair),
            t0=float(both.t[0]),
            t1=float(both.t[-1]),
            share=2.0 * len(pairs) / len(both.names),
            **rule.grade_value(float(len(pairs))),
            details=shared
            | {
                "kind": "sides" if sides else "channels",
                "pairs": ", ".join(f"{one} / {other}" for one, other in named),
                "count": len(pairs),
                "remaining": float(max(ratio for ratio, _, _ in pairs)),
            },
        )
    ]


def _permuted(best: np.ndarray, motion: np.ndarray, moved: np.ndarray, left: float) -> dict[int, int] | None:
    """Of joints that follow one another's commands in a ring of more than two: each with the one whose command it follows. Few may
    follow none: where columns are counted from another place on, it is that of a hand. Joints of which most stand as still as others do
    that follow their own commands are in no ring: something else is wrong with them.

    Args:
        best: (k, k) mean squared difference of each command from each state, at the delay that suits it best; motion: (k,) of commands.
        moved: joints that tell anything; left: of each one's difference that may remain, and together `ALIKE` of it.

    Returns:
        None where no exchange, or exchanges of two alone, explain what is beside its own command.
    """
    own = best.diagonal()
    off = np.flatnonzero((own > NOISE**2) & moved)
    if (own[off] > BESIDE * motion[off]).sum() < 3:
        return None
    from scipy.optimize import linear_sum_assignment  # here, as few takes need it

    rows, at = linear_sum_assignment(np.minimum(best[:, off] / own[off], left))  # what fits none has no say in the order of the others
    order = {int(off[j]): int(i) for i, j in zip(rows, at) if i != off[j]}
    fits = {j: i for j, i in order.items() if best[i, j] <= left * own[j]}
    if len(fits) < max(SEVERAL, MOST * len(order)):
        return None
    if 2 * len(set(fits.values()) & set(off.tolist())) < len(fits):  # else columns of joints that follow their own commands are there twice
        return None
    if sum(best[i, j] for j, i in fits.items()) > ALIKE * sum(own[j] for j in fits):
        return None
    return None if all(fits.get(i) == j for j, i in fits.items()) else dict(sorted(fits.items()))


def check_scaled(
    both: Both, rules: Rules, shared: dict[str, Any] | None = None, without: Sequence[str] | set[str] = (), sizes: bool = True
) -> list[Finding]:
    """`stream.scaled`: joints with a measurement that moves by another factor than the command, or the other way.

    The factor is the slope of state over command, without means, at the joint's own delay (no further than 0.3 s from
    that of all). It counts where the two move together. A soft or slow servo moves less than its command, but then the two no
    longer move together; and it never moves half as far again as its command. A joint that is on one way all along, which it had begun
    before the take or had not ended when it ended, is late or slow just as well, and no FAIL.

    Args:
        both: in radians, or shares of the way.
        without: joints that are known to be mixed up.
        sizes: whether the two count in one unit; else only the sign of a factor tells anything.

    Returns:
        One finding, the worst joint; its value is how far the factor departs from one, upwards, times - 1 (2 times and
        half as far are both 1); a joint that moves against its command departs by twice its factor.
    """
    rule, shared = rules["stream.scaled"], shared or {}
    moved = np.ptp(both.command, axis=0) > rule.settings["moved"]
    if not moved.any():
        return [rule.not_checked("no_motion", details=dict(shared))]
    seen = both.likeness
    own = np.arange(len(both.names))
    r, slope = seen.correlation[:, own, own], seen.covariance[:, own, own] / np.maximum(seen.power_command, 1e-12)
    common = seen.shift[int(np.abs(r[:, moved]).mean(axis=1).argmax())]
    near = np.abs(seen.shift - common) <= AROUND
    factors: dict[str, float] = {}
    for j in np.flatnonzero(moved):
        if turns_beside(both.command[:, j], both.state[:, j]).any():
            continue  # whole turns are no factor
        at = int(np.abs(r[near, j]).argmax())
        likeness_, factor = float(r[near, j][at]), float(slope[near, j][at])
        flipped = likeness_ < -rule.settings["against"] and r[near, j].max() < 0.5
        sure = rule.settings["larger" if factor > 1.0 else "smaller"]
        if both.names[j] not in without and (flipped or (sizes and likeness_ > sure)):
            factors[both.names[j]] = factor
    if not factors:
        return [rule.not_checked("no_motion" if sizes else NORMALISED, details=dict(shared))]
    details = shared | {"factors": factors}
    found = []
    for name, factor in factors.items():
        graded = rule.grade_value(_departs(factor))
        if graded["level"] == "FAIL" and not _is_whole(both, both.names.index(name)):
            graded["level"] = "WARN"
        found.append(
            rule.finding(
                subject=(name,),
                t0=float(both.t[0]),
                t1=float(both.t[-1]),
                **graded,
                details=details | {"factor": factor, "kind": "flipped" if factor < 0 else "scaled"},
            )
        )
    worst = worst_of(found)
    if not worst or not worst[0].failed:
        return worst
    first, failed = worst[0], [one for one in found if one.failed]
    size = first.details["factor"]  # one sentence and one number of advice hold of joints that go as far
    if first.details["kind"] == "flipped":
        others = [one for one in failed if rule.grade_value(_departs(one.details["factor"] / size))["level"] == "PASS"]
    else:
        others = failed if len(failed) >= SEVERAL and all(one.details["kind"] == "scaled" for one in failed) else []
    others = [one for one in others if one is not first]
    if others:
        first.subject = (*first.subject, *(one.subject[0] for one in others))
        first.details["kind"] = f"all_{first.details['kind']}"
        if first.details["kind"] == "all_scaled":
            factors_of = sorted(one.details["factor"] for one in (first, *others))
            first.details |= {"least": factors_of[0]} | ({"most": factors_of[-1]} if factors_of[-1] > OTHER * factors_of[0] else {})
    return worst


def _is_whole(both: Both, j: int) -> bool:
    """Whether command and measurement of a joint both go there and back, or stand together at two places."""
    sides = np.column_stack([both.command[:, j], both.state[:, j]])
    ways = np.maximum(np.ptp(sides, axis=0), 1e-9)
    there, back = (np.max(sign * sides - np.minimum.accumulate(sign * sides), axis=0) for sign in (1.0, -1.0))
    if (np.minimum(there, back) >= BACK * ways).all():
        return True
    rows = max(2, round(RESTS / max(both.step, 1e-9)) + 1)
    if len(sides) < rows:
        return False
    rests = ((over_runs(np.maximum, sides, rows) - over_runs(np.minimum, sides, rows)) <= STANDS * ways).all(axis=1)
    places = sides[rows - 1 :][rests]
    return bool(rests.any() and (np.ptp(places, axis=0) >= BACK * ways).all())


def _departs(factor: float) -> float:
    """How far a factor is from one, alike for twice and half; one below zero is further than any above."""
    if factor <= 0.0:
        return 1.0 + 2.0 * abs(factor)
    return max(factor, 1.0 / factor) - 1.0


def _swap(finding: Finding, known: Known) -> Fix:
    return {"kind": "swap", "channels": list(finding.subject) or None}


def _rescale(finding: Finding, known: Known) -> Fix:
    """By what the measurement has to be multiplied; the sign is in it. Of several joints it is the sign alone."""
    factor = finding.details.get("factor")
    if finding.details.get("kind") == "all_flipped":
        return {"kind": "rescale", "joint": list(finding.subject), "multiply": -1.0}
    if finding.details.get("kind") == "all_scaled":
        factor = None  # one each
    return {"kind": "rescale", "joint": about(finding) if factor else list(finding.subject), "multiply": 1.0 / factor if factor else None}


def _run(recorded: Recorded) -> list[Finding]:
    found = check_wiring(recorded.columns, recorded.rules)
    if found[0].failed:  # where all that moves is mixed up, that is why nothing is asked for its scale
        return [replace(one, reason=f"integrity.{found[0].code}") if one.reason == "no_motion" else one for one in found]
    swapped = beyond_by_exchange(recorded.beyond, recorded.rules)
    return swapped + [one for one in found if one.code != swapped[0].code] if swapped else found


CHECKS = (
    Check(
        "stream.swapped",
        run=_run,
        settings={"moved": "angle", "left": "share"},
        fix=_swap,
        turn=4,
        spoils="channels",
        after=("values", "clocks"),
        compares=True,
        shown_by="joints swapped",
    ),
    Check(
        "stream.scaled",
        run=_run,
        settings={"moved": "angle", "larger": "share", "smaller": "share", "against": "share"},
        fix=_rescale,
        turn=4,
        spoils="channels",
        after=("values", "clocks"),
        compares=True,
        shown_by="joint scaled",
    ),
)
