"""All known faults by name. A new kind is a function that puts it in, and a line here."""

from __future__ import annotations

from collections.abc import Sequence

from shiliu.scenarios.scene.scene import Scene
from shiliu.scenarios.sheet.errors import ReplayError
from shiliu.scenarios.sheet.near_matches import nearest

from . import cameras, devices, effort, held, link, motion, ordinary, record, world, written
from .fault import SIZES, Fault
from .mistaken import mistakes_of

FAULTS: tuple[Fault, ...] = (
    # what a person makes the robot do
    Fault("joint past its limit", ("joint.position",), "perform", motion.past_limit, SIZES),
    Fault("too fast a reach", ("joint.velocity",), "perform", motion.too_fast, SIZES),
    Fault("command jumps", ("joint.jump",), "perform", motion.jumped, SIZES),
    Fault("arm against the legs", ("collision.self",), "perform", motion.against_itself, SIZES),
    Fault("arm through the counter", ("collision.scene",), "perform", motion.through_counter, SIZES),
    Fault("head jerked round", ("torque.peak",), "perform", effort.jerked_head, (0.25, 0.5, 1.0)),
    Fault("arm thrown back", ("balance",), "perform", effort.thrown_arm, SIZES),
    Fault("hand beyond its actuator", ("value.range",), "perform", world.beyond_the_hand, SIZES),
    # what is handled
    Fault("grip opened early", ("drop", "take.release"), "perform", world.opened_early, whole=True),
    Fault("object elsewhere", ("goal", "take.grip"), "perform", world.elsewhere, whole=True),
    Fault("latch too stiff", ("force.object",), "perform", world.stiff_latch, whole=True),
    Fault("held thing strikes the scene", ("collision.scene",), "perform", held.struck, SIZES, whole=True),
    Fault("object inside its support", ("start.penetration",), "perform", world.sunken, SIZES),
    # what becomes of a simulation's record
    Fault("degrees for radians", ("unit.degrees",), "record", record.degrees),
    Fault("commands not numbers", ("value.nonfinite",), "record", record.lost_numbers),
    Fault("state edited", ("reproduces",), "record", record.edited, SIZES),
    Fault("commands shifted", ("reproduces",), "record", record.shifted),
    Fault("camera black", ("image.black",), "record", cameras.black, SIZES),
    Fault("camera frozen", ("image.frozen",), "record", cameras.frozen, SIZES, level="WARN"),
    Fault("camera late", ("image.late",), "record", cameras.late, (0.25, 0.5, 1.5)),
    # what becomes of a written set
    Fault("set's times step back", ("set.timestamp",), "set", written.steps_back, SIZES),
    Fault("set's times jump", ("set.timestamp",), "set", written.jumped, SIZES),
    Fault("set's times stretched", ("set.timestamp",), "set", written.stretched, SIZES),
    Fault("set's times not numbers", ("set.timestamp",), "set", written.not_numbers),
    Fault("set's rate wrong", ("set.fps",), "set", written.other_rate, SIZES),
    Fault("set's rows lost", ("set.counter",), "set", written.rows_lost, SIZES),
    Fault("set's index off", ("set.counter",), "set", written.index_off, SIZES),
    Fault("set's length off", ("set.length",), "set", written.length_off, SIZES),
    Fault("set's statistics off", ("set.stats",), "set", written.stats_off, SIZES, level="WARN"),
    Fault("set's video elsewhere", ("set.video",), "set", written.video_range, SIZES),
    Fault("set's values edited", ("set.digest",), "set", written.edited),
    Fault("set's times edited", ("set.digest",), "set", written.times_edited),
    Fault("task of another scenario", ("task.text",), "set", written.other_task),
    # what a device does to its record
    Fault("samples not numbers", ("value.nonfinite",), "device", devices.lost_numbers),
    Fault("encoder without reading", ("value.sentinel",), "device", devices.no_reading),
    Fault("degrees read as radians", ("unit.degrees",), "device", devices.degrees),
    Fault("radians read as degrees", ("unit.degrees",), "device", devices.radians),
    Fault("clock steps back", ("clock.backwards",), "device", devices.backwards, SIZES),
    Fault("messages lost", ("clock.gap",), "device", devices.silence, SIZES),
    Fault("link stutters", ("clock.jitter",), "device", devices.stutter, SIZES),
    Fault("encoder frozen", ("stream.frozen", "column.differs"), "device", devices.frozen_encoder, SIZES),
    Fault("state frozen", ("stream.frozen", "column.differs"), "device", devices.frozen_state, SIZES),
    Fault("command frozen", ("stream.frozen", "column.differs"), "device", devices.frozen_command, SIZES),
    Fault("most of a stream missing", ("stream.missing",), "device", devices.short_stream),
    Fault("stream begins late", ("stream.missing",), "device", devices.late_stream, SIZES, level="WARN"),
    Fault("state lags", ("stream.lag", "column.differs"), "device", devices.lagging, SIZES),
    Fault("state ahead of command", ("stream.lag", "column.differs"), "device", devices.ahead, SIZES),
    Fault("joints swapped", ("stream.swapped",), "device", devices.swapped, whole=True),
    Fault("joint scaled", ("stream.scaled",), "device", devices.scaled, SIZES, whole=True),
    Fault("zero of a joint off", ("calibration.offset", "column.differs"), "device", devices.other_zero, SIZES, whole=True),
    Fault("sender's clock behind", ("clock.skew",), "device", devices.other_clock, SIZES),
    Fault("hands reversed", ("unit.polarity",), "device", devices.hands_reversed, whole=True),
    Fault("attitude no rotation", ("value.quaternion",), "device", devices.no_rotation, SIZES),
    Fault("joint of no actuator", ("stream.unmapped",), "device", devices.unknown_joint),
    # on the bare floor nothing of the replay is required, so that these make no verdict there
    Fault("link holds commands back", ("link.stale",), "device", link.congested, SIZES, level="WARN"),
    Fault("link loses commands", ("link.loss",), "device", link.losing, SIZES, level="WARN"),
)

# how much comes of these nobody can tell beforehand: they are shown, and not counted by the benchmark
UNCOUNTED: tuple[Fault, ...] = (
    Fault("grip loosened", ("slip", "collision.unexpected"), "perform", world.loosened, level="WARN", whole=True),
    Fault("hand trembles", ("joint.acceleration", "joint.jerk"), "perform", motion.shaken, level="WARN"),
)

# two faults at once: the first is the cause, the second must be found as well
COMBINED: tuple[tuple[str, str], ...] = (
    ("joint past its limit", "state edited"),
    ("too fast a reach", "grip opened early"),
    ("joint past its limit", "object elsewhere"),
    ("joint of no actuator", "state lags"),
    ("joint of no actuator", "encoder frozen"),
)


# faults that show only in the files of the set, or by its other takes
OF_FILES = (*ordinary.FILES, ordinary.TWICE, "action runs early", "action runs late")


def faults_of_sets(scene: Scene) -> dict[str, Fault]:
    """What a set as a data centre sends it can have wrong, in the order of the table of `docs/judging-the-judge.md`."""
    known = {fault.name: fault for fault in (*FAULTS, *ordinary.IN_COLUMNS)}
    return {name: known[name] for name in ordinary.KINDS}


def faults_of(scene: Scene) -> dict[str, Fault]:
    """Every fault by name, the scenario's own mistakes among them."""
    alone = [fault for fault in ordinary.IN_COLUMNS if fault.name not in OF_FILES]
    return {fault.name: fault for fault in (*FAULTS, *alone, *mistakes_of(scene))}


def chosen(known: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Names that are asked for, by their beginning; all where nothing is asked for.

    Raises:
        ReplayError: a word that begins no name.
    """
    found: list[str] = []
    for word in wanted:
        fits = [name for name in known if name.startswith(word)]
        if not fits:
            raise ReplayError(f"there is no fault {word!r}.{nearest(word, list(known))}", field="kinds")
        found += fits
    return list(dict.fromkeys(found)) if wanted else list(known)
