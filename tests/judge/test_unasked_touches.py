"""What the robot touched unasked: of a part that hands may touch in places, the other places."""

from types import SimpleNamespace

import mujoco
import numpy as np
import pytest
from shiliu.replay.judge.facts.unasked_touches import unasked_touches
from shiliu.scenarios.sensing.requests import Request

TABLE = """<mujoco><worldbody>
  <body name="t/table" pos="0.3 0.1 0" euler="0 0 30">
    <geom name="t/top" type="box" size="0.3 0.4 0.01" pos="0 0 0.8"/>
    <geom name="t/leg" type="box" size="0.02 0.02 0.39" pos="0.2 0.3 0.39"/>
  </body>
  <body name="hand"><joint name="x" type="slide" axis="1 0 0"/><joint name="y" type="slide" axis="0 1 0"/>
    <joint name="z" type="slide"/>
    <body name="finger" pos="0 0 -0.05"><geom type="sphere" size="0.01" mass="0.1"/></body></body>
</worldbody></mujoco>"""


@pytest.mark.parametrize(("may_touch", "kept"), [(("geom:t/top",), [0.0, 0.0, 30.0]), ((), [0.0, 20.0, 30.0])])
def test_hands_may_touch_a_table_top_and_not_its_leg(may_touch, kept):
    model = mujoco.MjModel.from_xml_string(TABLE)
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    leg = data.geom("t/leg").xpos
    over_top = [0.35, 0.12, 0.869]
    beside_leg = [leg[0] - 0.035, leg[1] - 0.01, 0.5]
    scene = SimpleNamespace(
        robot=SimpleNamespace(interface={"hands": {"bodies": ["hand"]}}),
        unasked=[Request("contact_force", "tree:hand", "body:t/table")],
        may_touch=may_touch,
    )
    touchable = {"t/table"} if may_touch else set()
    shown = SimpleNamespace(touches=np.array([[0.0], [20.0], [30.0]]), qpos=np.array([over_top, beside_leg, beside_leg]))
    context, take = SimpleNamespace(scene=scene, touchable=touchable), SimpleNamespace(draw=SimpleNamespace(model=model))
    names, force = unasked_touches(context, shown, take)
    assert names == [("hand", "t/table")] and force[:, 0].tolist() == kept
    assert shown.touches[1, 0] == 20.0, "what was recorded stays as it is"
