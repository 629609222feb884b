"""Recorded torques against the law of the servos (`servo_law`). What departs is the torque, or else the command that the servo is said
to have had, or the position: the joint, which went where it was sent, tells which.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..signals.signal import runs
from ..signals.statistics import scatter
from .arm_chain import HEAD, MeasuredArm
from .case import Case
from .departures import SHAPED, WitnessedColumn, departures, joined, rows_of, together
from .derived_speed import apart_of, are_smoothed
from .difference import BETTER, BY_ROWS, JOIN, Difference
from .heard import HEARD, LEAST_STIFFNESS, SAYS, SPENT, heard, heard_column, rose, went
from .hypotheses import best
from .relations import Relation, derivative, follows, shifted
from .resolved_torque import COARSE, are_computed
from .servo_law import SHARE, SIGMAS, ServoLaw, late_column
from .smoothed_commands import smoothed_commands
from .table import Group, RecordedChannel
from .torque_timing import HARMLESS, is_harmless
from .wrong_torques import torques_exchanged, torques_never_written

LIMIT = 3.0  # Nm: what counts
# Within a control period a hand that slips or strikes chatters, and its torque is that of another moment than its speed: the law may
# leave so many times the damping times what the speed departs from the rise of the positions by
CHATTER = 2.0
# (rows, Nm): mean, and root of the mean square, over so many rows, of what the law leaves beyond that; 25 clean takes of seven
# scenarios reach 6.1 in a row, 0.5 and 1.2 over 9 rows, 0.1 and 0.2 over 31
SINGLE = 8.0
MEANS = ((9, 1.2), (31, 0.6))
ROOTS = ((9, 2.0), (31, 1.0))
LOUD = 0.99 * min(bound for _, bound in (*MEANS, *ROOTS))  # Nm: where a law leaves no more in any row, neither of these is reached
# of a speed that was computed, by which a servo had another one: between two commands a joint goes by more and by less. In clean takes of
# six scenarios up to 0.08, beyond what the rises before and after the row differ by
WITHIN_ROW = 0.1
EXACT = 0.01  # Nm that a law leaves no more than where speeds are those of their moment after all
STILL, QUIET = 0.02, 3.0  # rad/s: a joint that has not been faster within a few rows strikes nothing, and leaves less than so many Nm
SURE = 1.5  # times these bounds, from where on no blow does it
SEAM = 3  # joints that depart in one and the same row alone: rows are lost there, which is no matter of the torques
LEAST = 8.0  # Nm of weight and stiffness that a take goes through, to tell what it is counted in
# rad/s by which positions and torque both say that a speed is off, and share of it by which they may differ: clean takes of sixteen
# scenarios reach 0.19, where a hand turns a door
SPEED, AGREE, LEAST_DAMPING = 0.4, 0.3, 0.5
EXACT_RISES = 0.005  # rad/s that rises scatter by at the most, to be those of their row
LEAP = 0.04  # rad between two commands
OF_A_LIMB = 0.3  # of what the law leaves of a limb, that it leaves with its share of the weight taken away
HELD_SO = 0.3  # Nm that the law leaves of a limb on average, from where on it is asked whether its sign is another one
ALL = 0.8  # of a take, in which one reason stands for what torques leave as well
STANDS, STIRS = 8, 0.02  # rows for which a torque is one value; rad and rad/s, or of the way, by which its joint moves meanwhile
STRUCK = 6  # rows about those in which a servo gives all that it can


def check_effort(
    group: Group, laws: Sequence[ServoLaw], found: Sequence[Difference], by_hands: Sequence[Difference] = ()
) -> list[Difference]:
    """Where a torque of the arms is not what its servo gives.

    Args:
        laws: of the group, of joints that are not doubted where there are any, see `laws_of`.
        found: what the group contradicts itself in: the torque says more exactly what it was.
        by_hands: what the hands contradict: a joint that stands there is known exactly, and explains its torque.
    """
    out: list[Difference] = []
    rises = derivative(group) if any(law.damping >= LEAST_DAMPING for law in laws) else None
    for law in laws:
        out += _by_law(group, law, found, by_hands, rises)
    return together(out)


def check_torques(group: Group, arms: Mapping[str, MeasuredArm], laws: Sequence[ServoLaw]) -> list[Difference]:
    """A column of all joints of the arms that is late or smoothed by its torques; torques of other joints; those that nobody wrote."""
    if (smoothed := smoothed_commands(group, arms, laws)) is not None:  # exact, where a delay is only near
        return [smoothed]
    found = late_column(group, arms, laws)
    if found is not None and not is_harmless(found[1], group.dt):
        kind, rows, channels = found
        late = rows * group.dt
        return [_of_all(group, channels, kind, abs(late), "s", "lag", HARMLESS, {"rows": float(rows), "late": late})]
    if any(law.limbs[0] != HEAD for law in laws):
        return []
    if (never := torques_never_written(group, arms)) is not None:
        pool, size = never
        level = {"level": float(pool.channels[0].columns["effort"][0])}
        return [_of_all(group, pool.channels, "effort", size, "Nm", "held_value", LIMIT, level)]
    if (other := torques_exchanged(group, arms)) is not None:
        pool, of = other
        wrong = [j for j, there in enumerate(of) if there != j]
        channels = tuple(pool.channels[j] for j in wrong)
        size = max(float(np.abs(pool.channels[j].columns["effort"] - pool.channels[of[j]].columns["effort"]).max()) for j in wrong)
        return [_of_all(group, channels, "effort", size, "Nm", "copied", LIMIT, {"other": pool.channels[of[wrong[0]]].name})]
    return []


def _of_all(
    group: Group, channels: Sequence[RecordedChannel], kind: str, size: float, unit: str, name: str, limit: float,
    numbers: Mapping[str, float | str],
) -> Difference:  # fmt: skip
    return Difference.over(
        group.t, tuple(c.name for c in channels), kind, None, size, unit, name, certain=True, stream=channels[0].topics[kind],
        numbers=numbers, limit=limit, weight=9.0 * group.n * len(channels),
    )  # fmt: skip


def _by_law(
    group: Group, law: ServoLaw, found: Sequence[Difference], by_hands: Sequence[Difference], rises: Sequence[Relation | None] | None
) -> list[Difference]:
    factors = _factors(law)
    if (factors != law.share).any():
        by = factors / law.share
        law = replace(law, truth=law.truth * by, asked=law.asked * by)
    channels, effort, truth = law.channels, law.effort, law.truth
    rest = effort - truth
    # what was commanded before the first row is not recorded, and a speed that is computed from the next row is none in the last
    rest[[0, -1]] = 0.0
    steps = np.abs(np.diff(np.column_stack([c.columns["command"] for c in channels]), axis=0, prepend=0.0)).max(axis=1)
    seams = _seams((np.abs(rest) > SINGLE).sum(axis=1) >= SEAM, steps > LEAP)
    rest[rows_of((d for d in found if d.of_all_columns), group.n) | seams] = 0.0
    doubted = {kind: _all_doubted(found, kind, channels, group.n) for kind in HEARD}
    known = _all_doubted(by_hands, "measured", channels, group.n)
    elsewhere = doubted["measured"] | known
    whole = rest.copy()
    at = [[c.name for c in group.channels].index(channel.name) for channel in channels]
    late = {name for d in found if d.kind == "velocity" and d.name == "lag" and d.certain for name in d.channels}
    speeds = [_speed(group, law, j, rises[i] if rises and channels[j].name not in late else None) for j, i in enumerate(at)]
    for j, channel in enumerate(channels):
        if not (found or by_hands or speeds[j]):
            continue
        beside = [k for k, limb in enumerate(law.limbs) if k != j and limb == law.limbs[j]]
        unknown = elsewhere[:, beside].any(axis=1) & ~elsewhere[:, j]  # the weight of an arm that is measured elsewhere
        faster = _doubted([*found, *speeds[j]], "velocity", channel.name, group.n)
        rest[faster | known[:, j] | unknown, j] = 0.0
        if any(d.name == "mirrored" and d.last - d.first >= ALL * (group.n - 1) and channel.name in d.channels for d in found):
            rest[:, j] = 0.0  # a command or a position that is turned round asks for another torque all along
    bad, sure = _unexplained(group, law, rest, [d for d in found if d.certain])
    out = [one for of in speeds for one in of]
    if not bad.any():
        return [*out, *_all(group, law, factors)]
    relations, rises = follows(group), derivative(group) if rises is None else rises
    for j in range(len(channels)):
        of = {kind: rows[:, j] for kind, rows in doubted.items()}
        out += _of_joint(group, law, j, rest[:, j], whole[:, j], bad[:, j], sure[:, j], of, relations[at[j]], rises[at[j]])
    return [*out, *_all(group, law, factors)]


def _unexplained(group: Group, law: ServoLaw, rest: np.ndarray, sure_of: Sequence[Difference]) -> tuple[np.ndarray, np.ndarray]:
    """(n, k) rows that the law does not explain, and those that no blow explains either, of what it leaves (n, k) [Nm].

    Args:
        sure_of: what is certain beside the torques.
    """
    bad, sure = np.zeros(rest.shape, bool), np.zeros(rest.shape, bool)
    loud = np.flatnonzero(np.abs(rest).max(axis=0) > LOUD * law.scale)
    channels = [law.channels[j] for j in loud]
    if not channels:
        return bad, sure
    v, q = (np.column_stack([c.columns[of] for c in law.channels]) for of in ("velocity", "measured"))
    smoothed = channels[0].unit == "rad" and are_smoothed(v, q, group.t)
    speed, small = np.abs(v[:, loud]), law.scale
    chatter = CHATTER * abs(law.damping) * np.column_stack([apart_of(c, group.t, smoothed) for c in channels])
    chatter[_all_doubted(sure_of, "measured", channels, group.n)] = 0.0  # positions that never were do not chatter
    chatter = chatter + (law.pushed[:, loud] if isinstance(law.pushed, np.ndarray) else law.pushed)
    chatter = chatter + abs(law.stiffness) * np.column_stack([_between_commands(c, group.dt) for c in channels])
    at_once = speed + STILL if smoothed else speed  # smoothed ones do not show what strikes a joint that stands
    of = rest[:, loud] / small, at_once, SIGMAS * law.noise / small
    bad[:, loud], sure[:, loud] = _judged(*of, chatter / small)
    # of a joint that hardly moves it is as of most others, so all are asked
    if bad.any() and law.noise > EXACT * small and (computed := are_computed(law.channels)[loud]).any():
        chatter = chatter + np.where(computed, WITHIN_ROW * abs(law.damping) * speed, 0.0)
        bad[:, loud], sure[:, loud] = _judged(*of, chatter / small)
    return bad, sure


def _between_commands(channel: RecordedChannel, dt: float) -> np.ndarray:
    """(n,) by how much the commands about the row before differ, where each stands for some rows, or rows are far apart: when within them
    a servo had it is not recorded."""
    c = channel.columns["command"]
    if dt > COARSE:
        return np.abs(c - shifted(c, -1))
    held = channel.held("command")
    if held == 1 or held * dt > HARMLESS + 1e-6:
        return np.zeros(len(c))
    near = np.stack([shifted(c, by - 1) for by in range(-held, held + 1)])
    return np.ptp(near, axis=0)


def _seams(loud: np.ndarray, leaps: np.ndarray) -> np.ndarray:
    """(n,) rows in which torques answer other commands for that row alone, and commands leap there and not the row before: where rows
    are lost a torque is that of what stood before them. Commands that are wrong by themselves are so for longer, or leap back."""
    seams = loud & leaps & ~shifted(leaps, -1)
    for away in range(2, JOIN + 1):
        seams &= ~(shifted(loud, away) | shifted(loud, -away))
    return seams


def _doubted(found: Sequence[Difference], kind: str, name: str, n: int) -> np.ndarray:
    """(n,) rows in which a column of a joint contradicts another one, and is to blame: not where a body explains it."""
    return rows_of((d for d in found if d.kind == kind and d.family != "body" and name in d.channels), n)


def _all_doubted(found: Sequence[Difference], kind: str, channels: Sequence[RecordedChannel], n: int) -> np.ndarray:
    """(n, k) the same of several joints."""
    out = np.zeros((n, len(channels)), bool)
    for j, channel in enumerate(channels) if found else ():
        out[:, j] = _doubted(found, kind, channel.name, n)
    return out


def _of_joint(
    group: Group, law: ServoLaw, j: int, rest: np.ndarray, whole: np.ndarray, bad: np.ndarray, sure: np.ndarray,
    doubted: Mapping[str, np.ndarray], relation: Relation | None, rises: Relation | None,
) -> Iterator[Difference]:  # fmt: skip
    """Stretches in which a torque is not what its servo gives: it is wrong, or else the command or the position that it answers.

    A push is no reason: a servo that is pushed answers as its law says.

    Args:
        rest, whole: (n,) what the law leaves, without rows that something else explains, and all of it.
        doubted: `command`, `measured` -> (n,) rows in which the two contradict each other, and that one is to blame.
    """
    if not bad.any():
        return
    channel, of, limit = law.channels[j], {kind: np.zeros(group.n, bool) for kind in HEARD}, law.scale * LIMIT
    stands = _stands(law, j, bad)
    sent, there = heard(law, j, rest, "command"), heard(law, j, whole, "measured")
    stretches = joined(bad & ~stands) if law.stiffness > LEAST_STIFFNESS else []
    if len(stretches) > 1 and (kind := _of_one_shape(law, j, sent, there, stretches[0][0], stretches[-1][1], group.dt)) is not None:
        of[kind], stretches = bad & ~stands, []
    for first, last in stretches:
        stretch = slice(first, last + 1)
        if doubted["measured"][stretch].any() or rose(rises, there - channel.columns["measured"], first, last):
            of["measured"][stretch] = True
        elif doubted["command"][stretch].any() or went(law, j, relation, sent, first - 1, last - 1):
            of["command"][stretch] = True
        elif goes_on_resting(law, j, first, last):
            of["command"][stretch] = True
    for kind, rows in of.items():
        if rows.any():
            found = departures(heard_column(group, law, j, rest, kind, bad & rows, bad & rows & sure, limit))
            yield from (replace(d, certain=d.certain and not _not_yet_sent(law, j, d)) for d in found)
    bad = (bad & ~np.logical_or(*of.values())) | stands
    noise = max(law.noise, 0.01 * law.scale)
    own = departures(WitnessedColumn(
        channel.name, "effort", law.unit, channel.topics["effort"], group.t, law.effort[:, j], law.truth[:, j], bad, bad & sure,
        limit, noise, {c.name: law.truth[:, k] for k, c in enumerate(law.channels) if k != j},
    ))  # fmt: skip
    for one in own:
        level = law.effort[one.first, j]
        if stands[one.first : one.last + 1].all() and np.all(law.effort[one.first : one.last + 1, j] == level):
            # it stood before it was seen to depart, and after
            first, last = next((a, b) for a, b in runs(law.effort[:, j] == level) if a <= one.first <= b)
            t0, t1 = float(group.t[first]), float(group.t[last])
            one = replace(one, name="held_value", numbers={"level": float(level)}, first=first, last=last, t0=t0, t1=t1)
        yield one


def _of_one_shape(law: ServoLaw, j: int, sent: np.ndarray, there: np.ndarray, first: int, last: int, dt: float) -> str | None:
    """`command` or `measured` where one reason makes it what is recorded in all stretches of rows that the torques do not answer, as it
    makes neither of the other two columns.

    Args:
        sent, there: (n,) command and position that the torques answer.
    """
    columns, noise = law.channels[j].columns, max(law.noise, 0.01 * law.scale)
    pairs = {"command": (columns["command"], sent, noise / law.stiffness), "measured": (columns["measured"], there, noise / law.stiffness)}
    pairs["effort"] = law.effort[:, j], law.truth[:, j], noise
    left = {}
    for kind, (x, truth, of) in pairs.items():
        why = best(Case(x, truth, first, last, dt, of, angle=kind != "effort" and law.scale == 1.0))
        left[kind] = 1.0 if why is None or why.name in BY_ROWS else 1.0 - why.explained
    least, next_ = sorted(left, key=lambda kind: left[kind])[:2]
    return least if least in HEARD and left[least] < min(1.0 - SHAPED, BETTER * left[next_]) else None


def _not_yet_sent(law: ServoLaw, j: int, one: Difference) -> bool:
    """Whether a take begins with its first command and its first torque, repeated, and then goes on from there: a recorder that was
    started before the commands were. Commands that are wrong come back to where their servo had them."""
    c, effort, after = law.channels[j].columns["command"], law.effort[:, j], one.last + 1
    if one.kind != "command" or one.first > 1 or not 2 <= after < len(c):
        return False
    rows = slice(1, after - 1)
    away = c[one.first] - one.cases[0].truth[one.first] if one.cases else 0.0
    stood = np.all(c[rows] == c[0]) and np.all(effort[rows] == effort[1])
    return bool(stood) and bool((c[after] - c[0]) * np.sign(away) >= 0.0)


def _stands(law: ServoLaw, j: int, bad: np.ndarray) -> np.ndarray:
    """(n,) rows in which a torque is one value to the bit while the joint moves, less than its servo can give, and not what its servo
    gives in some of them: there it was not written, whatever else would explain it. Torques of joints at rest are one value as well."""
    effort, out = law.effort[:, j], np.zeros(len(bad), bool)
    q, v = (law.channels[j].columns[kind] for kind in ("measured", "velocity"))
    for first, last in runs(np.diff(effort) == 0.0) if bad.any() else ():
        rows = slice(first, last + 2)
        asked = last - first + 2 >= STANDS and bad[rows].any() and abs(effort[first]) < SPENT * law.most[j]
        if asked and np.ptp(q[rows]) > STIRS and np.ptp(v[rows]) > STIRS:
            out[rows] = True
    return out


def goes_on_resting(law: ServoLaw, j: int, first: int, last: int) -> bool:
    """Whether a joint rests with the torque of its law, and goes on so, torque and all, while another command is recorded: its servo
    never had that one. A joint that is blocked gives more, and one that is off gives nothing."""
    rows = slice(max(first - 1, 0), last + 1)
    q, v = (law.channels[j].columns[kind][rows] for kind in ("measured", "velocity"))
    effort, noise = law.effort[:, j], SAYS * max(law.noise, 0.01 * law.scale)
    known = [row for row in (first - 1, last + 1) if 0 < row < len(effort)]
    held = any(abs(effort[row] - law.truth[row, j]) < noise and abs(effort[row] - effort[rows][0]) < noise for row in known)
    return held and float(np.ptp(effort[rows])) < noise and max(float(np.ptp(q)), float(np.ptp(v))) < STIRS


def _speed(group: Group, law: ServoLaw, j: int, rises: Relation | None) -> list[Difference]:
    """Where a speed is off by as much as the positions say, and the torque, which its damping has changed by another one."""
    if rises is None or law.damping < LEAST_DAMPING:
        return []
    if not (np.abs(rises.residual) > SPEED).any():
        return []
    v, q = (law.channels[j].columns[kind] for kind in ("velocity", "measured"))
    scatters = float(scatter(q[:, None])[0]) * 2.0**0.5 / group.dt
    # rises of positions that scatter, or of rows that are far apart, are a mean over some time, which is no speed of a joint that speeds up
    limit = SPEED + (rises.slack if scatters > EXACT_RISES or group.dt > COARSE else 0.0)
    all_off = (law.effort - law.asked) / law.damping
    all_off[0], off = 0.0, all_off[:, j]
    bad = (np.abs(rises.residual) > limit) & (np.abs(rises.residual - off) < AGREE * np.abs(rises.residual))
    spent = (np.abs(law.effort) > SPENT * law.most).any(axis=1)
    bad &= ~np.convolve(spent, np.ones(2 * STRUCK + 1))[STRUCK:-STRUCK].astype(bool)  # an arm that is driven into something chatters
    if not bad.any():
        return []
    there = heard(law, j, law.effort[:, j] - law.truth[:, j], "measured")
    otherwise = np.abs(rises.residual + rises.matrix("measured") @ (there - law.channels[j].columns["measured"]))
    for first, last in joined(bad):
        rows = slice(max(0, first - 2), last + 3)
        if float(otherwise[rows].sum()) < float(np.abs(rises.residual - off)[rows].sum()):
            bad[rows] = False  # the position explains it better
    return departures(WitnessedColumn(
        law.channels[j].name, "velocity", "rad/s", law.channels[j].topics["velocity"], group.t, v, v - off, bad, bad, SPEED, 0.02,
        {c.name: c.columns["velocity"] - all_off[:, k] for k, c in enumerate(law.channels) if k != j},
    ))  # fmt: skip


def _judged(rest: np.ndarray, speed: np.ndarray, more: float, chatter: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n, k) rows that the law does not explain, and those that no blow explains either.

    Args:
        more: [Nm] that is added to each bound; chatter: (n, k) the same row by row.
    """
    near, loud = speed, chatter
    for shift in (1, 2, 3):
        near = np.maximum(near, np.maximum(shifted(speed, shift), shifted(speed, -shift)))
    for shift in (-1, 1):
        loud = np.maximum(loud, shifted(chatter, shift))
    over = np.abs(rest) / (np.where(near < STILL, QUIET, SINGLE) + more + loud)
    for rows in sorted({rows for rows, _ in (*MEANS, *ROOTS)}):
        slack = more + np.sqrt(_mean(chatter**2, rows))
        mean, root = np.abs(_mean(rest, rows)), np.sqrt(_mean(rest**2, rows))
        over = np.maximum(over, np.maximum(mean / (dict(MEANS)[rows] + slack), root / (dict(ROOTS)[rows] + slack)))
    return over > 1.0, over > SURE


def _mean(x: np.ndarray, rows: int) -> np.ndarray:
    """(n, k) over so many rows about each; zero if there are fewer."""
    if len(x) < rows:
        return np.zeros_like(x)
    total = np.cumsum(np.concatenate([np.zeros((1, x.shape[1])), x]), axis=0)
    out = np.zeros_like(x)
    half = rows // 2
    out[half : len(x) - rows + 1 + half] = (total[rows:] - total[:-rows]) / rows
    return np.maximum(out, 0.0) if x.min(initial=0.0) >= 0.0 else out  # sums of squares round below zero


def _all(group: Group, law: ServoLaw, factors: np.ndarray) -> Iterator[Difference]:
    """All torques of some limbs counted in another unit, or with the other sign: their share of the arms' weight is not one.

    Args:
        factors: (k,) see `_factors`.
    """
    asked = law.truth / factors
    # of commands it is not known which one a servo had, where each stands for some rows
    held = [c.held("command") > 1 for c in law.channels if c.goes("command") > LEAP]
    if law.scale != 1.0 or 2 * sum(held) > len(held) or float(np.ptp(asked, axis=0).max()) < LEAST:
        return
    for factor in dict.fromkeys(factors.tolist()):
        if abs(factor - 1.0) <= SHARE:
            continue
        of = factors == factor
        channels = [channel for channel, one in zip(law.channels, of) if one]
        size, mirrored = abs(factor - 1.0) * float(np.abs(asked[:, of]).max()), abs(factor + 1.0) <= SHARE
        numbers = {"factor": -1.0 if mirrored else factor}
        yield _of_all(group, channels, "effort", size, "Nm", "mirrored" if mirrored else "factor", LIMIT, numbers)


def _factors(law: ServoLaw) -> np.ndarray:
    """(k,) what the torques of each joint's limb are multiplied by: the share of the weight that the law has, unless one, or minus one,
    leaves much less of all torques of the limb."""
    factors = np.full(len(law.channels), law.share)
    if law.scale != 1.0:
        return factors
    for limb in set(law.limbs):
        of = np.array([one == limb for one in law.limbs])
        effort, asked = law.effort[:, of], law.truth[:, of] / law.share
        as_it_is = float(np.abs(effort - law.truth[:, of]).mean())
        if as_it_is < HELD_SO and abs(law.share - 1.0) <= SHARE:
            continue
        left = {law.share: as_it_is} | {factor: float(np.abs(effort - factor * asked).mean()) for factor in (1.0, -1.0)}
        best = min(left, key=lambda factor: left[factor])
        if left[best] < OF_A_LIMB * left[law.share] and abs(best - law.share) * float(np.abs(asked).max()) > LIMIT:
            factors[of] = best
    return factors
