"""What is at a care bed: a rail that its pawls hold, a button on a cord, a blanket tucked in; and the word that says what is covered."""

import mujoco
import numpy as np
import pytest
from shiliu.scenarios.parts.part import load_part
from shiliu.scenarios.sensing.requests import Request
from shiliu.scenarios.words.covering import Covered

RATE = 240  # 1/s, as in its scene
WEIGHT = 6.0 * 9.81  # N, of the rail


def alone(name: str, **params: float) -> tuple[mujoco.MjModel, mujoco.MjData]:
    spec = load_part(name).spec(**params)
    spec.option.timestep, spec.option.integrator = 1 / RATE, mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone, spec.option.impratio = mujoco.mjtCone.mjCONE_ELLIPTIC, 10
    model = spec.compile()
    return model, mujoco.MjData(model)


def raised(model: mujoco.MjModel, data: mujoco.MjData, force: float) -> float:
    """Where the rail rests [m] after it was raised slowly by a force [N] beyond its weight and friction, and let go."""
    at = model.joint("rail").dofadr[0]
    for i in range(8 * RATE):
        slow = 400.0 * max(float(data.qvel[at]) - 0.05, 0.0)
        data.qfrc_applied[at] = WEIGHT + 6.0 + force * min(1.0, i / (6 * RATE)) - slow
        mujoco.mj_step(model, data)
    data.qfrc_applied[:] = 0.0
    for _ in range(2 * RATE):
        mujoco.mj_step(model, data)
    return float(data.joint("rail").qpos[0])


def test_a_rail_rests_on_its_pawls_once_it_was_pushed_past_them_and_comes_down_else():
    assert raised(*alone("fixtures/care_bed"), 32.0) == pytest.approx(0.3495, abs=1e-3)
    assert raised(*alone("fixtures/care_bed"), 4.0) < 0.01
    assert raised(*alone("fixtures/care_bed", latch_force=40.0), 18.0) < 0.01


def test_a_raised_rail_bears_a_hand_that_leans_on_it():
    model, data = alone("fixtures/care_bed")
    data.joint("rail").qpos = 0.3495
    data.qfrc_applied[model.joint("rail").dofadr[0]] = -100.0
    for _ in range(2 * RATE):
        mujoco.mj_step(model, data)
    assert float(data.joint("rail").qpos[0]) == pytest.approx(0.3495, abs=2e-3)


def test_the_mattress_follows_the_height_of_the_bed():
    for height in (0.5, 0.7):
        model, data = alone("fixtures/care_bed", height=height)
        mujoco.mj_forward(model, data)
        assert data.site("top").xpos[2] == pytest.approx(height)
        assert data.site("grip_left").xpos[2] == pytest.approx(height - 0.02)


def test_a_cord_is_a_metre_long_and_holds_its_button():
    model, data = alone("objects/call_button")
    far, low = 0.0, 0.0
    for _ in range(6 * RATE):  # it falls, and swings on its cord
        mujoco.mj_step(model, data)
        far = max(far, float(np.linalg.norm(data.body("button").xpos)))
        low = min(low, float(data.body("button").xpos[2]))
    assert far < 1.005 and low < -0.8


@pytest.mark.parametrize(("pull", "comes"), [(34.0, False), (46.0, True)])
def test_a_blanket_stays_tucked_in_until_it_is_pulled_harder_than_its_mattress_holds_it(pull, comes):
    model, data = alone("objects/blanket_strips", tuck_force=40.0)
    model.opt.gravity[:] = 0.0  # there is no bed here on which it lies
    hem = model.body("strip_10").id
    for i in range(2 * RATE):
        data.xfrc_applied[hem, 0] = pull * min(1.0, i / RATE)
        mujoco.mj_step(model, data)
    assert (float(data.joint("tuck").qpos[0]) > 0.05) == comes
    assert float(data.site("hem").xpos[0]) == pytest.approx(11 * 0.139 + float(data.joint("tuck").qpos[0]), abs=0.01)


def test_a_blanket_in_folds_is_as_long_as_it_is_spread_out():
    lengths = []
    for lies in (0.0, 1.0):
        model, data = alone("objects/blanket_strips", lies=lies)
        mujoco.mj_forward(model, data)
        steps = [data.body(f"strip_{k}").xpos for k in range(11)] + [data.site("hem").xpos]
        lengths.append(float(np.linalg.norm(np.diff(steps, axis=0), axis=1).sum()))
        ends = float(data.site("hem").xpos[0])
        assert ends == pytest.approx(11 * 0.139, abs=1e-6) if lies == 0.0 else ends < 0.9
    assert lengths == pytest.approx([11 * 0.139] * 2, abs=1e-5)


def test_covered_is_the_share_of_points_with_a_site_over_them():
    points = tuple(Request("site_position", f"p{i}") for i in range(4))
    cover = (Request("site_position", "c0"), Request("site_position", "c1"))
    places = {p.name: (0.1 * i, 0.0, 0.0) for i, p in enumerate(points)}
    places |= {cover[0].name: (0.0, 0.0, 0.2), cover[1].name: (0.1, 0.02, 0.2)}

    class Seen:
        def point(self, request):
            return places[request.name]

    word = Covered(points, cover, aside=0.05, at_least=0.75)
    assert word.share(Seen()) == pytest.approx(0.5) and word.margin(Seen()) == pytest.approx(-0.25)
    places[cover[1].name] = (0.25, 0.0, 0.2)  # between two points, near to both
    wide = Covered(points, cover, aside=0.06, at_least=0.75)
    assert wide.margin(Seen()) == pytest.approx(0.0)
    places[cover[0].name] = (0.0, 0.0, -0.1)  # below, it covers nothing
    assert wide.share(Seen()) == pytest.approx(0.5)


def test_covered_of_many_copies_is_what_it_is_of_each():
    rng = np.random.default_rng(0)
    points = tuple(Request("site_position", f"p{i}") for i in range(5))
    cover = tuple(Request("site_position", f"c{i}") for i in range(3))
    places = {one.name: rng.uniform(-0.1, 0.1, (3, 7)) for one in (*points, *cover)}
    word = Covered(points, cover, aside=0.08, at_least=0.5)

    class Seen:
        def __init__(self, copy=None):
            self.copy = copy

        def point(self, request):
            at = places[request.name]
            return tuple(at) if self.copy is None else tuple(float(x) for x in at[:, self.copy])

    assert np.allclose(word.margin(Seen()), [word.margin(Seen(k)) for k in range(7)])
