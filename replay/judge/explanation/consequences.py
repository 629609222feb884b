"""Which finding follows from which failure: what is a consequence has `because_of`, and the root of a verdict never is one.

The rules are listed in docs/attribution.md, *Consequences*.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...checks.finding import Finding
from ...checks.registry import check_of
from ...checks.standing import FALLING

TOGETHER = 0.3  # s, what begins within this time of a violation may be its consequence
AFTERMATH = 2.0  # s, how long after a motion or a force what it upset may show; an estimate
# why an episode does not reproduce, where its recorded commands are not those that it was made by
NOT_THESE_COMMANDS = ("unknown", "action_edited", "alignment", "unit", "period")
# what is read from recorded poses of things, and follows from one that leaps
FROM_POSES = ("object.jumps", "object.hovers", "object.moves", "object.diverged", "record.goal")
OF_PLACES = ("object.frame", "object.order")  # what is read from them at first, and follows from columns that contradict others
FROM_START = ("start.place", "start.penetration")  # what is read from where things were put at first
NO_PLACES = ("differenced", "integrated", "copied")  # what columns hold that are not the places they should be
WHOLE = ("frames",)  # of which columns an older set's digest does not tell


def shared(*findings: Finding) -> bool:
    """Whether some joint stands in all of these."""
    return bool(set.intersection(*(set(finding.subject) for finding in findings)))


def link(findings: list[Finding], order: list[int]) -> None:
    """Mark what follows from a failure that comes before it."""
    causes: list[int] = []
    other = next((i for i, one in enumerate(findings) if _other_commands(one)), None)
    fell = next((i for i, one in enumerate(findings) if one.code == "legs.fell" and one.failed and one.details.get("made")), None)
    departs = next((i for i, one in enumerate(findings) if one.code == "reproduces" and one.failed), None)
    for i in order:
        finding = findings[i]
        if finding.level not in ("WARN", "FAIL"):
            continue
        if finding.because_of is None:
            before = [c for c in causes if _follows(finding, findings[c])]
            likely = (
                departs if finding.code == "start.penetration" else None,  # the recorded state is of another scene or draw
                other if other is not None and _after_other_commands(finding, findings[other]) else None,
                fell if fell is not None and _in_the_fall(finding, findings[fell]) else None,
                _strike(finding, findings),
                _ended(finding, findings),
                next((i for i, one in enumerate(findings) if _holds_no_places(one, finding)), None),
                # a goal is missed because the bowl fell, and not because the head was once turned too fast
                next((c for c in before if _lasts(findings[c])), before[0] if before else None),
            )
            finding.because_of = next((cause for cause in likely if cause is not None), None)
        if finding.failed and finding.because_of is None:
            causes.append(i)


def _other_commands(finding: Finding) -> bool:
    """Whether an own episode shows that the commands of its record are not those that it was made by."""
    return finding.code == "reproduces" and finding.failed and finding.details.get("likely") in NOT_THESE_COMMANDS


def _after_other_commands(finding: Finding, cause: Finding) -> bool:
    """Whether a finding is of commands that nobody gave, or of what they would do."""
    if finding.stage not in ("kinematics", "dynamics") or finding.at is None or cause.at is None:
        return False
    return finding.at >= cause.at - TOGETHER


def _in_the_fall(finding: Finding, fell: Finding) -> bool:
    """Whether a finding is of a robot on its way down, or of one that lies."""
    if finding is fell or finding.stage == "integrity" or finding.at is None or fell.t0 is None:
        return False
    return finding.at >= fell.t0 - FALLING


def _strike(finding: Finding, findings: Sequence[Finding]) -> int | None:
    """The strike that moved a thing in the hand, though it be a warning; a thing that slips is pushed or held too loosely."""
    if finding.code != "slip" or finding.t0 is None:
        return None
    body = finding.subject[0] + "/"
    for i, one in enumerate(findings):
        if one.code == "collision.unexpected" and one.level in ("WARN", "FAIL") and one.details.get("kind") == "held":
            if one.subject[0].startswith(body) and (one.t0 or 0.0) <= finding.t0 + TOGETHER:
                return i
    return None


def _ended(finding: Finding, findings: Sequence[Finding]) -> int | None:
    """What a goal is missed by: a thing that the record carries and every replay leaves lying; or the failure mode after which a step that
    was undone before could not be done again; an environment names it alone, too.
    """
    left = (i for i, one in enumerate(findings) if one.code == "object.diverged" and one.failed and one.details.get("kind") == "left")
    if finding.code == "goal" and (i := next(left, None)) is not None:
        return i
    if finding.code != "goal" or finding.details.get("kind") != "undone":
        return None
    return next((i for i, one in enumerate(findings) if one.failed and one.code == finding.details.get("failure")), None)


def _holds_no_places(cause: Finding, finding: Finding) -> bool:
    """Whether a column holds sums, steps, another one's values or places on another scale: then its values are past a range, and nothing
    was moved there."""
    if finding.code != "value.range" or not cause.failed or not shared(cause, finding):
        return False
    if cause.code == "stream.scaled":
        return True
    otherwise = cause.code == "column.differs" and cause.details.get("kind") in NO_PLACES
    return otherwise and cause.details.get("stream") == finding.details.get("stream")


def _lasts(cause: Finding) -> bool:
    # a step that did not come when it should have
    missed = cause.code == "goal" and cause.details.get("due") is not None
    return check_of(cause.code).lasts or missed


def _follows(finding: Finding, cause: Finding) -> bool:
    """Whether a finding is a consequence of a failure that stands before it in the order of causes.

    Within kinematics: the same joint at the same time. Between motion and forces: at the same time. In the replay:
    anything from then on where the world has gone another way, else what begins within `AFTERMATH` of the cause's end; the
    goal is missed at the end of a take, whatever was first. A command that is cut off leaves that joint behind, not others.
    """
    if cause.code == "set.digest":
        return _edited(finding, cause)
    if cause.code == "set.claims":
        return cause.details.get("kind") == "seed" and finding.code == "reproduces"
    if finding.code in check_of(cause.code).explains and cause.subject[:1] not in (("task_index",), ("index",)):
        return True  # those two misplace no row
    if finding.code == "reproduces":
        return False  # whether a scene does again what it did hangs on no motion
    if check_of(cause.code).of == "hands" and finding.stage == "dynamics":
        return False  # a hand that is not where the person's was explains what the world then does, but no torque
    if cause.signal == "retargeted" and finding.signal == "measured":  # what the person did came first
        return False
    written = cause.details.get("of") == "both" or (cause.details.get("column"), cause.details.get("kind")) == ("measured", "copied")
    if written and finding.stage == "kinematics" and shared(cause, finding):
        return True  # it was written there, and not moved
    if (cause.code, finding.code) == ("value.range", "ctrl.clamped"):  # one and the same number
        return shared(cause, finding)
    if cause.stage == "integrity" and check_of(cause.code).of == "world":
        return _of_a_pose(finding, cause)
    if cause.code == "column.differs" and cause.details.get("column") == "pose" and _of_a_pose(finding, cause):
        return True
    if (cause.code, finding.code) == ("column.differs", "stream.lag"):  # columns that are no places have no delay, nor turned rows
        if cause.details.get("column") == "rows" and cause.details.get("kind") == "reordered":
            return True
        return cause.details.get("kind") in NO_PLACES and cause.details.get("stream") in finding.subject
    if cause.stage == "integrity":
        return finding.stage == "integrity" and bool(set(finding.subject) & set(cause.subject))
    if check_of(finding.code).own_cause and not (
        finding.stage == cause.stage == "kinematics" and set(finding.subject) & set(cause.subject)
    ):
        return False
    if finding.stage == "replay":
        if (
            finding.code == "tracking"
            and cause.code == "ctrl.clamped"
            and not set(finding.subject) & set(cause.subject)
        ):
            return False
        if finding.at is None or cause.at is None:
            return True
        soon = finding.code == "goal" or finding.at <= (cause.at if cause.t1 is None else cause.t1) + AFTERMATH
        return finding.at >= cause.at - TOGETHER and (soon or _lasts(cause))
    if None in (finding.t0, finding.t1, cause.t0, cause.t1):
        return False
    together = finding.t0 <= cause.t1 + TOGETHER and finding.t1 >= cause.t0 - TOGETHER  # type: ignore[operator]
    if finding.stage == cause.stage:
        if (cause.code, finding.code) == ("reach", "retarget.error"):  # of one hand or the other
            return together and finding.details.get("held_back") == "out_of_reach"
        return together and (bool(set(finding.subject) & set(cause.subject)) or finding.stage == "dynamics")
    return together


def _of_a_pose(finding: Finding, cause: Finding) -> bool:
    """Whether a finding may come of a thing that was recorded where it cannot have been: it is about that thing, then or later.

    The goal is read in the whole record; a failure mode that the record shows is asked for its time alone.
    """
    if cause.code == "object.frame":
        moved = cause.details.get("kind") in ("names", "turned") and finding.stage == "replay"
        if moved or finding.code in FROM_START:
            return True
    columns = cause.code == "column.differs"
    if columns and finding.code in FROM_START and (cause.t0 is None or cause.t0 <= TOGETHER):
        return True
    if finding.code not in FROM_POSES and not (columns and finding.code in OF_PLACES):
        return False
    fails = finding.details.get("kind") == "failure"
    about = {*finding.subject, *(finding.details.get("things") or ())}
    things = {*cause.subject, *(name.rpartition(".")[0] for name in cause.subject if columns)}
    if not fails and not about & things:
        return False
    last = finding.t1 if finding.t1 is not None else finding.t0
    whole = finding.code == "record.goal" and not fails
    return whole or last is None or cause.t0 is None or last >= cause.t0 - TOGETHER


def _edited(finding: Finding, cause: Finding) -> bool:
    """Whether a finding may come of columns that were changed after they were written: those that it looks at.

    Where only one digest is known for several columns, any finding may.
    """
    if cause.details.get("kind") == "tables":
        return False
    changed = set(cause.subject)
    columns = cause.details.get("known") is False or any(
        one == "action" or one.startswith("observation.") for one in changed
    )
    if finding.stage != "integrity" or finding.code.startswith(("value.", "unit.", "stream.", "clock.")):
        about = {name.partition("/")[0] for name in finding.subject}
        return columns if about != {"timestamp"} else bool(changed & {"timestamp", *WHOLE})
    return cause.details.get("known") is False or bool(changed & set(finding.subject))
