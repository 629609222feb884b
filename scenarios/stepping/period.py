"""One control period: its physics steps, the sensors of each of them, and those of the state at its end.

The engine gives two ways, and both give the same numbers to the bit. One copy goes on from the stages that its last period
ended in, so that looking at its state costs nothing. Many copies do not: to keep the stages of each is to sweep all their
data through the processor's cache three times a period, which costs more than to look at their states a second time.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import mujoco
import mujoco.batch
import numpy as np

from ..legs.balance import Balance
from ..legs.leg_controller import LegController
from ..legs.walking_policy import WalkingPolicy
from ..sheet import engine_warnings  # noqa: F401
from ..sheet.arguments import ArgumentError
from ..sheet.near_matches import refuse_unknown

if TYPE_CHECKING:
    from ..scene.scene import Scene

STATE = mujoco.mjtState.mjSTATE_INTEGRATION
_VEL = mujoco.mjtStage.mjSTAGE_VEL.value
# position and velocity sensors do not ask for contacts, which are two thirds of the work
_LOOKING = int(mujoco.mjtDisableBit.mjDSBL_CONTACT) | int(mujoco.mjtDisableBit.mjDSBL_CONSTRAINT)
# what the stages up to velocities follow from; the rest of a state is an input, or the solver's first guess
_S = mujoco.mjtState
_STAGES = int(STATE) & ~sum(
    int(part)
    for part in (
        _S.mjSTATE_WARMSTART, _S.mjSTATE_CTRL, _S.mjSTATE_QFRC_APPLIED, _S.mjSTATE_XFRC_APPLIED, _S.mjSTATE_USERDATA,
    )
)  # fmt: skip
LIVE = ("qpos", "qvel", "act", "ctrl", "qfrc_applied", "xfrc_applied", "mocap_pos", "mocap_quat", "userdata")


class Period(Protocol):
    """What both ways offer.

    Attributes:
        trace: (n, substeps, nsensordata) after each physics step of the last control period; what is none of acceleration (forces,
            contacts) may be that of an earlier state.
        settled: (n, nsensordata) live; position and velocity sensors of the state, once looked at.
        balance: what keeps the robot on its legs, where it stands on them: a controller, or a policy of the user's.
    """

    trace: np.ndarray
    settled: np.ndarray
    balance: LegController | None

    def live(self, name: str) -> np.ndarray:
        """(n, ...) one of the fields `LIVE` of `MjData`; what is written to it counts from the next step."""
        ...

    def state_of(self, i: int) -> np.ndarray:
        """(nstate,) a copy of the `STATE` of copy i."""
        ...

    def put(self, rows: np.ndarray, models: Sequence[mujoco.MjModel], states: Sequence[np.ndarray]) -> None:
        """Put copies `rows` on models and into states, and look at them; no warning of theirs is left.

        A model is not edited while a copy runs on it: it is put there again.

        Raises:
            ValueError: the data of the model have other sizes than the scene's; nothing has changed then.
        """
        ...

    def play(self, action: np.ndarray, ids: np.ndarray | None) -> None:
        """Advance copies, all where `ids` is None, by one control period, and look at them.

        A copy that diverges stays where it is, and the rest of its trace repeats its last readings.

        Args:
            action: (n, k) or (n, substeps, k), of the copies that are advanced.
        """
        ...

    @property
    def warned(self) -> bool:
        """Whether the engine has warned of any copy."""
        ...

    def fallen(self) -> np.ndarray:
        """(n,) of which copies the engine has warned."""
        ...

    def data(self, i: int) -> mujoco.MjData:
        """A copy of the data of copy i. Its derived fields mean nothing."""
        ...


class OneCopy:
    """A copy alone. The last physics step of a period is followed by the stages of positions and velocities, from which the
    first of the next one goes on.
    """

    def __init__(self, scene: Scene):
        self._model, self._data = scene.model, mujoco.MjData(scene.model)
        self._alike = mujoco.batch.Batch(scene.model, 1, 1)  # knows which models the data fit
        self.trace = np.zeros((1, scene.n_substeps, scene.model.nsensordata))
        self.settled = self._data.sensordata[None]
        self._sensordata, self._rows = self._data.sensordata, list(self.trace[0])
        self._command = self._data.ctrl[: scene.n_actions]
        self.balance = _balance(scene)
        self._warning = self._data.warning.number  # live
        self._quiet = bytes(self._warning.nbytes)
        self._state = np.empty(mujoco.mj_stateSize(scene.model, _STAGES))
        self._looked = b""  # at which state

    def live(self, name: str) -> np.ndarray:
        _check_live(name)
        return np.asarray(getattr(self._data, name))[None]

    def state_of(self, i: int) -> np.ndarray:
        state = np.empty(mujoco.mj_stateSize(self._model, STATE))
        mujoco.mj_getState(self._model, self._data, state, STATE)
        return state

    def put(self, rows: np.ndarray, models: Sequence[mujoco.MjModel], states: Sequence[np.ndarray]) -> None:
        (model,), (state,) = models, states
        _set_models(self._alike, [model])
        self._model = model
        mujoco.mj_resetData(model, self._data)
        mujoco.mj_setState(model, self._data, state, STATE)
        self._look()

    def play(self, action: np.ndarray, ids: np.ndarray | None) -> None:
        model, data, sensors, command = self._model, self._data, self._sensordata, self._command
        warning, quiet, late = self._warning, self._quiet, action.ndim == 3
        check_pos, check_vel, step2 = mujoco.mj_checkPos, mujoco.mj_checkVel, mujoco.mj_step2
        position, velocity = mujoco.mj_fwdPosition, mujoco.mj_fwdVelocity
        command[:] = action[0, 0] if late else action[0]
        balance = self.balance
        for k, readings in enumerate(self._rows):
            if balance is not None and not k % balance.every:
                balance(model, data.qpos, data.qvel, data.ctrl, data.userdata, data.time)
            if not k and self._goes_on():
                pass
            elif k and warning.tobytes() != quiet:  # asked at every step, and bytes compare faster than arrays
                self.trace[0, k:] = self._rows[k - 1]
                break
            elif not k and balance is None:
                mujoco.mj_step(model, data)
                readings[:] = sensors
                continue
            else:
                if late:
                    command[:] = action[0, k]
                # `mj_step` without sensors of positions and velocities, which are read at the end of the period
                check_pos(model, data)
                check_vel(model, data)
                position(model, data)
                velocity(model, data)
            if balance is not None:
                data.qfrc_applied[:6] = -data.qfrc_gravcomp[:6]
            step2(model, data)
            readings[:] = sensors
        self._look()

    @property
    def warned(self) -> bool:
        return self._warning.tobytes() != self._quiet

    def fallen(self) -> np.ndarray:
        return np.array([self.warned])

    def data(self, i: int) -> mujoco.MjData:
        data = mujoco.MjData(self._model)
        mujoco.mj_setState(self._model, data, self.state_of(i), STATE)
        return data

    def _look(self) -> None:
        """The stages of positions and velocities, and their sensors, of the state."""
        before = self._warning.tobytes()
        try:
            self._stages(self._model)
            seen = self._warning.tobytes() == before
        except mujoco.FatalError:
            seen = False
        if seen:
            mujoco.mj_getState(self._model, self._data, self._state, _STAGES)
            self._looked = self._state.tobytes()
            return
        # more contacts than there is memory for: the next step, not a look, is to say so
        state = self.state_of(0)
        mujoco.mj_resetData(self._model, self._data)
        mujoco.mj_setState(self._model, self._data, state, STATE)
        self._stages(_untouched(self._model))
        self._warning[:] = np.frombuffer(before, self._warning.dtype)
        self._looked = b""

    def _stages(self, model: mujoco.MjModel) -> None:
        mujoco.mj_fwdPosition(model, self._data)
        mujoco.mj_sensorPos(model, self._data)
        mujoco.mj_fwdVelocity(model, self._data)
        mujoco.mj_sensorVel(model, self._data)

    def _goes_on(self) -> bool:
        """Whether the state is the one that was looked at, and passes what `mj_step` asks of it at its begin."""
        mujoco.mj_getState(self._model, self._data, self._state, _STAGES)
        if self._state.tobytes() != self._looked:
            return False
        mujoco.mj_checkPos(self._model, self._data)
        mujoco.mj_checkVel(self._model, self._data)
        return not self.warned


class ManyCopies:
    """Copies side by side: one rollout, then a look at their states through models in which nothing touches."""

    def __init__(self, scene: Scene, n: int, threads: int):
        self._batch = mujoco.batch.Batch(scene.model, n, min(threads, n))
        self._looking = mujoco.batch.Batch(scene.model, n, min(threads, n))
        self._models: list[mujoco.MjModel] = [scene.model] * n
        self._untouched: list[mujoco.MjModel] = [_untouched(scene.model)] * n
        self.trace = np.zeros((n, scene.n_substeps, scene.model.nsensordata))
        self.settled = self._looking.bind("sensordata")
        self._out: dict[Any, np.ndarray] = {"sensordata": self.trace}
        self._ctrl, self._commands = self._batch.bind("ctrl"), scene.n_actions
        self.balance = _balance(scene)
        self._time = self._batch.bind("time") if self.balance else None
        self._warning = self._batch.warning.reshape(n, -1)  # live
        self._quiet = bytes(self._warning.nbytes)

    def live(self, name: str) -> np.ndarray:
        _check_live(name)
        return self._batch.bind(name)

    def state_of(self, i: int) -> np.ndarray:
        return np.array(self._batch.state[i])

    def put(self, rows: np.ndarray, models: Sequence[mujoco.MjModel], states: Sequence[np.ndarray]) -> None:
        all_models, untouched = list(self._models), list(self._untouched)
        for row, model in zip(rows, models):
            all_models[row], untouched[row] = model, _untouched(model)
        _set_models(self._batch, all_models)
        _set_models(self._looking, untouched)
        self._models, self._untouched = all_models, untouched
        for row, state in zip(rows, states):
            self._batch.state[row] = state
        self._warning[rows] = 0
        self._look(rows)

    def play(self, action: np.ndarray, ids: np.ndarray | None) -> None:
        rows, commands = slice(None) if ids is None else ids, None
        if self.balance is not None:
            self._balanced(self.balance, action, ids)
            self._look(ids)
            return
        if action.ndim == 2:
            self._ctrl[rows, : self._commands] = action
        else:
            commands = np.empty((*action.shape[:2], self._ctrl.shape[1]))
            commands[..., : self._commands] = action
            commands[..., self._commands :] = self._ctrl[rows, None, self._commands :]
        substeps = self.trace.shape[1]
        if ids is None:
            self._batch.rollout(substeps, commands, record=("sensordata",), out=self._out)
        else:
            self.trace[ids] = self._batch.rollout(substeps, commands, record=("sensordata",), ids=ids)["sensordata"]
        self._look(ids)

    def _balanced(self, balance: LegController, action: np.ndarray, ids: np.ndarray | None) -> None:
        """On legs: the controller, in Python, commands one copy after the other at each of its instants."""
        rows = np.arange(len(self._models)) if ids is None else np.asarray(ids, int)
        late, n, every = action.ndim == 3, self.trace.shape[1], balance.every
        qpos, qvel, memory, applied = (self._batch.bind(name) for name in ("qpos", "qvel", "userdata", "qfrc_applied"))
        carried, now = self._looking.bind("qfrc_gravcomp"), self._time
        assert now is not None
        for k in range(n):
            if late or not k:
                self._ctrl[rows, : self._commands] = action[:, k] if late else action
            for i in rows if not k % every else ():
                if not self._warning[i].any():
                    balance(self._models[i], qpos[i], qvel[i], self._ctrl[i], memory[i], float(now[i]))
            self._looking.state[rows] = self._batch.state[rows]
            self._looking.forward(rows, stage=_VEL)
            applied[rows, :6] = -carried[rows, :6]
            out = self._batch.rollout(1, self._ctrl[rows, None].copy(), record=("sensordata",), ids=rows)
            self.trace[rows, k : k + 1] = out["sensordata"]

    @property
    def warned(self) -> bool:
        return self._warning.tobytes() != self._quiet

    def fallen(self) -> np.ndarray:
        return self._warning.any(axis=1)

    def data(self, i: int) -> mujoco.MjData:
        return self._batch.get_data(i)

    def _look(self, ids: np.ndarray | None) -> None:
        rows = slice(None) if ids is None else ids
        self._looking.state[rows] = self._batch.state[rows]
        self._looking.forward(ids, stage=_VEL)


def _balance(scene: Scene) -> LegController | None:
    """What keeps the robot of a scene on its legs, where it stands on them."""
    if scene.robot.base != "legs":
        return None
    if scene.robot.policy is not None:
        return WalkingPolicy(scene.robot, scene.model, scene.timestep)
    return Balance(scene.robot, scene.model, scene.n_substeps, scene.timestep)


def _untouched(model: mujoco.MjModel) -> mujoco.MjModel:
    """The same model with no contact and no constraint."""
    model = copy.copy(model)
    model.opt.disableflags |= _LOOKING
    return model


def _set_models(batch: mujoco.batch.Batch, models: Sequence[mujoco.MjModel]) -> None:
    """Let each copy of a batch run on its model; ValueError, and as before, where one has data of other sizes."""
    try:
        batch.set_models(models)
    except (ValueError, mujoco.FatalError) as error:
        raise ValueError(f"a model of another scene: {error}") from None


def _check_live(name: str) -> None:
    refuse_unknown(name, LIVE, f"There is no live field {name!r}.", field="name", error=ArgumentError)
