"""Variation: each drawn number changes what it should and nothing else, and a seed is all that a draw depends on."""

from __future__ import annotations

from types import SimpleNamespace

import mujoco
import numpy as np
import pytest
import shiliu
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.draws.variation import STATE
from shiliu.scenarios.reading.config import draw_values, nominal_values
from shiliu.scenarios.sheet.errors import ScenarioError

KEYS = [vary.key for vary in shiliu.load_scenario("microwave").config.variation]


def model_bytes(model: mujoco.MjModel) -> bytes:
    buffer = np.empty(mujoco.mj_sizeModel(model), np.uint8)
    mujoco.mj_saveModel(model, None, buffer)
    return buffer.tobytes()


def begun(draw: drawing.Draw) -> mujoco.MjData:
    data = mujoco.MjData(draw.model)
    mujoco.mj_setState(draw.model, data, draw.start_state, STATE)
    mujoco.mj_forward(draw.model, data)
    return data


def changed(scene, **values: float) -> drawing.Draw:
    keyed = {key.replace("__", "."): value for key, value in values.items()}
    return drawing.of_values(scene, nominal_values(scene.config) | keyed, 0)


def test_same_seed_same_bytes_whatever_was_drawn_before(scene):
    first = drawing.draw(scene, 5)
    kept = (model_bytes(first.model), first.start_state.tobytes(), dict(first.values), first.task, first.redraws)
    for seed in range(3):
        drawing.draw(scene, seed)
    scene.compile(drawing.nominal(scene).values, looks=True)
    again = drawing.draw(scene, 5)
    fresh = drawing.draw(shiliu.load_scenario("microwave"), 5)
    for other in (again, fresh):
        assert (
            model_bytes(other.model), other.start_state.tobytes(), dict(other.values), other.task, other.redraws,
        ) == kept  # fmt: skip
    assert len(first.start_state) == mujoco.mj_stateSize(first.model, STATE)


def test_another_seed_differs(scene):
    a, b = drawing.draw(scene, 1), drawing.draw(scene, 2)
    assert model_bytes(a.model) != model_bytes(b.model)
    assert a.start_state.tobytes() != b.start_state.tobytes()
    assert all(a.values[key] != b.values[key] for key in KEYS)


def test_a_generator_goes_on_and_the_seed_alone_decides(scene):
    rng = np.random.default_rng(7)
    a, b = drawing.draw(scene, rng), drawing.draw(scene, rng)
    assert a.values != b.values
    assert drawing.draw(scene, 7).values == a.values


def test_draws_fill_their_bounds_and_nothing_else_varies(scene):
    rng = np.random.default_rng(0)
    nominal = nominal_values(scene.config)
    drawn = [draw_values(scene.config, rng) for _ in range(400)]
    for vary in scene.config.variation:
        base = 0.0 if vary.replace else nominal[vary.key]
        got = np.array([values[vary.key] for values in drawn])
        low, high = base + vary.low, base + vary.high
        assert low <= got.min() < low + 0.03 * (high - low), vary
        assert high >= got.max() > high - 0.03 * (high - low), vary
        assert got.mean() == pytest.approx((low + high) / 2, abs=0.06 * (high - low)), vary
    for key in set(nominal) - set(KEYS):
        assert {values[key] for values in drawn} == {nominal[key]}, key


def test_every_task_sentence_is_drawn(scene):
    assert {drawing.draw(scene, seed).task for seed in range(12)} == set(range(len(scene.config.tasks)))


def test_a_higher_counter_carries_what_stands_on_it(scene):
    low, high = (begun(changed(scene, counter__height=h)) for h in (0.86, 0.90))
    for body in ("oven/microwave", "bowl/bowl_150", "food/grain_0"):
        assert high.body(body).xpos - low.body(body).xpos == pytest.approx([0, 0, 0.04], abs=1e-6), body
    assert high.geom("counter/top").xpos[2] - low.geom("counter/top").xpos[2] == pytest.approx(0.04)
    assert high.site("left_shoulder").xpos == pytest.approx(low.site("left_shoulder").xpos)


def test_offsets_and_turns_move_the_part_about_its_own_place(scene):
    here = begun(drawing.nominal(scene))
    nominal = nominal_values(scene.config)
    moved = begun(changed(scene, oven__at__x=nominal["oven.at.x"] + 0.05))
    assert moved.body("oven/microwave").xpos - here.body("oven/microwave").xpos == pytest.approx([0.05, 0, 0], abs=1e-6)
    assert moved.body("bowl/bowl_150").xpos == pytest.approx(here.body("bowl/bowl_150").xpos)
    turned = begun(changed(scene, oven__yaw=nominal["oven.yaw"] + 0.2))
    before, after = (d.body("oven/microwave").xmat.reshape(3, 3) for d in (here, turned))
    turn = after @ before.T
    assert np.arctan2(turn[1, 0], turn[0, 0]) == pytest.approx(0.2, abs=1e-6)
    # the site that is put at the place is what the part turns about
    assert turned.site("oven/front_bottom").xpos == pytest.approx(here.site("oven/front_bottom").xpos, abs=2e-5)  # what settling moves
    carried = begun(changed(scene, bowl__at__y=nominal["bowl.at.y"] - 0.03))
    for body in ("bowl/bowl_150", "food/grain_1"):
        assert carried.body(body).xpos - here.body(body).xpos == pytest.approx([0, -0.03, 0], abs=1e-6)


@pytest.mark.parametrize("latch_force", [15.0, 25.0, 35.0])
def test_the_door_opens_at_the_drawn_force(scene, latch_force):
    draw = changed(scene, oven__latch_force=latch_force)
    model, data = draw.model, begun(draw)
    handle, door = model.site("oven/handle"), model.body("oven/door")
    opened = None
    for step in range(round(6 / scene.timestep)):
        force = 10.0 * step * scene.timestep + 5.0  # N, a slow pull
        data.qfrc_applied[:] = 0
        lever = data.site("oven/handle").xpos - data.joint("oven/door_hinge").xanchor
        axis = data.joint("oven/door_hinge").xaxis
        pull = np.cross(axis, lever)
        pull *= force / np.linalg.norm(pull)
        mujoco.mj_applyFT(model, data, pull, np.zeros(3), data.site("oven/handle").xpos, door.id, data.qfrc_applied)
        mujoco.mj_step(model, data)
        if data.joint("oven/door_hinge").qpos[0] > np.radians(3):
            opened = force
            break
    assert handle.id >= 0
    assert opened == pytest.approx(latch_force, rel=0.06), "the door let go at another force"


def test_friction_reaches_bowl_handle_and_fingertips_and_nothing_else(scene):
    plain, rough = changed(scene, friction=1.0).model, changed(scene, friction=1.2).model
    again = changed(scene, friction=1.0).model
    ratio = rough.geom_friction[:, 0] / plain.geom_friction[:, 0]
    wanted = {"left_finger_front_pad", "right_finger_back_pad", "oven/handle"}
    scaled = {plain.geom(i).name for i in np.flatnonzero(ratio != 1.0)}
    assert ratio[ratio != 1.0] == pytest.approx(1.2)
    assert wanted <= scaled
    bodies = {plain.body(plain.geom_bodyid[i]).name for i in np.flatnonzero(ratio != 1.0)}
    assert bodies <= {
        "bowl/bowl_150",
        "oven/door",
        *(f"{s}_finger_{w}" for s in ("left", "right") for w in ("front", "back")),
    }
    assert "bowl/bowl_150" in bodies
    np.testing.assert_array_equal(rough.geom_friction[:, 1:], plain.geom_friction[:, 1:])
    np.testing.assert_array_equal(again.geom_friction, plain.geom_friction)


def test_payload_is_the_food_alone(scene):
    light, heavy = changed(scene, food__mass=0.10).model, changed(scene, food__mass=0.25).model
    more = heavy.body_mass - light.body_mass
    assert more.sum() == pytest.approx(0.15, rel=1e-4)
    assert {light.body(i).name.partition("/")[0] for i in np.flatnonzero(more)} == {"food"}


@pytest.mark.parametrize("end", ["low", "high"])
@pytest.mark.parametrize("key", KEYS)
def test_either_end_of_every_draw_is_sound_or_refused_with_a_reason(scene, key, end):
    vary = next(v for v in scene.config.variation if v.key == key)
    values = nominal_values(scene.config)
    values[key] = getattr(vary, end) + (0.0 if vary.replace else values[key])
    draw = drawing.of_values(scene, values, 0)
    reason = drawing.unsound(scene, draw)
    if reason is not None:
        assert reason.startswith(("reachable: ", "no_penetration: ")) and " mm" in reason
        return
    data = begun(draw)
    before = data.qpos.copy()
    for _ in range(240):
        mujoco.mj_step(draw.model, data)
    assert not any(data.warning.number)
    assert -data.contact.dist.min(initial=0.0) < 1e-3
    assert np.abs(data.qpos - before).max() < 3e-3  # it starts at rest


@pytest.fixture
def sinking(designer):
    """Loads the designer's table with the bowl drawn up to so far below the table's top."""
    file = designer / "conf" / "scenario" / "table_top.yaml"
    text = file.read_text(encoding="utf-8")

    def load(low: str, high: str):
        file.write_text(
            text.replace("{x: {uniform: [-20 mm, 20 mm]}}", f"{{z: {{uniform: [{low}, {high}]}}}}"), encoding="utf-8"
        )
        return shiliu.load_scenario("table_top")

    return load


def test_unsound_draws_are_drawn_anew_and_counted(sinking):
    scene = sinking("-20 mm", "20 mm")
    draws = [drawing.draw(scene, seed) for seed in range(20)]
    assert all(drawing.penetration(d) <= drawing.PENETRATION for d in draws)
    assert all(d.values["bowl.at.z"] > -2e-3 for d in draws)
    reasons = [reason for d in draws for reason in d.redraws]
    assert 5 <= len(reasons) <= 50  # nearly every second draw sinks
    assert all(reason.startswith("no_penetration: ") and reason.endswith(" mm") for reason in reasons)


def test_a_variation_without_a_sound_draw_is_told(sinking):
    with pytest.raises(ScenarioError, match=r"50 draws in a row were unsound, .*no_penetration.*Narrow the variation"):
        drawing.draw(sinking("-20 mm", "-10 mm"), 0)


def test_chosen_values(scene):
    chosen = drawing.chosen(scene, {"oven.latch_force": 33})
    assert chosen.values == nominal_values(scene.config) | {"oven.latch_force": 33.0}
    for values, message in (
        ({"oven.latch_forc": 33}, "Did you mean oven.latch_force"),
        ({"oven.latch_force": 50.0}, "50.0 is not between 15 and 35"),
        ({"friction": -1.0}, "-1.0 is not between 0"),
        ({"oven.at.x": float("nan")}, "nan is no finite number"),
        ({"oven.yaw": "6 deg"}, "'6 deg' is no finite number; values are in SI"),
        ({"bowl.at.z": -0.05}, "inside something else"),
    ):
        with pytest.raises(ScenarioError, match=message):
            drawing.chosen(scene, values)


def test_an_episode_starts_where_it_was_recorded_and_nothing_comes_to_rest_for_it(scene, monkeypatch):
    drawn = drawing.draw(scene, 5)
    recorded = SimpleNamespace(draw={"values": dict(drawn.values), "task": drawn.task}, start_state=drawn.start_state + 0.25)
    shorter = SimpleNamespace(draw=recorded.draw, start_state=drawn.start_state[:-1])
    monkeypatch.setattr(drawing, "_start_state", lambda *_: pytest.fail("it was made to rest"))
    found = drawing.of_episode(scene, recorded)
    assert model_bytes(found.model) == model_bytes(drawn.model) and (found.values, found.task) == (drawn.values, drawn.task)
    assert np.array_equal(found.start_state, recorded.start_state)
    assert drawing.of_episode(scene, shorter) is None
