"""Scenarios that nobody would write: whatever valid words a designer strings together end in a result or in one clear error.

Three things are made from a seed: chains of skills with arguments of their own kinds in scenes that are sound, scenarios whose
values are others of the same dimension, and (in `test_fuzz_parts.py`) parts. A case is named by its seed: `-k "chain and 1234"`.
"""

from __future__ import annotations

import copy
import dataclasses
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shiliu
import yaml
from fuzz_counts import MANY
from shiliu.cli import main
from shiliu.replay.operator.operator import Operator, perform, read_chain
from shiliu.replay.operator.skills import registry
from shiliu.replay.operator.words.skill import REQUIRED, Argument
from shiliu.scenarios.catalog.catalog import list_scenarios
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.robots.postures import postures_of
from shiliu.scenarios.scene.scene import Scene
from shiliu.scenarios.sheet.errors import ShiliuError
from shiliu.scenarios.sheet.quantity import UNITS, dimension_of
from shiliu.scenarios.sheet.yaml_reader import Node, Problems
from shiliu.scenarios.stepping.simulation import Simulation

QUICK = 4  # cases of each of two kinds
CHAINS, VALUES = MANY * 2 // 3, MANY // 3
SECONDS = 40.0  # of the processor, for one case
EXITS = (0, 1, 2, 3)
LONG = (0, 3)  # seeds of seconds

# scene -> how often it is taken; cloth is looked at, but not moved: a second of it takes ten
SCENES = {
    ("microwave", None, None): 4,
    ("microwave", None, "mobile"): 3,
    ("microwave", "knob", None): 1,
    ("car_assembly", None, None): 3,
    ("drink_assist", None, None): 3,
    ("table_setting", None, None): 3,
    ("bare", None, None): 1,
    ("laundry_folding", None, None): 1,
}
STILL = ("laundry_folding",)

EXTREMES = {
    "length": ("0 mm", "1 mm", "-30 mm", "30 mm", "200 mm", "-300 mm", "1.5 m", "9 m"),
    "angle": ("0 deg", "5 deg", "-20 deg", "90 deg", "-90 deg", "180 deg", "360 deg"),
    "mass": ("0 kg", "1 g", "0.3 kg", "20 kg"),
    "force": ("0 N", "0.01 N", "5 N", "60 N", "900 N", "-10 N"),
    "torque": ("0 Nm", "0.1 Nm", "10 Nm"),
    "time": ("0 s", "1 ms", "0.4 s", "3 s", "20 min", "-1 s"),
    "speed": ("0 m/s", "1 mm/s", "0.1 m/s", "0.6 m/s", "5 m/s", "-0.2 m/s"),
    "angular_speed": ("0 deg/s", "1 deg/s", "40 deg/s", "2000 deg/s", "-20 deg/s"),
    "frequency": ("0 Hz", "1 Hz", "10 Hz", "30 Hz", "200 Hz"),
    "share": ("0 %", "1 %", "50 %", "100 %", "300 %", "-5 %"),
    "stiffness": ("0 N/m", "10 N/m", "2 N/mm"),
    "travel": ("0 deg", "30 deg", "-400 deg", "0 mm", "120 mm", "-3 m"),
    "volume": ("0 ml", "1 ml", "40 ml", "150 ml", "3 l", "-10 ml"),
}


def one_of(rng: np.random.Generator, words: Any) -> Any:
    words = list(words)
    return words[int(rng.integers(len(words)))]


# ------------------------------------------------------------------------------------------------ chains of skills


@lru_cache
def loaded(name: str, variant: str | None, base: str | None) -> Scene:
    return shiliu.load_scenario(name, variant=variant, base=base)


@lru_cache
def words_of(scene: Scene) -> dict[str, list[str]]:
    """Every dotted word of a scene by what it may name: element names and words of the interface, the robot's too."""
    spec = scene.names.spec
    found: dict[str, list[str]] = {}
    for kind, elements in (("site", spec.sites), ("joint", spec.joints), ("body", spec.bodies)):
        words = [e.name.replace("/", ".", 1) if "/" in e.name else f"robot.{e.name}" for e in elements if e.name]
        for placed in scene.config.parts:
            words += [f"{placed.name}.{word}" for word, entry in placed.part.interface.items() if kind in entry]
        found[kind] = words
    found["body"] += [placed.name for placed in scene.config.parts] * 3
    found["cloth"] = [cloth.part for cloth in scene.cloths]
    found["grip"] = [
        f"{one.name}.{grip}" for one in scene.config.parts for grip, sheet in one.part.grips.items() if sheet.sites
    ]
    found["subgoal"] = [subgoal.name for subgoal in scene.goal]
    return found


def argument_for(argument: Argument, scene: Scene, rng: np.random.Generator) -> Any:
    """A value of an argument's own kind, as it stands in YAML; None where the scene has none of it."""
    if argument.kind in EXTREMES:
        usual = argument.default if argument.default not in (REQUIRED, None) else None
        if usual is None or rng.random() < 0.5:
            return one_of(rng, EXTREMES[argument.kind])
        unit = next(
            u
            for u, (kind, factor) in UNITS.items()
            if kind == argument.kind and factor == max(f for k, f in UNITS.values() if k == argument.kind and f <= 1.0)
        )
        return f"{usual * 10.0 ** rng.uniform(-0.6, 0.6) / UNITS[unit][1]:.6f} {unit}"
    if argument.kind == "hand":
        return one_of(rng, ("left", "right"))
    if argument.kind == "posture":
        return one_of(rng, postures_of("kuafu"))
    if argument.kind == "word":
        return one_of(rng, argument.choices)
    known = words_of(scene)[argument.kind]
    return one_of(rng, known) if known else None


def chain_for(scene: Scene, rng: np.random.Generator) -> list[dict[str, Any]]:
    """A chain as it stands in YAML: a piece of the scene's own with other values, or skills that nobody ordered so."""
    known = {name: kind for name, kind in registry().items() if kind.needs in ("", scene.robot.base)}
    own = [dict(item) for item in scene.config.skills.value or ()]
    chain: list[dict[str, Any]] = []
    if own and rng.random() < 0.5:
        first = int(rng.integers(len(own)))
        chain = copy.deepcopy(own[first : first + int(rng.integers(1, 5))])
    else:
        for _ in range(int(rng.integers(1, 5))):
            kind = known[one_of(rng, known)]
            chain.append({kind.word: {"how": kind.how} if kind.how else {}})
    for item in chain:
        for word, given in item.items():
            how = given.get("how")
            name = ".".join(filter(None, (word, "on" if how is True else how)))
            arguments = known[name].arguments if name in known else {}
            for name, argument in arguments.items():
                needed = argument.default is REQUIRED and name not in given
                if needed or rng.random() < 0.2:
                    value = argument_for(argument, scene, rng)
                    if value is not None:
                        given[name] = value
    return chain


def with_chain(scene: Scene, chain: list[dict[str, Any]], seconds: float) -> Scene:
    """The compiled scene with another chain and less time."""
    changed, problems = copy.copy(scene), Problems()
    changed.config = dataclasses.replace(
        scene.config, problems=problems, skills=Node(chain, "scenario.skills", problems), time_limit=seconds
    )
    return changed


def performed(scene: Scene, seed: int, still: bool) -> None:
    """Let an operator perform; where it is `still`, in a world that stands as it was, which is soon over."""
    chain = read_chain(scene)
    draw = drawing.nominal(scene) if seed % 3 else drawing.draw(scene, seed)
    if not still:
        (done,) = perform(scene, [draw], [seed], skills=chain)
        assert np.isfinite(done.actions).all() and len(done.actions)
        return
    readings = Simulation(scene).begin([draw])
    carry = scene.course.advance(scene.course.begin(1), readings)
    operator = Operator(scene, draw, seed, chain)
    for _ in range(round(scene.config.time_limit / scene.control_timestep)):
        action = operator.act(readings.rows(0), carry.rows(np.array([0])))
        assert np.isfinite(action).all()
        if operator.done:
            break


def chain_case(seed: int, watched: Any) -> str:
    """Perform the chain of a seed; `performed`, or what was said against it."""
    rng = np.random.default_rng([seed, 1])
    name, variant, base = one_of(rng, [key for key, share in SCENES.items() for _ in range(share)])
    scene = loaded(name, variant, base)
    chain = chain_for(scene, rng)
    still = name in STILL or rng.random() < 0.6
    case = f"{name} {variant or ''} {base or ''} still={still} skills={yaml.safe_dump(chain, default_flow_style=True, width=1e9)}"
    try:
        with watched(SECONDS):
            performed(with_chain(scene, chain, 60.0 if still else 2.5), seed, still)
    except ShiliuError as error:
        return str(error)
    except Exception as error:
        raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}\n{case}") from error
    return "performed"


@pytest.mark.parametrize("seed", [pytest.param(s, id=f"chain-{s}") for s in range(QUICK + 2) if s not in LONG])
def test_chain(seed, watched):
    chain_case(seed, watched)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [pytest.param(s, id=f"chain-{s}") for s in range(1000, 1000 + CHAINS)])
def test_many_chains(seed, watched):
    chain_case(seed, watched)


# ------------------------------------------------------------------------------- other values of the same dimension

LEAVE = ("variants", "title", "tasks", "version")  # what is words alone, or was tried elsewhere
WORDS = ("both", "left", "right", "table", "robot.hands", "ready", "home", "yes", "摆放")


def other(value: Any, rng: np.random.Generator) -> Any:
    """Another value of the same kind: of the same dimension, a number, a word that stands somewhere, a piece of a list."""
    dimension = dimension_of(value)
    if dimension is not None:
        return one_of(rng, EXTREMES.get(dimension, (value,)))
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return one_of(rng, (0, 1, 2, -1, 7, 1000, 0.5))
    if isinstance(value, list):
        return value[int(rng.integers(len(value) + 1)) :] if rng.random() < 0.5 else [*value, *value[:1]]
    return one_of(rng, WORDS)


def changed(tree: Any, rng: np.random.Generator) -> Any:
    """A tree with one of its leaves another, or one of its keys gone."""
    if not isinstance(tree, dict | list) or not tree or (isinstance(tree, list) and rng.random() < 0.2):
        return other(tree, rng)
    keys = [k for k in tree if k not in LEAVE] if isinstance(tree, dict) else list(range(len(tree)))
    if not keys:
        return tree
    key = one_of(rng, keys)
    if isinstance(tree, list):
        return [changed(v, rng) if i == key else v for i, v in enumerate(tree)]
    if rng.random() < 0.06:
        return {k: v for k, v in tree.items() if k != key}
    return {k: changed(v, rng) if k == key else v for k, v in tree.items()}


def value_case(seed: int, folder: Path, watched: Any) -> str:
    """Check and record the scenario of a seed, of which one to three values are others; `performed` or `refused`."""
    rng = np.random.default_rng([seed, 2])
    name = one_of(rng, ("table_setting", "table_setting", "microwave", "drink_assist", "car_assembly", "bare"))
    tree = yaml.safe_load(list_scenarios()[name].read_text(encoding="utf-8"))
    tree.pop("variants", None)
    for _ in range(int(rng.integers(1, 4))):
        tree = changed(tree, rng)
    if "time_limit" in tree and rng.random() < 0.9:
        tree["time_limit"] = "1 s"
    (folder / "conf" / "scenario").mkdir(parents=True)
    file = folder / "conf" / "scenario" / "odd.yaml"
    file.write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")
    where = [f"--config-dir={folder / 'conf'}", "--debug"]
    codes = []
    try:
        with watched(SECONDS):
            codes.append(main(["check", "scenario=odd", "draws=2", *where]))
        if "time_limit" in tree and tree["time_limit"] == "1 s":
            with watched(SECONDS):
                codes.append(
                    main(
                        [
                            "record",
                            "scenario=odd",
                            "episodes=1",
                            f"out={folder / 'out'}",
                            "threads=1",
                            "quiet=true",
                            *where,
                        ]
                    )
                )
    except Exception as error:
        raise AssertionError(f"seed {seed}, {name}: {type(error).__name__}: {error}") from error
    assert set(codes) <= set(EXITS), codes
    return "performed" if codes[-1] == 0 else "refused"


@pytest.mark.parametrize("seed", [pytest.param(s, id=f"values-{s}") for s in range(QUICK // 2)])
def test_values(seed, tmp_path, watched):
    value_case(seed, tmp_path, watched)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [pytest.param(s, id=f"values-{s}") for s in range(1000, 1000 + VALUES)])
def test_many_values(seed, tmp_path, watched):
    value_case(seed, tmp_path, watched)
