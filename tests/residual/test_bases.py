"""Places and speeds of a base beside each other and its commands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from body_takes import BASE, RATE, TIMES, N, body_take, changed, heaviest
from scipy.signal import lfilter
from shiliu.replay.recording.recording import Recording
from shiliu.replay.residual.base_streams import _checked, base_columns
from shiliu.replay.residual.bodies import ComparedColumns, more_differences, witnessed
from shiliu.replay.residual.difference import Difference


@pytest.fixture(scope="module")
def take() -> Recording:
    return body_take()


@pytest.mark.parametrize(
    "where, column, by, kind",
    [("base", "base_y", 0.05, "measured"), ("base", "base_vx.speed", 0.16, "velocity"), ("action/base", "base_vyaw", 0.2, "command")],
)
def test_place_speed_and_command_of_a_base(take, where, column, by, kind):
    rows = slice(250, 310)
    x = take.streams[where].column(column)[rows]
    found = heaviest(changed(take, where, column, x + by, rows))
    assert (found.channels, found.kind, found.certain) == ((column,), kind, True)
    assert abs(found.first - 250) <= 3 and abs(found.last - 309) <= 12 and found.size == pytest.approx(by, rel=0.3)
    assert heaviest(changed(take, where, column, x + 0.02 * by, rows)) is None


def test_a_speed_that_goes_wrong_slowly_is_named_and_not_the_places_that_it_adds_up_to(take):
    rows = slice(100, 500)
    x = take.streams["base"].column("base_vy.speed")[rows]
    found = more_differences(ComparedColumns(changed(take, "base", "base_vy.speed", x + 0.17 * np.hanning(400), rows)), [])
    assert [one.channels for one in found] == [("base_vy.speed",)]
    assert found[0].name == "bump" and found[0].first < 200 and found[0].last > 400


def test_where_rows_are_lost_no_base_is_to_blame(take):
    other = changed(take, "base", "base_x", take.streams["base"].column("base_x")[300:] + 0.4, slice(300, None))
    lost = Difference((), "rows", 300, 300, 9.97, 10.0, 0.3, "rad", "cut", True)
    assert more_differences(ComparedColumns(other), []) and not more_differences(ComparedColumns(other), [lost])


def rebased(take: Recording, change, names: tuple[str, ...] = BASE) -> Recording:
    """The take with another table (N, 8) of the base, of these columns."""
    old = take.streams["base"]
    values = np.column_stack([change(old.values.copy())[:, BASE.index(name)] for name in names])
    return replace(take, streams={**take.streams, "base": replace(old, names=names, values=values)})


def times(columns: list[int], factor: float):
    def change(base: np.ndarray) -> np.ndarray:
        base[:, columns] *= factor
        return base

    return change


SPED = ("base_vx.speed", "base_vyaw.speed")


@pytest.mark.parametrize(("factor", "name"), [(-1.0, "mirrored"), (0.0, "held_value"), (0.999, None)])
def test_speeds_of_a_base_that_places_and_commands_contradict_all_along(take, factor, name):
    found = more_differences(ComparedColumns(rebased(take, times([4, 5, 6, 7], factor))), [])
    assert {d.kind for d in found} == ({"velocity"} if name else set())
    assert sorted(c for d in found for c in d.channels) == (sorted(SPED) if name else [])
    assert all(d.name == name and d.certain for d in found)
    assert not found or max(d.size for d in found) == pytest.approx((1.0 - factor) * 0.25, rel=0.05)


def test_speeds_of_a_base_in_each_others_place(take):
    found = more_differences(ComparedColumns(rebased(take, lambda b: b[:, [0, 1, 2, 3, 6, 5, 4, 7]])), [])
    assert {(d.kind, d.name) for d in found} == {("velocity", "copied")}


def test_a_speed_of_a_squat(take):
    """Nothing but the height and its command tell of it."""
    down = -0.06 * (1.0 - np.cos(0.5 * TIMES))
    base = take.streams["base"].values.copy()
    base[:, 3], base[:, 7] = down, np.gradient(down, 1.0 / RATE) * 4.0
    base[:, 3] *= 4.0
    action = changed(take, "action/base", "base_height", base[:, 3])
    sound = rebased(action, lambda _: base)
    assert heaviest(sound) is None
    found = more_differences(ComparedColumns(rebased(sound, times([7], -1.0))), [])
    assert [(d.channels, d.kind, d.certain) for d in found] == [(("base_height.speed",), "velocity", True)]


@pytest.mark.parametrize("names", [BASE, BASE[:4]])
@pytest.mark.parametrize("rows", [1, 12, -4])
def test_a_base_that_is_recorded_late(take, rows, names):
    """A single row is no more than a drive may take to answer."""
    at = np.clip(np.arange(N) - rows, 0, N - 1)
    push = changed(take, "action/base", "base_vx", np.where((TIMES > 4.0) & (TIMES < 9.0), 0.35, 0.0))
    speed, asked = np.zeros(N), push.streams["action/base"].column("base_vx")
    for row in range(1, N):
        speed[row] = speed[row - 1] + np.clip(asked[row - 1] - speed[row - 1], -0.4 / RATE, 0.4 / RATE)
    base = take.streams["base"].values.copy()
    middle, mean = 0.5 * (base[1:, 2] + base[:-1, 2]), 0.5 * (speed[1:] + speed[:-1]) / RATE
    base[1:, 0], base[1:, 1] = (2.0 + np.cumsum(f(middle) * mean) for f in (np.cos, np.sin))
    base[:, 4] = speed
    assert heaviest(rebased(push, lambda _: base, names)) is None
    found = more_differences(ComparedColumns(rebased(push, lambda _: base[at], names)), [])
    if rows == 1:
        assert not any(d.kind == "base" for d in found)
        return
    assert [(d.kind, d.name, d.certain, set(d.channels)) for d in found] == [("base", "lag", True, set(names))]
    assert abs(found[0].numbers["rows"] - rows) <= 1.0  # real drives take a row to answer, these do not


@pytest.mark.parametrize("names", [BASE, BASE[:4]])
def test_places_of_a_base_in_each_others_place(take, names):
    found = more_differences(ComparedColumns(rebased(take, lambda b: b[:, [1, 0, *range(2, 8)]], names)), [])
    assert [(d.channels, d.kind, d.name, d.certain) for d in found] == [(("base_x", "base_y"), "measured", "copied", True)]


@pytest.mark.parametrize(
    ("columns", "factor", "name"),
    [([0], -1.0, "mirrored"), ([0, 1], 1000.0, "factor"), ([0, 1, 2], 0.0, "held_value"), ([2], -1.0, "mirrored"), ([0, 1], 0.9, None)],
)
def test_places_of_a_base_without_speeds_beside_its_commands(take, columns, factor, name):
    """A base that slips a little goes the same way, and that is no fault."""
    sound = rebased(take, lambda b: b, BASE[:4])
    assert heaviest(sound) is None
    assert {"base/base_x", "base/base_yaw", "action/base/base_vx"} <= witnessed(ComparedColumns(sound))
    found = more_differences(ComparedColumns(rebased(take, times(columns, factor), BASE[:4])), [])
    assert {c for d in found for c in d.channels} == ({BASE[k] for k in columns} if name else set())
    assert all((d.kind, d.name, d.certain) == ("measured", name, True) for d in found)


@pytest.mark.parametrize(("factor", "name"), [(-1.0, "mirrored"), (100.0, "factor"), (0.0, "held_value"), (1.0, None)])
def test_the_height_of_a_base_without_speeds(take, factor, name):
    down = -0.12 * (1.0 - np.cos(0.5 * TIMES))

    def at(base: np.ndarray) -> np.ndarray:
        base[:, 3] = factor * down
        return base

    squats = changed(take, "action/base", "base_height", np.append(down[1:], down[-1]))
    found = more_differences(ComparedColumns(rebased(squats, at, BASE[:4])), [])
    assert [(d.channels, d.kind, d.name, d.certain) for d in found] == [(("base_height",), "measured", name, True)] * (name is not None)


def test_a_base_that_nothing_speaks_of_is_named(take):
    """Places without speeds and commands; and places, speeds and commands of three motions."""
    silent = rebased(take, lambda b: b, BASE[:4])
    silent = replace(silent, streams={k: s for k, s in silent.streams.items() if k != "action/base"})
    rng = np.random.default_rng(4)
    strange = rebased(take, lambda b: np.column_stack([np.cumsum(rng.normal(0, 0.02, (N, 4)), axis=0), rng.normal(0, 0.5, (N, 4))]))
    for one in (silent, strange):
        assert heaviest(one) is None and not {f"base/{name}" for name in BASE} & witnessed(ComparedColumns(one))


def estimated(take: Recording, **how: float) -> Difference | None:
    """The heaviest difference, its places changed as an estimator does: `slip` of the way, `drift` [m] in all, rows for which one is
    `held`, or a `jump` [m] in the middle."""

    def change(base: np.ndarray) -> np.ndarray:
        base[:, :2] = base[0, :2] + (base[:, :2] - base[0, :2]) * (1.0 + how.get("slip", 0.0))
        base[:, 0] += np.linspace(0.0, how.get("drift", 0.0), N)
        base[N // 2 : N // 2 + 60, 0] += how.get("jump", 0.0)
        base[:, :3] = base[np.arange(N) // int(how.get("held", 1)) * int(how.get("held", 1)), :3]
        return base

    return heaviest(rebased(take, change))


@pytest.mark.parametrize("how", [{"slip": 0.03}, {"slip": -0.04}, {"drift": 0.06}, {"held": 3}, {"held": 2, "slip": 0.03, "drift": -0.04}])
def test_places_that_are_estimated_while_wheels_slip_are_no_fault(take, how):
    found = estimated(take, **how)
    assert found is None or not found.certain


@pytest.mark.parametrize("how", [{"slip": 0.15}, {"drift": 1.2}, {"jump": 0.06}, {"held": 3, "jump": 0.08}])
def test_places_that_no_estimator_gives_are_a_fault(take, how):
    found = estimated(take, **how)
    assert found is not None and found.certain and found.kind == "measured"


@pytest.mark.parametrize(("seconds", "certain"), [(0.08, False), (0.3, True)])
def test_speeds_of_a_base_that_a_driver_filters(take, seconds, certain):
    share = 1.0 / (1.0 + seconds * RATE)

    def change(base: np.ndarray) -> np.ndarray:
        base[:, 4:] = lfilter([share], [1.0, share - 1.0], base[:, 4:], axis=0)
        return base

    found = heaviest(rebased(take, change))
    assert (found is not None and found.certain) is certain


def test_places_that_a_simulation_knows_are_exact(take):

    (group,) = (g for g, _ in ComparedColumns(take).bodies[:1])
    columns = base_columns(rebased(take, lambda base: base * np.where(np.arange(8) < 2, 1.03, 1.0)), group)
    found, _ = _checked(columns, group, True)
    assert any(d.certain and set(d.channels) & {"base_x", "base_y"} for d in found)
    found, _ = _checked(columns, group, False)
    assert not any(d.certain for d in found)


@pytest.mark.parametrize("names", [BASE, BASE[:4]])
def test_a_heading_that_passes_half_a_turn_goes_on(take, names):
    """Odometry has its frame where it was switched on, and writes its heading within one turn."""
    def elsewhere(by: float):
        def change(base: np.ndarray) -> np.ndarray:
            x, y, yaw = base[:, 0].copy(), base[:, 1].copy(), base[:, 2] + by
            base[:, 0], base[:, 1] = np.cos(by) * x - np.sin(by) * y + 3.0, np.sin(by) * x + np.cos(by) * y - 1.0
            base[:, 2] = np.arctan2(np.sin(yaw), np.cos(yaw))
            return base
        return change

    yaw = take.streams["base"].column("base_yaw")
    for by in (np.pi - 0.5 * (yaw.min() + yaw.max()), 0.5):
        turned = rebased(take, elsewhere(by), names)
        assert (np.abs(np.diff(turned.streams["base"].column("base_yaw"))).max() > 6.0) == (by > 1.0)
        assert more_differences(ComparedColumns(turned), []) == []
    late = changed(take, "base", "base_yaw", yaw[300:] + 2.0 * np.pi, slice(300, None))
    assert heaviest(rebased(late, lambda base: base, names)) is not None, "a turn that was added to a part is none of these"


@pytest.mark.parametrize(("factor", "name"), [(57.3, "factor"), (-1.0, "mirrored"), (1.02, None)])
def test_a_heading_in_another_unit_is_named_and_not_the_ways_that_hang_on_it(take, factor, name):
    found = more_differences(ComparedColumns(rebased(take, times([2], factor))), [])
    if name is None:
        assert all(d.name != "mirrored" and abs(d.numbers.get("factor", 1.0)) < 2.0 for d in found)
        return
    (one,) = found
    assert (one.channels, one.kind, one.name, one.certain) == (("base_yaw",), "measured", name, True)


@pytest.mark.parametrize("by", [0.5, -2.2, 0.1])
def test_a_heading_that_is_off_by_one_angle_is_named_and_not_the_ways_that_hang_on_it(take, by):
    def turned(base):
        base[:, BASE.index("base_yaw")] += by
        return base

    def with_its_places(base):  # another frame of the floor
        x, y = base[:, BASE.index("base_x")].copy(), base[:, BASE.index("base_y")].copy()
        base[:, BASE.index("base_x")], base[:, BASE.index("base_y")] = np.cos(by) * x - np.sin(by) * y, np.sin(by) * x + np.cos(by) * y
        return turned(base)

    (one,) = more_differences(ComparedColumns(rebased(take, turned)), [])
    assert (one.channels, one.kind, one.name, one.certain) == (("base_yaw",), "measured", "offset", True)
    assert float(one.numbers["by"]) == pytest.approx(by, abs=0.01) and one.last - one.first == N - 1
    assert more_differences(ComparedColumns(rebased(take, with_its_places)), []) == []


def test_a_place_that_leaps_beside_commands_alone(take):
    def leaps(by: float):
        def change(base: np.ndarray) -> np.ndarray:
            base[400:, 0] += by
            return base
        return change

    one = heaviest(rebased(take, leaps(0.3), BASE[:4]))
    assert (one.channels, one.name, one.first, one.certain) == (("base_x",), "offset", 400, True)
    assert one.size == pytest.approx(0.3, abs=0.02)
    assert heaviest(rebased(take, leaps(0.05), BASE[:4])) is None, "an estimate corrects itself by as much"
