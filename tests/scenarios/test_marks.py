"""Marks: named places that lie on a part's site, go with it, and are drawn and not felt."""

from pathlib import Path

import mujoco
import numpy as np
import pytest
import yaml
from benches import BENCH, bench, done
from shiliu.replay.report.text import Words
from shiliu.scenarios.catalog.catalog import scene_of_tree
from shiliu.scenarios.catalog.scene_titles import missing_titles, word_titles
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.scene.marks import THICK
from shiliu.scenarios.sheet.errors import ScenarioError
from shiliu.scenarios.soundness.soundness import STATE

TITLE = {"en": "blue ring", "zh": "蓝圈"}
AT = {"x": "120 mm", "y": "-190 mm"}
SPOT = {"upon": "table.top_front", "at": AT, "yaw": "30 deg", "ring": "90 mm", "colour": "blue", "title": TITLE}
NEVER = "{never: {near: {of: can.base, to: marks.spot, within: 5 mm}}}"


def scene(goal: str = NEVER, skills: str = "[home: {hand: left}]", mark: dict = SPOT, **more):
    return bench(skills, goal, marks={"spot": mark}, **more)


def at(made, draw, name: str, looks: bool = False):
    """(position, x axis) of a site in a draw."""
    model = made.compile(draw.values, looks=True) if looks else draw.model
    data = mujoco.MjData(model)
    mujoco.mj_setState(draw.model, data, draw.start_state, STATE) if not looks else None
    mujoco.mj_kinematics(model, data)
    return data.site(name).xpos.copy(), data.site(name).xmat.reshape(3, 3)[:, 0].copy()


def test_a_mark_lies_on_its_site_and_goes_with_it_in_each_draw():
    """A table that is drawn higher and turned takes its mark along."""
    table = {"height": ["-60 mm", "60 mm"], "yaw": ["-9 deg", "9 deg"]}
    made = scene(variation={"table": {key: {"uniform": ends} for key, ends in table.items()}})
    for seed in range(3):
        draw = drawing.draw(made, seed)
        top, x = at(made, draw, "table/top_front")
        place, along = at(made, draw, "marks/spot")
        y = np.array([-x[1], x[0], 0.0])
        assert place == pytest.approx(top + 0.120 * x - 0.190 * y, abs=1e-9)
        assert np.degrees(np.arctan2(along @ y, along @ x)) == pytest.approx(30.0, abs=1e-6)
        assert at(made, draw, "marks/spot", looks=True)[0] == pytest.approx(place, abs=1e-9)
    assert len({draw.values["table.height"] for draw in (drawing.draw(made, seed) for seed in range(3))}) == 3


def test_a_goal_and_a_skill_name_it_as_any_place():
    goal = "{put: {all: [{near: {of: can.base, to: marks.spot, within: 25 mm}}, {released: can}], hold: 0.5 s}}"
    chain = "[take: {hand: left, of: can}, put: {hand: left, of: can.base, upon: marks.spot}, home: {hand: left}]"
    mark = SPOT | {"at": {"x": "150 mm", "y": "60 mm"}}
    played = done(bench(chain, goal, "bowl", "other", marks={"spot": mark}))
    assert played.success, (played.label, played.provenance)


def test_without_a_part_below_it_lies_on_the_floor():
    made = scene(mark={"at": {"x": "1.2 m", "y": "-0.4 m"}, "yaw": "90 deg", "tape": ["600 mm", "400 mm"]})
    place, along = at(made, drawing.nominal(made), "marks/spot")
    assert place == pytest.approx([1.2, -0.4, 0.0]) and along == pytest.approx([0.0, 1.0, 0.0], abs=1e-9)


@pytest.mark.parametrize(
    ("shape", "extent", "number"),
    [
        ({"ring": "90 mm", "width": "10 mm"}, (0.110, 0.110), 32),  # the inner diameter, and the tape on either side
        ({"tape": ["300 mm", "120 mm"], "width": "20 mm"}, (0.320, 0.140), 4),  # from middle to middle of the tape
        ({"line": "400 mm", "width": "30 mm"}, (0.400, 0.030), 1),
        ({}, None, 0),
    ],
)
def test_what_is_drawn_is_as_large_as_is_said_and_touches_nothing(shape, extent, number):
    mark = {"upon": "table.top_front", "yaw": "30 deg", "at": {"x": "150 mm", "y": "-50 mm"}, **shape}
    made = scene(mark=mark)
    values = drawing.nominal(made).values
    bare = scene(mark={"upon": "table.top_front"})
    looks = made.compile(values, looks=True)
    assert looks.ngeom - bare.compile(values, looks=True).ngeom == number
    assert made.model.ngeom == bare.model.ngeom  # nothing of it is in the physics
    if not number:
        return
    data = mujoco.MjData(looks)
    mujoco.mj_kinematics(looks, data)
    flat = [g for g in range(looks.ngeom) if looks.geom_size[g, 2] == pytest.approx(THICK) and looks.geom_group[g] == 2]
    assert len(flat) == number and not looks.geom_contype[flat].any() and not looks.geom_conaffinity[flat].any()
    place, frame = data.site("marks/spot").xpos, data.site("marks/spot").xmat.reshape(3, 3)
    corners = [
        frame.T @ (data.geom_xpos[g] + data.geom_xmat[g].reshape(3, 3) @ (looks.geom_size[g] * [a, b, 1]) - place)
        for g in flat for a in (-1, 1) for b in (-1, 1)
    ]  # fmt: skip
    size = np.ptp(np.array(corners), axis=0)
    assert size[:2] == pytest.approx(extent, abs=1.5e-3) and np.array(corners)[:, 2].max() == pytest.approx(0.002, abs=1e-6)


def test_a_report_calls_it_as_the_scenario_does():
    made = scene()
    assert word_titles(made)["marks.spot"] == TITLE
    for lang, word in TITLE.items():
        assert Words(lang).telling({"words": word_titles(made)}).dotted("marks.spot") == word
    assert "marks.spot" not in missing_titles(made)
    assert missing_titles(scene(mark={"upon": "table.top_front"}))["marks.spot"] == ["en", "zh"]


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        (SPOT | {"upon": "table.top_frnt"}, "marks.spot.upon: 'table.top_frnt' names no site"),
        (SPOT | {"tape": ["1 m", "1 m"]}, "marks.spot: one of ring, tape, line says what is drawn, not ring and tape"),
        ({"tape": ["600 mm"]}, "a tape has two sides"),
        (SPOT | {"colour": "bleu"}, "'bleu' is not known here. Did you mean blue"),
        (SPOT | {"ringg": "1 m"}, "unknown key 'ringg'"),
    ],
)
def test_slips_are_named(mark, message):
    with pytest.raises(ScenarioError, match=message):
        scene(mark=mark)


def test_a_place_that_is_no_mark_and_a_part_called_marks_are_named():
    with pytest.raises(ScenarioError, match="sport' names no site"):
        scene(goal="{there: {near: {of: can.base, to: marks.sport, within: 5 mm}}}")
    with pytest.raises(ScenarioError, match="'marks' is what stands before the names of marks"):
        bench("[home: {hand: left}]", "{a: {moved: {of: can, more_than: 1 m}}}", at={}, parts={"marks": {"part": "objects/can_330"}})


def test_a_slip_in_a_mark_is_one_problem_wherever_the_mark_is_named():
    goal = "{there: {near: {of: can.base, to: marks.spot, within: 5 mm}}}"
    with pytest.raises(ScenarioError) as raised:
        scene(goal=goal, skills="[look: {at: marks.spot}]", mark=SPOT | {"upon": "table.top_frnt"})
    assert str(raised.value).count("names no site") == 1 and "problems" not in str(raised.value)


def test_a_mark_lies_on_one_above_it():
    ring = SPOT | {"upon": "marks.spot", "at": {"x": "30 mm"}}
    made = bench("[home: {hand: left}]", NEVER, marks={"spot": SPOT, "further": ring})
    spot, further = (at(made, drawing.nominal(made), f"marks/{one}") for one in ("spot", "further"))
    assert further[0] == pytest.approx(spot[0] + 0.030 * spot[1], abs=1e-9)
    with pytest.raises(ScenarioError, match=r"marks.further.upon: 'spot' stands below, and a mark lies on one that is listed above it"):
        bench("[home: {hand: left}]", NEVER, marks={"further": ring, "spot": SPOT})
    with pytest.raises(ScenarioError, match="'spot' stands here, and a mark lies on one"):
        scene(mark=ring)


def test_the_example_of_the_page_is_a_scene():
    """The YAML of docs/marks.md."""
    page = (Path(__file__).parents[2] / "docs" / "marks.md").read_text(encoding="utf-8")
    tree = yaml.safe_load(page.partition("```yaml\n")[2].partition("```")[0])
    made = bench("[home: {hand: left}]", yaml.safe_dump(tree["goal"]), marks=tree["marks"])
    assert all(made.model.site(f"marks/{name}").id >= 0 for name in tree["marks"]) and len(tree["marks"]) == 2


@pytest.mark.parametrize("stands", [{}, {"at": {"x": "1 m"}}])
def test_a_site_that_its_part_had_once_is_the_mark_of_today(stands):
    """The pump room's three points were sites of its part; in a room that stands elsewhere its marks would be wrong."""
    tree = yaml.safe_load(BENCH)
    tree["parts"]["room"] = {"part": "fixtures/plant_room", **stands}
    more = {"parts": tree["parts"], "goal": {"there": {"near": {"of": "robot.left_tcp", "to": "room.point_2", "within": "150 mm"}}}}
    if stands:
        with pytest.raises(ScenarioError, match=r"'room\.point_2' names no site"):
            scene_of_tree("pumps", tree | more)
        return
    made = scene_of_tree("pumps", tree | more)
    np.testing.assert_allclose(at(made, drawing.nominal(made), "marks/point_2")[0], [0.2, 1.45, 0.0], atol=1e-9)
    assert set(made.config.raw["marks"]) == {"point_2"} and "room.point_2" not in str(made.config.raw)
    own = {"marks": {"point_2": {"at": {"x": "1 m"}}, "point_1": {"at": {"x": "2 m"}}}}
    made = scene_of_tree("pumps", tree | more | own)
    np.testing.assert_allclose(at(made, drawing.nominal(made), "marks/point_2")[0], [1.0, 0.0, 0.0], atol=1e-9)
