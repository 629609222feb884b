"""A fault of ours costs the take that it is met in, says so, and shows where it was raised; the others are judged."""

import json
import logging

import numpy as np
import pytest
from shiliu.cli import main
from shiliu.replay.checks import witnesses
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.judge import judge as judging_module
from shiliu.replay.judge.intake import intake
from shiliu.replay.judge.judge import judge
from shiliu.replay.judge.steps import Steps
from shiliu.replay.recording.recording import Recording, SimEpisode, Stream
from shiliu.replay.residual import bodies
from shiliu.scenarios.sheet.errors import EpisodeError

NAMES = ("zarm_l1_joint", "zarm_l4_joint")


def take(name, turn):
    t = np.arange(120) / 30.0
    values = np.stack([0.2 * np.sin(t), turn + 0.1 * np.sin(2.0 * t)], axis=1)
    ns = np.round(t * 1e9).astype(np.int64)
    streams = {
        role: Stream(role, role, "joint_position", "rad", NAMES, values, ns, clock="grid") for role in ("command", "measured")
    }
    return Recording(name, f"{name}.bag", name, "robot", streams)


ELBOW = {"action": {"dtype": "float32", "shape": [1], "names": ["zarm_l4_joint"], "unit": "rad", "quantity": "joint_position"}}


def written(turn):
    """Something that is written and read; it is never simulated."""
    return SimEpisode(
        seed=0, draw={}, config={"name": "microwave"}, scenario_version=1, fingerprint="51ab", engine="mujoco 3.17.0",
        control_timestep=1 / 30, n_substeps=16, start_state=np.zeros(3), actions=np.linspace(-1.2, turn, 120, dtype=np.float32)[:, None],
        action_names=("zarm_l4_joint",), states={}, checkpoints={}, label={"success": True, "failure": None},
        task={"en": "Open it.", "zh": "打开。"}, scenario="microwave",
    )  # fmt: skip


@pytest.fixture
def faulty(monkeypatch):
    """The residual engine raises in the take that is called `second`."""
    whole = bodies.differences

    def differences(group, vouched=None):
        if abs(group.channels[1].columns["command"][0] + 0.7) < 1e-6:
            raise ZeroDivisionError("nothing to divide by")
        return whole(group, vouched)

    monkeypatch.setattr(bodies, "differences", differences)
    return [take("first", -0.5), take("second", -0.7), take("third", -0.9)]


def assert_second_alone(verdicts, caplog):
    assert [verdict.verdict is None for verdict in verdicts] == [False, True, False]
    error = verdicts[1].error
    assert error["code"] == "fault" and "ZeroDivisionError: nothing to divide by" in error["message"]
    assert "test_steps.py" in error["message"], "where it was raised"
    (record,) = (one for one in caplog.records if one.levelno >= logging.ERROR)
    assert record.exc_info[0] is ZeroDivisionError, "with its traceback, which goes to stderr"
    line = json.loads(verdicts[1].to_json())
    assert line["verdict"] is None and line["episode"] == "second"


def test_at_intake_a_fault_of_ours_costs_one_take(faulty, caplog):
    assert_second_alone(list(intake(faulty)), caplog)


def test_in_the_whole_judgement_it_costs_one_take(faulty, caplog):
    assert_second_alone(judge(faulty, threads=1), caplog)


def test_in_a_step_of_all_takes_it_costs_one_take(faulty, caplog, monkeypatch):
    """What plays the commands of a batch raises, and is asked of each take alone."""
    whole = judging_module.rollout_stage

    def rollout_stage(batch, **settings):
        if any(subject.recording.name == "second" for subject, _, _ in batch):
            raise ZeroDivisionError("nothing to divide by")
        return whole(batch, **settings)

    monkeypatch.setattr(judging_module, "rollout_stage", rollout_stage)
    takes = [faulty[0], take("second", -0.6), faulty[2]]
    assert_second_alone(judge(takes, threads=1), caplog)


def test_a_take_that_ended_takes_part_in_no_later_step():
    steps = Steps(3)

    def odd(k):
        if k == 1:
            raise EpisodeError("broken")
        return k

    assert steps.each(odd, [0, 1, 2]) == [0, None, 2]
    asked = []
    assert steps.together(lambda some: asked.append(some) or [10 * k for k in some], [0, 1, 2]) == [0, None, 20]
    assert asked == [[0, 2]] and isinstance(steps.ended[1], EpisodeError)


def test_the_command_goes_on_and_says_that_it_is_not_done(tmp_path, monkeypatch, caplog):
    """Exit 3: something could not be judged."""
    root = write_lerobot(tmp_path / "set", [written(-0.5), written(-0.7)], ELBOW, 30)
    whole = witnesses.check_alone

    def check_alone(columns, rules):
        if columns.recording.name.endswith("1"):
            raise KeyError("a name")
        return whole(columns, rules)

    monkeypatch.setattr(witnesses, "check_alone", check_alone)
    out = tmp_path / "out"
    assert main(["replay", f"data={root}", f"out={out}", "check=intake", "quiet=true"]) == 3
    lines = [json.loads(line) for line in (out / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["verdict"] is None for line in lines] == [False, True] and lines[1]["error"]["code"] == "fault"
    assert "KeyError" in caplog.text, "with its traceback"
