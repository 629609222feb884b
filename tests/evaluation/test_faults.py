"""Known faults put into a good demonstration: each is found by its name, at its place, and nothing else is blamed."""

import copy
import json
import subprocess
import sys

import fault_scoring as scoring
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shiliu
import yaml
from conftest import ROOT
from device_measuring import measure
from known_faults import ordinary
from known_faults.injecting import Job, beginning, inject, prolonged
from known_faults.registry import COMBINED, FAULTS, chosen, faults_of
from shiliu.replay.checks.finding import Finding
from shiliu.replay.evaluation.device import FOLDER, SHARES, as_recorded, load_device, through
from shiliu.replay.judge.context import SceneContext
from shiliu.replay.judge.judge import judge
from shiliu.replay.judge.verdict import Verdict
from shiliu.replay.recording.recording import Recording
from shiliu.replay.rollout.episode import as_recording
from shiliu.replay.signals.clock import origin_ns
from shiliu.scenarios.sheet.errors import EpisodeError, ReplayError, ScenarioError

SIMULATED = (
    ("joint past its limit", 0.25),
    ("command jumps", 2.0),
    ("degrees for radians", None),
    ("camera black", 0.5),
    ("set's times step back", 0.25),
    ("set's rows lost", 0.5),
    ("set's video elsewhere", 0.25),
    ("set's values edited", None),
)
DEVICE = (
    ("samples not numbers", None),
    ("messages lost", 0.25),
    ("clock steps back", 0.25),
    ("encoder frozen", 0.25),
    ("zero of a joint off", 2.0),
    ("state lags", 2.0),
    ("joint of no actuator", None),
)


@pytest.fixture(scope="module")
def short(table, served):
    """The table setting: its context, its demonstration, and that as a device records it."""
    return SceneContext(table, "command"), served.episode, through(table, served.episode, load_device(), 7)


@pytest.fixture(scope="module")
def long(scene, demonstration):
    """The same of the microwave, which takes three times as long to judge."""
    return SceneContext(scene, "command"), demonstration, through(scene, demonstration, load_device(), 7)


def judged(context, jobs):
    injected = inject(jobs, context)
    assert all(one.recording is not None for one in injected), [one.reason for one in injected]
    verdicts = judge([one.recording for one in injected])
    return [scoring.score(one, verdict) for one, verdict in zip(injected, verdicts)]


@pytest.mark.parametrize(
    ("of", "kinds"), [("short", SIMULATED[::4]), pytest.param("long", SIMULATED, marks=pytest.mark.slow)], ids=["some", "all"]
)
def test_faults_of_a_simulation_are_found_named_and_placed(request, of, kinds):
    context, episode, _ = request.getfixturevalue(of)
    before = episode.actions.copy()
    known = faults_of(context.scene)
    lines = judged(context, [Job(episode, (known[name],), size, seconds=24.0) for name, size in kinds])
    assert "fault" not in episode.provenance
    assert np.array_equal(before, episode.actions), "the clean demonstration stays as it is"
    for line in lines:
        assert line["found"] and line["root_right"] and not scoring.falls_short(line), line
    if kinds[0] == SIMULATED[0]:
        assert lines[0]["excess"] == pytest.approx(0.25, abs=0.01)
    assert scoring.summary(lines)["all"]["recall"]["hits"] == len(kinds)


def test_a_thing_that_stands_elsewhere_is_found_in_another_scene(table, demonstrated):
    known, stage, clean = faults_of(table), SceneContext(table, "command"), demonstrated(3).episode
    (line,) = judged(stage, [Job(clean, (known["object elsewhere"],), None)])
    assert line["root"] == "goal" and line["root_right"] and line["subject_right"], line
    (put,) = inject([Job(clean, (known["latch too stiff"],), None)], stage)
    assert put.recording is None and "no latch" in put.reason


@pytest.mark.parametrize(
    ("of", "kinds"), [("short", DEVICE[1::4]), pytest.param("long", DEVICE, marks=pytest.mark.slow)], ids=["some", "all"]
)
def test_faults_of_a_device_are_found_named_and_placed(request, of, kinds):
    context, episode, device = request.getfixturevalue(of)
    before = {name: stream.values.copy() for name, stream in device.streams.items()}
    known = faults_of(context.scene)
    lines = judged(context, [Job(episode, (known[name],), size, device) for name, size in kinds])
    assert all(np.array_equal(before[name], stream.values) for name, stream in device.streams.items())
    for line in lines:
        assert line["found"] and line["root_right"] and not scoring.falls_short(line), line


@pytest.mark.parametrize("of", ["short", pytest.param("long", marks=pytest.mark.slow)])
def test_a_clean_demonstration_stays_clean_through_a_device(request, of):
    (verdict,) = judge([request.getfixturevalue(of)[2]])
    assert verdict.verdict == "FEASIBLE" and verdict.claim == "robot"
    assert not [f.code for f in verdict.findings if f.failed]


def test_the_device_model_does_what_was_measured(short):
    """Passed through the model and measured again, the same numbers come out."""
    *_, device = short
    model, again = load_device(), measure(device)
    assert again["command"]["rate"] == pytest.approx(model.command.rate, rel=0.01)
    assert again["state"]["rate"] == pytest.approx(model.state.rate, rel=0.01)
    assert again["lag"] == pytest.approx(model.lag, abs=0.02)
    assert again["still"]["share"] == pytest.approx(model.still, abs=0.03)
    assert again["silence"] == pytest.approx(model.silence, abs=0.005)
    middle = SHARES.index(0.05), SHARES.index(0.95)
    for i in middle:
        assert again["command"]["delay"][i] == pytest.approx(model.command.delay[i], abs=0.002)
    for stream in device.streams.values():
        for clock in (stream.capture_ns, stream.receive_ns):
            assert clock is None or (np.diff(clock) >= 0).all()
    assert origin_ns(device) == min(int(s.time_ns[0]) for s in device.streams.values())


def test_the_device_model_is_what_the_real_bag_shows(data):
    recordings = [r for r in shiliu.read(data / "kuavo-vr-teleop") if isinstance(r, Recording) and r.kind == "robot"]
    model, found = load_device(), measure(recordings[0])
    assert found["lag"] == pytest.approx(model.lag, abs=0.001)
    assert found["still"] == {"share": pytest.approx(model.still, abs=0.001), "longest": model.longest_still}
    assert found["updates"] == pytest.approx(model.updates, abs=0.05)
    for name, sender in (("command", model.command), ("state", model.state)):
        assert found[name]["delay"] == pytest.approx(sender.delay, abs=2e-5)
        assert found[name]["arrival"] == pytest.approx(sender.arrival, abs=1e-5)


def test_a_misspelt_device_is_told(tmp_path):
    with pytest.raises(ScenarioError, match="kuavo_vr"):
        load_device("kuavo_v")
    sheet = yaml.safe_load((FOLDER / "kuavo_vr.yaml").read_text(encoding="utf-8"))
    wrong = copy.deepcopy(sheet)
    wrong["command"]["delay"] = ["1 ms"]
    wrong["lag"] = "0.3"
    (tmp_path / "wrong.yaml").write_text(yaml.safe_dump(wrong), encoding="utf-8")
    with pytest.raises(ScenarioError) as error:
        load_device("wrong", tmp_path)
    assert "1 quantiles" in str(error.value) and "lag" in str(error.value)


def test_the_registry_is_whole(scene):
    known = faults_of(scene)
    assert len(known) >= 24 and len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert all(name in known for pair in COMBINED for name in pair)
    assert chosen(list(known), ["joint p", "joint of"]) == ["joint past its limit", "joint of no actuator"]
    with pytest.raises(ReplayError, match="no fault 'jont'"):
        chosen(list(known), ["jont"])


def test_a_fault_of_files_goes_into_the_takes_that_are_named(tmp_path):
    rows = pa.table(
        {
            "episode_index": [0] * 6 + [1] * 4,
            "frame_index": [*range(6), *range(4)],
            "timestamp": [k / 10 for k in (*range(6), *range(4))],
        }
    )
    file = tmp_path / "data" / "chunk-000" / "file-000.parquet"
    file.parent.mkdir(parents=True)
    pq.write_table(rows, file)
    ordinary.frame_gap(tmp_path, (1,))
    assert pq.read_table(file)["frame_index"].to_pylist() == [0, 1, 2, 3, 4, 5, 0, 1, 7, 8]
    ordinary.frame_gap(tmp_path, (0,))
    assert pq.read_table(file)["frame_index"].to_pylist() == [0, 1, 2, 8, 9, 10, 0, 1, 7, 8]
    ordinary.time_back(tmp_path)
    steps = np.diff(pq.read_table(file)["timestamp"].to_numpy())
    assert steps[2] == pytest.approx(0.1 - 0.5) and steps[7] == pytest.approx(0.1 - 0.5)


def test_a_demonstration_is_held_until_its_time_is_up(table, served):
    short = beginning(served.episode, 1.0)
    (longer,) = prolonged([short], table, short.n_steps + 12, threads=1)
    assert longer.n_steps == short.n_steps + 12 and longer.label == short.label
    assert (longer.actions[short.n_steps :] == short.actions[-1]).all()
    state = "observation.state"
    assert np.array_equal(longer.states[state][: short.n_steps + 1], short.states[state])
    with pytest.raises(EpisodeError, match=str(short.seed)):
        prolonged([short], table, short.n_steps - 1, threads=1)


def test_findings_on_clean_demonstrations_are_listed_one_by_one():
    def line(episode, *findings):
        verdict = Verdict("x", "x", verdict="FEASIBLE", findings=list(findings))
        return scoring.clean("simulated", episode, verdict)

    warned = [Finding("balance", "WARN", "dynamics", value=v, limit=20.0, unit="mm") for v in (19.0, 4.0)]
    failed = Finding("tracking", "FAIL", "replay", subject=("a",))
    passed = Finding("slip", "PASS", "replay")
    rows = scoring.clean_findings([line(1, warned[0], passed), line(2, warned[1], failed), line(3, passed)])
    assert [(one["level"], one["code"], one["demonstrations"], one["of"]) for one in rows] == [
        ("FAIL", "tracking", 1, 3),
        ("WARN", "balance", 2, 3),
    ]
    assert rows[1]["worst"] == {"episode": 2, "subject": [], "value": 4.0, "limit": 20.0, "unit": "mm"}
    assert scoring.clean_findings([line(1, passed)]) == []


def test_what_is_neither_passed_nor_refused_is_no_alarm_and_is_counted():
    words = ("FEASIBLE", "INCONCLUSIVE", "INFEASIBLE", "INCONCLUSIVE")
    lines = [scoring.clean("cell", k, Verdict("x", "x", verdict=word)) for k, word in enumerate(words)]
    near = Finding("goal", "NOT_CHECKED", "replay", details={"nearby": {"copies": 16, "successes": 3}})
    assert scoring.clean("cell", 9, Verdict("x", "x", verdict="INCONCLUSIVE", findings=[near]))["nearby"]["successes"] == 3
    figures = scoring.summary(lines)
    assert (figures["clean"]["cell"]["hits"], figures["undecided"]["cell"]["hits"]) == (1, 2)
    assert [line["episode"] for line in figures["open"]] == [1, 3] and figures["undecided"]["cell"]["n"] == 4


def test_places_are_scored():
    fault = FAULTS[0]
    job = Job.__new__(Job)
    object.__setattr__(job, "faults", (fault,))
    object.__setattr__(job, "size", 0.5)
    object.__setattr__(job, "episode", type("E", (), {"seed": 3})())

    def line(t0, t1, mark, **more):
        finding = Finding("joint.position", "FAIL", "kinematics", subject=("a",), t0=t0, t1=t1, **more)
        injected = scoring.Injected(job, object(), (scoring.FaultMark(*mark, ("a",)),))
        return scoring.score(injected, Verdict("x", "x", verdict="INFEASIBLE", root=0, findings=[finding]))

    assert line(2.1, 2.2, (2.0, 2.3))["onset"] == pytest.approx(0.1)
    assert line(2.0, 4.0, (2.0, 3.0))["iou"] == pytest.approx(0.5)
    assert "overlap 0.50" in scoring.falls_short(line(2.0, 4.0, (2.0, 3.0)))
    assert line(5.0, 6.0, (2.0, 3.0))["iou"] == 0.0


@pytest.mark.slow
def test_the_benchmark_by_command_goes_on_where_it_stopped(tmp_path):
    out = tmp_path / "lines.jsonl"
    words = [
        sys.executable,
        str(ROOT / "benchmarks" / "judge.py"),
        "episodes=1",
        "clean=1",
        "kinds=commands",
        f"out={out}",
    ]
    first = subprocess.run(words, capture_output=True, text=True, check=False)
    assert first.returncode == 0, first.stdout + first.stderr
    lines = out.read_text(encoding="utf-8").splitlines()
    assert {json.loads(line).get("kind") for line in lines} == {None, "commands not numbers", "commands shifted"}
    again = subprocess.run([*words, f"json={tmp_path / 'figures.json'}"], capture_output=True, text=True, check=False)
    assert again.returncode == 0 and out.read_text(encoding="utf-8").splitlines() == lines
    assert json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))["all"]["recall"]["n"] == 2


def test_a_device_of_the_working_folder_is_found_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf" / "device").mkdir(parents=True)
    own = (FOLDER / "kuavo_vr.yaml").read_text(encoding="utf-8").replace("lag: 0.290 s", "lag: 0.150 s")
    (tmp_path / "conf" / "device" / "my_stack.yaml").write_text(own, encoding="utf-8")
    assert load_device("my_stack").lag == pytest.approx(0.15) and load_device().lag == pytest.approx(0.29)
    assert load_device("conf/device/my_stack.yaml").name == load_device("./conf/device/my_stack").name == "my_stack"
    with pytest.raises(ScenarioError, match=r"Write my_stack"):
        load_device("elsewhere/my_stack.yaml")
    with pytest.raises(ScenarioError, match=r"There is no device 'my_stak'\. Did you mean my_stack"):
        load_device("my_stak")


def test_a_demonstration_as_a_device_would_have_recorded_it_keeps_its_name(table, served):
    recording = as_recording("take_7", beginning(served.episode, 2.0), table)
    made = as_recorded(recording, table, load_device())
    assert (made.name, made.source, made.kind) == (recording.name, recording.source, "robot") and made.episode is None
    assert made.notes[0] == "an episode of the simulation, as the device kuavo_vr would have recorded it"
    with pytest.raises(EpisodeError, match="is no episode of the simulation"):
        as_recorded(made, table, load_device())
