"""Columns that the body of the robot tells of: hands by the joints, torques by the servos, a base by its speeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

import numpy as np

from ..recording.recording import Recording
from ..signals.pairing import Both
from .another_rate import as_of_another_rate
from .arm_chain import MeasuredArm, arms_of, own_chains
from .base_streams import check_bases
from .borne_by_states import with_states
from .carried_things import CarriedThings, carried_things
from .commanded_hands import in_stored_units
from .commanded_speed import commanded_speeds
from .copied_columns import arms_copied, of_own_recorder, states_copied
from .departures import ALIKE, SHAPED, is_any_line, of_one_stream
from .difference import JOIN, Difference
from .effort import check_effort, check_torques
from .engine import differences
from .exchanged_hands import exchanged_between
from .exchanged_part import exchanged_part
from .forces import check_forces, held_forces
from .full_states import StatesBeside, states_beside
from .hand_force import as_the_hands_had, laws_of_hands
from .hand_frame import in_the_arms_frame
from .hand_pose import AXES, RecordedHand, check_hands, hands_of, is_comparable, vouched_joints
from .hand_speed import check_hand_speeds
from .heard import HEARD, answered, answering, is_borne_out
from .held_rows import as_held
from .late_arm import not_of_late
from .late_positions import positions_behind, positions_by_themselves, without_what_follows
from .late_states import LateStates, late_states
from .leapt_things import leapt_things
from .moved_zero import MovedZero, moved_zero
from .next_states import next_states
from .own_scales import without_sizes
from .padded_end import PaddedEnd, in_rows_after, padded_end, without_padding
from .plain_law import PlainLaw, plain_laws, with_torques
from .posed_things import CarryingHand, PosedThing, hands_in_the_scene, is_carried_by_a_base, things_of
from .put_right import PutRight
from .resampled import is_resampled
from .resting_hands import hands_beside_commands
from .risen_speeds import with_risen_speeds
from .servo_law import ServoLaw, as_the_arms_had, laws_of
from .still_hands import hands_that_never_move
from .table import Group, RecordedColumns, as_both, table_of
from .thrown_things import thrown_things
from .turned_back import of_rows_backwards, with_hands
from .turned_hands import as_the_turned_ones, not_at_cuts
from .turned_hinges import turned_hinges
from .uncommanded import as_never_measured, with_exchanged
from .whole_takes import never_commanded
from .witnessed_motion import contradicted_by_motion

BETWEEN = 2.0  # times the limits of hands' speeds, where rows are not the device's own


@dataclass(frozen=True)
class ComparedColumns:
    """A take's columns on common rows and what our own robot's body makes of them, each found once.

    Attributes:
        recorded: the take; ranges: joint -> (lowest, highest) [rad].
    """

    recorded: Recording
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @cached_property
    def exchanged(self) -> tuple[PutRight | None, ...]:
        """Of each group two joints that stand in one another's columns for a part of the take."""
        return tuple(exchanged_part(group) for group in self._recorded.groups)

    @cached_property
    def shifted(self) -> tuple[MovedZero | None, ...]:
        """Of each group the joints that have another zero for a part of the take."""
        return tuple(moved_zero(group) for group in self._unmixed)

    @cached_property
    def padded(self) -> PaddedEnd | None:
        return padded_end(self.recorded)

    @cached_property
    def begin(self) -> PaddedEnd | None:
        """The rows before a take begins."""
        return padded_end(self.recorded, begins=True)

    @cached_property
    def recording(self) -> Recording:
        """The take as far as it was recorded."""
        return without_padding(self.recorded, *(one for one in (self.begin, self.padded) if one is not None))

    @cached_property
    def table(self) -> RecordedColumns:
        """With such joints in their own columns, and at one zero."""
        parts = zip(self._unmixed, self.shifted)
        return replace(self._recorded, groups=tuple(group if part is None else part.group for group, part in parts))

    @cached_property
    def _unmixed(self) -> tuple[Group, ...]:
        parts = zip(self._recorded.groups, self.exchanged)
        return tuple(group if part is None else part.group for group, part in parts)

    @cached_property
    def _recorded(self) -> RecordedColumns:
        return table_of(self.recording, self.ranges)

    @cached_property
    def wired(self) -> tuple[tuple[Group, Both], ...]:
        """Groups of joints with commands and measurements, each on an even grid."""
        found = [(group, as_both(group)) for group in self.table.groups if not group.hands]
        return tuple((group, both) for group, both in found if both is not None)

    @cached_property
    def bodies(self) -> tuple[tuple[Group, dict[str, MeasuredArm]], ...]:
        """Groups of our own robot's joints, each with its arms."""
        found = []
        for group in self.table.groups:
            arms = arms_of({c.name: c.columns["measured"] for c in group.channels if c.unit == "rad" and "measured" in c.columns})
            if arms:
                found.append((group, arms))
        return tuple(found)

    @cached_property
    def resampled(self) -> bool:
        """Whether its rows are not those of the device."""
        return any(is_resampled(group) for group, _ in self.bodies)

    @cached_property
    def hands(self) -> tuple[tuple[RecordedHand, ...], ...]:
        """Of each of `bodies` the hands that are recorded beside it, those of others in the frame of our arms."""
        every = [(group, list(hands_of(self.recording, group, arms))) for group, arms in self.bodies]
        own = self.recording.episode is not None
        return tuple(tuple(hands if own else in_the_arms_frame(hands, group.dt)) for group, hands in every)

    @cached_property
    def servos(self) -> tuple[Group | None, ...]:
        """Of each of `bodies` the columns as its servos had them, on common rows; None where no row is one that they had."""
        return tuple(
            None
            if is_resampled(group) or 2 * len(never_commanded(group)) > len(group.channels)
            else as_the_arms_had(with_risen_speeds(group, arms), arms)
            for group, arms in self.bodies
        )

    @cached_property
    def laws(self) -> tuple[list[ServoLaw], ...]:
        """Of each of `bodies` the laws that its servos follow."""
        return tuple([] if group is None else laws_of(group, arms) for group, (_, arms) in zip(self.servos, self.bodies))

    @cached_property
    def plain_laws(self) -> tuple[tuple[Group, list[PlainLaw]], ...]:
        """Groups of joints of arms that nobody modelled, each with the laws that its servos follow; without those that follow none."""
        others = [group for group in self.table.groups if not any(group is of for of, _ in self.bodies)]
        return tuple((group, laws) for group in others if (laws := plain_laws(group)))

    @cached_property
    def torques(self) -> tuple[list[Difference], ...]:
        """Of each of `bodies` what is wrong with a column of all joints of its arms, by their torques."""
        every = zip(self.servos, self.bodies, self.laws)
        return tuple([] if group is None else check_torques(group, arms, laws) for group, (_, arms), laws in every)

    @cached_property
    def bases(self) -> tuple[tuple[list[Difference], set[str]], ...]:
        """Of each of `bodies` what its base contradicts, and the columns of it that are compared."""
        return tuple(check_bases(self.recording, group) for group, _ in self.bodies)

    @cached_property
    def grips(self) -> tuple[tuple[Group, Group, list[ServoLaw]], ...]:
        """Groups of hands, each as its servos had it, and with the law that these follow."""
        laws, found = [law for of in self.laws for law in of], []
        for group in self.table.groups:
            if group.hands:
                had = group if self.resampled else as_the_hands_had(group)
                found.append((group, had, [] if self.resampled else laws_of_hands(had, laws, never_commanded(group))))
        return tuple(found)

    @cached_property
    def things(self) -> list[PosedThing]:
        """Things with a recorded place."""
        return things_of(self.recording)

    @cached_property
    def grasps(self) -> list[CarryingHand]:
        """Where the hands are that may carry them."""
        return hands_in_the_scene(self.recording, self.bodies)

    @cached_property
    def carried(self) -> CarriedThings:
        """What hands say of things; of an own episode its full states say more."""
        return CarriedThings() if self.recording.episode is not None else carried_things(self.things, self.grasps)

    @cached_property
    def _of_things(self) -> list[Difference]:
        """What poses of things contradict themselves in, and the hands that carry them."""
        thrown = thrown_things(self.recording)
        units = {name: float(d.numbers["factor"]) for d in self.carried.differences if d.name == "factor" for name in d.channels}
        things = [replace(one, pos=one.pos / units[one.names[0]]) if one.names[0] in units else one for one in self.things]
        hinges = () if self.recording.episode is not None else turned_hinges(self.recording, self.grasps)
        return [*thrown, *leapt_things(things, self.grasps, thrown), *self.carried.differences, *hinges]

    @cached_property
    def states(self) -> StatesBeside:
        """What the full states that an own episode keeps say of its table."""
        return states_beside(self.recording)

    @cached_property
    def late_states(self) -> LateStates | None:
        """An arm with positions and speeds of another moment."""
        every = zip(self.bodies, self.servos)
        return next((late for (group, arms), had in every if had and (late := late_states(group, had, arms))), None)

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """All that the columns contradict each other in; once each arm with late states is put right, if that makes an end of them."""
        columns, arms, known = self, list[LateStates](), frozenset[str]()
        while (late := columns.late_states) is not None and not known & late.joints:
            columns, known = ComparedColumns(late.put_right(columns.recorded), self.ranges), known | late.joints
            arms.append(late)
        rest: Sequence[Difference] = columns._differences if late is None else ()
        for one in arms:
            rest = one.differences_beside(rest)
        padding = [one.difference for one in (self.begin, self.padded) if one is not None]
        found = map(self.placed, (*(one.difference for one in arms), *rest))
        return (*(in_stored_units(one, self.table.stored) for one in found), *padding)

    def placed(self, one: Difference) -> Difference:
        """A difference of the rows that were recorded, in those of the take."""
        return one if self.begin is None else in_rows_after(self.begin, one)

    @cached_property
    def _differences(self) -> tuple[Difference, ...]:
        groups = [group for group in self.table.groups if any(len(c.columns) > 1 for c in group.channels)]
        found = [*commanded_speeds(self.recording), *next_states(self.recording)]
        found += [part.difference for part in self.exchanged if part is not None]
        found += [difference for part in self.shifted if part is not None for difference in part.differences]
        between = exchanged_between(groups)
        found += [difference for difference, _ in between]
        sound = [group for group in groups if not any(group is one for _, pair in between for one in pair)]
        found += with_exchanged(self.recording, groups, [d for group in sound for d in differences(group, vouched(self, group))])
        found = with_torques(self.plain_laws, not_at_cuts(found))
        still = {name for d in found if d.name == "held_value" and d.last - d.first == d.rows - 1 for name in d.channels}
        found += [d for group in groups for d in hands_that_never_move(group, bool(self.bodies), still)]
        found += [d for group in groups for d in arms_copied(group)]
        found = found if self.recording.episode is None else of_own_recorder(found)
        wrong = {name for d in found if d.certain for name in d.channels}
        found += [d for group in groups if not group.own_scales for d in hands_beside_commands(group, bool(self.bodies), wrong)]
        found = of_rows_backwards(groups, found)
        found = _with_motion(states_copied(found), [d for group in groups for d in contradicted_by_motion(group)])
        found = without_sizes(groups, found)
        poses = {f"{side}_tcp.{axis}": of.joints for side, of in own_chains().items() for axis in AXES}
        by_bodies = not_of_late(found, more_differences(self, found), poses)
        found, by_bodies = _states_are_commands(found, by_bodies)
        for (group, _), hands in zip(self.bodies, self.hands) if found or by_bodies else ():
            known = positions_behind(group, hands)
            for behind in [known] if known is not None else positions_by_themselves(group, hands, by_bodies):
                found = [behind, *without_what_follows(behind, found, hands)]
                by_bodies = without_what_follows(behind, by_bodies, hands)
        laws = [law for of in (*self.laws, *(of for _, _, of in self.grips)) for law in of]
        # torques answer the way that is left of a command, which is the same where a command and its position are both shifted
        every = (*(d for d in found if not _said_again(d, by_bodies) and not is_borne_out(laws, d)), *(_named(d, found) for d in by_bodies))
        of_hands = {c.name for group in self.table.groups if group.hands for c in group.channels}
        thrown = [d for d in self._of_things if not any(o.of_all_columns and o.is_near(d) for o in found)]
        if _moves_hands([*found, *by_bodies]):
            thrown = [d for d in thrown if d.bound != "carried"]
        found = [*with_hands(of_one_stream(every), of_hands), *thrown]
        found = [as_the_turned_ones(as_never_measured(one, groups), groups, found) for one in found]
        found = as_of_another_rate([group for group, _ in self.bodies], found)
        return tuple(not_at_cuts(with_states(as_held(groups, found, differences), self.states)))

    @cached_property
    def answering(self) -> frozenset[str]:
        """Joints that were commanded and stood as recorded: their torques say so."""
        return frozenset(name for of in self.laws for law in of for name in answering(law))


@lru_cache(maxsize=1)
def compared(recording: Recording, ranges: tuple[tuple[str, tuple[float, float]], ...]) -> ComparedColumns:
    """The columns of the take that was last asked about: whoever judges it at intake and then in its scene compares them once.

    Args:
        ranges: joint and its (lowest, highest) [rad].
    """
    return ComparedColumns(recording, dict(ranges))


def _states_are_commands(found: list[Difference], by_bodies: list[Difference]) -> tuple[list[Difference], list[Difference]]:
    """Where command and measurement are written as one another, and a recorded hand is not where the joints are measured: it was the
    measurement that was not written, and not the hand."""
    joints = {side: set(chain.joints) for side, chain in own_chains().items()}
    out: list[Difference] = []
    columns: set[str] = set()
    for one in found:
        sides = [side for side, of in joints.items() if one.name == "measurement_as_command" and of <= set(one.channels)]
        hands = {f"{side}_tcp.{axis}" for side in sides for axis in AXES}
        apart = any(d.kind == "pose" and d.certain and hands & set(d.channels) for d in by_bodies)
        columns |= hands | set(one.channels) if apart else set()
        out.append(replace(one, kind="measured", certain=True) if apart else one)
    return out, [d for d in by_bodies if not columns or d.kind not in ("pose", "effort") or not set(d.channels) <= columns]


def _moves_hands(found: Sequence[Difference]) -> bool:
    """Whether something recorded of the joints is wrong, or late beside another column: then nothing says where hands were."""
    return any(d.certain and (d.kind in ("measured", "rows", "base") or (d.kind, d.name) == ("command", "lag")) for d in found)


def _with_motion(found: Sequence[Difference], by_motion: Sequence[Difference]) -> list[Difference]:
    """What the columns contradict, and beside it what only their motion tells: that goes before what is unsure of the same rows, and what
    it explains better."""
    new = [one for one in by_motion if not any(d.certain and _meet(d, one) and not _tells_of(one, d) for d in found)]
    return [*(d for d in found if not any(_tells_of(one, d) or (one.certain and not d.certain and _meet(d, one)) for one in new)), *new]


def _tells_of(one: Difference, other: Difference) -> bool:
    """Whether a difference is of all columns and rows of another one, with the same reason or a better one."""
    if not (one.certain and one.first - JOIN <= other.first and other.last <= one.last + JOIN and set(other.channels) <= set(one.channels)):
        return False
    return (one.kind, one.name) == (other.kind, other.name) or (other.explained < SHAPED and one.explains_better(other))


def _meet(one: Difference, other: Difference) -> bool:
    """Whether two differences are of some of the same columns' channels, in some of the same rows."""
    return one.shares_columns(other) and min(one.last, other.last) >= max(one.first, other.first)


def _named(later: Difference, found: Sequence[Difference]) -> Difference:
    """The same with the reason of the relations, where they have a better one: a servo at its largest torque tells less of a column."""
    of = [d for d in found if d.kind == later.kind and set(later.channels) & set(d.channels) and _covers(d, later)]
    # a reason of some columns all along is none of all of them in a part
    rows = 2 * (later.last - later.first)
    of = [d for d in of if later.name is None or set(later.channels) <= set(d.channels) or d.last - d.first <= rows]
    of = [d for d in of if len(d.channels) >= len(later.channels) or not is_any_line(d)]
    best = next((d for d in of if d.certain and d.explains_better(later)), None)
    return later if best is None else replace(later, name=best.name, explained=best.explained, numbers=dict(best.numbers))


def _said_again(one: Difference, later: Sequence[Difference]) -> bool:
    """Whether torques say the same of each of its columns, and exactly; or that another column of them is wrong in these rows."""
    return all(any(d.certain and name in d.channels and _covers(d, one) for d in later) for name in one.channels)


def _covers(later: Difference, one: Difference) -> bool:
    over = min(one.last, later.last) - max(one.first, later.first) + 1
    if later.kind == one.kind:
        return over > 0
    return {later.kind, one.kind} <= {"command", "measured", "velocity"} and over >= ALIKE * (one.last - one.first + 1)


def vouched(columns: ComparedColumns, group: Group) -> dict[str, np.ndarray]:
    """Joint -> (n,) rows in which its measured column is borne out by another one than those of the group."""
    return vouched_joints(hand for (of, _), hands in zip(columns.bodies, columns.hands) if of is group for hand in hands)


def more_differences(columns: ComparedColumns, found: Sequence[Difference]) -> list[Difference]:
    """What other columns than command, position and speed contradict.

    Args:
        found: what the groups contradict themselves in, which explains what follows from it.
    """
    out: list[Difference] = []
    recording = columns.recording
    every = zip(columns.bodies, columns.servos, columns.laws, columns.hands, columns.torques, columns.bases)
    for (group, arms), had, laws, hands, whole, base in every:
        by_hands = check_hands(hands, group, found, answered(laws), bool(hands) and is_carried_by_a_base(recording, group))
        doubted = {name for d in (*found, *by_hands) if d.kind in HEARD for name in d.channels}
        if doubted and had is not None:
            laws = laws_of(had, arms, doubted)
        out += [*whole, *by_hands]
        # torques of another moment, or of other commands, contradict everything in single rows as well
        if not any(d.kind == "effort" or d.name == "smoothed" for d in whole):
            uncommanded = never_commanded(group)  # torques answer commands that nobody recorded
            by_torques = check_effort(group if had is None else had, laws, found, by_hands)
            out += [d for d in by_torques if not (d.kind in HEARD and set(d.channels) <= uncommanded)]
        out += [d for d in base[0] if not _at_a_seam(d, found)]
        out += check_forces(recording)
    for group, had, laws in columns.grips:
        by_speeds = check_hand_speeds(group, found, BETWEEN if columns.resampled else 1.0)
        by_force = [d for d in check_effort(had, laws, [*found, *by_speeds]) if not _at_a_seam(d, found)]
        of_hands = [d for d in by_speeds if not _at_a_seam(d, found) and not _said_again(d, by_force)] + by_force
        turned = [d for d in found if d.name == "mirrored" and d.certain]  # of which speeds and forces have the other sign
        out += [d for d in of_hands if not any(set(d.channels) <= set(one.channels) and _meet(d, one) for one in turned)]
    return out


def _at_a_seam(one: Difference, found: Sequence[Difference]) -> bool:
    """Whether rows are lost or repeated within a difference, or it begins or ends where joints contradict themselves as well: there
    nothing adds up, and no column is to blame but one that is blamed for both."""
    ends = [row for row in (one.first, one.last) if 0 < row < one.rows - 1]
    found = [d for d in found if d.kind != one.kind or not set(d.channels) & set(one.channels)]
    return any(
        (d.of_all_columns and one.first - JOIN <= d.first <= one.last + JOIN)
        or any(d.first - JOIN <= row <= d.last + JOIN for row in ends if d.last - d.first < one.rows // 2)
        for d in found
    )


def witnessed(columns: ComparedColumns) -> set[str]:
    """Columns, as `RecordedColumns.alone` spells them, that are held against others, and those that contradict them."""
    out: set[str] = set()
    recording = columns.recording
    for laws, hands, base in zip(columns.laws, columns.hands, columns.bases):
        known = [hand for hand in hands if is_comparable(hand, [one for one in hands if one is not hand and one.topic == hand.topic])]
        out |= {f"{hand.topic}/{hand.name}.{axis}" for hand in known for axis in AXES}
        for law in (*laws, *(law for _, _, of in columns.grips for law in of)):
            out |= {f"{channel.topics['effort']}/{channel.name}" for channel in law.channels}
        out |= base[1]
    out |= {f"{law.channel.topics['effort']}/{law.channel.name}" for _, laws in columns.plain_laws for law in laws}
    out |= {f"{d.stream}/{name}" for of in columns.torques for d in of if d.kind == "effort" for name in d.channels}
    out |= {f"{d.stream}/{name}" for d in columns.differences for name in d.channels}
    if columns.bodies:
        out |= held_forces(recording)
    return out | columns.carried.compared
