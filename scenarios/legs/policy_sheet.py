"""The sheet beside a policy for the legs: what its numbers mean. Keys are those of the maker's controller where it has such a key."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..robots.leg_policy import LegPolicy, Term
from ..robots.robot import Robot
from ..sheet.errors import shown
from ..sheet.near_matches import nearest
from ..sheet.yaml_reader import Node, Problems, places_in, read_yaml
from .policy_terms import JOINTS, SIZES, SPEEDS, PolicyState, frame_of, input_of

REQUIRED = (
    "inferenceFrequency", "joints", "defaultJointState", "jointKp", "jointKd", "torqueLimits", "actionScale", "singleInputData", "golden",
)  # fmt: skip
OPTIONAL = (
    "frameStack", "numSingleObs", "history", "clipObservations", "clipActions", "commandData", "cycleTime", "about",
)  # fmt: skip
MOST_FRAMES = 100
MOST_SHOWN = 20_000  # numbers of all frames together, each of which is part of the state of a scene
SLOWEST, FASTEST = 1.0, 240.0  # Hz
CLIP = 1e6  # where the sheet says nothing
TOLERANCE = 1e-4  # of golden observations and answers
STATE = {"bodyAngVel": 3, "gravity_body": 3, "bodyLineVel": 3}
_MOST = 1e6  # of any number
_POWER = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")


def read_sheet(path: Path, robot: Robot, file: str, sha256: str, weights: bytes | None) -> tuple[LegPolicy | None, Problems]:
    """The policy of a sheet, None where something is wrong, and what that is.

    Raises:
        ScenarioError: the sheet cannot be read, or is no YAML.
    """
    name = str(path)
    return policy_of(read_yaml(path, name), robot, file, sha256, weights, shown(path.name), Problems(places_in(path, name)))


def policy_of(
    tree: Any, robot: Robot, file: str, sha256: str, weights: bytes | None, sheet_file: str, problems: Problems
) -> tuple[LegPolicy | None, Problems]:
    """The policy of a sheet's content, as `read_sheet`."""
    node, before = Node(tree, "", problems), len(problems.found)
    if not node.mapping(REQUIRED, OPTIONAL):
        return None, problems
    listed = len(problems.found)
    joints = _joints(node.child("joints"), robot) if node.child("joints").value is not None else []
    if len(problems.found) > listed or not joints:  # what stands by joint is read by their names
        return None, problems
    own = list(robot.legs["joints"])
    legs, k = [joints.index(name) for name in own], len(joints)

    def of_legs(key: str, low: float) -> np.ndarray:
        table = _by_joint(node.child(key), own, joints, low)
        return np.array([table[name] for name in own])

    default = _by_joint(node.child("defaultJointState"), joints, joints, -_MOST)
    for name in own:
        low, high = robot.limits[name]["position"]
        if not low - 1e-6 <= default[name] <= high + 1e-6:
            node.child("defaultJointState").child(name).note(
                f"{default[name]:g} rad is beyond the joint's range, {low:g} to {high:g} rad. Write the angle in rad."
            )
    scale = node.child("actionScale")
    one_for_all = not isinstance(scale.value, Mapping)
    scales = dict.fromkeys(joints, _number(scale, -_MOST, _MOST)) if one_for_all else _by_joint(scale, joints, joints, -_MOST)
    _finite(node.child("about"))
    listed = len(problems.found)
    history, frames = node.child("history"), node.child("frameStack").integer(1, low=1, high=MOST_FRAMES)
    by, begins = "frame", "zeros"
    if history.value is not None and history.mapping((), ("by", "begins")):
        by = history.child("by").word("frame", choices=("frame", "term"))
        begins = history.child("begins").word("zeros", choices=("zeros", "repeated"))
    terms = _terms(node.child("singleInputData"), k)
    sized = bool(terms) and len(problems.found) == listed  # else a golden row cannot be held against them
    cycle = _number(node.child("cycleTime"), 1e-3, 1e3, 0.0)
    if not cycle and any(term.name == "commandPhase" for term in terms):
        node.note("'cycleTime' is missing, which commandPhase needs. Write `cycleTime:` and its seconds.")
    size = sum(term.size for term in terms)
    stated = node.child("numSingleObs").integer(size, low=1)
    if terms and stated != size:
        each = ", ".join(f"{term.name} {term.size}" for term in terms)
        node.child("numSingleObs").note(f"{stated} is not the sum of singleInputData, {size} ({each}). Put one of them right.")
    if frames * size > MOST_SHOWN:
        node.child("singleInputData").note(
            f"{frames * size} numbers in all frames are too many. It has to be {MOST_SHOWN} or less. Mend frameStack or leave terms out."
        )
        return None, problems
    policy = LegPolicy(
        file=file,
        sha256=sha256,
        weights=weights,
        sheet_file=sheet_file,
        sheet=tree,
        joints=tuple(joints),
        legs=tuple(legs),
        default=np.array([default[name] for name in joints]),
        scale=np.array([scales[name] for name in joints]),
        kp=of_legs("jointKp", 0.0),
        kd=of_legs("jointKd", 0.0),
        limit=of_legs("torqueLimits", 0.0),
        rate=_number(node.child("inferenceFrequency"), SLOWEST, FASTEST),
        cycle=cycle,
        command=_command(node.child("commandData")),
        terms=tuple(terms),
        frames=frames,
        by_term=by == "term",
        repeated=begins == "repeated",
        clip=(
            _number(node.child("clipObservations"), 1e-6, _MOST, CLIP),
            _number(node.child("clipActions"), 1e-6, _MOST, CLIP),
        ),
        golden=_golden(node.child("golden"), frames * size, k, sized),
    )
    if len(problems.found) == before:
        _hold_states(node.child("golden"), policy)
    return (policy if len(problems.found) == before else None), problems


def _joints(node: Node, robot: Robot) -> list[str]:
    """The joints of a policy, in the order of its outputs."""
    legs = list(robot.legs["joints"])
    known, found = [*legs, *robot.joint_names], []
    for one in node.each():
        name = one.word()
        if name in found:
            one.note(f"{name!r} stands here twice. Write each joint once, in the order of the policy's outputs.")
        elif name and name not in known:
            one.note(f"the robot {robot.name} has no joint {name!r}.{nearest(name, known)}")
        found.append(name)
    missing = [name for name in legs if name not in found]
    if missing and isinstance(node.value, list):
        many = "is" if len(missing) == 1 else "are"
        node.note(f"{', '.join(missing)} {many} missing. A policy for the legs moves all {len(legs)} leg joints.")
    return found


def _by_joint(node: Node, needed: Sequence[str], known: Sequence[str], low: float) -> dict[str, float]:
    """A table of numbers by joint: of those that are needed, and of no others than are known."""
    found = dict.fromkeys(needed, 0.0)
    if not node.mapping(tuple(needed), tuple(known)):
        return found
    for name, value in node.items():
        if name in known:
            found[name] = _number(value, low, _MOST)
    return found


def _number(node: Node, low: float, high: float, default: float | None = None) -> float:
    if node.value is None and default is not None:
        return default
    before = len(node.problems.found)
    value = _plain(node)
    if len(node.problems.found) == before and not low <= value <= high:
        node.note(f"{value:g} is not from {low:g} to {high:g}. Write the number as the policy was trained with it.")
    return value


def _plain(node: Node) -> float:
    """A number without a unit; `1e-05`, which YAML takes for a word, is the number that programs print so."""
    if isinstance(node.value, str) and _POWER.fullmatch(node.value):
        return float(node.value)
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        node.note(f"{node.value!r} is not a plain number. Write the number alone, in SI units.")
        return 1.0
    return node.number()


def _finite(node: Node) -> None:
    """Note what no episode can keep, JSON having no word for it."""
    if isinstance(node.value, Mapping):
        for name in node.value:
            _finite(node.child(name))
    elif isinstance(node.value, list):
        for one in node.each():
            _finite(one)
    elif isinstance(node.value, float) and not np.isfinite(node.value):
        node.note(f"{node.value} is not a finite number. Put it in quotes.")


def _terms(node: Node, joints: int) -> list[Term]:
    found = []
    for one in node.each():
        if not one.mapping(("term",), ("startIdx", "numIdx", "obsScales")):
            continue
        name = one.child("term").word(choices=tuple(SIZES))
        if name not in SIZES:
            continue
        whole = joints if SIZES[name] == JOINTS else SIZES[name]
        first = one.child("startIdx").integer(0, low=0)
        if first >= whole:
            one.child("startIdx").note(f"{name} has {whole} numbers, the first of which is 0, so {first} is beyond them. Mend startIdx.")
            continue
        size = one.child("numIdx").integer(whole - first, low=1)
        if first + size > whole:
            one.note(f"elements {first} to {first + size - 1} of {name} are asked for, and it has {whole}. Mend startIdx or numIdx.")
        found.append(Term(name, first, size, _number(one.child("obsScales"), -_MOST, _MOST, 1.0)))
    if not found and node.value == []:
        node.note("it is empty. List what the policy is shown, in its order.")
    return found


def _command(node: Node) -> tuple[float, float, float, float]:
    found = dict.fromkeys(SPEEDS, 1.0)
    if node.value is not None and node.mapping((), ("scale",)):
        scale = node.child("scale")
        if scale.value is not None and scale.mapping((), SPEEDS):
            found |= {name: _number(scale.child(name), -_MOST, _MOST, 1.0) for name in SPEEDS}
    a, b, c, d = (found[name] for name in SPEEDS)
    return a, b, c, d


def _golden(node: Node, size: int, joints: int, sized: bool) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    found = []
    for one in node.each():
        if not one.mapping(("observation", "action"), ("state",)):
            continue
        pair = [_row(one.child("observation"), size if sized else None), _row(one.child("action"), joints)]
        found.append((pair[0], pair[1]))
    if not found and node.value == []:
        node.note("it is empty. Give an observation and the answer that the policy gave to it where it was trained.")
    return tuple(found)


def _row(node: Node, size: int | None) -> np.ndarray:
    values = [_number(one, -_MOST, _MOST) for one in node.each()]
    if isinstance(node.value, list) and size is not None and len(values) != size:
        node.note(f"{len(values)} numbers stand here, and {size} are needed. Copy the whole row, in its order.")
    return np.array(values, float)


def _hold_states(node: Node, policy: LegPolicy) -> None:
    """Where a golden observation has the state that it is of, the sheet has to make the one of the other."""
    for one, (observation, _) in zip(node.each(), policy.golden):
        state = one.child("state")
        if state.value is None:
            continue
        before = len(node.problems.found)
        given = _state(state, policy)
        if len(node.problems.found) > before:
            continue
        made = input_of(policy, np.tile(frame_of(policy, given), (policy.frames, 1)))[0]
        off = np.abs(made - observation)
        if off.max() > TOLERANCE:
            i = int(np.argmax(off))
            wrong = int((off > TOLERANCE).sum())
            what = _element(policy, i)
            one.child("observation").note(
                f"element {i} ({what}) is {observation[i]:g}, and the sheet makes {made[i]:g} of the state; {wrong} of {len(off)} elements "
                "differ. Put the order of joints and singleInputData, defaultJointState and the scales right."
            )


def _element(policy: LegPolicy, i: int) -> str:
    """What an element of the input is: its term, and its joint or number there."""
    ends = np.cumsum([term.size for term in policy.terms])
    if policy.by_term:
        k = int(np.searchsorted(ends * policy.frames, i, side="right"))
        at = (i - policy.frames * int(ends[k] - policy.terms[k].size)) % policy.terms[k].size
    else:
        k = int(np.searchsorted(ends, i % policy.frame, side="right"))
        at = i % policy.frame - int(ends[k] - policy.terms[k].size)
    term = policy.terms[k]
    of_joints = SIZES[term.name] == JOINTS
    return f"{term.name} {policy.joints[term.first + at] if of_joints else term.first + at}"


def _state(node: Node, policy: LegPolicy) -> PolicyState:
    """The state that a golden observation is of; what it leaves out is at rest, in the default posture."""
    keys = (*STATE, "command", "height", "cycles", "jointPos", "jointVel", "action")
    if not node.mapping((), keys):
        return _at_rest(policy)
    rest = _at_rest(policy)

    def row(key: str, else_: np.ndarray) -> np.ndarray:
        return else_ if node.child(key).value is None else _row(node.child(key), len(else_))

    def by_joint(key: str, else_: np.ndarray) -> np.ndarray:
        table = node.child(key)
        if table.value is None:
            return else_
        known: dict[str, float] = dict(zip(policy.joints, else_.tolist()))
        if table.mapping((), policy.joints):
            known |= {name: _number(value, -_MOST, _MOST) for name, value in table.items() if name in known}
        return np.array([known[name] for name in policy.joints])

    command, asked = node.child("command"), dict(zip(SPEEDS, rest.command))
    if command.value is not None and command.mapping((), SPEEDS):
        asked |= {name: _number(command.child(name), -_MOST, _MOST, asked[name]) for name in SPEEDS}
    a, b, c, d = (asked[name] for name in SPEEDS)
    return PolicyState(
        turning=row("bodyAngVel", rest.turning),
        speed=row("bodyLineVel", rest.speed),
        gravity=row("gravity_body", rest.gravity),
        command=(a, b, c, d),
        height=_number(node.child("height"), -_MOST, _MOST, 0.0),
        cycles=_number(node.child("cycles"), -_MOST, _MOST, 0.0),
        position=by_joint("jointPos", rest.position),
        velocity=by_joint("jointVel", rest.velocity),
        action=by_joint("action", rest.action),
    )


def _at_rest(policy: LegPolicy) -> PolicyState:
    nothing = np.zeros(len(policy.joints))
    return PolicyState(
        np.zeros(3), np.zeros(3), np.array([0.0, 0.0, -1.0]), (0.0, 0.0, 0.0, 1.0), 0.0, 0.0, policy.default, nothing, nothing
    )  # fmt: skip
