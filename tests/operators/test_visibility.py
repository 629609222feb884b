"""What the head picture shows of a thing that a hand is at: hidden, half hidden, outside the picture, seen by a turned camera."""

from types import SimpleNamespace

import mujoco
import numpy as np
import pytest
import shiliu
import yaml
from seen_shares import hidden, outdated, share_seen, shown_digest
from shiliu.cli import main
from shiliu.replay.operator import visibility
from shiliu.replay.operator.visibility import NEAR, PIXELS, Hands, Sight, answers, sights, things_of, together
from shiliu.scenarios.sheet.errors import ScenarioError

pictures = pytest.mark.usefixtures("opengl")
WIDTH, HEIGHT, FOVY = 160, 120, 50.0
BALL, AWAY = 0.06, 1.0  # m, radius of the thing and its distance from the camera
VALUES = {}


def scene_of(wall="", aim="0 0 0", hand="0.10 0.02 0", extra=""):
    """A ball a metre before a camera that looks along x, turned by `aim` [deg] about its own axes; a hand beside it; a wall."""
    model = mujoco.MjModel.from_xml_string(f"""
      <mujoco><compiler angle="degree"/><visual><global offwidth="{WIDTH}" offheight="{HEIGHT}"/></visual>
        <worldbody><light pos="0 0 3"/>
          <body name="eye" euler="{aim}"><camera name="head" fovy="{FOVY}" xyaxes="0 -1 0 0 0 1"/></body>
          <body name="ball/ball" pos="{AWAY} 0 0"><freejoint/><geom type="sphere" size="{BALL}" group="2"/></body>
          <body name="left_palm" pos="{AWAY} 0 0"><joint name="hand" type="slide" axis="0 1 0" range="-1 1"/>
            <geom pos="{hand}" type="box" size="0.01 0.01 0.03" mass="1" group="2"/><site name="left_tcp" pos="{hand}"/></body>
          <geom name="floor" type="plane" size="3 3 .1" pos="0 0 -1" group="0"/>{wall}{extra}
        </worldbody></mujoco>""")
    camera = SimpleNamespace(name="observation.images.head", camera="head", width=WIDTH, height=HEIGHT)
    return SimpleNamespace(
        model=model,
        compile=lambda values, looks=False: model,
        control_timestep=0.5,
        stains=(),
        cloths=(),
        schema=SimpleNamespace(cameras={camera.name: camera}),
        config=SimpleNamespace(cameras=[SimpleNamespace(name="head", record=True, mount="robot.head_camera")]),
        robot=SimpleNamespace(interface={"grippers": {"bodies": ["left_palm"]}, "hands": {"sites": ["left_tcp"]}}),
    )


def look(scene, hands=(0.0, 0.03, 0.0, 0.03)):
    """Sights of the ball in as many looks as places of the hand [m]."""
    qpos = np.tile(scene.model.qpos0, (len(hands), 1))
    qpos[:, -1] = hands
    start = SimpleNamespace(model=scene.model, values=VALUES)
    return sights(scene, start, qpos, {"ball": ["ball/ball"]})["ball"]


def wall(at, half, y=0.0):
    return f'<geom type="box" pos="{at} {y} 0" size="0.005 {half} {half}" group="2"/>'


@pictures
def test_a_thing_before_the_camera_is_seen():
    assert look(scene_of()) == Sight(4, 4)


@pictures
def test_a_thing_behind_a_box_is_not():
    assert look(scene_of(wall(0.5, 0.1))) == Sight(0, 4)


@pictures
@pytest.mark.parametrize(("shown", "seen"), [(1.5, 4), (0.5, 0)])
def test_half_hidden_it_is_seen_where_enough_pixels_are_left(shown, seen):
    """A wall leaves a segment of the ball's disc that has `shown` times the pixels that are enough."""
    pixel = AWAY * np.tan(np.deg2rad(FOVY / 2)) / (HEIGHT / 2)  # m at the ball
    heights = np.linspace(0.0, BALL, 4001)
    areas = BALL**2 * np.arccos(1 - heights / BALL) - (BALL - heights) * np.sqrt(2 * BALL * heights - heights**2)
    strip = float(heights[np.argmin(np.abs(areas - shown * PIXELS * pixel**2))])
    middle = -0.2 + (BALL - strip) * 0.5  # of a wall half way, whose left edge ends there
    assert look(scene_of(wall(0.5, 0.2, y=middle))) == Sight(seen, 4)


@pictures
@pytest.mark.parametrize(("aim", "seen"), [("0 0 20", 4), ("0 15 0", 4), ("0 0 60", 0), ("0 50 0", 0), ("0 0 180", 0)])
def test_a_camera_that_is_turned_away_sees_nothing(aim, seen):
    assert look(scene_of(aim=aim)) == Sight(seen, 4)


@pictures
def test_of_a_large_thing_what_is_around_the_hand_counts():
    """A bar goes out of the picture; the hand is at the end that is outside, or at the one inside."""
    bar = '<body name="bar/bar" pos="1 0.5 0"><freejoint/><geom type="box" size="0.02 0.55 0.02" group="2"/></body>'
    for hand, seen in (("0 1.1 0", 0), ("-0.1 0.3 0", 4)):
        scene = scene_of(hand=hand, extra=bar)
        qpos = np.tile(scene.model.qpos0, (4, 1))
        qpos[:, 7] = [0.0, 0.02, 0.0, 0.02]  # of the hand, which stands before the bar
        start = SimpleNamespace(model=scene.model, values=VALUES)
        assert sights(scene, start, qpos, {"bar": ["bar/bar"]})["bar"] == Sight(seen, 4)


def at(scene, *places):
    hands = Hands(scene, scene.model, {"ball": ["ball/ball"]})
    found = []
    for place in places:
        qpos = scene.model.qpos0.copy()
        qpos[-1] = place
        found.append(bool(hands.at(qpos)))
    return found


def test_a_hand_is_at_what_is_near_while_it_moves_and_at_what_it_touches_in_any_case():
    far = BALL + 0.01 + NEAR
    assert at(scene_of(hand="0 0 0"), far + 0.01, far - 0.01, far - 0.01, BALL, BALL) == [
        False,
        True,
        False,
        True,
        True,
    ]


def test_what_stands_between_keeps_a_hand_from_a_thing():
    scene = scene_of(hand="0 0.10 0", wall=f'<geom type="box" pos="{AWAY} 0.07 0" size="0.2 0.003 0.2" group="2"/>')
    assert at(scene, 0.0, 0.01) == [False, False]
    assert at(scene_of(hand="0 0.10 0"), 0.0, 0.01) == [True, True]


def test_without_a_recorded_head_picture_nothing_is_asked():
    scene = scene_of()
    scene.config.cameras[0].record = False
    assert (
        sights(
            scene, SimpleNamespace(model=scene.model, values=VALUES), scene.model.qpos0[None], {"ball": ["ball/ball"]}
        )
        == {}
    )


def test_demonstrations_are_counted_together_and_too_few_looks_are_named():
    found = together([{"ball": Sight(7, 10), "cup": Sight(0, 0)}, {"ball": Sight(9, 10), "tin": Sight(1, 10)}])
    assert found == {"ball": Sight(16, 20), "cup": Sight(0, 0), "tin": Sight(1, 10)}
    why = {"tin": {"en": "the arm hides it", "zh": "被手臂挡住"}}
    assert [answer.sound for answer in answers(found, why)] == [True, True, True]
    listed = answers({**found, "ball": Sight(15, 19)}, {})
    assert [answer.sound for answer in listed] == [False, True, False]
    assert "15 of 19" in listed[0].answer and "no hand was at it" in listed[1].answer


SHEET = {"robot": {"pose": "ready"}, "parts": {"ball": {}}, "skills": [{"look": {"at": "ball.middle"}}], "goal": {}}


def test_figures_are_old_where_the_chain_or_the_scene_has_changed():
    measured = {"fingerprint": "a", "shown": shown_digest(SHEET), "seen": {"ball": [15, 20], "cup": [0, 0]}}
    assert share_seen(measured, "ball") == 0.75 and share_seen(measured, "cup") is None
    assert hidden(measured, SHEET) == {"ball": 0.75}
    assert hidden(measured, {**SHEET, "unseen": {"ball": {}}}) == {}
    assert not outdated(measured, SHEET, "a") and outdated(measured, SHEET, "b")
    assert not outdated(measured, {**SHEET, "goal": {"near": {}}}), "no picture hangs on the goal"
    assert outdated(measured, {**SHEET, "skills": []})


def own(tmp_path, unseen):
    """table_setting with a thing that need not be seen, or with two."""
    from shiliu.scenarios.reading.composition import CONF

    tree = yaml.safe_load((CONF / "scenario" / "table_setting.yaml").read_text(encoding="utf-8"))
    (tmp_path / "scenario").mkdir()
    (tmp_path / "scenario" / "mine.yaml").write_text(yaml.safe_dump({**tree, "unseen": unseen}, allow_unicode=True))
    return tmp_path


@pytest.mark.parametrize(
    ("unseen", "named"),
    [
        ({"bowl": {"en": "a", "zh": "b"}, "table": {"en": "a", "zh": "b"}}, "at most one thing"),
        ({"boll": {"en": "a", "zh": "b"}}, "is no part of this scenario. Did you mean bowl"),
        ({"bowl": {"en": "a"}}, "zh"),
    ],
)
def test_at_most_one_thing_is_excepted_with_its_reason(tmp_path, unseen, named):
    import shiliu

    with pytest.raises(ScenarioError, match=named):
        shiliu.load_scenario("mine", conf_dir=own(tmp_path, unseen))


@pytest.mark.slow
@pictures
def test_check_says_whether_the_head_camera_sees_the_work(capsys, monkeypatch):
    assert main(["check", "scenario=table_setting", "draws=1", "views=true", "seed=3"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "head camera" in line]
    assert line.startswith("ok ") and "bowl" in line and "100%" in line
    monkeypatch.setattr(visibility, "PIXELS", 640 * 480)  # so many are never seen
    assert main(["check", "scenario=table_setting", "draws=1", "views=true", "seed=3"]) == 1
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "head camera" in line]
    assert line.startswith("FAIL") and "(0%" in line


def test_what_moves_of_a_part_that_hands_work_is_looked_for_and_what_stands_still_is_not():
    """The wheel of the valve, the drawer, the rail; no person's body, no panel that a clip is pressed into."""
    assert things_of(shiliu.load_scenario("remote_inspection"))["pipes"] == ("pipes/valve/wheel",)
    assert things_of(shiliu.load_scenario("room_organization"))["chest"] == ("chest/drawer",)
    assert "bed/rail" in things_of(shiliu.load_scenario("bedside_care"))["bed"]
    others = ("medication_serving", "car_assembly")
    assert not {"person", "panel"} & {thing for name in others for thing in things_of(shiliu.load_scenario(name))}
