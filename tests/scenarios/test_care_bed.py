"""The care bed: a rail that its pawls hold, a height that the mattress follows; and the word that says what is covered."""

import mujoco
import numpy as np
import pytest
from shiliu.scenarios.part import load_part
from shiliu.scenarios.sensing.requests import Request
from shiliu.scenarios.words.covering import Covered

RATE = 240  # 1/s, as in its scene
WEIGHT = 6.0 * 9.81  # N, of the rail


def alone(name: str, **params: float) -> tuple[mujoco.MjModel, mujoco.MjData]:
    part = load_part(name)
    spec = part.spec()
    for key, value in params.items():
        for write in part.params[key].writes:
            write.apply(spec, "", value)
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
