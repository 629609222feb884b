"""The motion stage: the joint motions of a recording; of a person, the motion on the robot."""

from __future__ import annotations

from dataclasses import replace

from ...scenarios.draws.variation import nominal, of_episode
from ...scenarios.sheet.errors import EpisodeError
from ..checks.hand_jumps import check_hand_jump
from ..checks.kinematics import motion_of
from ..checks.registry import check_of
from ..signals.joint_motion import joint_motion
from .cell_starts import draw_there
from .results import Integrity, Motions, Subject


def motion_stage(subject: Subject, integrity: Integrity) -> Motions:
    """The motions of whom the recording is judged as."""
    return subject.robot.motions(subject, integrity)


def own_motions(subject: Subject, integrity: Integrity, without: str) -> Motions:
    """The motions of the scene's own robot.

    Args:
        without: the reason where no motion can be judged and no person is to be carried over.
    """
    recording, context = subject.recording, subject.context
    found = Motions(joint_motion(recording, context.scene.robot.joint_names, dict(integrity.stopped)), without=without)
    if recording.episode is not None:
        episode, made_in = recording.episode, context.made_in
        draw = of_episode(context.scene, episode) if made_in is None else draw_there(context.scene, made_in, episode)
        found = replace(found, draw=draw)
    if recording.kind == "human":
        found = _carried_over(subject, integrity, replace(found, without="no_retargeting"))
    resampled = {role: motion_of(motion.t, motion.q, context.rules) for role, motion in found.by_role.items()}
    return replace(found, resampled=resampled, signal=_signal(recording.kind, found))


def _signal(kind: str, motions: Motions) -> str | None:
    """What is judged: the command where there is one, a person's motion on the robot, or the measured state.

    The measured state stands in for the command only where no command was ever recorded.
    """
    for role in ("command", "retargeted"):
        if role in motions.by_role:
            return role
    return "measured" if kind == "state_only" and "measured" in motions.by_role else None


def _carried_over(subject: Subject, integrity: Integrity, found: Motions) -> Motions:
    """A person's motion on the robot, or the reason why there is none.

    A fault of the recording that makes values or times meaningless stops it, as it stops any other motion.
    """
    from ..retarget.carry_over import carry  # mink is only loaded where there is a person to carry over

    broken = next((f.code for f in integrity.findings if f.failed and check_of(f.code).spoils == "values"), None)
    if broken:
        return replace(found, without=f"integrity.{broken}")
    context = subject.context
    try:
        carried = carry(subject.recording, context.scene, nominal(context.scene), context.limits, context.retarget)
    except EpisodeError as error:
        note = f"the person's motion is not carried over to the robot: {error.message}"
        return replace(found, without="unusable_hands", notes=(note,))
    if carried is None:
        return found
    asked = {hand: track.target for hand, track in carried.result.hands.items()}
    return replace(
        found,
        by_role={**found.by_role, "retargeted": carried.motion},
        carried=carried,
        findings=tuple(check_hand_jump(carried.result.t, asked, context.rules)),
        notes=tuple(carried.notes),
    )
