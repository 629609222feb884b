"""One scenario as a Gymnasium vector environment: the simulation core with n copies, on all cores.

Copy i is the single environment that was seeded with `seed + i`, to the bit, across autoresets too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from ..scenarios.catalog.catalog import scene_from
from ..scenarios.draws import variation as drawing
from ..scenarios.scene.scene import Scene
from ..scenarios.sheet import arguments
from ..scenarios.sheet.errors import ScenarioError
from .episodes import Copies
from .interface import Interface, as_action, wrong_shape
from .reset_options import Variation, asked, course_until
from .reward import check_reward


class ShiliuVectorEnv(gymnasium.vector.VectorEnv):
    """Copies of a scenario that are stepped together, each with its own draw, seed and episode.

    Args:
        num_envs: number of copies.
        scenario, action, observations, reward, until, link, vary, hand, base, legs, overrides, cell, variant, pace: as for `ShiliuEnv`.
        threads: of the simulation; 0 uses all cores. The numbers do not depend on it.
        autoreset_mode: one of Gymnasium's: `NEXT_STEP` (the step after an episode's end resets the copy and ignores its
            action), `SAME_STEP` (the ending step returns the new episode's first observation; `infos["final_obs"][i]` is the
            last one of copy i, None for the others), `DISABLED` (`reset(options={"reset_mask": ...})` does it).
        images, camera, render_mode, others: refused, with what to do instead.

    Infos are arrays with a leading axis of copies and, as Gymnasium has it, a mask `_name` beside each: `success`, `time` [s],
    `failure` (code or None), `unsafe` (codes of the broken force limits), `subgoals`, `undone` and `draw` (tables of arrays; a
    subgoal that has not been reached, or was not undone, is NaN), with base=legs `fell` ([s], NaN while a robot stands), `task` (a table of
    sentences by language). Pictures are the single environment's: make it with `vectorization_mode="sync"`.
    """

    metadata: dict[str, Any] = {"render_modes": [], "autoreset_mode": AutoresetMode.NEXT_STEP}  # noqa: RUF012

    single_action_space: gymnasium.spaces.Box

    def __init__(
        self,
        num_envs: int = 1,
        scenario: str | Scene = "microwave",
        *,
        action: str = "joint",
        observations: Sequence[str] | None = None,
        reward: str = "dense",
        until: str | None = None,
        link: str | Mapping[str, Any] | None = None,
        vary: bool | float | Sequence[str] = True,
        hand: str | None = None,
        base: str | None = None,
        legs: str | Path | None = None,
        overrides: Sequence[str] = (),
        cell: str | None = None,
        variant: str | None = None,
        pace: float | str = 1.0,
        threads: int = 0,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        images: Sequence[str] = (),
        camera: str | None = None,
        render_mode: str | None = None,
        **others: object,
    ):
        arguments.no_others(others, ShiliuVectorEnv.__init__)
        for field, wanted in (("images", images), ("camera", camera), ("render_mode", render_mode)):
            if wanted:
                raise ScenarioError(
                    'Pictures are the single environment\'s: make it with vectorization_mode="sync".', field=field
                )
        self.scene = scene_from(
            scenario, overrides=overrides, hand=hand, base=base, legs=legs, cell=cell, variant=variant, link=link
        )
        check_reward(reward)
        num_envs, threads = arguments.whole("num_envs", num_envs, 1, arguments.COPIES), arguments.threads(threads)
        try:
            self._mode = AutoresetMode(autoreset_mode)
        except ValueError:
            known = ", ".join(mode.value for mode in AutoresetMode)
            raise ScenarioError(
                f"There is no autoreset mode {autoreset_mode!r}. Known here: {known}.", field="autoreset_mode"
            ) from None
        self.num_envs, self._variation = num_envs, Variation(self.scene, vary)
        self.metadata = {
            **self.metadata, "render_fps": round(self.scene.config.control_rate), "autoreset_mode": self._mode,
        }  # fmt: skip
        self.interface = Interface(self.scene, num_envs, action, observations)
        self.single_action_space = self.interface.action_space
        self.single_observation_space = self.interface.observation_space
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._copies = Copies(self.scene, num_envs, reward, threads, course_until(self.scene, until), pace)
        self._generators: list[np.random.Generator] = []
        self._over = np.ones(num_envs, bool)  # copies with an episode that has ended, or not begun
        self._drawn: dict[str, np.ndarray] = {}
        self._task: dict[str, np.ndarray] = {}  # language -> (num_envs,) sentences

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Start episodes, those of `options["reset_mask"]` (num_envs,) bool, or all.

        Args:
            seed: a number, of the first copy, the others count on from it; or one for each copy, None for going on with
                the random numbers that it has.

        Raises:
            ScenarioError: options that do not exist, or seeds and masks of another length.
        """
        mask = np.asarray(asked(options, ("reset_mask",)).get("reset_mask", np.ones(self.num_envs, bool)))
        if mask.dtype != bool or mask.shape != (self.num_envs,) or not mask.any():
            raise ScenarioError(
                f"Give reset_mask as an array of {self.num_envs} truth values, one for each copy. At least one must be True.",
                field="options",
            )
        if seed is None or isinstance(seed, list | tuple | np.ndarray):
            seeds = [None if one is None else arguments.seed(one) for one in ([None] * self.num_envs if seed is None else seed)]
        else:
            seeds = [arguments.seed(seed) + i for i in range(self.num_envs)]
        if len(seeds) != self.num_envs:
            raise ScenarioError(f"{len(seeds)} seeds were given for {self.num_envs} copies.", field="seed")
        if not self._generators:
            self._generators = [seeding.np_random(s)[0] for s in seeds]
        for i in np.flatnonzero(mask):
            if seeds[i] is not None:
                self._generators[i] = seeding.np_random(seeds[i])[0]
        ids = np.flatnonzero(mask)
        if self._copies.carry is None and len(ids) < self.num_envs:
            raise gymnasium.error.ResetNeeded("The first reset is of all copies.")
        self._begin(ids)
        return self._observe(), self._infos(np.zeros(self.num_envs, bool), np.zeros(self.num_envs, bool))

    def step(
        self, actions: np.ndarray
    ) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Apply actions (num_envs, nu) for one control period.

        Raises:
            ArgumentError: a ValueError; the actions have another shape, one is not finite, or lies outside the action space.
                Nothing is clipped silently.
            ResetNeeded: before the first reset, or, with autoreset disabled, where an episode is over.
        """
        if self._copies.carry is None or (self._mode is AutoresetMode.DISABLED and self._over.any()):
            raise gymnasium.error.ResetNeeded("Call reset before step.")
        actions = as_action(actions)
        if actions.shape != self.action_space.shape:
            raise wrong_shape((self.num_envs, *self.single_action_space.shape), actions.shape)
        acting = np.flatnonzero(~self._over)
        over = np.flatnonzero(self._over)
        if len(acting):
            taken = self.interface.taken(actions[acting] if len(over) else actions, acting)
            if len(over):
                out = self._copies.step(self.interface.command(taken, acting), acting)
            else:
                out = self._copies.step(self.interface.command(taken))
            reward, terminated, truncated, success = out.reward, out.terminated, out.truncated, out.success
        else:
            reward = np.zeros(self.num_envs)
            terminated, truncated, success = (np.zeros(self.num_envs, bool) for _ in range(3))
        reward[over], terminated[over], truncated[over], success[over] = 0.0, False, False, False
        self._over = terminated | truncated
        if len(over):  # of the step before: this one only starts them anew
            self._begin(over)
            self._over[over] = False
        infos = self._infos(success, truncated)
        observation = self._observe()
        if self._mode is AutoresetMode.SAME_STEP and self._over.any():
            ended = self._over.copy()
            final, last = np.full(self.num_envs, None), self._infos(success, truncated, ended)
            for i in np.flatnonzero(ended):
                final[i] = {name: values[i].copy() for name, values in observation.items()}
            self._begin(np.flatnonzero(ended))
            observation, infos = self._observe(), self._infos(success & ~ended, truncated & ~ended)
            infos |= {"final_obs": final, "_final_obs": ended}
            infos |= {"final_info": last, "_final_info": ended}
        return observation, reward, terminated, truncated, infos

    @property
    def state(self) -> np.ndarray:
        """(num_envs, nstate) a copy of the full simulation states, `mjSTATE_INTEGRATION` in float64."""
        return self._copies.simulation.state

    @property
    def draws(self) -> list[drawing.Draw]:
        """The draw of each copy's episode."""
        return [draw for draw in self._copies.draws if draw is not None]

    @property
    def applied(self) -> np.ndarray:
        """(num_envs, nu) float32 the joint commands of the last step, whatever the action mode."""
        return self.interface.applied.copy()

    def _observe(self) -> dict[str, np.ndarray]:
        observed = self._copies.observe()
        if self.interface.link is None:
            return self.interface.select(observed)
        rows = [self.interface.shown(i, {name: value[i] for name, value in observed.items()}) for i in range(self.num_envs)]
        return {name: np.stack([row[name] for row in rows]) for name in rows[0]}

    def _begin(self, ids: np.ndarray) -> None:
        draws = [self._variation.draw(self._generators[i]) for i in ids]
        self._copies.begin(draws, None if len(ids) == self.num_envs else ids)
        self.interface.begin(ids, self._copies.simulation.live("ctrl")[ids], [draw.values for draw in draws])
        self._over[ids] = False
        for name in draws[0].values:
            column = self._drawn.setdefault(name, np.zeros(self.num_envs))
            column[ids] = [draw.values[name] for draw in draws]
        if tasks := self.scene.config.tasks:
            for language in tasks[0]:
                self._task.setdefault(language, np.full(self.num_envs, None))[ids] = [
                    tasks[draw.task][language] for draw in draws
                ]

    def _infos(self, success: np.ndarray, truncated: np.ndarray, of: np.ndarray | None = None) -> dict[str, Any]:
        """What is known of the copies of a mask (num_envs,), of all without one."""
        copies, every = self._copies, np.ones(self.num_envs, bool) if of is None else of
        assert copies.carry is not None
        failed = copies.simulation.unstable | truncated | ~np.isnan(copies.carry.failed).all(axis=1)
        failure, unsafe = np.full(self.num_envs, None), np.empty(self.num_envs, object)
        unsafe.fill(())
        for i in np.flatnonzero(failed).tolist():
            failure[i] = copies.failure(i, bool(truncated[i]))
        for i in np.flatnonzero(copies.broken.any(axis=1)).tolist():
            unsafe[i] = copies.unsafe(i)
        names = [goal.name for goal in copies.course.subgoals]
        reached, undone = (
            {name: times[:, k].copy() for k, name in enumerate(names)}
            for times in (copies.carry.reached, copies.carry.undone)
        )
        info: dict[str, Any] = {
            "success": success,
            "time": copies.steps * self.scene.control_timestep,
            "failure": failure,
            "unsafe": unsafe,
            "subgoals": _masked(reached, every),
            "undone": _masked(undone, every),
            **({} if (fell := copies.simulation.fell) is None else {"fell": fell}),
            "draw": _masked({name: column.copy() for name, column in self._drawn.items()}, every),
            "task": _masked({language: column.copy() for language, column in self._task.items()}, every),
        }
        return _masked(info, every)


def _masked(values: dict[str, Any], mask: np.ndarray) -> dict[str, Any]:
    """Values with Gymnasium's mask beside each, which says for which copies it counts."""
    return {**values, **{f"_{name}": mask for name in values}}
