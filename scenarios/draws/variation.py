"""Variation: one draw of a scenario is a set of values, the model compiled from them, and the state it starts in."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import mujoco
import numpy as np

from ..cloth.cloth import between_shapes, settle
from ..link.link import SEED
from ..parts.pose import Pose
from ..reading.config import dealt_values, draw_values, nominal_values, tasks_of
from ..scene.scene import Scene
from ..sheet.errors import ScenarioError
from ..sheet.near_matches import nearest, refuse_unknown

STATE = mujoco.mjtState.mjSTATE_INTEGRATION
PENETRATION = 1e-3  # m, a start deeper in contact than this is refused
ARM_REACH = 0.7088  # m, shoulder to the maker's end-effector frame (facts of the s45 model)
MAX_REDRAWS = 50


@dataclass(frozen=True)
class Draw:
    """One varied copy of a scene.

    Attributes:
        values: every number that the variation may change, by key (`oven.at.x`), SI.
        task: index of the task sentence.
        model: physics-only model compiled from the values.
        start_state: (nstate,) float64 `mjSTATE_INTEGRATION` at time zero.
        redraws: how many draws were refused before this one, by reason.
    """

    values: Mapping[str, float]
    task: int
    model: mujoco.MjModel
    start_state: np.ndarray
    redraws: tuple[str, ...] = ()

    def data(self) -> mujoco.MjData:
        """New data of its model in the state in which it starts; what follows from that is not computed yet."""
        data = mujoco.MjData(self.model)
        mujoco.mj_setState(self.model, data, self.start_state, STATE)
        return data

    def starting_as(self, data: mujoco.MjData) -> Draw:
        """The same values and model, starting in the state of some data of that model."""
        state = self.start_state.copy()
        mujoco.mj_getState(self.model, data, state, STATE)
        return Draw(self.values, self.task, self.model, state)


def nominal(scene: Scene) -> Draw:
    """The scene as the YAML gives it."""
    values = nominal_values(scene.config)
    return of_values(scene, values, tasks_of(scene.config, values)[0])


def of_values(scene: Scene, values: Mapping[str, float], task: int) -> Draw:
    """The draw that has these values; equal values give equal bytes."""
    model = scene.compile(values)
    return Draw(dict(values), task, model, _start_state(scene, model, values))


def chosen(scene: Scene, values: Mapping[str, float]) -> Draw:
    """The draw with these values (SI, by key as in `Draw.values`), the others as the YAML gives them.

    Raises:
        ScenarioError: unknown names, numbers that are not finite or outside what a part can be, a start inside something.
    """
    known = nominal_values(scene.config)
    limits = {f"{p.name}.{key}": (q.low, q.high) for p in scene.config.parts for key, q in p.part.params.items()}
    for key, value in values.items():
        refuse_unknown(key, known, f"This scenario has no value {key!r}.", field="values")
        if not (isinstance(value, int | float | np.number) and np.isfinite(value)):
            raise ScenarioError(
                f"{value!r} is no finite number; values are in SI, without a unit.", field=f"values.{key}"
            )
        low, high = limits.get(key, (0.0, np.inf) if key in ("friction", SEED) else (-np.inf, np.inf))
        if not low <= value <= high:
            raise ScenarioError(f"{value} is not between {low:g} and {high:g} (SI).", field=f"values.{key}")
    wanted = known | {key: float(value) for key, value in values.items()}
    candidate = of_values(scene, wanted, tasks_of(scene.config, wanted)[0])
    depth = penetration(candidate)
    if depth > PENETRATION:
        raise ScenarioError(
            f"With these values something starts {depth * 1e3:.1f} mm inside something else.", field="values"
        )
    return candidate


def penetration(candidate: Draw) -> float:
    """Depth [m] of the deepest contact of two shapes in which a draw starts; 0 where nothing overlaps."""
    return overlap(candidate)[0]


def overlap(candidate: Draw) -> tuple[float, str, str]:
    """Depth [m] of the deepest contact of two shapes at the start of a draw, and its two owners: parts, or bodies of the robot.

    The names are empty where nothing overlaps.
    """
    model, data = candidate.model, candidate.data()
    mujoco.mj_fwdPosition(model, data)
    solid = between_shapes(data)
    depth = -float(data.contact.dist[solid].min(initial=0.0))
    if depth <= 0.0:
        return 0.0, "", ""
    pair = data.contact.geom[int(solid[np.argmin(data.contact.dist[solid])])]
    one, other = (model.body(int(model.geom_bodyid[geom])).name.partition("/")[0] for geom in pair)
    return depth, one, other


class RecordedStart(Protocol):
    """An episode of the simulation, as far as its start goes."""

    draw: dict
    start_state: np.ndarray


def of_episode(scene: Scene, episode: RecordedStart) -> Draw | None:
    """The draw of an own episode, or None where the scene of today has other sizes than the one it was made in."""
    known = nominal_values(scene.config)
    values = {**known, **{k: float(v) for k, v in episode.draw.get("values", {}).items() if k != SEED or k in known}}
    if set(values) != set(known):
        return None
    model = scene.compile(values)  # its start is the recorded one: nothing has to come to rest
    if episode.start_state.shape != (mujoco.mj_stateSize(model, STATE),):
        return None
    return Draw(values, int(episode.draw.get("task", 0)), model, episode.start_state)


def draw(
    scene: Scene,
    rng: np.random.Generator | int,
    share: float = 1.0,
    only: Collection[str] | None = None,
    refused_too: Callable[[Draw], object] | None = None,
) -> Draw:
    """Draw a varied, sound copy.

    Args:
        scene: what is varied.
        rng: a generator, which the draw advances, or a seed.
        share: 0..1 of each range that is used, about the nominal value.
        only: the values that vary (`oven.yaw`) or whole parts (`oven`); None for all.
        refused_too: is called with each draw that is refused on the way.

    Raises:
        ScenarioError: where no sound draw is found in many tries.
    """
    rng = np.random.default_rng(rng) if isinstance(rng, int | np.integer) else rng
    refused: list[str] = []
    for values, task in islice(candidates(scene, rng, share, only), MAX_REDRAWS):
        candidate = of_values(scene, values, task)
        fault = unsound(scene, candidate)
        if fault is None:
            return Draw(candidate.values, task, candidate.model, candidate.start_state, tuple(refused))
        refused.append(fault)
        if refused_too is not None:
            refused_too(candidate)
    fault = unsound(scene, nominal(scene))
    remedy = f"So is the nominal scene ({fault}). Correct that first." if fault else "Narrow the variation."
    raise ScenarioError(
        f"{MAX_REDRAWS} draws in a row were unsound, the last because of: {refused[-1]}. {remedy}",
        field=f"{scene.name}.variation",
    )


def candidates(
    scene: Scene, rng: np.random.Generator, share: float = 1.0, only: Collection[str] | None = None
) -> Iterator[tuple[dict[str, float], int]]:
    """Values and task of one draw after the other, sound or not; arguments as of `draw`."""
    while True:
        dealt = dealt_values(scene.config, rng)
        values = draw_values(scene.config, rng, dealt)
        if share != 1.0 or only is not None:
            values = _narrowed(scene, values, share, only, dealt)
        if SEED in values:  # derived from all else that is drawn, so that a draw is the same over every link
            rest = [number for key, number in sorted(values.items()) if key != SEED]
            values[SEED] = float(zlib.crc32(np.array(rest).tobytes()))
        fit = tasks_of(scene.config, values)
        yield values, fit[int(rng.integers(len(fit)))]


def varied_by_seed(scene: Scene, seed: int, refused: int = 0) -> dict[str, float]:
    """What of the values varies, as a seed draws it after so many draws that were refused; no model is compiled."""
    values, _ = next(islice(candidates(scene, np.random.default_rng(seed)), refused, None))
    keys = {vary.key for vary in scene.config.variation} | {key for deal in scene.config.deals for key in deal.keys}
    return {key: values[key] for key in sorted(keys)}


def check_only(scene: Scene, only: Collection[str]) -> None:
    """Raise ScenarioError where one of the names that shall vary does not."""
    varied = [vary.key for vary in scene.config.variation]
    varied += [key for deal in scene.config.deals for key in deal.keys]
    for name in only:
        if not any(is_under(key, name) for key in varied):
            raise ScenarioError(f"Nothing of {name!r} varies here.{nearest(name, varied)}", field="vary")


def is_under(key: str, name: str) -> bool:
    """Whether a value is the one of that name, or one of a thing of that name: `bowl.at.x` is under `bowl`."""
    return key == name or key.startswith(f"{name}.")


def _narrowed(
    scene: Scene, values: dict[str, float], share: float, only: Collection[str] | None, dealt: Mapping[str, float]
) -> dict[str, float]:
    """Values nearer to those of the YAML; what is dealt is dealt whole or not at all: half a label there is not."""
    known = nominal_values(scene.config)
    if share == 0.0:
        return known
    about = dict(known)
    for deal in scene.config.deals:
        if only is None or all(any(is_under(key, name) for name in only) for key in deal.keys):
            about |= {key: dealt[key] for key in deal.keys}
    return {
        key: about[key] + share * (value - dealt[key])
        if only is None or any(is_under(key, name) for name in only)
        else known[key]
        for key, value in values.items()
    }


def unsound(scene: Scene, candidate: Draw) -> str | None:
    """Why a draw is refused, or None: a site that a skill names is out of reach, or something starts inside something else."""
    wanted = scene.config.redraw_unless
    if not wanted:
        return None
    data = scene.scratch(candidate.model)
    mujoco.mj_setState(candidate.model, data, candidate.start_state, STATE)
    mujoco.mj_fwdPosition(candidate.model, data)
    if "reachable" in wanted and not scene.goes_there:
        for side, site in scene.reach_sites:
            distance = float(np.linalg.norm(data.site(site).xpos - data.site(f"{side}_shoulder").xpos))
            if distance > ARM_REACH:
                return (
                    f"reachable: {site} is {distance * 1e3:.0f} mm from the {side} shoulder, "
                    f"at most {ARM_REACH * 1e3:.0f} mm"
                )
    depth = -float(data.contact.dist[between_shapes(data)].min(initial=0.0))
    if "no_penetration" in wanted and depth > PENETRATION:
        return f"no_penetration: {depth * 1e3:.1f} mm"
    return None


def rested(scene: Scene, model: mujoco.MjModel) -> np.ndarray:
    """(nq,) the resting positions of the nominal scene, carried over to the places of a draw's model; cloth lies as composed.

    Free bodies keep the small offset that settling gave them relative to where they were put; other joints keep their
    resting position. So no draw has to be simulated before it can start, except what is soft.
    """
    qpos, placed, rest, nominal_qpos = scene.start_qpos(model), model.qpos0, scene.rest, scene.model.qpos0
    free, plain, single = scene.joints_of_parts
    for a in free:
        before = Pose(nominal_qpos[a : a + 3], nominal_qpos[a + 3 : a + 7])
        after = Pose(rest[a : a + 3], rest[a + 3 : a + 7])
        here = Pose(placed[a : a + 3], placed[a + 3 : a + 7]) @ (before.inverse() @ after)
        qpos[a : a + 3], qpos[a + 3 : a + 7] = here.pos, here.quat
    qpos[plain] = rest[plain]
    # what starts elsewhere in this draw, such as a bottle's gauge
    qpos[single] += placed[single] - nominal_qpos[single]
    return qpos


def _start_state(scene: Scene, model: mujoco.MjModel, values: Mapping[str, float]) -> np.ndarray:
    """The state in which a draw starts: everything at rest; a cloth comes to rest by itself, see `cloth.settle`."""
    data, qpos = scene.scratch(model), rested(scene, model)
    data.ctrl[:] = scene.start_ctrl(values)
    data.qpos[:] = settle(model, scene.cloths, qpos, data.ctrl, values) if scene.cloths else qpos
    state = np.zeros(mujoco.mj_stateSize(model, STATE))
    mujoco.mj_getState(model, data, state, STATE)
    return state
