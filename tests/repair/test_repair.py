"""Repair: the nearest feasible copy of what fails in its motion alone; the original stays as it is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml
from shiliu import cli
from shiliu.replay.checks.finding import Finding
from shiliu.replay.checks.kinematics import check_kinematics
from shiliu.replay.edits.bounds import Bounds
from shiliu.replay.edits.changes import BeyondBounds, Demand, slower, spread, steps_in, taken_back
from shiliu.replay.edits.command import Command, command_of
from shiliu.replay.edits.planning import planned
from shiliu.replay.edits.warp import RAMP, SlowedStretch, Warp, sampled, whole_steps
from shiliu.replay.formats import read
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.judge.context import Contexts
from shiliu.replay.judge.judge import judge
from shiliu.replay.recording.recording import Recording, SimEpisode, Stream
from shiliu.replay.repair.repairing import repaired
from shiliu.replay.repair.writing import MARK, changed
from shiliu.replay.rollout.episode import as_recording, episode_of
from shiliu.replay.rollout.rollout import Take, play
from shiliu.scenarios.draws import variation as drawing

DT = 1 / 30  # the bare floor's control period


@pytest.fixture(scope="module")
def contexts() -> Contexts:
    return Contexts()


def performed(scene, move) -> SimEpisode:
    """An episode of the bare floor whose head and arms hold still, but for `move`: name -> (T,) rad added."""
    draw = drawing.nominal(scene)
    steps = len(next(iter(move.values())))
    actions = np.tile(scene.ready_ctrl, (steps, 1)).astype(np.float32)
    for name, values in move.items():
        actions[:, scene.schema.action.names.index(name)] += np.asarray(values, np.float32)
    played = next(play(scene, [Take(draw, actions)], [[0]], 1))
    return episode_of(scene, played, 7, [{"skill": "wave", "t0": 1.0, "t1": 2.5}])


def wave(peak: float, joint: str = "zarm_l5_joint", steps: int = 120) -> dict[str, np.ndarray]:
    """One joint to and fro by 1.4 rad, its speed at most `peak` [rad/s], between 1 and 3 s."""
    t = np.arange(steps) * DT
    lasts = 1.875 * 1.4 / peak

    def smooth(begin: float) -> np.ndarray:
        s = np.clip((t - begin) / lasts, 0.0, 1.0)
        return s**3 * (10 - 15 * s + 6 * s**2)

    return {joint: 1.4 * (smooth(1.0) - smooth(2.0))}


# -- time --------------------------------------------------------------------------------------------------------------
def test_time_runs_uniformly_in_the_middle_and_smoothly_at_the_ends():
    warp = Warp([SlowedStretch(2.0, 3.0, 0.5)])
    new = np.arange(0.0, 8.0, 1e-3)
    rate = np.diff(warp.source(new)) / 1e-3
    assert rate.min() == pytest.approx(0.5, abs=1e-6) and rate.max() == pytest.approx(1.0, abs=1e-6)
    middle = (warp.source(new[:-1]) > 2.0) & (warp.source(new[1:]) < 3.0)
    assert np.allclose(rate[middle], 0.5)
    # the rate's own slope is continuous: no step in acceleration
    assert np.abs(np.diff(rate, 2)).max() / 1e-6 < 1.2 * 5.7735 * 0.5 / (2 * RAMP / 1.5) ** 2
    assert warp.longer_s == pytest.approx(1.0 + 2 * RAMP * (2 / 1.5 - 1))
    t = np.linspace(0.0, 7.0, 300)
    assert np.allclose(warp.source(warp.new(t)), t, atol=1e-6)


def test_what_comes_after_a_stretch_stays_to_the_bit():
    stretch = whole_steps(SlowedStretch(1.0, 1.4, 0.61), 1 / 30)
    assert 0.0 <= stretch.longer_s - SlowedStretch(1.0, 1.4, 0.61).longer_s < 1 / 30, "the next whole step, no later one"
    assert stretch.factor <= 0.61 and stretch.longer_s * 30 == pytest.approx(round(stretch.longer_s * 30), abs=1e-6)
    x = np.random.default_rng(0).normal(size=(120, 3)).astype(np.float32)
    made, warp = Command(np.arange(120) / 30, x, ("a", "b", "c"), (0, 1, 2), 1.0, 1 / 30).slowed([stretch])
    more = round(warp.longer_s * 30)
    assert len(made.x) == 120 + more
    assert np.array_equal(made.x[:24], x[:24]) and np.array_equal(made.x[-60:], x[-60:])
    flags = changed(x, made.x)
    assert not flags[:24].any() and not flags[-60:].any() and flags.sum() >= more


def test_between_samples_nothing_overshoots():
    x = np.array([[0.0], [0.0], [1.0], [1.0], [1.0]])
    fine = sampled(x, np.linspace(0, 4, 401))
    assert fine.min() == 0.0 and fine.max() == 1.0 and np.array_equal(sampled(x, np.arange(5)), x)


def test_between_samples_of_a_ramp_stands_the_ramp():
    x = np.column_stack([3.0 * np.arange(9), 7.0 - 0.5 * np.arange(9)])
    at = np.array([2.25, 3.7, 5.1])  # a slope that is wrong cancels out in the middle between two samples
    assert sampled(x, at) == pytest.approx(np.column_stack([3.0 * at, 7.0 - 0.5 * at]), abs=1e-12)


def test_stretches_that_overlap_are_refused():
    with pytest.raises(ValueError, match="overlap"):
        Warp([SlowedStretch(1.0, 2.0, 0.5), SlowedStretch(2.1, 3.0, 0.5)])


# -- changes -----------------------------------------------------------------------------------------------------------
def command(q: np.ndarray, name: str = "zarm_l5_joint") -> Command:
    return Command(np.arange(len(q)) * DT, q[:, None].astype(np.float32), (name,), (0,), 1.0, DT)


def test_a_stretch_is_slowed_no_more_than_it_must(bare, contexts):
    context = contexts._named("bare", "default")
    limit = context.limits["zarm_l5_joint"].speed_larger
    fast = command(wave(1.4 * limit)["zarm_l5_joint"])
    demand = Demand(context.limits, context.rules)
    made, changes, _ = slower(fast, demand, Bounds())
    assert 0.9 < demand.of(made)[1].max() * 1.05 <= 1.0, "just below the limit itself, not far below"
    assert all(0.55 < change["factor"] < 0.85 for change in changes)
    with pytest.raises(BeyondBounds):
        slower(command(wave(9.0 * limit)["zarm_l5_joint"]), demand, Bounds(slowest=0.9))


def test_a_joint_is_taken_back_smoothly_and_only_where_it_leaves_its_range(contexts):
    t = np.arange(200) * DT
    q = 1.1 * np.sin(t) * (t < np.pi) + 0.97 * np.sin(2 * t) * (t >= np.pi)
    made, changes = taken_back(command(q), {"zarm_l5_joint": (-1.0, 1.0)}, ["zarm_l5_joint"], Bounds())
    new = made.x[:, 0]
    assert new.max() <= 1.0 and len(changes) == 1 and changes[0]["by"] == pytest.approx(0.1, abs=0.03)
    assert np.array_equal(new[t >= np.pi], q[t >= np.pi].astype(np.float32)), "what comes close stays as it is"
    assert np.abs(np.diff(new[t < np.pi - 0.1], 2)).max() / DT**2 < 25.0, "no kink"
    with pytest.raises(BeyondBounds):
        taken_back(command(q), {"zarm_l5_joint": (-1.0, 0.5)}, ["zarm_l5_joint"], Bounds(back=0.35))


def test_each_time_that_it_leaves_its_range_is_a_change_of_its_own(contexts):
    t = np.arange(240) * DT
    q = sum(
        high * np.exp(-(((t - at) / 0.4) ** 2)) for at, high in ((1.5, 1.08), (4.0, 1.2), (6.5, -1.05))
    )  # twice above, once below
    made, changes = taken_back(command(q), {"zarm_l5_joint": (-1.0, 1.0)}, ["zarm_l5_joint"], Bounds())
    assert [change["by"] for change in changes] == pytest.approx([0.08, 0.2, 0.05], abs=0.03)
    for change, at in zip(changes, (1.5, 4.0, 6.5), strict=True):
        touched = t[(made.x[:, 0] != q.astype(np.float32)) & (np.abs(t - at) < 1.2)]
        assert (change["t0"], change["t1"]) == pytest.approx((touched[0], touched[-1]), abs=1e-6)
        assert change["t0"] < at < change["t1"]


def test_a_movement_of_several_long_samples_is_no_step(contexts):
    context = contexts._named("bare", "default")
    demand = Demand(context.limits, context.rules)
    walks = {"one": [0.6], "two": [0.6, 0.5], "three": [0.3, 0.6, 0.5], "there and back": [0.6, -0.6]}
    found = {}
    for name, moves in walks.items():
        x = np.zeros(60)
        x[20 : 20 + len(moves)] = np.cumsum(moves)
        x[20 + len(moves) :] = sum(moves)
        found[name] = [list(rows) for rows in steps_in(command(x), demand).values()]
    assert found == {"one": [[19]], "two": [], "three": [], "there and back": [[19, 20]]}


def test_a_unit_is_converted_before_anything_else_is_planned():
    other = Finding("joint.range", "FAIL", "kinematics", subject=("zarm_l5_joint",))
    unit = Finding("unit.degrees", "FAIL", "kinematics", subject=("/joints",), fix={"kind": "unit"}, details={"should_be": "deg"})
    (change,) = planned(None, [other, unit], None, Bounds())
    assert change == {"kind": "unit", "channel": "/joints", "unit": "deg", "multiply": pytest.approx(np.pi / 180.0)}


def test_a_step_is_spread_and_a_stray_sample_is_nearly_undone(contexts):
    context = contexts._named("bare", "default")
    demand = Demand(context.limits, context.rules)
    step = np.zeros(300)
    step[100:] = 0.8
    made, changes = spread(command(step), demand)
    assert (
        demand.of(made)[1].max() <= 1.0 and changes[0]["step"] == pytest.approx(0.8) and 0.05 < changes[0]["over"] < 1.0
    )
    assert np.array_equal(made.x[-100:, 0], step[-100:].astype(np.float32)), "it arrives where it was to be"
    stray = np.zeros(300)
    stray[100] = 0.8
    made, _ = spread(command(stray), demand)
    assert np.abs(made.x).max() < 0.4, "half of it is gone"
    found = check_kinematics(made.t, made.q, made.joint_names, context.limits, context.rules)
    assert not [f.code for f in found if f.failed]


# -- episodes of our own -----------------------------------------------------------------------------------------------
def verdict_of(recording: Recording, contexts: Contexts):
    return judge([recording], threads=1, contexts=contexts)[0]


def mended(episode: SimEpisode, scene, contexts: Contexts, bounds: Bounds | None = None):
    recording = as_recording("episode_000000", episode, scene)
    verdict = verdict_of(recording, contexts)
    return (
        recording,
        verdict,
        repaired(recording, verdict, contexts.of(recording), lambda r: verdict_of(r, contexts), bounds),
    )


def test_a_speed_fault_is_slowed_until_the_judge_is_content(bare, contexts):
    limit = contexts._named("bare", "default").limits["zhead_2_joint"]
    joint = "zarm_l5_joint"
    peak = 1.4 * contexts._named("bare", "default").limits[joint].speed_larger
    original, verdict, found = mended(performed(bare, wave(peak, joint)), bare, contexts)
    assert (
        limit is not None
        and verdict.verdict == "INFEASIBLE"
        and "joint.velocity" in {f.code for f in verdict.findings if f.failed}
    )
    assert found.done and {c["kind"] for c in found.applied} == {"slow"}, (found.reason, found.codes)
    fix = verdict.findings[verdict.root].fix
    assert fix["factor"] == found.applied[0]["factor"], "the advice tells what the repair does"
    made = found.recording.episode
    assert made.n_steps > original.episode.n_steps
    assert made.segments[0]["t1"] == pytest.approx(2.5 + found.to_dict()["longer_s"], abs=0.1)
    assert made.provenance["repaired"]["sha256"] == original.sha256 and made.provenance["made_by"] == "repair"
    again = verdict_of(found.recording, contexts)
    assert again.verdict == "FEASIBLE" and not [
        f for f in again.findings if f.code == "reproduces" and f.level != "PASS"
    ]


def test_a_limit_fault_is_taken_back(bare, contexts):
    t = np.arange(120) * DT
    high = bare.schema.action.high[bare.schema.action.names.index("zhead_1_joint")]
    past = (high + 0.15) * np.exp(-(((t - 2.0) / 0.7) ** 2))
    original, verdict, found = mended(performed(bare, {"zhead_1_joint": past}), bare, contexts)
    assert verdict.verdict == "INFEASIBLE" and found.done, (found.reason, found.codes)
    assert [c["kind"] for c in found.applied] == ["clip"] and found.applied[0]["by"] == pytest.approx(0.15, abs=0.03)
    assert found.recording.episode.n_steps == original.episode.n_steps
    _, _, bounded = mended(original.episode, bare, contexts, Bounds(back=0.05))
    assert not bounded.done and bounded.reason == "beyond_bounds"


def test_what_cannot_be_mended_says_so(bare, contexts):
    episode = performed(bare, wave(1.0))
    broken = replace(episode, actions=episode.actions.copy())
    broken.actions[50, 3] = np.nan
    _, verdict, found = mended(broken, bare, contexts)
    assert verdict.verdict == "UNSOUND" and not found.done and found.recording is None
    assert found.reason == "other_fault" and found.codes == ["value.nonfinite"]
    _, verdict, found = mended(episode, bare, contexts)
    assert verdict.verdict == "FEASIBLE" and found.reason == "nothing_to_mend"


# -- real recordings ---------------------------------------------------------------------------------------------------
def real(q: np.ndarray, name: str = "zarm_l4_joint") -> Recording:
    """Commands of one joint at about 100 Hz, and what was measured meanwhile."""
    ns = 1_700_000_000_000_000_000 + (np.arange(len(q)) * 1e7).astype(np.int64) + np.arange(len(q)) % 3 * 100_000
    streams = {
        s: Stream(s, role, "joint_position", "deg", (name,), np.rad2deg(q)[:, None], capture_ns=ns)
        for s, role in (("/command", "command"), ("/state", "measured"))
    }
    return Recording("take", "take.bag", "ab" * 32, "robot", streams)


def test_a_real_command_is_taken_back_and_keeps_its_messages(contexts):
    context = contexts._named("bare", "default")
    lower = context.limits["zarm_l4_joint"].lower
    t = np.arange(500) * 0.01
    recording = real((lower - 0.13) * np.exp(-(((t - 2.5) / 0.8) ** 2)))
    before = recording.streams["/command"].values.copy()
    verdict = verdict_of(recording, contexts)
    found = repaired(recording, verdict, context, lambda r: verdict_of(r, contexts))
    assert verdict.verdict == "INFEASIBLE" and found.done, (found.reason, found.codes)
    made = found.recording
    assert set(made.streams) == {"/command"} and "/state" in made.notes[0], "what was measured was of another command"
    assert np.array_equal(made.streams["/command"].time_ns, recording.streams["/command"].time_ns)
    same = np.rad2deg(lower) + 5.0 < before[:, 0]
    assert np.array_equal(made.streams["/command"].values[same], before[same])
    assert np.array_equal(recording.streams["/command"].values, before), "the original is evidence"
    assert "repaired copy (clip) of take.bag" in made.notes[-1]


def test_human_motion_and_measured_states_are_never_changed(contexts):
    context = contexts._named("bare", "default")
    recording = real(np.zeros(100))
    alone = replace(recording, kind="state_only", streams={"/state": recording.streams["/state"]})
    assert command_of(alone, context.scene.robot.joint_names) is None
    assert command_of(replace(recording, kind="human"), context.scene.robot.joint_names) is None


# -- the command -------------------------------------------------------------------------------------------------------
def digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            total.update(path.read_bytes())
    return total.hexdigest()


@pytest.fixture(scope="module")
def judged(tmp_path_factory, bare, contexts):
    """A set with a speed fault and one that nobody can mend, judged with repair=true."""
    folder = tmp_path_factory.mktemp("repair")
    peak = 1.4 * contexts._named("bare", "default").limits["zarm_l5_joint"].speed_larger
    good, fast = performed(bare, wave(1.0)), performed(bare, wave(peak))
    broken = replace(good, actions=good.actions.copy())
    broken.actions[50, 3] = np.nan
    features = bare.schema.lerobot_features()
    write_lerobot(folder / "set", [good, fast, broken], features, round(1.0 / bare.control_timestep))
    before = digest(folder / "set")
    words = ["replay", f"data={folder / 'set'}", f"out={folder / 'out'}", "threads=1", "pictures=false", "repair=true"]
    code = cli.main([*words, "lang=zh"])
    return folder, before, code, words


def test_the_command_writes_copies_beside_the_reports_and_leaves_the_originals(judged):
    folder, before, code, _ = judged
    assert code == 1 and digest(folder / "set") == before, "the verdict on what was recorded stays"
    lines = [json.loads(line) for line in (folder / "out" / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line.get("repair", {}).get("episode") for line in lines] == [None, "repaired/bare#0", None]
    assert "repair" not in lines[0] and lines[2]["repair"]["reason"] == "other_fault"
    assert lines[1]["verdict"] == "INFEASIBLE" and lines[1]["repair"]["verdict"] == "FEASIBLE"
    assert sorted(p.name for p in folder.iterdir()) == ["out", "set"], "no hidden folder is left"
    page = (folder / "out" / "report.html").read_text(encoding="utf-8")
    assert "修复的副本" in page and "重新评判" in page and "修复后" in page


def test_a_copy_replays_to_the_bit_and_says_what_it_is(judged, contexts):
    folder, _, _, _ = judged
    (copy,) = read(folder / "out" / "repaired")
    verdict = verdict_of(copy, contexts)
    assert verdict.verdict == "FEASIBLE"
    assert [f.level for f in verdict.findings if f.code == "reproduces"] == ["PASS"]
    (line,) = [note for note in copy.notes if "repaired copy" in note]
    original = [r for r in read(folder / "set") if isinstance(r, Recording)][1]
    assert "set#1" in line and original.sha256[:12] in line
    marks = (
        copy.streams[MARK].values
        if MARK in copy.streams
        else next(s.values for name, s in copy.streams.items() if name.startswith(MARK))
    )
    assert 0 < marks.sum() < len(marks) / 2, "frames whose command is none that was recorded"


def test_a_second_run_replaces_copies_but_nothing_else(judged, capsys):
    folder, _, _, words = judged
    assert cli.main([*words, "lang=zh"]) == 1
    assert "2 个未通过的录制中修复了 1 个" in capsys.readouterr().out
    assert (folder / "out" / "repaired" / "bare").is_dir()
    (folder / "out" / "repaired" / "mine.txt").write_text("mine")
    assert cli.main(words) == 2 and (folder / "out" / "repaired" / "mine.txt").exists()
    assert "not a folder of repaired copies" in capsys.readouterr().err
    (folder / "out" / "repaired" / "mine.txt").unlink()


def test_an_interruption_leaves_nothing_half_written(judged, monkeypatch):
    folder, _, _, words = judged
    words = [f"out={folder / 'other'}" if word.startswith("out=") else word for word in words]

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("shiliu.replay.report.Reports.finish", stop)
    assert cli.main(words) == 130
    assert sorted(p.name for p in folder.iterdir()) == ["out", "set"]


def test_the_bounds_stand_in_the_settings():
    settings = yaml.safe_load((Path(cli.__file__).parent / "conf" / "replay.yaml").read_text(encoding="utf-8"))
    bounds = Bounds()
    assert settings["repair"] is False
    assert settings["repair_at_most"] == {
        "slowest": f"{bounds.slowest:.0%}".replace("%", " %"),
        "back": f"{bounds.back} rad",
        "rounds": bounds.rounds,
    }


def test_another_robot_is_judged_but_not_repaired(contexts):
    recording = real(np.full(200, 0.15))
    verdict = verdict_of(recording, contexts)
    context = SimpleNamespace(embodiment="a robot of somebody else")
    assert verdict.verdict == "INFEASIBLE"
    assert repaired(recording, verdict, context, lambda r: verdict_of(r, contexts)).reason == "other_robot"


def test_a_copys_curve_begins_where_the_recorded_command_does(monkeypatch):
    from types import SimpleNamespace as Some

    from shiliu.replay.checks import kinematics
    from shiliu.replay.repair import running

    def command(begins: float) -> Some:
        return Some(t=begins + np.arange(4) / 10, q=np.zeros((4, 1)), joint_names=["zarm_l4_joint"])

    commands = {"recorded": command(7.3), "copy": command(0.0)}
    monkeypatch.setattr(running, "command_of", lambda which, names: commands[which])
    monkeypatch.setattr(kinematics, "motion_of", lambda t, q, rules: Some(t=t, v=q))
    plots = [Some(subject="zarm_l4_joint", title_key=key, traces=[]) for key in ("joint_position", "joint_velocity")]
    context = Some(rules=None, scene=Some(robot=Some(joint_names=["zarm_l4_joint"])))
    running._show(Some(evidence=Some(plots=plots)), "recorded", Some(recording="copy"), context)
    for plot in plots:
        np.testing.assert_allclose(plot.traces[0]["t"], commands["recorded"].t)
