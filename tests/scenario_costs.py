"""What each scenario costs the default suite, told at its end: processor time of the tests that are repeated for it.

A test is a scenario's where one of its parameters is the scenario's name. Whatever is above the limit is named. It fails no run,
because processors differ, and are shared.
"""

from __future__ import annotations

import resource
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

LIMIT = 20.0  # s of the processor that one scenario may cost the default suite
DEFAULT = "not slow and not costly"
SCENARIOS = frozenset(path.stem for path in (Path(__file__).resolve().parents[1] / "conf" / "scenario").glob("*.yaml"))
CLOTH = ("laundry_folding",)  # of which a second takes ten: what moves it stands in the slow suite
_BEGAN = pytest.StashKey[float]()
_COSTS = pytest.StashKey[dict[str, float]]()


def spent() -> float:
    """Processor time [s] of this process and of those that it waited for."""
    every = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in every)


def scenario_of(parameters: Mapping[str, Any]) -> str | None:
    """The scenario that a test is repeated for."""
    return next((value for value in parameters.values() if isinstance(value, str) and value in SCENARIOS), None)


def each(scenarios: Iterable[str]) -> list[Any]:
    """Scenarios by name, for a test that moves every one of them; those with cloth are slow."""
    return [pytest.param(name, marks=pytest.mark.slow) if name in CLOTH else name for name in sorted(scenarios)]


# a test of each scenario asks for `any_scene`; which of them stand side by side in the session, and share what was loaded
every = pytest.mark.parametrize("any_scene", sorted(SCENARIOS), indirect=True)
every_moving = pytest.mark.parametrize("any_scene", each(SCENARIOS), indirect=True)  # which it draws or steps


def dear(costs: Mapping[str, float], limit: float = LIMIT) -> list[str]:
    """Names of those that cost more than `limit` [s], the dearest first."""
    return sorted((name for name, cost in costs.items() if cost > limit), key=lambda name: -costs[name])


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.stash[_BEGAN] = spent()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    report = yield
    of = scenario_of(item.callspec.params) if hasattr(item, "callspec") else None
    if of is not None and call.when == "teardown" and _BEGAN in item.stash:
        report.user_properties.append(("scenario", [of, spent() - item.stash[_BEGAN]]))
    return report


class Totals:
    """Sums over all workers, in the process that talks to the terminal."""

    def __init__(self, config: pytest.Config) -> None:
        config.stash[_COSTS] = {}
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        costs = self.config.stash[_COSTS]
        for key, value in report.user_properties if report.when == "teardown" else ():
            if key == "scenario":
                costs[value[0]] = costs.get(value[0], 0.0) + value[1]

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        costs = self.config.stash[_COSTS]
        if not costs or self.config.getoption("markexpr", "") != DEFAULT:
            return
        listed = ", ".join(f"{name} {cost:.0f} s" for name, cost in sorted(costs.items()))
        terminalreporter.write_line(f"processor time of tests repeated for each scenario: {listed}")
        for name in dear(costs):
            terminalreporter.write_line(f"{name} costs the default suite more than {LIMIT:g} s: mark what is slow")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # no worker of pytest-xdist
        config.pluginmanager.register(Totals(config), "scenario_totals")
