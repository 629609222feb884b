"""The state that a recording itself tells, row by row: robot, things and joints of parts put where they were recorded.

Nothing is simulated. Sensors of places are read in that state, and it is known which of them the record tells: those that no
unrecorded coordinate moves, and none of the values that nobody measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import mujoco
import numpy as np

from ....scenarios.draws.inference import free_joint, joint_of
from ....scenarios.draws.variation import Draw
from ....scenarios.scene.scene import Scene
from ....scenarios.sensing.requests import Readings
from ...recording.features import ENVIRONMENT
from ...recording.recording import Recording
from ...residual.posed_things import seen_of
from ...signals.channels import in_radians
from ...signals.clock import origin_ns, seconds
from ...signals.joint_motion import finger_positions, zero_order_hold
from .recorded_poses import UNIT, object_streams, of_parts
from .recorded_start import StartOfTake
from .results import Motions, Rollouts, Subject

# sensors that tell where something is, and nothing else of a state
PLACES = frozenset(
    ("joint_position", "site_position", "site_orientation", "site_x", "body_position", "body_orientation", "body_up")
)
ELSEWHERE = 4  # copies of the scene in what nobody measured, by which a place is known to hang on it
SAME = 1e-5  # m and unit vectors: what differs by less is the same place
NUDGE = 0.05  # m, rad: by which coordinates that are not recorded are moved to see what hangs on them


@dataclass(frozen=True)
class RecordedState:
    """What a recording tells of the world, on the clock of its replay.

    Attributes:
        t: (T,) s of the take; at: the same on the recording's clock; qpos: (T, nq), what is not recorded as it is at the start.
        known: (nq,) what of it was recorded.
        things: recorded things; robot: whether every joint of the robot, and the way of its base, was measured.
        seen: of each thing (T,) whether its tracker says that it saw it.
    """

    draw: Draw
    t: np.ndarray
    at: np.ndarray
    qpos: np.ndarray
    known: np.ndarray
    things: tuple[str, ...]
    robot: bool
    seen: Mapping[str, np.ndarray] = field(default_factory=dict)


def recorded_state(subject: Subject, motions: Motions, rollouts: Rollouts) -> RecordedState | None:
    """The recorded state, at each control step of the replay; None where nothing was played or no pose was recorded."""
    start, plan, recording, scene = rollouts.plan.start, rollouts.plan, subject.recording, subject.scene
    if start is None or not start.poses or not plan.takes:
        return None
    draw = plan.takes[0].draw
    model = draw.model
    t = np.arange(plan.takes[0].n_steps + 1) * scene.control_timestep
    at = t + plan.offset
    qpos = np.tile(draw.start_state[1 : 1 + model.nq], (len(t), 1))
    known = np.zeros(model.nq, bool)
    robot = _put_robot(subject, motions, model, at, qpos, known)
    seen: dict[str, np.ndarray] = {}
    for thing, (stream, columns) in object_streams(recording, tuple(start.poses)).items():
        address = free_joint(model, thing)
        if address is None:
            continue
        turn = [stream.names.index(f"{thing}.{axis}") for axis in ("qw", "qx", "qy", "qz")]
        rows = zero_order_hold(seconds(stream, origin_ns(recording)), stream.values[:, [*columns, *turn]], at)
        sizes = np.linalg.norm(rows[:, 3:], axis=1)
        if np.isfinite(rows).all() and (np.abs(sizes - 1.0) < UNIT).all():
            qpos[:, address : address + 7] = rows
            known[address : address + 7] = True
            of = seen_of(stream, thing)[:, None].astype(float)
            seen[thing] = zero_order_hold(seconds(stream, origin_ns(recording)), of, at)[:, 0] > 0.0
    for name in start.joints:
        column = next((s, s.names.index(name)) for s in of_parts(recording) if name in s.names)
        address, _ = joint_of(model, name)
        rows = zero_order_hold(seconds(column[0], origin_ns(recording)), column[0].values[:, [column[1]]], at)
        qpos[:, address], known[address] = rows[:, 0], True
    things = tuple(name for name in start.poses if (a := free_joint(model, name)) is not None and known[a])
    return RecordedState(draw, t, at, qpos, known, things, robot, seen)


def _put_robot(
    subject: Subject, motions: Motions, model: mujoco.MjModel, at: np.ndarray, qpos: np.ndarray, known: np.ndarray
) -> bool:
    """Put the robot where it was measured, else where it was commanded to be; whether all of it was measured."""
    scene, recording = subject.scene, subject.recording
    measured = motions.by_role.get("measured")
    for motion in (motions.judged, *([measured] if measured is not None else [])):
        rows = zero_order_hold(motion.t, in_radians(motion.stream, motion.names), at)
        for j, name in enumerate(motion.names):
            address = int(model.joint(name).qposadr[0])
            qpos[:, address], known[address] = rows[:, j], known[address] or motion is measured
    for address, position in finger_positions(recording, model, at).items():
        qpos[:, address], known[address] = position, True
    base = scene.robot.base_joints if scene.robot.base_names else ()
    for name in base:
        # a height is commanded under the name under which it is measured
        found = next((s for s in recording.streams.values() if s.role == "measured" and name in s.names and s.n), None)
        if found is not None:
            address = int(model.joint(name).qposadr[0])
            rows = zero_order_hold(seconds(found, origin_ns(recording)), found.values[:, [found.names.index(name)]], at)
            qpos[:, address], known[address] = rows[:, 0], True
    joints = (*scene.robot.joint_names, *base)
    return all(known[int(model.joint(name).qposadr[0])] for name in joints)


def readings_of(
    scene: Scene, recording: Recording, state: RecordedState, start: StartOfTake
) -> tuple[Readings, frozenset[str]]:
    """Readings (1, T, ·) of the recorded state, and the sensors that it tells; forces and speeds it never tells."""
    model, layout = state.draw.model, scene.layout
    data = mujoco.MjData(model)
    value = np.full((len(state.t), layout.width), np.nan)
    first = _places(model, data, state.qpos[0])
    held = layout.settled.copy()
    nudged = _nudged(model, state)
    held &= np.abs(_places(model, data, nudged) - first) < SAME
    for other in start.further(state.draw, ELSEWHERE, 0) if start.drawn else ():
        held &= np.abs(_places(other.model, mujoco.MjData(other.model), state.qpos[0]) - first) < SAME
    names = {name for name, part in layout.slices.items() if name.partition("(")[0] in PLACES and held[part].all()}
    for row, qpos in enumerate(state.qpos):
        value[row] = _places(model, data, qpos)
    names |= _put_kept(scene, recording, state, value)
    force = np.full((len(state.t), len(layout.forces)), np.nan)
    return Readings(value[None], force[None], force[None], value[:1], layout), frozenset(names)


def _places(model: mujoco.MjModel, data: mujoco.MjData, qpos: np.ndarray) -> np.ndarray:
    """(nsensordata,) sensors of places in a posture."""
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    mujoco.mj_tendon(model, data)
    mujoco.mj_sensorPos(model, data)
    return data.sensordata.copy()


def _nudged(model: mujoco.MjModel, state: RecordedState) -> np.ndarray:
    """(nq,) the first row with everything moved that is not recorded."""
    step = np.zeros(model.nv)
    for j in range(model.njnt):
        if not state.known[model.jnt_qposadr[j]]:
            dofs = model.jnt_dofadr[j] + np.arange({0: 6, 1: 3}.get(int(model.jnt_type[j]), 1))
            step[dofs] = NUDGE * (1.0 + 0.3 * np.sin(dofs))  # no two alike, so that none hides another
    moved = state.qpos[0].copy()
    mujoco.mj_integratePos(model, moved, step, 1.0)
    return moved


def _put_kept(scene: Scene, recording: Recording, state: RecordedState, value: np.ndarray) -> set[str]:
    """Write what was recorded of rules and stains into readings; the names of these sensors."""
    feature, found = scene.schema.observations[ENVIRONMENT], set()
    for request in feature.requests:
        if request.kind != "actuator_force":
            continue
        names = [name for name, source in zip(feature.names, feature.sources) if source == request.name]
        stream = next((s for s in recording.streams.values() if set(names) <= set(s.names) and s.n), None)
        if stream is None or len(names) != 1:
            continue
        rows = zero_order_hold(seconds(stream, origin_ns(recording)), stream.values, state.at)
        value[:, scene.layout.begins[request.name]] = rows[:, stream.names.index(names[0])]
        found.add(request.name)
    return found
