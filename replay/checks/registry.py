"""All checks by code, as the modules of this folder record them, and the lists of codes that follow from the records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from ..recording.codes import blocks
from .check import Check

SCENARIO = "scenario"  # stands for every code `scenario.<name>`: what a scenario forbids is named there


@cache
def registry() -> Mapping[str, Check]:
    """Code -> check, in the order of the file of bounds.

    Raises:
        ValueError: a code that is recorded twice, or that has no bounds.
    """
    found: dict[str, Check] = {}
    package = import_module(__package__)
    for module in iter_modules(package.__path__):
        for check in getattr(import_module(f"{__package__}.{module.name}"), "CHECKS", ()):
            if check.code in found:
                raise ValueError(f"{check.code} is recorded twice, in {module.name}.py and in another module.")
            found[check.code] = check
    order = {code: i for i, code in enumerate(blocks())}
    unknown = [code for code in found if code not in order]
    if unknown:
        raise ValueError(
            f"no bounds for {', '.join(unknown)}: write a block for each in conf/check/arm_manipulation.yaml."
        )
    return MappingProxyType(dict(sorted(found.items(), key=lambda item: order[item[0]])))


def check_of(code: str) -> Check:
    """The record of a finding's code; one without any property for a code that is not recorded."""
    known = registry()
    name = SCENARIO if code.startswith(f"{SCENARIO}.") else code
    return known[name] if name in known else Check(code)


def codes_where(holds: Callable[[Check], object]) -> tuple[str, ...]:
    """Codes of the checks for which `holds` is true, by their turns, then as the bounds stand."""
    return tuple(check.code for check in sorted(registry().values(), key=lambda check: check.place) if holds(check))


@cache
def asked_of(*what: str) -> tuple[str, ...]:
    """Codes of the checks that are asked of these (words of `check.OF`), one after the other."""
    known = codes_where(lambda check: check.of in what)
    return tuple(sorted(known, key=lambda code: what.index(registry()[code].of)))
