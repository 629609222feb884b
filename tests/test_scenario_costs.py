"""The suite tells which scenario costs it more than it may."""

from scenario_costs import LIMIT, dear, scenario_of


def test_what_is_above_the_limit_is_named_and_the_dearest_first():
    costs = {"microwave": LIMIT - 0.1, "laundry_folding": LIMIT + 0.1, "car_assembly": 2 * LIMIT}
    assert dear(costs) == ["car_assembly", "laundry_folding"]
    assert dear(costs, 2 * LIMIT) == []


def test_a_test_is_of_the_scenario_that_it_is_repeated_for():
    assert scenario_of({"seed": 3, "name": "microwave"}) == "microwave"
    assert scenario_of({"seed": 3, "name": "rim"}) is None
