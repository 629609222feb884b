"""What a LeRobot set says of itself, at intake."""

from __future__ import annotations

import json

import numpy as np
import pytest
from known_faults.written import _column_changed
from shiliu.cli import main
from shiliu.replay.formats import read
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.judge.intake import intake
from shiliu.replay.recording.recording import SimEpisode
from small_sets import FEATURES, FPS, RULES, by_code, episode, verdict_of


def test_intake_gates_and_names_what_it_did_not_ask(tmp_path, capsys):
    root = write_lerobot(tmp_path / "good", [episode(k) for k in range(3)], FEATURES, FPS)
    out = tmp_path / "out"
    assert main(["replay", f"data={root}", "check=intake", f"out={out}"]) == 0
    text = capsys.readouterr().out
    assert "intake: nothing to refuse in 3 of 3; the later stages" in text and "not asked for with check=intake" in text
    assert "judged in" not in text, "a recording may name a scene; none was built"
    assert (out / "passed.txt").read_text().split() == ["good#0", "good#1", "good#2"] and not (
        out / "refused.txt"
    ).read_text()
    line = json.loads((out / "verdicts.jsonl").read_text().splitlines()[0])
    assert (line["verdict"], line["cleared"], line["provenance"]["check"]) == ("INCONCLUSIVE", True, "intake")
    assert line["stages"]["kinematics"] == {"verdict": "NOT_CHECKED", "reason": "intake"}
    _column_changed(root, "dataset_to_index", lambda n: n + (n == 300))
    assert main(["replay", f"data={root}", "check=intake", f"out={out}", "quiet=true"]) == 1
    assert (out / "refused.txt").read_text().split() == ["good#1"]
    (root / "shiliu/episodes/episode_000001.npz").unlink()
    assert main(["replay", f"data={root}", "check=intake", f"out={out}", "quiet=true"]) == 3, "unreadable"
    assert main(["replay", f"data={root}", "check=intake", f"out={out}", "repair=true"]) == 2


def test_intake_needs_no_engine(tmp_path, python):
    root = write_lerobot(tmp_path / "good", [episode()], FEATURES, FPS)
    code = (
        "import sys\nfrom shiliu.cli import main\n"
        "code = main(['replay', 'data=' + sys.argv[1], 'check=intake', 'out=' + sys.argv[2], 'quiet=true'])\n"
        "assert code == 0 and 'mujoco' not in sys.modules, code\n"
    )
    done = python(code, tmp_path, str(root), str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr


OF_OUR_ROBOT = {
    "action": {
        "dtype": "float32",
        "shape": [1],
        "names": ["zarm_l4_joint"],
        "unit": "rad",
        "quantity": "joint_position",
    }
}


def moving(low: float, high: float) -> SimEpisode:
    """A joint of our own robot that goes from here to there [rad]."""
    one = episode()
    one.actions = np.linspace(low, high, 150, dtype=np.float32)[:, None]
    one.action_names, one.states = ("zarm_l4_joint",), {}
    return one


def test_intake_looks_at_the_ranges_of_our_own_robot(tmp_path):
    one = moving(-1.0, -0.5)
    verdict = verdict_of(write_lerobot(tmp_path / "inside", [one], OF_OUR_ROBOT, FPS))
    assert verdict.cleared and verdict.stages["kinematics"].reason == "intake"
    one.actions = one.actions + np.float32(1.0)
    verdict = verdict_of(write_lerobot(tmp_path / "outside", [one], OF_OUR_ROBOT, FPS))
    assert (
        verdict.verdict == "INFEASIBLE"
        and verdict.findings[verdict.root].code == "joint.position"
        and not verdict.cleared
    )


@pytest.mark.parametrize(("step", "level"), [(0.15, "PASS"), (0.30, "WARN"), (0.45, "WARN"), (0.60, "FAIL")])
def test_intake_tells_a_command_that_steps(tmp_path, step, level):
    """The joint may do 8 rad/s: 0.27 rad from one row to the next, and 0.48 rad in the 60 ms in which a step is smoothed away."""
    one = moving(-1.4, -1.3)
    one.actions[75:] += np.float32(step)
    verdict = verdict_of(write_lerobot(tmp_path / "set", [one], OF_OUR_ROBOT, FPS))
    jump = by_code(verdict.findings)["joint.jump"]
    assert jump.level == level and jump.value == pytest.approx(step, abs=2e-3)
    assert jump.t0 == pytest.approx(2.5, abs=0.05) and verdict.cleared == (level != "FAIL")


def test_intake_tells_a_take_that_is_in_its_set_twice(tmp_path):
    root = write_lerobot(tmp_path / "set", [episode(0), episode(1), episode(0)], FEATURES, FPS)
    levels = [by_code(verdict.findings)["take.duplicate"].level for verdict in intake(read(root), RULES)]
    assert levels == ["PASS", "PASS", "FAIL"]
    last = list(intake(read(root), RULES))[-1]
    assert last.verdict == "UNSOUND" and last.findings[last.root].details["of"].endswith("#0")
