"""Recorded poses of the hands against where the measured joints put them: the arm's chain is exact, so what departs was not recorded so.

Which of the two is wrong, pose or joint, shows in the pose: a joint that was written wrongly turns the hand about that joint's axis and
nothing else; and its own speed agrees with one of the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from ..recording.recording import Recording
from ..signals.clock import topic
from ..signals.statistics import resolution, scatter
from .arm_chain import MeasuredArm
from .departures import MANY, WitnessedColumn, departures, joined, rows_of, together
from .difference import Difference
from .table import Group, RecordedChannel

AXES = ("x", "y", "z", "qw", "qx", "qy", "qz")
UNITS = ("m", "m", "m", "1", "1", "1", "1")
# float32 of pose and angles leaves 1e-7; sets of others give poses to 4 decimals of a metre, and to 3 of a quaternion
LIMITS = {"m": 2e-3, "1": 4e-3}
SURE = 2.0  # limits
SIGMAS = 6.0  # of what angles and poses scatter by in this take, which are added to the limits: one row in a billion
COARSEST = 5e-3  # rad: an encoder or a servo of a toy scatters or steps by no more, and what does is a fault to be found
TURNED = 2e-3  # rad and m: what one wrong joint may leave of the difference
MOST = 0.9  # of the rows of a stretch that one joint has to explain
BETTER = 0.3  # of how far a hand departs from its measured joints, that it may depart from those which their torques answer
ANSWERED = 0.008  # rad between a measured joint and one that its torque answers, which is exact to 1e-3 where nothing strikes
LATE, HELD = 30, 1e-6  # rows by which a pose may be late or early; m or 1 by which one that stands still moves
USUAL = 0.5  # of the rows that agree at least, else the poses are of another point, or in another frame
CHAIN = "chain"  # bound of all that a hand's pose says, of joints as well
COMMANDED = 0.03  # rad by which a joint that is at rest may be beside its command
GRIP, GOES = 0.3, 0.05  # m: where another hand may have its grip at the furthest; that an arm moves its hand, to show that a pose stands


@dataclass(frozen=True)
class OwnBase:
    """A base in which one hand alone is recorded, in the frame of its arm's chain.

    Attributes:
        move: (3,) [m]; angle: by which it is turned [rad]; columns: of the pose, that it changes.
    """

    move: tuple[float, ...]
    angle: float
    columns: tuple[str, ...]


@dataclass(frozen=True)
class OwnPoint:
    """Another point of a hand, or other axes of it, by the same in all of a take.

    Attributes:
        move: (3,) [m] in the hand; turn: (3,) [rad] of its axes, as a vector.
        joint: of the chain, that turned by `angle` [rad] brings the hand there as well; -1 where none does.
    """

    move: tuple[float, ...]
    turn: tuple[float, ...]
    joint: int = -1
    angle: float = 0.0


@dataclass(frozen=True)
class RecordedHand:
    """A recorded hand and the measured arm that it hangs on.

    Attributes:
        name: of the pose; topic: the device's channel; values: (n, 7) as `AXES` say.
        base: that it was recorded in, and that is undone in its values; None for the frame of its arm.
        point: of the hand, that was recorded in place of its grip, and that is undone as well; None for the grip.
        alike: whether it was, together with the other hand, in another base, which is undone as well.
        written: by how much most joints that move scatter and step [rad]: one that never changes is written alike, and shows nothing of it.
    """

    name: str
    topic: str
    values: np.ndarray
    arm: MeasuredArm
    base: OwnBase | None = None
    point: OwnPoint | None = None
    alike: bool = False
    written: tuple[float, float] = (0.0, 0.0)

    @cached_property
    def limits(self) -> np.ndarray:
        return _limits(self.values, self.arm, self.written)

    def agrees(self, truth: np.ndarray) -> bool:
        """Whether it stands, in most rows, at (n, 7)."""
        return bool(self._near(truth).mean() >= USUAL)

    @cached_property
    def there(self) -> np.ndarray:
        """(n,) rows in which it stands where the measured joints put it."""
        return self._near(self.truth)

    @cached_property
    def stands(self) -> bool:
        """Whether it does so in most rows."""
        return bool(self.there.mean() >= USUAL)

    def _near(self, truth: np.ndarray) -> np.ndarray:
        return np.asarray((np.abs(self.values - truth) <= self.limits).all(axis=1))

    @cached_property
    def truth(self) -> np.ndarray:
        """(n, 7) where the measured joints put the hand, with the sign of the recorded attitude."""
        quats = self.arm.attitudes()
        signs = _signs(quats, self.values[:, 3:], self.limits[:, 3:])
        return np.column_stack([self.arm.origins[-1], quats * signs[:, None]])


def hands_of(recording: Recording, group: Group, arms: Mapping[str, MeasuredArm]) -> Iterator[RecordedHand]:
    """Each recorded hand of these arms, on the rows of the group."""
    for stream in recording.select("measured", "hand_pose"):
        for side, arm in arms.items() if stream.n == group.n else ():
            names = [f"{side}_tcp.{axis}" for axis in AXES]
            if set(names) <= set(stream.names):
                values = np.column_stack([stream.column(name) for name in names])
                yield RecordedHand(f"{side}_tcp", topic(stream), values, arm, written=_written(group, arm))


def _written(group: Group, arm: MeasuredArm) -> tuple[float, float]:
    """See `RecordedHand.written`; asked where a joint of the arm never changes."""
    of = [c for c in group.channels if "measured" in c.columns and c.goes("measured") > 0.0]
    if not of or (np.ptp(arm.q, axis=0) > 0.0).all():
        return 0.0, 0.0
    q = np.column_stack([c.columns["measured"] for c in of])
    return float(np.median(scatter(q))), float(np.median(resolution(q)))


def vouched_joints(hands: Iterable[RecordedHand]) -> dict[str, np.ndarray]:
    """Joint -> (n,) whether a recorded hand stands where its measured arm puts it: then no joint of that arm is measured wrongly."""
    out: dict[str, np.ndarray] = {}
    for hand in hands:
        if np.isfinite(hand.values).all():
            doubted = -1 if hand.point is None else hand.point.joint
            out |= dict.fromkeys((name for j, name in enumerate(hand.arm.chain.joints) if j != doubted), hand.there)
    return out


def check_hands(
    hands: Iterable[RecordedHand], group: Group, found: Sequence[Difference], answered: Mapping[str, np.ndarray], rides: bool = False
) -> list[Difference]:
    """Where a hand is not where its arm puts it.

    Args:
        found: what the group contradicts itself in; a joint that stands there explains its hand.
        answered: joint -> (n,) [rad] positions that its torques answer.
        rides: whether a base carries the arms, which may be what no frame of their own explains.
    """
    by_name, every = {c.name: c for c in group.channels}, [hand for hand in hands if np.isfinite(hand.values).all()]
    out = together(d for hand in every for d in _of_its_base(hand, group))
    for hand in every:
        out += _of_its_point(hand, group, by_name)
    if (swapped := _arms_exchanged(every, group, by_name)) is not None:
        return [swapped]
    for hand in every:
        if (order := _joints_exchanged(hand, group, by_name)) is not None:
            out.append(order)
            continue
        beside = [other for other in every if other is not hand and other.topic == hand.topic]
        if is_comparable(hand, beside):
            out += _of_hand(hand, group, by_name, found, answered, beside)
        else:
            out += _never_written(hand, group, by_name) or ([] if rides else _in_no_frame(hand, group))
    return out


def _of_its_base(hand: RecordedHand, group: Group) -> Iterator[Difference]:
    """That a hand alone is recorded in another base, from the first row to the last: it may be its own, or the pose is off."""
    if hand.base is None or not hand.base.columns:
        return
    places = max(map(abs, hand.base.move)) > LIMITS["m"]
    size, unit = (max(map(abs, hand.base.move)), "m") if places else (hand.base.angle, "rad")
    yield Difference.over(
        group.t, hand.base.columns, "pose", None, size, unit, "own_base", certain=False, stream=hand.topic, limit=LIMITS["m"], weight=1.0,
    )  # fmt: skip


def _of_its_point(hand: RecordedHand, group: Group, by_name: Mapping[str, RecordedChannel]) -> Iterator[Difference]:
    """That one joint with another zero, from the first row to the last, puts a hand at another point, where it is recorded. The command
    tells whether that joint is measured wrongly; where it does not, it may be the pose as well, and both are named."""
    point = hand.point
    if point is None or point.joint < 0:
        return
    channel = by_name[hand.arm.chain.joints[point.joint]]
    q, command, size = hand.arm.q[:, point.joint], channel.columns.get("command"), abs(point.angle)
    away = np.inf if command is None else abs(float(np.median(command - q)) - point.angle)
    if away < min(BETTER * size, COMMANDED):
        yield Difference.over(
            group.t, (channel.name,), "measured", None, size, "rad", "offset", certain=True, numbers={"by": -point.angle},
            stream=channel.topics["measured"], limit=TURNED, weight=9.0 * group.n, bound=CHAIN,
        )  # fmt: skip
        return
    poses = tuple(f"{hand.name}.{axis}" for axis in AXES)
    yield Difference.over(
        group.t, (channel.name, *poses), "pose", None, size, "rad", "own_point", certain=False, numbers={"joint": channel.name},
        stream=hand.topic, limit=TURNED, weight=1.0,
    )  # fmt: skip


def is_comparable(hand: RecordedHand, beside: Sequence[RecordedHand]) -> bool:
    """Whether it is known where this hand would have to stand: its poses, or those of a hand of the same stream, are in the frame and of
    the point that the arm's chain has, or they are those of the other hand."""
    if not np.isfinite(hand.values).all():
        return False
    if hand.stands:
        return True
    if _other_hand(hand.values, hand.truth, hand.arm.turns[-1], hand.limits):
        return False
    known = any((other.base is None and other.stands) or hand.agrees(_signed(other.truth, hand)) for other in beside)
    return known or _same_frame(np.abs(hand.values - hand.truth) / hand.limits)


def _signed(truth: np.ndarray, hand: RecordedHand) -> np.ndarray:
    """(n, 7) with the sign of an attitude as the hand's poses have it."""
    signs = _signs(truth[:, 3:], hand.values[:, 3:], hand.limits[:, 3:])
    return np.column_stack([truth[:, :3], truth[:, 3:] * signs[:, None]])


def _arms_exchanged(every: Sequence[RecordedHand], group: Group, by_name: Mapping[str, RecordedChannel]) -> Difference | None:
    """Joints of both arms that were written as one another's: each hand stands where the other arm's angles put it, in its own arm."""
    if len(every) != 2 or any(hand.stands for hand in every) or len({len(hand.arm.chain.joints) for hand in every}) != 1:
        return None
    for hand, other in zip(every, reversed(every)):
        chain, q = hand.arm.chain, other.arm.q
        there = RecordedHand(hand.name, hand.topic, hand.values, MeasuredArm(chain, q, *chain.frames(q)))
        if not there.stands:
            return None
    joints = tuple(joint for hand in every for joint in hand.arm.chain.joints)
    size = max(float(np.abs(hand.values[:, :3] - hand.truth[:, :3]).max()) for hand in every)
    return Difference.over(
        group.t, joints, "measured", None, size, "m", "copied", certain=True, numbers={"other": joints[len(joints) // 2]},
        stream=by_name[joints[0]].topics["measured"], limit=LIMITS["m"], weight=9.0 * group.n * len(joints), bound=CHAIN,
    )  # fmt: skip


def exchanged_joints(hand: RecordedHand) -> tuple[int, int] | None:
    """Two joints of the arm that, exchanged, put the hand where it is recorded; None where it stands there already, or none do."""
    if hand.stands:
        return None
    chain, q = hand.arm.chain, hand.arm.q
    for i, j in combinations(range(len(chain.joints)), 2):
        order = np.arange(len(chain.joints))
        order[[i, j]] = j, i
        if RecordedHand(hand.name, hand.topic, hand.values, MeasuredArm(chain, q[:, order], *chain.frames(q[:, order]))).stands:
            return i, j
    return None


def _joints_exchanged(hand: RecordedHand, group: Group, by_name: Mapping[str, RecordedChannel]) -> Difference | None:
    """Two joints of an arm that were written in one another's place: exchanged back, they put the hand where it is recorded."""
    pair, chain, q = exchanged_joints(hand), hand.arm.chain, hand.arm.q
    if pair is None:
        return None
    joints = tuple(chain.joints[k] for k in pair)
    size = float(np.abs(q[:, pair[0]] - q[:, pair[1]]).max())
    return Difference.over(
        group.t, joints, "measured", None, size, "rad", "copied", certain=True, numbers={"other": joints[1]},
        stream=by_name[joints[0]].topics["measured"], limit=TURNED, weight=9.0 * group.n * len(AXES) * len(chain.joints), bound=CHAIN,
    )  # fmt: skip


def _never_written(hand: RecordedHand, group: Group, by_name: Mapping[str, RecordedChannel]) -> list[Difference]:
    """A pose that stands while its arm goes somewhere, whatever its frame; and is sent somewhere, else it may be the joints that drift."""
    goes, chain = float(np.ptp(hand.truth[:, :3], axis=0).max()), hand.arm.chain
    if float(np.ptp(hand.values, axis=0).max()) > HELD or goes < GOES:
        return []
    commands = [by_name[joint].columns.get("command") for joint in chain.joints]
    sent = [command for command in commands if command is not None]
    if len(sent) == len(commands) and float(np.ptp(chain.frames(np.column_stack(sent))[0][-1], axis=0).max()) < GOES:
        return []
    level: dict[str, float | str] = {"level": float(hand.values[0, 0])}
    return [Difference.over(
        group.t, tuple(f"{hand.name}.{axis}" for axis in AXES), "pose", None, goes, "m", "held_value", certain=True, numbers=level,
        stream=hand.topic, limit=GOES, weight=9.0 * group.n,
    )]  # fmt: skip


def _in_no_frame(hand: RecordedHand, group: Group) -> list[Difference]:
    """That no base and no point of a hand explains its poses by its joints: one of the two is wrong."""
    x, p = hand.values[:, :3], hand.truth[:, :3]
    if max(float(np.ptp(way, axis=0).max()) for way in (x, p)) < GOES:
        return []
    u, _, v = np.linalg.svd((x - x.mean(axis=0)).T @ (p - p.mean(axis=0)))
    turn = u @ np.diag([1.0, 1.0, np.linalg.det(u @ v)]) @ v
    left = float(np.linalg.norm(x - x.mean(axis=0) - (p - p.mean(axis=0)) @ turn.T, axis=1).max())
    return [Difference.over(
        group.t, tuple(f"{hand.name}.{axis}" for axis in AXES), "pose", None, left, "m", None, certain=False, stream=hand.topic,
        limit=LIMITS["m"], weight=1.0,
    )]  # fmt: skip




def _of_hand(
    hand: RecordedHand, group: Group, by_name: Mapping[str, RecordedChannel], found: Sequence[Difference],
    answered: Mapping[str, np.ndarray], beside: Sequence[RecordedHand],
) -> list[Difference]:  # fmt: skip
    name, where, values, arm = hand.name, hand.topic, hand.values, hand.arm
    chain, q, origins, axes, turns = arm.chain, arm.q, arm.origins, arm.axes, arm.turns
    limits, truth = hand.limits, hand.truth
    wider = (limits / np.array([LIMITS[unit] for unit in UNITS])).max(axis=1)
    apart = np.abs(values - truth) / limits
    bad = apart > 1.0
    if not bad.any():
        return []
    out: list[Difference] = []
    joints = [d for d in found if d.kind == "measured" and set(d.channels) & set(chain.joints)]
    explained = rows_of(joints, group.n)
    spans = joined(bad.any(axis=1))
    spans = spans if len(spans) <= MANY else [(spans[0][0], spans[-1][1])]
    for first, last in spans:
        rows = first + np.flatnonzero(bad[first : last + 1].any(axis=1))
        joint = turned_joint(values[rows], q[rows], origins[:, rows], axes[:, rows], turns[-1][rows], TURNED * wider[rows])
        if joint is None:
            several = _several(values, arm, rows, group, by_name, answered)
            out += several
            explained[first : last + 1] |= bool(several)
            continue
        channel = by_name[chain.joints[joint[0]]]
        right = q[:, joint[0]].copy()
        right[rows] += joint[1]
        if not _of_other_rows(values, truth, rows, limits) or _believed(channel, right, rows, group.dt):
            change = np.zeros(group.n, bool)
            change[rows] = True
            column = WitnessedColumn(
                channel.name, "measured", "rad", channel.topics["measured"], group.t, q[:, joint[0]], right, change,
                np.abs(right - q[:, joint[0]]) > SURE * TURNED * wider, TURNED * float(np.median(wider)), 1e-6,
                partner=channel.columns.get("command"), bound=CHAIN,
            )  # fmt: skip
            out += departures(column)
            explained[first : last + 1] = True
    bad[explained] = False
    for i, (axis, unit) in enumerate(zip(AXES, UNITS)):
        limit = float(np.median(limits[:, i]))
        others = {f"{name}.{AXES[k]}": truth[:, k] for k in range(7) if k != i and (k < 3) == (i < 3)}
        others |= {f"{other.name}.{axis}": _signed(other.truth, hand)[:, i] for other in beside}
        column = WitnessedColumn(
            f"{name}.{axis}", "pose", unit, where, group.t, values[:, i], truth[:, i], bad[:, i],
            bad[:, i] & (apart[:, i] > SURE), limit, max((limit - LIMITS[unit]) / SIGMAS, 1e-6), others,
        )  # fmt: skip
        out += departures(column)
    return together(out)


def _several(
    values: np.ndarray, arm: MeasuredArm, rows: np.ndarray, group: Group, by_name: Mapping[str, RecordedChannel],
    answered: Mapping[str, np.ndarray],
) -> list[Difference]:  # fmt: skip
    """Joints that are measured elsewhere than their torques answer, where the hand stands as these say: it and they bear each other out."""
    joints = arm.chain.joints
    if not set(joints) <= set(answered):
        return []
    right = np.column_stack([answered[joint] for joint in joints])
    there = MeasuredArm(arm.chain, right[rows], *arm.chain.frames(right[rows]))
    was, is_ = (np.abs(values[rows, :3] - at).max(axis=1) for at in (arm.origins[-1][rows], there.origins[-1]))
    if float(np.median(is_)) > BETTER * float(np.median(was)):
        return []
    out: list[Difference] = []
    for j, joint in enumerate(joints):
        apart = np.zeros(group.n)
        apart[rows] = np.abs(right - arm.q)[rows, j]
        bad, channel = apart > ANSWERED, by_name[joint]
        out += departures(WitnessedColumn(
            joint, "measured", "rad", channel.topics["measured"], group.t, arm.q[:, j], right[:, j], bad, apart > SURE * ANSWERED,
            ANSWERED, 1e-3, partner=channel.columns.get("command"), bound=CHAIN,
        ))  # fmt: skip
    return out


def _limits(values: np.ndarray, arm: MeasuredArm, written: tuple[float, float]) -> np.ndarray:
    """(n, 7) from where on a recorded pose departs: what poses are rounded to, and what this take's angles and poses scatter and step by.

    An angle that is off by d turns the hand by d and moves it by d times the distance of its joint's axis (the geometric Jacobian:
    Siciliano et al., Robotics, 2009, eq. 3.30); each of the numbers of a quaternion changes by half of a turn at the most.
    """
    tip = arm.origins[-1]
    (x, y, z), (a, b, c) = (np.moveaxis(each, 2, 0) for each in (arm.axes, tip - arm.origins[:-1]))
    squares = (y * c - z * b) ** 2 + (z * a - x * c) ** 2 + (x * b - y * a) ** 2  # (k, n) m^2, of their cross product
    moves = np.ptp(arm.q, axis=0) > 0.0
    noise, step = (np.minimum(np.where(moves, of(arm.q), usual), COARSEST) for of, usual in zip((scatter, resolution), written))
    place = SIGMAS * np.sqrt(noise**2 @ squares) + 0.5 * step @ np.sqrt(squares)
    turn = 0.5 * (SIGMAS * float(np.linalg.norm(noise)) + 0.5 * float(step.sum()))
    own = SIGMAS * np.minimum(scatter(values), COARSEST) + 0.5 * np.minimum(resolution(values), COARSEST)
    by_joints = np.where(np.array(UNITS) == "m", place[:, None], turn)
    return np.array([LIMITS[unit] for unit in UNITS]) + by_joints + own


def _signs(quats: np.ndarray, recorded: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """(n,) 1, or -1 where the other sign, which means the same attitude, fits entirely; most of the rows that fit decide of the rest."""
    fits = [(np.abs(recorded - sign * quats) <= limits).all(axis=1) for sign in (1.0, -1.0)]
    rest = -1.0 if fits[1].sum() > fits[0].sum() else 1.0
    return np.where(fits[0], 1.0, np.where(fits[1], -1.0, rest))


def _same_frame(apart: np.ndarray) -> bool:
    """Whether most columns agree, apart (n, 7) limits: those of another frame or point agree in none."""
    return int(((apart <= 1.0).mean(axis=0) > USUAL).sum()) >= 3


def _other_hand(values: np.ndarray, truth: np.ndarray, turns: np.ndarray, limits: np.ndarray) -> bool:
    """Whether all of a take is of one other point of the hand: another hand has its grip elsewhere."""
    away = values[:, :3] - truth[:, :3]
    inside = np.einsum("nij,ni->nj", turns, away)
    several = int(((np.abs(away) > limits[:, :3]).mean(axis=0) > USUAL).sum()) >= 2  # one column alone is no point
    if float(np.median(np.linalg.norm(away, axis=1))) > GRIP:
        return False
    return several and float(inside.std(axis=0).max()) < float(np.median(limits[:, :3]))


def turned_joint(
    values: np.ndarray, q: np.ndarray, origins: np.ndarray, axes: np.ndarray, turns: np.ndarray, leaves: np.ndarray
) -> tuple[int, np.ndarray] | None:
    """The one joint that, turned by (m,) [rad], brings the hand to its recorded pose in most rows; None where none does.

    Args:
        leaves: (m,) rad and m that it may leave of the difference.
    """
    recorded = values[:, 3:] / np.maximum(np.linalg.norm(values[:, 3:], axis=1, keepdims=True), 1e-9)
    between = matrices(recorded) @ turns.transpose(0, 2, 1)
    angle = np.arccos(np.clip(0.5 * (np.einsum("nii->n", between) - 1.0), -1.0, 1.0))
    vector = 0.5 * np.stack(
        [between[:, 2, 1] - between[:, 1, 2], between[:, 0, 2] - between[:, 2, 0], between[:, 1, 0] - between[:, 0, 1]], axis=1
    )
    best: tuple[float, int, np.ndarray] | None = None
    for j in range(len(axes)):
        by = np.arctan2((vector * axes[j]).sum(axis=1), np.cos(angle))
        left_turn = np.linalg.norm(vector - np.sin(by)[:, None] * axes[j], axis=1)
        arm = origins[-1] - origins[j]
        along = (arm * axes[j]).sum(axis=1, keepdims=True) * axes[j]
        turned = along + np.cos(by)[:, None] * (arm - along) + np.sin(by)[:, None] * np.cross(axes[j], arm)
        left_place = np.linalg.norm(values[:, :3] - origins[j] - turned, axis=1)
        fits = float(((left_turn < leaves) & (left_place < leaves) & (np.abs(by) > leaves)).mean())
        if best is None or fits > best[0]:
            best = (fits, j, by)
    return None if best is None or best[0] < MOST else (best[1], best[2])


def matrices(quats: np.ndarray) -> np.ndarray:
    """(n, 3, 3) of unit quaternions (n, 4), w first."""
    w, x, y, z = quats.T
    return np.stack([
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    ], axis=1).reshape(-1, 3, 3)  # fmt: skip


def _of_other_rows(values: np.ndarray, truth: np.ndarray, rows: np.ndarray, limits: np.ndarray) -> bool:
    """Whether the pose stands, or is that of other rows: where one joint alone moves, this looks as if that joint were wrong."""
    if np.ptp(values[rows], axis=0).max() <= HELD:
        return True
    shifted = (truth[np.clip(rows - lag, 0, len(truth) - 1)] for lag in range(-LATE, LATE + 1) if lag)
    return any(bool((np.abs(values[rows] - other) <= limits[rows]).all()) for other in shifted)


def _believed(channel: RecordedChannel, right: np.ndarray, rows: np.ndarray, dt: float) -> bool:
    """Whether the joint's speed, or else its command, agrees better with what the hand says of the joint than with its own column."""
    q = channel.columns["measured"]
    near = np.zeros(len(q), bool)
    near[np.clip(np.concatenate([rows - 1, rows, rows + 1]), 0, len(q) - 1)] = True
    costs = []
    for x in (q, right):
        cost = 0.0
        if "velocity" in channel.columns:
            v = channel.columns["velocity"]
            rise = np.diff(x) / dt
            error = np.abs(rise - 0.5 * (v[1:] + v[:-1]))[near[1:] | near[:-1]]
            cost += float(np.minimum(error / 0.1, 3.0).sum())
        elif "command" in channel.columns:
            c = channel.columns["command"]
            late = np.concatenate([np.full(2, c[0]), c[:-2]]) if len(c) > 2 else c
            error = np.abs((x - late) - np.median(x - late))[near]
            cost += float(np.minimum(error / 0.03, 3.0).sum())
        costs.append(cost)
    return costs[1] < costs[0]
