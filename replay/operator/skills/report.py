"""The skill that reports what is seen: it gives the answers that a scenario asks for, by needles and lamps in the head's picture."""

from __future__ import annotations

import mujoco
import numpy as np

from ....scenarios.reading.answers import AskedAnswer
from ....scenarios.words.sight import NEAR, SELF
from ..operator_state import OperatorState
from ..words.primitives import REPORT
from ..words.reason import GivenUp, Reason
from ..words.skill import Label, Motion, Skill


class Report(Skill, word="report"):
    """Report what a thing shows: every answer that the scenario asks for about it.

    A gauge is read by where the tip of its needle stands on the dial, a lamp by whether it is drawn lit. What the head's camera does not
    see is not reported: the skill gives up.
    """

    label = Label(
        en=("report", "the robot reports what the {of} shows"),
        zh=("报告", "机器人报告{of}的读数"),
        unseen="an answer is no motion",
    )
    arguments = REPORT("of", wrong=0.0)

    def run(self, state: OperatorState) -> Motion:
        part, drawn = self.of.partition("/")[0], state.drawn_model()
        for asked in state.scene.config.answers:
            if asked.key.partition(".")[0] == part:
                state.tell(asked.name, self._misread(asked, reading(state, asked, drawn)))
        yield from state.pause()

    def _misread(self, asked: AskedAnswer, value: float) -> float:
        """The value, off by a share of the range: upwards where that is left inside the range, else downwards."""
        low, high = asked.param.low, asked.param.high
        by = self.wrong * (high - low)
        return value + by if value + by <= high else max(value - by, low)


def reading(state: OperatorState, asked: AskedAnswer, drawn: mujoco.MjModel) -> float:
    """What is seen of a parameter [SI], in a model with looks.

    Raises:
        GivenUp: it is not seen, or shows nowhere.
    """
    part, param = asked.key.partition(".")[0], asked.param
    shown = param.shown
    if shown is None or not in_sight(state, f"{part}/{shown.at}"):
        named = f"{part}.{param.name if shown is None else shown.at}"
        raise GivenUp(Reason(f"{named} is not seen by the head's camera", "not_seen", at=named))
    if shown.lit is not None:
        return param.high if drawn.geom(f"{part}/{shown.lit}").rgba[3] > 0.5 else param.low
    place, dial = state.senses.site(f"{part}/{shown.at}")
    tip = dial.T @ (state.senses.site(f"{part}/{shown.needle}")[0] - place)
    # x out of the face and z up: y is to the right of who stands before it
    clockwise = np.arctan2(tip[1], tip[2])
    share = (clockwise - shown.zero) / (shown.full - shown.zero)
    return float(np.clip(param.low + share * (param.high - param.low), param.low, param.high))


def in_sight(state: OperatorState, site: str) -> bool:
    """Whether a site is in the picture of the head's camera, and nothing stands before it: as the goal word `seen` asks."""
    scene, data = state.scene, state.senses.seen_data()
    eye = scene.robot.interface["head_camera"]["camera"]
    camera = next((one for one in scene.config.cameras if one.mount == "robot.head_camera"), None)
    place, target = data.camera(eye).xpos, data.site(site).xpos
    across, up, along = data.camera(eye).xmat.reshape(3, 3).T @ (target - place)
    high = np.tan(np.deg2rad(float(state.model.camera(eye).fovy[0])) / 2)
    wide = high * (camera.size[0] / camera.size[1] if camera else 1.0)
    if -along < NEAR or abs(across) > -along * wide or abs(up) > -along * high:
        return False
    away = float(np.linalg.norm(target - place))
    head = int(state.model.camera(eye).bodyid[0])
    met = mujoco.mj_ray(state.model, data, place, (target - place) / away, None, True, head, np.zeros(1, np.int32))
    return bool(met < 0 or met > away - SELF)
