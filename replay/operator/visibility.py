"""Does the recorded head picture show what the hands are at? Of each thing that a chain takes or puts, the share of time.

A hand is at a thing where it touches it, or where it moves within `NEAR` of its surface with nothing between: not at what lies in a
carton that it folds, nor at what it happens to rest beside. A picture shows the thing then where at least `PIXELS` of what lies `AROUND`
the hands are seen at the recorded size: of a towel the edge that is taken, of an oven the handle that is drawn. Hands, and whatever else
stands before it, hide it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from ...envs.rendering import SMALL, Painter
from ...scenarios.draws.variation import Draw
from ...scenarios.draws.variation import draw as draw_scene
from ...scenarios.parts.pose import hanging
from ...scenarios.scene.scene import Scene
from ...scenarios.scene.schema import CameraFeature
from ...scenarios.soundness.soundness import Answer
from ...scenarios.tasks.left_out import things_of as named_in_step
from .operator import perform, read_chain
from .words.skill import handled

SEEN = 0.80  # share of the looks at which a hand is at a thing in which the head picture has to show it
PIXELS = 50  # at the least: a square of 7, a fingertip's width at arm's length in 640 x 480 of 68 degrees [E]
# m between surfaces: from there on the skills come straight at a thing (`standoff`, 0.1 m where a chain says nothing). Eyes are with a
# thing 0.6 s before the hand (Land, Mennie, Rusted 1999, of making tea), in which a hand goes 0.1 m at 0.17 m/s
NEAR = 0.10
AROUND = 0.16  # m from the hands' sites (`robot.hands`): about a hand's length, 145 to 187 mm of the claw
RAY = 0.01  # share of the way between two nearest points by which a ray goes on behind what it has met
REST = 0.005  # m between two looks, by which a hand moves that is not at rest
EVERY = 0.5  # s between two looks


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
    """What the chain of a scene is at with its hands -> its bodies: parts that lie free, cloths among them, and parts that the goal
    names and of which the hands are at something that moves on a joint, such as a door: of these what moves.

    Raises:
        ScenarioError: a skill of the chain is unknown.
    """
    spec, model = scene.names.spec, scene.model
    free = {*scene.handled, *(cloth.part for cloth in scene.cloths)}
    free |= {
        body.name.partition("/")[0]
        for body in spec.bodies
        if any(joint.type == mujoco.mjtJoint.mjJNT_FREE for joint in body.joints)
    }
    goal = scene.config.raw.get("goal") or {}
    named = {part for step in goal.values() for part in named_in_step(step, {*scene.names.parts})}
    words = [name for skill in read_chain(scene) for name in handled(skill)]
    found = {}
    for part in dict.fromkeys(name.partition("/")[0] for name in words):
        own = [body for body in spec.bodies if body.name.startswith(f"{part}/")]
        if part not in free:
            moving = {body.name for body in own if model.body_weldid[model.body(body.name).id] != 0}
            touched = any(_carrier(scene, name) in moving for name in words if name.startswith(f"{part}/"))
            hinged = part in named and touched and not scene.names.parts[part].name.startswith("people/")
            own = [body for body in own if hinged and body.name in moving]
        if own:
            found[part] = tuple(body.name for body in own)
    return found


def _carrier(scene: Scene, name: str) -> str:
    """The body that an element lies on, `""` where there is none: a site, a joint or a body itself."""
    spec = scene.names.spec
    element = spec.site(name) or spec.joint(name)
    return element.parent.name if element is not None else name


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
        grippers = [model.body(name).id for name in scene.robot.interface["grippers"]["bodies"]]
        self._hands = [[g for g in solid if int(model.geom_bodyid[g]) in hanging(model, palm)] for palm in grippers]
        self._palms = grippers
        self._sites = [model.site(name).id for name in scene.robot.interface["hands"]["sites"]]
        self._were: np.ndarray | None = None  # (hands, 3) [m] where the palms were at the last look
        bodies = {name: {model.body(body).id for body in listed} for name, listed in things.items()}
        self._geoms = {name: [g for g in solid if model.geom_bodyid[g] in ids] for name, ids in bodies.items()}
        self._solid = np.zeros(mujoco.mjNGROUP, np.uint8)
        self._solid[np.unique(model.geom_group[solid])] = 1
        self._vertices = {
            cloth.part: [model.body(one).id for one in cloth.vertices] for cloth in scene.cloths if cloth.part in things
        }

    def at(self, qpos: np.ndarray) -> list[str]:
        """The things that a hand is at where everything is as in qpos (nq,), of looks that follow one another."""
        self._data.qpos[:] = qpos
        mujoco.mj_kinematics(self._model, self._data)
        palms = self._data.xpos[self._palms].copy()
        moved = np.ones(len(palms), bool) if self._were is None else np.linalg.norm(palms - self._were, axis=1) > REST
        self._were = palms
        reach = [NEAR if moves else 0.0 for moves in moved]
        return [name for name in self._geoms if any(self._near(name, *hand) for hand in zip(self._hands, reach))]

    def around(self, points: np.ndarray) -> np.ndarray:
        """(n,) which of points (n, 3) [m] lie around the hands, where `at` looked last."""
        places = self._data.site_xpos[self._sites]
        return np.asarray(np.linalg.norm(points[:, None] - places[None], axis=2).min(axis=1, initial=np.inf) < AROUND)

    def _near(self, name: str, hand: Sequence[int], reach: float) -> bool:
        """Whether a hand's shapes touch a thing, or are nearer to it than `reach` [m] with nothing between."""
        model, data = self._model, self._data
        for mine in hand:
            middle, radius = data.geom_xpos[mine], model.geom_rbound[mine]
            if name in self._vertices:  # of a cloth, which has no other shapes
                if np.linalg.norm(data.xpos[self._vertices[name]] - middle, axis=1).min() < reach + radius:
                    return True
                continue
            for theirs in self._geoms[name]:
                if np.linalg.norm(data.geom_xpos[theirs] - middle) - model.geom_rbound[theirs] - radius <= reach:
                    ends = np.zeros(6)  # the nearest points of the two
                    distance = mujoco.mj_geomDistance(model, data, mine, theirs, max(reach, 1e-6), ends)
                    if distance <= 0.0 or (
                        distance < reach and self._free(ends[:3], ends[3:], {*hand, *self._geoms[name]})
                    ):
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
    with Painter(scene, SMALL) as painter:
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


def performed(scene: Scene, seed: int) -> dict[str, Sight]:
    """How each thing is seen in the demonstration that the operator performs with a seed, whatever comes of it.

    Raises:
        ScenarioError: a skill of the chain is unknown.
        ShiliuError: where there is no OpenGL, with what to install.
    """
    start = draw_scene(scene, seed)
    (done,) = perform(scene, [start], [seed], judged=True)
    return sights(scene, start, done.qpos)


def together(several: Sequence[Mapping[str, Sight]]) -> dict[str, Sight]:
    """Sights of several demonstrations as one."""
    names = dict.fromkeys(name for one in several for name in one)
    every = {name: [one[name] for one in several if name in one] for name in names}
    return {name: Sight(sum(s.seen for s in rows), sum(s.looks for s in rows)) for name, rows in every.items()}


def answers(found: Mapping[str, Sight], excepted: Mapping[str, Mapping[str, str]]) -> list[Answer]:
    """An answer for each thing: is it in the head picture while a hand is at it? One that is excepted is sound as it is.

    Args:
        excepted: as `ScenarioConfig.unseen`.
    """
    listed = []
    for name, sight in found.items():
        text = "no hand was at it"
        if sight.share is not None:
            text = f"in {sight.seen} of {sight.looks} looks at which a hand is at it ({sight.share:.0%}, at least {SEEN:.0%})"
        enough = sight.share is None or sight.share >= SEEN
        if name in excepted:
            text += f"; excepted: {excepted[name]['en']}"
        listed.append(Answer(f"head camera sees {name}", enough or name in excepted, text))
    return listed
