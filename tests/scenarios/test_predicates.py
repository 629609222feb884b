"""Each predicate on hand-made states: it holds here, fails there by so much, and is the same on any leading shape."""

from __future__ import annotations

import numpy as np
import pytest
from shiliu.scenarios.sensing.predicate import (
    All,
    Angle,
    AnyOf,
    Below,
    Displaced,
    Force,
    Higher,
    MovedAway,
    Near,
    Share,
    Untouched,
    Upright,
    conjuncts,
    leaves,
    progress,
)
from shiliu.scenarios.sensing.requests import Request

DOOR = Request("joint_position", "door")
KEY = Request("joint_position", "key")
BOWL, PLATE = Request("site_position", "bowl"), Request("site_position", "plate")
UP = Request("body_up", "bowl")
AT = Request("body_position", "oven")
LEFT, RIGHT = Request("contact_force", "tree:left", "tree:bowl"), Request("contact_force", "tree:right", "tree:bowl")
GRAINS = tuple(Request("body_position", f"grain_{i}", "body:bowl") for i in range(4))


def tilted(angle: float) -> list[float]:
    return [np.sin(angle), 0.0, np.cos(angle)]


INSIDE, BESIDE, UNDER, OVER = [0.01, 0.0, 0.02], [0.08, 0.0, 0.02], [0.0, 0.0, -0.04], [0.0, 0.0, 0.09]
SHARE = Share(GRAINS, centre=(0.0, 0.0, 0.01), radius=0.07, height=0.06, bound=0.75)

# predicate, values of its sensors, peaks, means, start values, expected margin
CASES = {
    "door is open by 5 deg more": (Angle(DOOR, np.radians(75), True), {DOOR: [np.radians(80)]}, {}, {}, None, np.radians(5)),
    "door lacks 3 deg": (Angle(DOOR, np.radians(75), True), {DOOR: [np.radians(72)]}, {}, {}, None, -np.radians(3)),
    "door is shut by 0.1 deg": (Angle(DOOR, 0.01, False), {DOOR: [0.008]}, {}, {}, None, 0.002),
    "door is ajar": (Angle(DOOR, 0.01, False), {DOOR: [0.05]}, {}, {}, None, -0.04),
    "bowl is 30 mm away": (Near(BOWL, PLATE, 0.04), {BOWL: [1, 2, 3], PLATE: [1, 2.03, 3]}, {}, {}, None, 0.01),
    "bowl is 50 mm away": (Near(BOWL, PLATE, 0.04), {BOWL: [1, 2, 3], PLATE: [1.03, 2.04, 3]}, {}, {}, None, -0.01),
    "bowl leans by 4 deg": (Upright(UP, np.radians(10)), {UP: tilted(np.radians(4))}, {}, {}, None, np.radians(6)),
    "bowl leans by 14 deg": (Upright(UP, np.radians(10)), {UP: tilted(np.radians(14))}, {}, {}, None, -np.radians(4)),
    "bowl stands on its head": (Upright(UP, np.radians(10)), {UP: [0, 0, -1]}, {}, {}, None, -np.radians(170)),
    "tilted by 4 deg too much": (Upright(UP, 0.1, invert=True), {UP: tilted(0.17)}, {}, {}, None, 0.07),
    "not yet tilted": (Upright(UP, 0.1, invert=True), {UP: tilted(0.04)}, {}, {}, None, -0.06),
    "hands are off": (Untouched((LEFT, RIGHT)), {}, {LEFT: 0.0, RIGHT: 0.01}, {}, None, 0.04),
    "one hand holds": (Untouched((LEFT, RIGHT)), {}, {LEFT: 0.0, RIGHT: 12.0}, {}, None, -11.95),
    "key is down": (Displaced(KEY, 0.001), {KEY: [0.0014]}, {}, {}, None, 0.0004),
    "key is down the other way": (Displaced(KEY, 0.001), {KEY: [-0.0014]}, {}, {}, None, 0.0004),
    "key is half down": (Displaced(KEY, 0.001), {KEY: [0.0005]}, {}, {}, None, -0.0005),
    "pawl has caught": (Displaced(KEY, 0.0015, below=True), {KEY: [-0.0005]}, {}, {}, None, 0.001),
    "pawl has not": (Displaced(KEY, 0.0015, below=True), {KEY: [-0.004]}, {}, {}, None, -0.0025),
    "oven was pushed by 50 mm": (MovedAway(AT, 0.02), {AT: [0.3, 0.44, 1]}, {}, {}, {AT: [0.33, 0.4, 1]}, 0.03),
    "oven stayed": (MovedAway(AT, 0.02), {AT: [0.3, 0.4, 1]}, {}, {}, {AT: [0.305, 0.4, 1]}, -0.015),
    "bowl lies on the floor": (Below(BOWL, 0.1), {BOWL: [5, 5, 0.03]}, {}, {}, None, 0.07),
    "bowl is on the counter": (Below(BOWL, 0.1), {BOWL: [0, 0, 0.87]}, {}, {}, None, -0.77),
    "a corner is lifted by 30 mm": (Higher(AT, PLATE, 0.02), {AT: [0, 0, 0.88], PLATE: [1, 0, 0.85]}, {}, {}, None, 0.01),
    "a corner lies on the table": (Higher(AT, PLATE, 0.02), {AT: [0, 0, 0.853], PLATE: [1, 0, 0.85]}, {}, {}, None, -0.017),
    "a corner hangs 25 mm down": (Higher(AT, PLATE, 0.01, lower=True), {AT: [0, 0, 0.825], PLATE: [1, 0, 0.85]}, {}, {}, None, 0.015),
    "a corner does not hang": (Higher(AT, PLATE, 0.01, lower=True), {AT: [0, 0, 0.853], PLATE: [1, 0, 0.85]}, {}, {}, None, -0.013),
    "all grains are in": (SHARE, dict.fromkeys(GRAINS, INSIDE), {}, {}, None, 0.25),
    "three of four are in": (SHARE, dict(zip(GRAINS, [INSIDE, INSIDE, BESIDE, INSIDE])), {}, {}, None, 0.0),
    "one of four is in": (SHARE, dict(zip(GRAINS, [UNDER, INSIDE, BESIDE, OVER])), {}, {}, None, -0.5),
    "push of 12 N too much": (Force((LEFT, RIGHT), 40.0), {}, {LEFT: 3.0, RIGHT: 52.0}, {LEFT: 1.0, RIGHT: 2.0}, None, 12.0),
    "a short push in the mean": (Force((LEFT,), 40.0, mean=True), {}, {LEFT: 52.0}, {LEFT: 31.0}, None, -9.0),
}  # fmt: skip


def give(readings, values, peak, mean, start, lead):
    """Readings of the same numbers on a leading shape."""

    def spread(table):
        return None if table is None else {k: np.broadcast_to(v, (*lead, *np.shape(v))) for k, v in table.items()}

    return readings(spread(values), spread(peak), spread(mean), spread(start))


@pytest.mark.parametrize("lead", [(), (3,), (2, 3), (2, 5, 3)], ids=str)
@pytest.mark.parametrize("name", CASES)
def test_margin_on_every_leading_shape(readings, name, lead):
    predicate, values, peak, mean, start, expected = CASES[name]
    margin = predicate.margin(give(readings, values, peak, mean, start, lead))
    assert np.shape(margin) == lead
    assert np.asarray(margin) == pytest.approx(expected, abs=1e-12)


def test_every_predicate_has_a_case_that_holds_and_one_that_fails():
    for kind in (Angle, Near, Upright, Untouched, Displaced, MovedAway, Below, Share, Force):
        margins = [case[-1] for case in CASES.values() if isinstance(case[0], kind)]
        assert min(margins) < 0 <= max(margins), kind


def test_each_element_of_a_batch_is_judged_by_itself(readings):
    angles = np.radians([[70.0, 74.0, 76.0], [90.0, 75.0, 0.0]])[..., None]
    margin = Angle(DOOR, np.radians(75), True).margin(readings({DOOR: angles}))
    assert (margin >= 0).tolist() == [[False, False, True], [True, True, False]]


def test_where_it_was_at_the_start_is_each_episodes_own(readings):
    # two episodes of three steps: the start of each stands once, and is broadcast over its steps
    value = np.zeros((2, 3, 3))
    value[0, :, 0], value[1, :, 0] = [0.0, 0.01, 0.03], [1.0, 1.01, 1.03]
    taken = readings({AT: value})
    taken.start = value[:, :1]
    assert (MovedAway(AT, 0.02).margin(taken) >= 0).tolist() == [[False, False, True]] * 2


def test_what_is_not_in_the_bowl_is_spilt_and_never_both(readings):
    spilt = Share(GRAINS, SHARE.centre, SHARE.radius, SHARE.height, SHARE.bound, below=True)
    for places in ([INSIDE] * 4, [INSIDE] * 3 + [BESIDE], [INSIDE] * 2 + [BESIDE] * 2, [BESIDE] * 4):
        taken = readings(dict(zip(GRAINS, places)))
        assert (SHARE.margin(taken) >= 0) != (spilt.margin(taken) >= 0), places


def test_all_and_any(readings):
    open_, down = Angle(DOOR, 1.0, True), Displaced(KEY, 0.001)
    for door, key in ((1.2, 0.002), (1.2, 0.0), (0.5, 0.002), (0.5, 0.0)):
        taken = readings({DOOR: [door], KEY: [key]})
        assert (All((open_, down)).margin(taken) >= 0) == (door > 1 and key > 0.001)
        assert (AnyOf((open_, down)).margin(taken) >= 0) == (door > 1 or key > 0.001)
    nested = All((open_, AnyOf((down, Below(BOWL, 0.1)))))
    assert leaves(nested) == [open_, down, Below(BOWL, 0.1)]
    assert [r.name for r in nested.requests()] == [DOOR.name, KEY.name, BOWL.name]


def test_a_diverged_number_never_holds(readings):
    taken = readings({DOOR: [np.nan], BOWL: [np.nan] * 3, UP: [np.nan] * 3, AT: [np.nan] * 3})
    for predicate in (Angle(DOOR, 0.0, True), Below(BOWL, 1.0), Upright(UP, 1.0, invert=True), MovedAway(AT, 0.0)):
        assert not predicate.margin(taken) >= 0


def test_progress_is_the_share_of_the_way(readings):
    goal = All((Angle(DOOR, 1.0, True), Near(BOWL, PLATE, 0.1)))
    start = readings({DOOR: [0.0], BOWL: [0, 0, 0], PLATE: [1.1, 0, 0]})
    before = [leaf.margin(start) for leaf in leaves(goal)]
    ways = [(0.0, 0.0, 0.0), (0.5, 0.0, 0.25), (0.5, 0.5, 0.5), (1.0, 0.5, 0.75), (2.0, 1.0, 1.0), (-1.0, 0.0, 0.0)]
    for door, bowl, expected in ways:
        taken = readings({DOOR: [door], BOWL: [bowl, 0, 0], PLATE: [1.1, 0, 0]})
        assert progress(conjuncts(goal), taken, before) == pytest.approx(expected), (door, bowl)


def test_what_held_at_the_start_counts_as_far_as_the_rest_has_come(readings):
    """The bowl lies low from the beginning: lifted on half of its way it holds no more, and on its place it holds again."""
    goal = All((Near(BOWL, PLATE, 0.1), Below(BOWL, 0.05)))
    start = readings({BOWL: [0, 0, 0], PLATE: [1.1, 0, 0]})
    before = [leaf.margin(start) for leaf in leaves(goal)]
    for x, z, expected in [(0.0, 0.0, 0.0), (0.5, 0.0, 0.5), (1.05, 0.0, 1.0)]:
        taken = readings({BOWL: [x, 0, z], PLATE: [1.1, 0, 0]})
        assert progress(conjuncts(goal), taken, before) == pytest.approx(expected), (x, z)
    lifted = readings({BOWL: [0.5, 0, 0.5], PLATE: [1.1, 0, 0.5]})
    assert progress(conjuncts(goal), lifted, before) == pytest.approx(0.25), "half of the way of one, and the other held no more"


def test_where_all_held_from_the_start_the_way_is_made_in_that_copy_alone(readings):
    goal = All((Near(BOWL, PLATE, 0.1), Below(BOWL, 0.05)))
    taken = readings({BOWL: [[1.05, 0, 0.02], [0.6, 0, 0.02]], PLATE: [[1.1, 0, 0.02], [1.1, 0, 0.02]]})
    before = [np.array([0.05, -1.0]), np.array([0.03, 0.03])]  # of two copies: all held in the first
    assert progress(conjuncts(goal), taken, before) == pytest.approx([1.0, 0.6])


def test_of_a_choice_the_nearest_alternative_is_the_progress(readings):
    choice = AnyOf((All((Angle(DOOR, 1.0, True), Displaced(KEY, 0.002))), Below(BOWL, 0.5)))
    goal = All((Near(BOWL, PLATE, 0.1), choice))
    start = readings({DOOR: [0.0], KEY: [0.0], BOWL: [0, 0, 1.0], PLATE: [1.1, 0, 1.0]})
    before = [leaf.margin(start) for leaf in leaves(goal)]
    cases = ((0.4, 0.0, 0.0, 0.2), (0.4, 0.001, 0.0, 0.45), (0.4, 0.0, 0.3, 0.6), (2.0, 0.01, 0.0, 1.0))
    for door, key, low, of_choice in cases:
        taken = readings({DOOR: [door], KEY: [key], BOWL: [0, 0, 1.0 - low], PLATE: [1.1, 0, 1.0 - low]})
        assert progress(conjuncts(goal), taken, before) == pytest.approx(0.5 * of_choice), (door, key, low)


def test_a_choice_of_like_things_keeps_their_unit():
    keys = tuple(Displaced(Request("joint_position", name), 0.001) for name in "ab")
    assert AnyOf(keys).unit == All(keys).unit == "m"
    assert AnyOf((*keys, Untouched((Request("contact_force", "body:a"),)))).unit == ""
