"""Does the recorded head picture show what the hands are at? Of each thing that a chain takes or puts, the share of time.

A hand is at a thing where it touches it, or is within `NEAR` of its surface with nothing between: not at what lies in a carton that it
folds. A picture shows the thing then where at least `PIXELS` of what lies `AROUND` the hands are seen at the recorded size: of a towel
the edge that is taken, of an oven the handle that is drawn. Hands, and whatever else stands before it, hide it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from ...envs.rendering import Painter
from ...scenarios.scene import Scene
from ...scenarios.schema import CameraFeature
from ...scenarios.soundness import Answer
from ...scenarios.variation import Draw
from .operator import read_chain
from .skills.skill import THINGS, Skill

PIXELS = 50  # at the least: a square of 7, a fingertip's width at arm's length in 640 x 480 of 68 degrees [E]
# m between surfaces: from there on the skills come straight at a thing (`standoff`, 0.1 m where a chain says nothing). Eyes are with a
# thing 0.6 s before the hand (Land, Mennie, Rusted 1999, of making tea), in which a hand goes 0.1 m at 0.17 m/s
NEAR = 0.10
AROUND = 0.16  # m from the hands' sites (`robot.hands`): about a hand's length, 145 to 187 mm of the claw
RAY = 0.01  # share of the way between two nearest points by which a ray goes on behind what it has met
EVERY = 0.5  # s between two looks
ENOUGH = 0.80  # share of the looks in which a thing has to be seen
PUTS = ("upon", "into")  # arguments that name where something is put
QUIET = ("look", "point", "home", "wait")  # words of skills that take and put nothing


@dataclass(frozen=True)
class Sight:
    """How a thing is seen: in `seen` of the `looks` at which a hand was at it."""

    seen: int
    looks: int

    @property
    def share(self) -> float | None:
        """Share of the looks, None where no hand was at it."""
        return self.seen / self.looks if self.looks else None


def things_of(scene: Scene) -> dict[str, tuple[str, ...]]:
    """What the chain of a scene takes, or puts things into or upon: name -> its bodies.

    These are the parts that lie free, cloths among them, and the fixtures that receive something: of these the body on which the
    receiving site stands (a bin, a chute, a scale's platform), with what hangs on it. Furniture that carries other parts at the start
    is left out: what lies on it is looked at itself.

    Raises:
        ScenarioError: a skill of the chain is unknown.
    """
    spec = scene.names.spec
    free = {*scene.handled, *(cloth.part for cloth in scene.cloths)}
    free |= {
        body.name.partition("/")[0]
        for body in spec.bodies
        if any(joint.type == mujoco.mjtJoint.mjJNT_FREE for joint in body.joints)
    }
    bearing = {placed.stands_on[0] for placed in scene.config.parts if placed.stands_on is not None}
    found: dict[str, tuple[str, ...]] = {}
    for value, receives in _named(read_chain(scene)):
        part = value.partition("/")[0]
        if part in free:
            found[part] = tuple(body.name for body in spec.bodies if body.name.startswith(f"{part}/"))
        elif receives and part not in bearing:
            top = spec.site(value).parent
            label = part if top.parent.name == "world" else f"{part}.{top.name.partition('/')[2]}"
            found[label] = tuple(body.name for body in (top, *top.find_all("body")))
    return found


def _named(chain: Sequence[Skill]) -> Iterator[tuple[str, bool]]:
    """Each body, site and part of cloth that a skill of the hands names, and whether something is put there."""
    for skill, later in zip(chain, (*chain[1:], None)):
        puts = skill.word == "put" or (skill.word == "carry" and later is not None and later.word == "release")
        for name, argument in skill.arguments.items():
            value = skill.values.get(name)
            if argument.kind in THINGS and value is not None and skill.word not in QUIET:
                yield (value if isinstance(value, str) else value.part), puts and name in PUTS


def head_camera(scene: Scene) -> CameraFeature | None:
    """The camera on the robot's head, if its pictures are recorded."""
    mounted = {camera.name for camera in scene.config.cameras if camera.record and camera.mount == "robot.head_camera"}
    features = scene.schema.cameras.values()
    return next((one for one in features if one.name.rpartition(".")[2] in mounted), None)


class Hands:
    """Where the hands of a draw are, and how near to things.

    Args:
        model: of the draw.
        things: bodies by name, as `things_of` names them.
    """

    def __init__(self, scene: Scene, model: mujoco.MjModel, things: Mapping[str, Sequence[str]]):
        self._model, self._data = model, mujoco.MjData(model)
        solid = [g for g in range(model.ngeom) if model.geom_contype[g] or model.geom_conaffinity[g]]
        grippers = {model.body(name).id for name in scene.robot.interface["grippers"]["bodies"]}
        self._mine = [g for g in solid if self._hangs_on(int(model.geom_bodyid[g]), grippers)]
        self._sites = [model.site(name).id for name in scene.robot.interface["hands"]["sites"]]
        bodies = {name: {model.body(body).id for body in listed} for name, listed in things.items()}
        self._geoms = {name: [g for g in solid if model.geom_bodyid[g] in ids] for name, ids in bodies.items()}
        self._solid = np.zeros(mujoco.mjNGROUP, np.uint8)
        self._solid[np.unique(model.geom_group[solid])] = 1
        self._vertices = {
            cloth.part: [model.body(one).id for one in cloth.vertices] for cloth in scene.cloths if cloth.part in things
        }

    def _hangs_on(self, body: int, tops: set[int]) -> bool:
        while body and body not in tops:
            body = int(self._model.body_parentid[body])
        return body in tops

    def at(self, qpos: np.ndarray) -> list[str]:
        """The things that a hand is at where everything is as in qpos (nq,)."""
        self._data.qpos[:] = qpos
        mujoco.mj_kinematics(self._model, self._data)
        return [name for name in self._geoms if self._near(name)]

    def around(self, points: np.ndarray) -> np.ndarray:
        """(n,) which of points (n, 3) [m] lie around the hands, where `at` looked last."""
        places = self._data.site_xpos[self._sites]
        return np.asarray(np.linalg.norm(points[:, None] - places[None], axis=2).min(axis=1, initial=np.inf) < AROUND)

    def _near(self, name: str) -> bool:
        model, data = self._model, self._data
        for mine in self._mine:
            middle, radius = data.geom_xpos[mine], model.geom_rbound[mine]
            if name in self._vertices:  # of a cloth, which has no other shapes
                if np.linalg.norm(data.xpos[self._vertices[name]] - middle, axis=1).min() < NEAR + radius:
                    return True
                continue
            for theirs in self._geoms[name]:
                if np.linalg.norm(data.geom_xpos[theirs] - middle) - model.geom_rbound[theirs] - radius < NEAR:
                    ends = np.zeros(6)  # the nearest points of the two
                    distance = mujoco.mj_geomDistance(model, data, mine, theirs, NEAR, ends)
                    if distance <= 0.0 or (distance < NEAR and self._free(ends[:3], ends[3:], {*self._mine, *self._geoms[name]})):
                        return True
        return False

    def _free(self, begin: np.ndarray, end: np.ndarray, own: set[int]) -> bool:
        """Whether nothing solid stands between two points [m] but the geoms that are named."""
        way, hit, gone = end - begin, np.zeros(1, np.int32), 0.0
        while gone < 1.0:
            share = mujoco.mj_ray(self._model, self._data, begin + gone * way, way, self._solid, 1, -1, hit)
            if share < 0.0 or gone + share >= 1.0:
                return True
            if int(hit[0]) not in own:
                return False
            gone += share + RAY
        return True


def sights(
    scene: Scene, draw: Draw, qpos: np.ndarray, things: Mapping[str, Sequence[str]] | None = None
) -> dict[str, Sight]:
    """How each thing is seen in a demonstration by the head camera.

    Args:
        draw: its start; qpos: (T + 1, nq) of its rollout (`Rollout.qpos`).
        things: bodies by name; those that the chain takes or puts where None.

    Returns:
        Sights by name; empty where the head's picture is not recorded.

    Raises:
        ShiliuError: where there is no OpenGL, with what to install.
    """
    camera = head_camera(scene)
    if camera is None:
        return {}
    things = things_of(scene) if things is None else things
    hands = Hands(scene, draw.model, things)
    ids = {name: [scene.model.body(body).id for body in listed] for name, listed in things.items()}
    seen, looks = dict.fromkeys(things, 0), dict.fromkeys(things, 0)
    with Painter(scene) as painter:
        for row in qpos[:: max(1, round(EVERY / scene.control_timestep))]:
            near = hands.at(row)
            if not near:
                continue
            shot = draw.values, row, camera.camera, camera.width, camera.height
            bodies, depth = painter.picture(*shot, kind="segmentation"), painter.picture(*shot, kind="depth")
            places = painter.places(draw.values, row, camera.camera, depth)
            for name in near:
                looks[name] += 1
                seen[name] += int(hands.around(places[np.isin(bodies, ids[name])]).sum() >= PIXELS)
    return {name: Sight(seen[name], looks[name]) for name in things}


def together(several: Sequence[Mapping[str, Sight]]) -> dict[str, Sight]:
    """Sights of several demonstrations as one."""
    names = dict.fromkeys(name for one in several for name in one)
    return {
        name: Sight(*(sum(getattr(one[name], key) for one in several if name in one) for key in ("seen", "looks")))
        for name in names
    }


def seen(found: Mapping[str, Sight], excepted: Sequence[str] = ()) -> list[Answer]:
    """An answer for each thing: is it in the head picture while a hand is at it? One that is excepted is sound as it is."""
    answers = []
    for name, sight in found.items():
        if sight.share is None:
            answers.append(Answer(f"{name} is seen", True, "no hand was at it"))
            continue
        told = f"{sight.share:.0%} of {sight.looks} looks while a hand is at it, at least {ENOUGH:.0%}"
        told += ", excepted" if name in excepted else ""
        answers.append(Answer(f"{name} is seen", sight.share >= ENOUGH or name in excepted, told))
    return answers
