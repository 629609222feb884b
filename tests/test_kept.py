"""The kept takes are what today gives: operator, physics and judge; and whatever differs is named."""

from __future__ import annotations

import json
import pickle
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from shiliu.scenarios.catalog.catalog import list_scenarios, list_variants
from shiliu.scenarios.sheet.errors import EpisodeError

ROOT = Path(__file__).resolve().parents[1]
MOST = 4_000_000  # bytes of all kept takes together
QUICK = "table_setting"  # the shortest
AT = 100  # the control step that is changed
CLOTH = ("crumpled", "thirds", "stacked", "full", "t_shirt")  # slow to make: not kept yet
OPEN = {f"laundry_folding.{variant}" for variant in CLOTH}


@pytest.fixture(scope="module", autouse=True)
def beside() -> Iterator[None]:
    """The benchmarks import each other by name."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    yield
    sys.path.remove(str(ROOT / "benchmarks"))


def once(ask: Callable[..., Any], key: Callable[..., object]) -> Callable[..., Any]:
    """What is asked again about the same bytes is answered as before."""
    known: dict[object, Any] = {}

    def answer(*about: Any) -> Any:
        asked = key(*about)
        if asked not in known:
            known[asked] = ask(*about)
        return known[asked]

    return answer


@pytest.fixture(scope="module")
def comparing() -> Iterator[ModuleType]:
    """It plays and judges a course once, however many tests below hold that course against a changed take."""
    module, making = import_module("shiliu.replay.drift.comparing"), import_module("kept")

    def course(scene, start, actions):
        return scene.fingerprint, start.start_state.tobytes(), repr(sorted(start.values.items())), actions.tobytes(), len(actions)

    play = once(module.play_bits, course)
    judged = once(module.judged, lambda take, scene, episode: (take.name, scene.fingerprint, pickle.dumps(episode)))
    with pytest.MonkeyPatch.context() as patch:
        for one in (module, making):
            patch.setattr(one, "play_bits", play)
            patch.setattr(one, "judged", judged)
        yield module


@pytest.fixture(scope="module")
def kept(comparing) -> ModuleType:
    return import_module("kept")


@pytest.fixture(scope="module")
def store() -> ModuleType:
    return import_module("shiliu.replay.drift.kept_take")


@pytest.fixture(scope="module")
def take(kept, store):
    """A take that this machine made, so that the tests below hold on every one; look at it, do not change it."""
    return kept.make(QUICK, None, [store.read_take(QUICK).seed])


def unexplained(found) -> list[str]:
    """What differs; a skip where nothing does but what another machine may explain."""
    texts = [str(one) for one in found if not one.elsewhere]
    if found and not texts:
        pytest.skip(f"the takes were kept on another machine: {found[0].elsewhere}")
    return texts


def bumped(values: np.ndarray, *at: int) -> np.ndarray:
    """A copy in which one number is the next larger one."""
    copy = values.copy()
    copy[at] = np.nextafter(copy[at], np.inf, dtype=copy.dtype)
    return copy


def folder_of(tmp_path: Path, name: str) -> Path:
    for file in (ROOT / "benchmarks" / "kept").glob(f"{name}.*"):
        shutil.copy(file, tmp_path)
    return tmp_path


def test_a_kept_take_comes_out_and_is_judged_as_it_was(kept):
    ((_, found),) = kept.comparing([QUICK], ["bits", "verdict"])
    assert unexplained(found) == []


@pytest.mark.slow
def test_every_kept_take_comes_out_and_is_judged_as_it_was(kept, store):
    found = [one for _, several in kept.comparing(store.kept_names(), ["bits", "verdict"]) for one in several]
    assert unexplained(found) == []


@pytest.mark.slow
def test_the_operator_performs_every_kept_take_again(kept, store):
    found = [one for _, several in kept.comparing(store.kept_names(), ["actions"]) for one in several]
    assert unexplained(found) == []


def test_every_scenario_and_variant_has_its_take_and_all_are_small(kept, store):
    own = [name for name in list_scenarios() if (ROOT / "conf" / "scenario" / f"{name}.yaml").is_file()]
    wanted = {store.name_of(name, variant) for name in own for variant in (None, *list_variants(name))} - {"bare"}
    assert set(kept.takes()) == wanted
    assert set(store.kept_names()) == wanted - OPEN, "python benchmarks/kept.py make; what is kept is open no longer"
    files = [file for file in store.FOLDER.iterdir() if file.is_file()]
    assert {file.name for file in files} == {f"{name}.{end}" for name in wanted - OPEN for end in ENDS}
    assert sum(file.stat().st_size for file in store.FOLDER.rglob("*") if file.is_file()) <= MOST


ENDS = ("json", "actions.parquet", "samples.parquet")


def test_what_is_kept_succeeds_and_is_feasible_but_what_is_made_to_be_refused(store):
    refused = set()
    for name in store.kept_names():
        tree = json.loads((store.FOLDER / f"{name}.json").read_text(encoding="utf-8"))
        if not tree["label"]["success"] or tree["verdict"]["verdict"] != "FEASIBLE":
            refused.add(name)
    assert refused == {"material_handling.overload"}


def test_an_action_that_is_one_ulp_off_is_named_in_the_operator_and_shows_in_the_physics(comparing, take):
    j = take.action_names.index("zarm_r4_joint")
    other = replace(take, actions=bumped(take.actions, AT, j))
    (action,), _ = comparing.compare(other, ["actions"])
    before, after = str(other.actions[AT, j]), str(take.actions[AT, j])
    assert f"operator: actions: first at step {AT} (3.33 s): zarm_r4_joint {before} → {after} (by " in str(action)
    assert str(action).endswith(
        f"1 of {len(take.actions)} steps differ, zarm_r4_joint most, by {abs(float(take.actions[AT, j]) - float(other.actions[AT, j])):.3g}"
    )
    (state, *_), now = comparing.compare(other, ["bits"])
    assert str(state).startswith(f"{QUICK}  physics: state: first at step {AT + 1} (3.37 s); at step 300 (10.00 s) ")
    assert not comparing.same_course(other, now.bits) and comparing.same_course(take, take.bits)


def test_a_start_that_is_one_ulp_off_is_named_with_its_joint(comparing, store, take):
    scene = take.scene()
    start = take.start(scene)
    names, columns = store.positions(scene.model)
    joint = int(scene.model.joint("zarm_r4_joint").qposadr[0])
    state = bumped(start.start_state, 1 + joint)  # the time stands before the positions
    _, bits = store.play_bits(scene, replace(start, start_state=state), take.actions)
    first, state, *_ = comparing.differences(take, replace(take, bits=bits), ["bits"], scene.control_timestep)
    assert names[list(columns).index(joint)] == "zarm_r4_joint"
    assert first.text.startswith("start state: it differs; at step 0 (0.00 s) zarm_r4_joint most, by ")
    assert state.text.startswith("state: first at step 1 (0.03 s)")


def test_one_bit_of_an_observation_is_named_with_step_column_and_size(comparing, take):
    """As if a sensor were read otherwise: the states are the same."""
    feature, period, row = "observation.wrench", 1 / 30, 1
    columns = take.bits.columns[feature]
    name, j = list(columns)[4], 4
    samples = bumped(take.bits.samples[feature], row, j)
    size = abs(float(samples[row, j]) - float(take.bits.samples[feature][row, j]))
    seen = take.bits.seen.copy()
    seen[take.bits.steps[row] - 1] ^= 1
    changed = replace(
        take.bits,
        columns={**take.bits.columns, feature: {**columns, name: "00000000"}},
        samples={**take.bits.samples, feature: samples},
        seen=seen,
    )
    (found,) = comparing.differences(take, replace(take, bits=changed), ["bits"], period)
    assert found.text == (
        f"{feature}: first at step 300 (10.00 s), in {name} of {len(columns)} columns; "
        f"at step 300 (10.00 s) {name} most, by {size:.3g}"
    )


def test_a_subgoal_that_comes_a_step_later_is_named(comparing, take):
    name, moment = next(iter(take.label["subgoals"].items()))
    label = {**take.label, "subgoals": {**take.label["subgoals"], name: moment + 1 / 30}}
    (found,), _ = comparing.compare(replace(take, label=label), ["bits"])
    assert found.text == f"subgoal {name} {moment + 1 / 30} → {moment}"


def test_a_verdict_that_changed_is_named_with_level_and_numbers_before_and_after(comparing, take):
    findings = [dict(one) for one in take.verdict["findings"]]
    which = next(i for i, one in enumerate(findings) if one["code"] == "torque.peak" and one["stage"] == "replay")
    value, level = findings[which]["value"], findings[which]["level"]
    kept = float(f"{value * (1 + 1e-5):.6g}")
    findings[which] |= {"level": "FAIL", "value": kept}
    gone = next(one for one in findings if one["code"] == "slip")
    findings.remove(gone)
    head = {**take.verdict["verdict"], "verdict": "INFEASIBLE", "root": "torque.peak", "owner": "operator"}
    other = replace(take, verdict={"verdict": head, "findings": findings})
    found, now = comparing.compare(other, ["verdict"])
    assert now.verdict == take.verdict
    subject = ", ".join(gone["subject"])
    assert [one.text for one in found] == [
        "verdict INFEASIBLE → FEASIBLE",
        "owner operator → None",
        "root torque.peak → None",
        f"torque.peak (replay): FAIL → {level}; value {kept} → {value}",
        f"slip (replay): {gone['level']} of {subject} is new",
    ]


def test_a_verdict_after_another_course_says_so(comparing, take):
    j = take.action_names.index("zarm_r4_joint")
    found, _ = comparing.compare(replace(take, actions=bumped(take.actions, AT, j), verdict={}), ["verdict"])
    assert [one.text for one in found] == ["verdict: none is kept → FEASIBLE (after another course than the kept one)"]


def test_another_engine_is_named_and_is_no_regression(kept, comparing, store, take, tmp_path, monkeypatch, capsys):
    older = {**store.machine(), "mujoco": "3.16.1"}
    other = replace(take, label={**take.label, "success": False}, made_on=dict.fromkeys(take.made_on, older))
    store.write_take(other, tmp_path)
    assert kept.main(["compare", f"scenario={QUICK}", "what=bits", f"folder={tmp_path}"]) == 3
    out = capsys.readouterr().out
    assert (
        f"{QUICK}  physics: success: False → True  [not comparable: mujoco 3.16.1 → {store.machine()['mujoco']}]" in out
    )
    assert "Made on another machine, so that bits may differ for that alone: mujoco 3.16.1 → " in out
    store.write_take(replace(other, made_on=take.made_on), tmp_path)
    assert kept.main(["compare", f"scenario={QUICK}", "what=bits", f"folder={tmp_path}"]) == 1
    assert "not comparable" not in capsys.readouterr().out
    store.write_take(
        replace(take, made_on=other.made_on), tmp_path
    )  # where nothing differs, the engine does not matter
    assert kept.main(["compare", f"scenario={QUICK}", "what=bits", f"folder={tmp_path}"]) == 0


def test_a_verdict_is_renewed_on_purpose_and_prints_what_changed(kept, store, take, tmp_path, capsys):
    head = {**take.verdict["verdict"], "owner": "scene"}
    store.write_take(replace(take, verdict={**take.verdict, "verdict": head}), tmp_path)
    words = ["make", f"scenario={QUICK}", "update=verdict", f"folder={tmp_path}"]
    assert kept.main(words) == 0
    assert capsys.readouterr().out == f"{QUICK}  judge: owner scene → None\n"
    assert kept.main(words) == 0
    assert capsys.readouterr().out == f"{QUICK}  nothing changes\n"
    assert store.read_take(QUICK, tmp_path).verdict == take.verdict


def test_no_verdict_is_renewed_on_other_bits(kept, store, take, tmp_path, capsys):
    j = take.action_names.index("zarm_r4_joint")
    store.write_take(replace(take, actions=bumped(take.actions, AT, j)), tmp_path)
    before = store.read_take(QUICK, tmp_path)
    assert kept.main(["make", f"scenario={QUICK}", "update=verdict", f"folder={tmp_path}"]) == 1
    assert "not made: its bits differ from those kept" in capsys.readouterr().out
    assert store.read_take(QUICK, tmp_path).verdict == before.verdict
    assert kept.main(["make", f"scenario={QUICK}", "update=bits,verdict", f"folder={tmp_path}"]) == 0
    assert kept.main(["compare", f"scenario={QUICK}", f"folder={tmp_path}"]) == 0


def test_a_take_that_is_written_is_read_as_it_was_and_is_the_same_bytes(store, take, tmp_path):
    actions = take.actions.copy()
    actions[3, :4] = [-0.0, np.finfo(np.float32).smallest_subnormal, np.pi, -np.pi]
    written = replace(take, actions=actions)
    store.write_take(written, tmp_path)
    read = store.read_take(QUICK, tmp_path)
    assert read.actions.tobytes() == actions.tobytes() and read.actions.dtype == np.float32
    assert read.action_names == take.action_names
    assert read.draw == take.draw and read.label == take.label and read.verdict == take.verdict
    for name, rows in take.bits.samples.items():
        assert read.bits.samples[name].tobytes() == rows.tobytes() and read.bits.samples[name].dtype == rows.dtype
    first = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    store.write_take(read, tmp_path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == first


@pytest.mark.parametrize("end", ["json", "actions.parquet", "samples.parquet"])
def test_a_damaged_or_missing_file_is_named(store, tmp_path, end):
    file = folder_of(tmp_path, QUICK) / f"{QUICK}.{end}"
    block = bytearray(file.read_bytes())
    block[len(block) // 2 :] = b""
    file.write_bytes(block)
    with pytest.raises(EpisodeError, match=f"{QUICK}.json") as damaged:
        store.read_take(QUICK, tmp_path)
    assert "copy it again" in str(damaged.value) or f"{QUICK}.{end} is not the file" in str(damaged.value)
    file.unlink()
    with pytest.raises(EpisodeError, match=f"{QUICK}.{end} is missing"):
        store.read_take(QUICK, tmp_path)


def test_a_take_that_cannot_be_rebuilt_is_a_difference(kept, store, take, tmp_path):
    store.write_take(replace(take, draw={**take.draw, "values": {**take.draw["values"], "lamp.at.x": 0.1}}), tmp_path)
    ((_, found),) = kept.comparing([QUICK], ["bits", "verdict"], tmp_path)
    assert [one.what for one in found] == ["bits", "verdict"]
    assert found[0].text == (
        f"cannot be compared: {QUICK}: the scene of today draws other values than the kept take: lamp.at.x."
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["make", "seeds=4:1"], "seeds: '4:1' is no range"),
        (["compare", "what=looks"], "what: 'looks' is none of actions, bits, verdict"),
        (["compare", "scenario=microwav"], "scenario: There is no 'microwav'"),
        (["compare", "scene=microwave"], "python benchmarks/kept.py compare"),
        ([], "python benchmarks/kept.py make"),
    ],
)
def test_a_word_that_is_none_is_refused(kept, capsys, words, expected):
    assert kept.main(words) == 2
    assert expected in capsys.readouterr().err
