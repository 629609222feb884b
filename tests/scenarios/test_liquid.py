"""The level model: what a vessel holds at a tilt, what runs over, that nothing is lost, and the words that read it."""

from __future__ import annotations

import numpy as np
import pytest
from shiliu.scenarios.reactions.liquid import Bore, Liquid
from shiliu.scenarios.reactions.vessels import felt_tilt
from shiliu.scenarios.sensing.predicate import Predicate
from shiliu.scenarios.sensing.requests import Layout, Readings, Request
from shiliu.scenarios.words.level import Filled, Fuller, Gauge, Lost

CUP = Bore((0.034, 0.034), (0.0, 0.084))
BOTTLE = Bore((0.0305, 0.0305, 0.015, 0.015), (0.0, 0.147, 0.185, 0.222))
ML = 1e-6
STEP = 1 / 30  # s


def tilted(angle: float) -> list[float]:
    return [np.sin(angle), 0.0, np.cos(angle)]


def pour(tilts, cup=(0.02, 0.0, 0.0), volume=(400 * ML, 0.0)):
    """Tilt a bottle whose mouth is 50 mm above the origin through angles [rad], one a control period."""
    water, held, spilt = Liquid([BOTTLE, CUP], STEP), np.array([volume]), 0.0
    streams = []
    for angle in tilts:
        mouth = np.array([[[0.0, 0.0, 0.05], cup]])
        held, lost, left = water.step(held, mouth, np.array([[tilted(angle), [0.0, 0.0, 1.0]]]))
        spilt += lost[0]
        streams.append(left[0, 0] / STEP)
    return held[0], spilt, np.array(streams)


def test_a_cylinder_holds_what_its_wedge_says():
    assert CUP.capacity == pytest.approx(np.pi * 0.034**2 * 0.084, rel=2e-3)
    for tilt in np.radians([10, 30, 50]):
        exact = np.pi * 0.034**2 * (0.084 - 0.034 * np.tan(tilt))
        assert CUP.brim(tilt) == pytest.approx(exact, rel=0.01)
    assert CUP.brim(np.radians(95)) == pytest.approx(0.0, abs=ML)


def test_a_level_stands_below_the_lip_until_the_brim_is_passed():
    tilt = np.radians(40)
    brim = float(CUP.brim(tilt))
    assert CUP.head(np.array(0.9 * brim), tilt) < 0 < CUP.head(np.array(1.1 * brim), tilt)
    assert CUP.flow(np.array(0.9 * brim), tilt) == 0.0


def test_an_upright_bottle_keeps_its_water_and_a_level_carry_keeps_the_cups():
    held, spilt, streams = pour(np.zeros(60))
    assert held.tolist() == [400 * ML, 0.0] and spilt == 0.0 and not streams.any()
    assert CUP.flow(np.array(150 * ML), np.radians(12)) == 0.0


def test_a_pour_conserves_mass_and_a_missed_cup_is_spilt():
    tilts = np.radians(np.linspace(60, 90, 90))
    held, spilt, streams = pour(tilts)
    assert streams.max() > 30 * ML
    assert held.sum() + spilt == pytest.approx(400 * ML, abs=1e-15)
    assert spilt < 0.01 * held[1]
    beside, lost, _ = pour(tilts, cup=(0.15, 0.0, 0.0))
    assert beside[1] == 0.0 and lost == pytest.approx(400 * ML - beside[0], abs=1e-15) and lost > 50 * ML


def test_half_of_a_stream_that_falls_on_the_rim_is_spilt():
    tilts = np.radians(np.full(20, 84.0))
    landed = [pour(tilts, cup=(x, 0.0, 0.0)) for x in np.linspace(-0.05, 0.08, 40)]
    shares = np.array([held[1] / (held[1] + spilt) for held, spilt, _ in landed])
    assert shares.max() == pytest.approx(1.0) and shares.min() == 0.0 and ((shares > 0.2) & (shares < 0.8)).any()


def test_a_neck_lets_out_no_more_than_it_lets_air_in():
    _, _, streams = pour(np.radians(np.full(10, 170.0)))
    assert 100 * ML < streams[0] < 160 * ML  # on its head: a little slower than 163 ml/s by Clanet and Searby


def test_an_overfull_cup_runs_over():
    held, spilt, _ = pour(np.zeros(90), volume=(100 * ML, 330 * ML))
    assert held[1] < 1.01 * CUP.capacity and spilt == pytest.approx(330 * ML - held[1], abs=1e-15)


def test_a_jerk_is_felt_as_a_tilt():
    up = np.array([0.0, 0.0, 1.0])
    assert felt_tilt(up, np.zeros(3)) == 0.0
    assert felt_tilt(up, np.array([9.81, 0.0, 0.0])) == pytest.approx(np.radians(45))
    assert felt_tilt(np.array(tilted(0.3)), np.zeros(3)) == pytest.approx(0.3)
    assert CUP.flow(np.array(150 * ML), felt_tilt(up, np.array([14.0, 0.0, 0.0]))) > 0.0
    assert CUP.flow(np.array(150 * ML), felt_tilt(up, np.array([3.0, 0.0, 0.0]))) == 0.0


# -- words on hand-made states -----------------------------------------------------------------------------------------

CUP_LEVEL, BOTTLE_LEVEL = Request("joint_position", "cup/water"), Request("joint_position", "bottle/water")
IN_CUP, IN_BOTTLE = Gauge(CUP_LEVEL, 4e-3), Gauge(BOTTLE_LEVEL, 3e-3)


def readings(cup: float, bottle: float, shape: tuple[int, ...]) -> Readings:
    """Gauges that show volumes [ml]; the start is 400 ml in the bottle, an empty cup."""
    names = [CUP_LEVEL.name, BOTTLE_LEVEL.name]
    layout = Layout(
        2,
        {name: slice(i, i + 1) for i, name in enumerate(names)},
        {name: i for i, name in enumerate(names)},
        np.ones(2, bool),
        (),
        slice(2, 2),
        np.zeros(0, int),
    )
    value = np.broadcast_to(np.array([cup * ML / 4e-3, bottle * ML / 3e-3]), (*shape, 2)).copy()
    start = np.broadcast_to(np.array([0.0, 400 * ML / 3e-3]), (*shape, 2)).copy()
    none = np.zeros((*shape, 0))
    return Readings(value, none, none, start, layout)


WORDS = {
    "filled, 12 ml short": (Filled(IN_CUP, 150 * ML, 20 * ML), (138, 262), 0.008),
    "35 ml short": (Filled(IN_CUP, 150 * ML, 20 * ML), (115, 285), -0.015),
    "25 ml too much": (Filled(IN_CUP, 150 * ML, 20 * ML), (175, 225), -0.005),
    "fuller by 5 ml": (Fuller(IN_CUP, 170 * ML), (175, 225), 0.005),
    "not yet as full": (Fuller(IN_CUP, 170 * ML), (150, 250), -0.020),
    "10 ml are lost, 5 too many": (Lost((IN_CUP, IN_BOTTLE), 5 * ML), (140, 250), 0.005),
    "nothing is lost": (Lost((IN_CUP, IN_BOTTLE), 5 * ML), (150, 250), -0.005),
}


@pytest.mark.parametrize("name", WORDS)
@pytest.mark.parametrize("shape", [(), (3,), (2, 4)])
def test_words_hold_by_so_much_on_any_leading_shape_and_on_plain_floats(name, shape):
    predicate, volumes, margin = WORDS[name]
    predicate: Predicate
    seen = readings(*volumes, shape)
    assert np.shape(predicate.margin(seen)) == shape
    assert predicate.margin(seen) == pytest.approx(np.full(shape, margin), abs=1e-9)
    if len(shape) == 1:
        assert predicate.margin(seen.row(0)) == predicate.margin(seen)[0]
    assert {request.name for request in predicate.requests()} <= {CUP_LEVEL.name, BOTTLE_LEVEL.name}
