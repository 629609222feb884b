"""What hangs on what: a handle on its door, a site on a cup, a plug on a cord that is fast at its other end."""

import mujoco
import pytest
from shiliu.replay.operator.senses.attachment import body_of, corded_part, hangs_on, rigid_part, tied


def chain(links):
    """A row of so many hinged bodies, the last one with the plug's site."""
    text = '<body name="lead/plug"><geom size="0.01"/><site name="lead/tip"/></body>'
    for i in range(links):
        text = f'<body name="lead/link_{i}"><joint type="hinge"/><geom size="0.01"/>{text}</body>'
    return text


def built(links=4):
    text = f"""
    <mujoco><worldbody>
      <body name="oven/box"><geom size="0.1"/>
        <body name="oven/door"><joint name="oven/hinge"/><geom size="0.1"/>
          <body name="oven/bar"><geom size="0.1"/><site name="oven/handle"/></body>
        </body>
      </body>
      <body name="cup/cup"><freejoint/><geom size="0.1"/>
        <body name="cup/ear"><geom size="0.1"/><site name="cup/grip"/></body>
      </body>
      {chain(links)}
    </worldbody></mujoco>"""
    return mujoco.MjModel.from_xml_string(text)


@pytest.mark.parametrize(
    ("what", "body", "hangs"),
    [
        ("oven/handle", "oven/door", True),
        ("oven/handle", "oven/box", True),
        ("oven/bar", "oven/bar", True),
        ("oven/door", "oven/bar", False),
        ("oven/handle", "cup/cup", False),
        ("nothing", "oven/box", False),
    ],
)
def test_a_handle_hangs_on_its_door_and_the_door_not_on_it(what, body, hangs):
    assert hangs_on(built(), what, body) is hangs


@pytest.mark.parametrize(
    ("what", "part"),
    [("cup/grip", "cup/cup"), ("cup/cup", "cup/cup"), ("oven/handle", None), ("oven/box", None), ("nothing", None)],
)
def test_what_is_free_takes_its_rigid_parts_along(what, part):
    model = built()
    assert rigid_part(model, what) == part
    assert (body_of(model, what) == 0) == (what == "nothing")


@pytest.mark.parametrize(("links", "part"), [(3, None), (4, "lead")])
def test_more_joints_than_three_are_a_cord(links, part):
    model = built(links)
    assert corded_part(model, "lead/tip") == corded_part(model, "lead/plug") == part
    assert corded_part(model, "cup/grip") is None


@pytest.mark.parametrize(("axes", "fast"), [(("0 1 0",) * 4, True), (("0 1 0", "0 0 1") * 2, False), (("0 0 1",), True)])
def test_what_cannot_follow_a_hand_in_all_directions_is_tied(axes, fast):
    text = '<geom size="0.01"/><site name="strip/hem" pos="0.1 0 0"/>'
    for i, axis in enumerate(axes):
        text = f'<body name="strip/{i}" pos="0.1 0 0"><joint axis="{axis}"/><geom size="0.01"/>{text}</body>'
    model = mujoco.MjModel.from_xml_string(f"<mujoco><worldbody>{text}</worldbody></mujoco>")
    data = mujoco.MjData(model)
    data.qpos[:] = 0.3  # it is bent: a straight cord does not follow along itself
    mujoco.mj_kinematics(model, data)
    assert tied(model, data, "strip/hem") is fast
