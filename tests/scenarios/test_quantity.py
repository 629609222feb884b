"""Quantities: what a designer may write, and what each slip of the pen is told."""

import math

import pytest
from shiliu.scenarios.sheet.quantity import EXAMPLE, UNITS, dimension_of, parse_quantity, parse_size, show


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("870 mm", "length", 0.87),
        ("870mm", "length", 0.87),
        ("  87 cm ", "length", 0.87),
        ("-1.5e2 mm", "length", -0.15),
        (".5 m", "length", 0.5),
        ("15 deg", "angle", math.pi / 12),
        ("250 g", "mass", 0.25),
        ("25 N", "force", 25.0),
        ("500 mN", "force", 0.5),
        ("2 min", "time", 120.0),
        ("20 ms", "time", 0.02),
        ("90 deg/s", "angular_speed", math.pi / 2),
        ("95 %", "share", 0.95),
        ("95%", "share", 0.95),
        ("30 Hz", "frequency", 30.0),
        ("870 mm", None, 0.87),
    ],
)
def test_value_is_in_si(text, dimension, value):
    assert parse_quantity(text, dimension) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize("unit", UNITS)
def test_every_unit_has_a_dimension_that_messages_can_show(unit):
    dimension, factor = UNITS[unit]
    assert parse_quantity(f"3 {unit}") == pytest.approx(3 * factor)
    assert dimension_of(f"3 {unit}") == dimension
    assert parse_quantity(EXAMPLE[dimension], dimension) > 0
    assert parse_quantity(show(3 * factor, dimension), dimension) == pytest.approx(3 * factor, rel=1e-5)


@pytest.mark.parametrize(
    ("text", "dimension", "message"),
    [
        (870, "length", ["870", "no unit", "870 mm"]),  # the bare number
        (0.87, "length", ["0.87", "no unit", "870 mm"]),
        ("870", "length", ["'870'", "870 mm"]),
        (870, "mass", ["870", "0.35 kg"]),  # the fix is in the wanted dimension
        ("870 kg", "length", ["'870 kg'", "unit of mass, not of length", "870 mm"]),
        ("15 deg", "angular_speed", ["unit of angle, not of angular speed", "90 deg/s"]),
        ("870 mmm", "length", ["'870 mmm'", "unknown unit 'mmm'", "mm, cm, m"]),
        ("870 MM", "length", ["unknown unit 'MM'"]),  # mega and milli must not be guessed
        ("1,200 mm", "length", ["'1,200 mm'", "870 mm"]),
        ("nan mm", "length", ["'nan mm'", "870 mm"]),
        ("inf mm", "length", ["'inf mm'"]),
        (float("nan"), "length", ["nan", "870 mm"]),
        (float("inf"), "length", ["inf", "870 mm"]),
        ("1e400 mm", "length", ["1e400 mm", "too large"]),
        ("1e300 m", "length", ["1e300 m", "too large"]),
        (True, "length", ["True", "870 mm"]),
        (None, "time", ["None", "0.5 s"]),
        ([870], "length", ["[870]", "870 mm"]),
        ({"mm": 870}, "length", ["870 mm"]),
        ("", "length", ["''", "870 mm"]),
        ("870 mm 3", "length", ["870 mm 3"]),
    ],
)
def test_a_slip_is_told_with_its_value_and_the_fix(text, dimension, message):
    with pytest.raises(ValueError) as error:
        parse_quantity(text, dimension)
    for words in message:
        assert words in str(error.value)


def test_bounds_are_shown_as_a_designer_writes_them():
    assert show(0.87, "length") == "870 mm"
    assert show(math.radians(15), "angle") == "15 deg"
    assert show(0.05, "share") == "5 %"
    assert show(2.0, None) == "2"


def test_picture_size():
    assert parse_size("640x480") == (640, 480)
    assert parse_size(" 960 x 720 ") == (960, 720)
    for wrong in ("640", "640*480", "4x480", "9999x480", "640x480 mm", 640):
        with pytest.raises(ValueError, match="640x480"):
            parse_size(wrong)
