"""What no robot can bring about in a scene, whatever it does: asked of the conditions of steps, one record for each kind.

Only what is certain without simulation is refused. Left out for that: a door that stands open while its latch counts as caught (the
latch has a joint of its own), a thing that is let go in the air (it may lie on whatever else is there), and speeds (things fall).
A failure mode may name what never happens, so none is asked of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations
from typing import Any, cast

import mujoco
import numpy as np

from ..reactions.belts import stopped
from ..reactions.rule import Counter
from ..scene.scene import Scene
from ..sensing.predicate import MovedAway, Near, Predicate, Upright, intervals
from ..sensing.reaction import memory
from ..sensing.requests import Request
from ..sheet.quantity import show
from ..words.base import BaseNear, BaseSpeed
from ..words.declared import Reads, memory_name
from ..words.load import HandsHold, HandsHoldMore
from .task_places import CLOSE, TaskPlaces

THROWN = 1.0  # m [E] by which a thing may slide, roll or fly on from where a hand lets it go, and come to rest at a place
FLUNG = 10.0  # m [E] by which it may in any direction, thrown as hard as can be: at 6 m/s from 1.2 m it lands after 8 m
GRAVITY = 9.81  # m/s2
PRESSED = 3.0  # [E] how much more than its straight arm a bent one holds: the forearm is a third of the lever


@dataclass(frozen=True)
class Impossible:
    """One kind of what cannot be done: why a condition is one of it, None where it may be done; and how it is mended."""

    why: Callable[[Predicate, Scene, TaskPlaces], str | None]
    mend: str


def beyond_means(predicate: Predicate, scene: Scene, places: TaskPlaces, stay: float) -> tuple[str, str] | None:
    """(why, how to mend it) of a simple predicate that nothing in the scene can bring about; None where it may be.

    Args:
        stay: [s] for how long it has to hold, infinite where it has to when the task ends.
    """
    for kind in KINDS:
        if (why := kind.why(predicate, scene, places)) is not None:
            return why, kind.mend
    if (why := _height(predicate, scene, places, stay)) is not None:
        return why, "Lower it, or move the place"
    return None


def _fixed(predicate: Predicate, scene: Scene, places: TaskPlaces) -> str | None:
    """A thing that is fixed to the world moves nowhere, and leans as it does at the start."""
    if isinstance(predicate, MovedAway) and not predicate.position.to and predicate.more_than > 0.0:
        body = predicate.position.of
    elif isinstance(predicate, Upright):
        body = predicate.up.of
    else:
        return None
    if not places.is_still(body):
        return None
    if isinstance(predicate, Upright):
        lean = places.lean(body)
        if (lean.max() >= predicate.within - CLOSE) if predicate.invert else (lean.min() <= predicate.within + CLOSE):
            return None
    return f"{body.replace('/', '.')} is fixed to the world"


def _planted(predicate: Predicate, scene: Scene, places: TaskPlaces) -> str | None:
    """A robot that stands where it is put comes near nothing, and has no speed."""
    if isinstance(predicate, BaseSpeed):
        if not predicate.speeds and not predicate.below and predicate.bound > 0.0:
            return "the robot is planted, and its base has no speed"
    if isinstance(predicate, BaseNear) and places.is_still(predicate.base.of):
        gap = places.level_distance(predicate.base, predicate.to)
        if gap is not None and gap > predicate.within + CLOSE:
            return f"the robot is planted {show(round(gap, 4), 'length')} away from there"
    return None


def _thrown(predicate: Predicate, scene: Scene, places: TaskPlaces) -> str | None:
    """What a planted robot moves goes no further than it reaches and throws."""
    if not _brings(scene, places) or not isinstance(predicate, MovedAway) or predicate.position.to:
        return None
    furthest = places.from_base(predicate.position)
    if furthest is None or predicate.more_than <= furthest + _longest_arm(scene) + FLUNG:
        return None
    return f"the robot is planted, and its hands reach {show(round(_longest_arm(scene), 2), 'length')} at most"


def _reach(predicate: Predicate, scene: Scene, places: TaskPlaces) -> str | None:
    """What a planted robot carries comes no further than its hands; what is there may stay."""
    if not _brings(scene, places):
        return None
    arm = _longest_arm(scene)
    near = intervals(predicate) if isinstance(predicate, Near) else places.confined(predicate, every=True)
    for bound in near:
        for thing, place in permutations(cast("frozenset[Any]", bound.of[1]), 2):
            gap = places.from_base(thing, place) if isinstance(thing, Request) else None
            if gap is None or gap - bound.high - arm - THROWN <= CLOSE or places.is_there(thing, place, bound.high):
                continue
            return (
                f"the robot is planted {show(round(gap, 2), 'length')} away from there, "
                f"and its hands reach {show(round(arm, 2), 'length')} at most"
            )
    return None


def _height(predicate: Predicate, scene: Scene, places: TaskPlaces, stay: float) -> str | None:
    """A loose thing stays no higher than hands put it, and is thrown so much higher for as long as it falls; what lies higher may stay.

    Hands reach as high as the base stands, and all links of an arm in one line: more than shoulder and arm. A base that moves squats and
    does not rise above its stance. What is held sticks out of the hand by its own size, and may be thrown onto something (`THROWN`).
    """
    if stopped(scene.model) is not scene.model or _lifts(scene):
        return None
    stands = max(places.base_height(), float((scene.robot.sheet.get("stance") or {}).get("base_height", 0.0)))
    reach = stands + _longest_arm(scene)
    for bound in (*intervals(predicate), *places.confined(predicate, every=True)):
        for least, size, start in places.lifted(bound):
            # over a height for a time t something rises by g t^2 / 8
            flies = FLUNG - GRAVITY * stay**2 / 8.0
            if least > max(reach + size + max(THROWN, flies), start) + CLOSE:
                return (
                    f"it would have to be {show(round(least, 2), 'length')} above the floor, "
                    f"and hands reach {show(round(reach, 2), 'length')} at most"
                )
    return None


def _lifts(scene: Scene) -> bool:
    """Whether a machine of the scene moves anything up and down: how high is not known."""
    model = scene.model
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    driven = model.actuator_trnid[model.actuator_trntype == mujoco.mjtTrn.mjTRN_JOINT, 0]
    for j in (int(j) for j in driven if "/" in model.joint(int(j)).name):
        up = abs(float(data.xaxis[j][2]))
        if up > CLOSE if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_SLIDE else up < 1.0 - CLOSE:
            return True
    return False


def _brings(scene: Scene, places: TaskPlaces) -> bool:
    """Whether things go where a planted robot brings them, and no belt does."""
    return places.is_still("base_link") and stopped(scene.model) is scene.model


def _longest_arm(scene: Scene) -> float:
    """[m] from the base to the furthest site of a hand, were all links in one line: no hand comes further."""
    model = scene.model
    longest = 0.0
    for name in scene.names.robot["hands"]["sites"]:
        site = model.site(name).id
        body, length = int(model.site_bodyid[site]), float(np.linalg.norm(model.site_pos[site]))
        while body and model.body(body).name != "base_link":
            length += float(np.linalg.norm(model.body_pos[body]))
            body = int(model.body_parentid[body])
        longest = max(longest, length)
    return longest


def _payload(predicate: Predicate, scene: Scene, places: TaskPlaces) -> str | None:
    """All hands together, and their arms at peak torque."""
    if isinstance(predicate, HandsHold):
        least = predicate.mass - predicate.within
    elif isinstance(predicate, HandsHoldMore):
        least = predicate.mass
    else:
        return None
    straight = (scene.robot.sheet.get("payload") or {}).get("peak")
    if straight is None:
        return None
    most = PRESSED * straight * len(predicate.forces)
    return f"the hands hold {show(round(float(most), 1), 'mass')} at the very most" if least > most else None


def _counted(predicate: Predicate, scene: Scene, places: TaskPlaces) -> str | None:
    """A counter goes in steps: from zero up, a dial from its end down as well; one that runs down meets every number."""
    if not isinstance(predicate, Reads):
        return None
    rule = next(
        (
            r
            for r in scene.reactions.reactions
            if isinstance(r, Counter) and memory(memory_name(r.name)) == predicate.kept
        ),
        None,
    )
    if rule is None or rule.running is not None or rule.adds <= 0.0:
        return None
    low = max(0.0, -math.inf if predicate.low is None else predicate.low)
    high = min(rule.at_most, math.inf if predicate.high is None else predicate.high)
    from_zero = math.ceil(low / rule.adds - CLOSE) * rule.adds <= high + CLOSE
    from_end = rule.at_most <= high + CLOSE
    if rule.dial is not None and math.isfinite(rule.at_most):
        from_end = rule.at_most - math.ceil((rule.at_most - high) / rule.adds - CLOSE) * rule.adds >= low - CLOSE
    if from_zero or (from_end and rule.at_most >= low - CLOSE):
        return None
    return f"the counter {rule.name!r} goes in steps of {rule.adds:g}, and none of its numbers lies there"


KINDS = (
    Impossible(_fixed, "Name what hands can move"),
    Impossible(_planted, "Give the robot a base that moves (base: mobile), or move the place"),
    Impossible(_reach, "Move the place within reach, or give the robot a base that moves"),
    Impossible(_thrown, "Shorten the distance, or give the robot a base that moves"),
    Impossible(_payload, "Lower the mass"),
    Impossible(_counted, "Ask for a number that it shows"),
)
