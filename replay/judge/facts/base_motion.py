"""How a base that moves went while a recording was made: as an own episode tells, else by the commands that it was given."""

from __future__ import annotations

import numpy as np

from ....scenarios.robots.mobile import followers, glide
from ...checks.finding import Finding
from ...recording.recording import Recording
from ...signals.clock import origin_ns, seconds
from ...signals.joint_motion import JointMotion, zero_order_hold
from .results import Subject

FEATURE = "observation.base"
QUANTITY = "base"
UNKNOWN = "no_base_motion"  # the reason where it does not tell
MOVES = 0.005  # m and rad, less is standing


def tells_base(subject: Subject) -> bool:
    """Whether a recording tells how the base went; one that names no command of it may have been made by a robot that walked."""
    names, recording = subject.scene.robot.base_names, subject.recording
    if not names or recording.episode is not None:
        return True
    return any(name in names for stream in recording.select(None, QUANTITY) for name in stream.names)


def base_commands(recording: Recording, names: tuple[str, ...], grid: np.ndarray) -> np.ndarray:
    """(m, k) what the base was commanded at given times, held until the next command; zero before the first.

    Args:
        names: (k,) the commands; those that the recording lacks are zero.
        grid: (m,) seconds from the recording's origin.
    """
    out = np.zeros((len(grid), len(names)))
    for stream in recording.select(None, QUANTITY):
        t = seconds(stream, origin_ns(recording))
        held = np.nan_to_num(zero_order_hold(t, stream.values, grid))
        held[grid < t.min(initial=np.inf)] = 0.0
        for j, name in enumerate(stream.names):
            if name in names:
                out[:, names.index(name)] = held[:, j]
    return out


def base_motion(subject: Subject, motion: JointMotion) -> tuple[np.ndarray, np.ndarray]:
    """(n,) seconds and (n, 4) of the base's joints while a motion went on."""
    scene, episode = subject.scene, subject.recording.episode
    dt, begin = scene.control_timestep, float(motion.t.min())
    if episode is not None and FEATURE in episode.states:
        places = np.asarray(episode.states[FEATURE], float)[:, :4]
        return begin + dt * np.arange(len(places)), places
    steps = max(1, int(np.floor((float(motion.t.max()) - begin) / dt)) + 1)
    commands = base_commands(subject.recording, scene.robot.base_names, begin + dt * np.arange(steps))
    x, y, yaw = scene.config.stands_at
    places = glide(scene.robot.sheet, commands, np.array([x, y, yaw, 0.0]), dt)
    return begin + dt * np.arange(len(places)), places


def pelvis_motion(subject: Subject, motion: JointMotion) -> tuple[np.ndarray, np.ndarray] | None:
    """(n,) seconds and (n, 7) of the pelvis [m, w first] of a robot on its legs; None where its recording does not tell."""
    episode = subject.recording.episode
    if subject.scene.robot.base != "legs" or episode is None or FEATURE not in episode.states:
        return None
    places = np.asarray(episode.states[FEATURE], float)
    return float(motion.t.min()) + subject.scene.control_timestep * np.arange(len(places)), places


def with_base(subject: Subject, motion: JointMotion) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """A motion with all that carries it: times (n,), positions (n, k), names (k,); of a planted robot the motion itself."""
    robot = subject.scene.robot
    if not robot.moves:
        return motion.t, motion.q, motion.names
    t, places = base_motion(subject, motion)
    places = np.stack([np.interp(motion.t, t, column) for column in places.T], axis=1)
    legs = followers(subject.context.robot, places[:, 3])
    return (
        motion.t,
        np.concatenate([motion.q, places, *(angle[:, None] for angle in legs.values())], axis=1),
        (*motion.names, *robot.base_joints, *legs),
    )


def check_walking(subject: Subject, motion: JointMotion) -> list[Finding]:
    """`walking` of a robot with a moving base: never judged; reported if it walked, or may have walked."""
    if not subject.scene.robot.moves:
        return []
    rule = subject.rules["walking"]
    if not tells_base(subject):
        return [rule.not_checked(UNKNOWN)]
    _, places = base_motion(subject, motion)
    way = float(np.hypot(*np.diff(places[:, :2], axis=0).T).sum())
    turned = float(np.abs(np.diff(places[:, 2])).sum())
    if max(way, turned) < MOVES:
        return [rule.not_applicable("stands")]
    return [rule.not_checked("gliding_feet", value=way, details={"way": way, "turned": turned})]
