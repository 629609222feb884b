"""Can the hands come to the places that the skills of a scene name, as it is drawn and as it varies? Asked by `shiliu check`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import mujoco
import numpy as np

from ...scenarios.draws.variation import Draw
from ...scenarios.robots.postures import arm_facts
from ...scenarios.scene.scene import Scene
from ...scenarios.soundness.soundness import Answer
from .operator import read_chain
from .planning.reaching import FROM_AFAR, SLACK, wanted
from .tries import numbered
from .words.skill import Skill

TARGETS = ("upon", "into")  # arguments that name where what is held is brought; the hand is near it then
BESIDE = ("ahead", "aside")  # arguments that move such a place elsewhere
Place = tuple[str, tuple[str, ...], str]  # site, hands of which one has to come there, the skill's name in its chain


def places_in_reach(scene: Scene, nominal: Draw, draws: Sequence[Draw]) -> list[Answer]:
    """One answer: the farthest place, or all that are too far, with the limit beyond which the operator gives up.

    Where a skill's turn comes later, its place is looked at where it stands at the start, if nothing before can have moved it. A robot
    that walks goes where it can reach.
    """
    if scene.goes_there or not scene.config.skills.value:
        return []
    places, limit = list(_places(scene)), float(arm_facts(scene.robot.name)["reach"]) + SLACK
    if not places:
        return []
    distances = [_distances(draw, places) for draw in (nominal, *draws)]
    far = np.array([[distance for distance, _ in row] for row in distances])
    allowed = f"at most {1e3 * limit:.0f} mm"
    wrong = []
    for i, (site, _, skill) in enumerate(places):
        beyond = np.flatnonzero(far[:, i] > limit)
        if len(beyond):
            worst = int(far[:, i].argmax()) if beyond[0] else 0
            where = f"in {len(beyond)} of {len(draws)} draws" if beyond[0] else "as the YAML puts it"
            distance, side = distances[worst][i]
            name = site.replace("/", ".", 1)
            wrong.append(f"{name} ({skill}) is {1e3 * distance:.0f} mm from the {side} shoulder {where}, {allowed}")
    if wrong:
        return [Answer("places are within reach", False, "; ".join(dict.fromkeys(wrong)))]
    row, farthest = divmod(int(far.argmax()), len(places))
    distance, side = distances[row][farthest]
    name = places[farthest][0].replace("/", ".", 1)
    return [
        Answer(
            "places are within reach", True, f"{name} is {1e3 * distance:.0f} mm from the {side} shoulder, {allowed}"
        )
    ]


def _places(scene: Scene) -> Iterator[Place]:
    """The places that skills send a hand to, as far as they stand at their turn where they stood at the start."""
    chain = read_chain(scene)
    supports = {placed.name: placed.stands_on[0] if placed.stands_on else None for placed in scene.config.parts}
    named: set[str] = set()  # parts that skills so far have to do with
    for skill, label in zip(chain, numbered([skill.name for skill in chain])):
        if skill.word in FROM_AFAR:
            continue
        for site, sides in (*wanted(skill), *_targets(skill)):
            part: str | None = site.partition("/")[0]
            moved = part in named
            while part is not None and not moved:
                part = supports.get(part)
                moved = part in named
            fixed = scene.model.body_weldid[scene.model.site(site).bodyid[0]] == 0
            if fixed or not moved:
                yield site, sides, label
        named |= {
            str(value).partition("/")[0] for value in skill.values.values() if isinstance(value, str) and "/" in value
        }


def _targets(skill: Skill) -> Iterator[tuple[str, tuple[str, ...]]]:
    hand = skill.values.get("hand")
    if hand in ("left", "right") and not any(skill.values.get(name) for name in BESIDE):
        for name in TARGETS:
            if name in skill.arguments and skill.arguments[name].kind == "site" and skill.values.get(name):
                yield skill.values[name], (hand,)


def _distances(draw: Draw, places: Sequence[Place]) -> list[tuple[float, str]]:
    """Of each place the distance [m] from the nearer shoulder of its hands, and the side of that shoulder."""
    data = draw.data()
    mujoco.mj_kinematics(draw.model, data)
    return [
        min((float(np.linalg.norm(data.site(site).xpos - data.site(f"{side}_shoulder").xpos)), side) for side in sides)
        for site, sides, _ in places
    ]
