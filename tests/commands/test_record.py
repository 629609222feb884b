"""From the command line: record, replay to the bit, break in known ways, find what was broken."""

import json
import re
import shutil
from contextlib import redirect_stdout
from io import StringIO

import numpy as np
import pyarrow.parquet as pq
import pytest
import shiliu
from shiliu.cli import main
from shiliu.envs.single import ShiliuEnv
from shiliu.replay.judge.judge import judge
from shiliu.replay.rollout.episode import as_recording

KNOWN_WARNINGS = {"stream.repeated", "tracking"}  # codes that warn of a demonstration with which nothing is wrong


@pytest.fixture(scope="module")
def good(demonstration):
    return demonstration


def test_a_demonstration_does_the_task_in_order(good, scene):
    assert good.label["success"] is True
    times = list(good.label["subgoals"].values())
    assert times == sorted(times)
    assert [s["skill"] for s in good.segments]
    assert all(s["t0"] <= s["t1"] for s in good.segments)


@pytest.fixture(scope="module")
def verdict(good, scene):
    return judge([as_recording("good", good, scene)])[0]


def test_a_clean_demonstration_has_no_warning_beyond_the_known_ones(verdict):
    """A check that warns of what nothing is wrong with is one that nobody listens to."""
    assert {f.code for f in verdict.findings if f.level == "WARN"} <= KNOWN_WARNINGS


def test_a_demonstration_is_judged_feasible_and_reproduces(verdict):
    failed = [(f.code, f.subject, f.value) for f in verdict.findings if f.failed]
    assert failed == []
    assert verdict.verdict == "FEASIBLE"
    assert next(f for f in verdict.findings if f.code == "reproduces").level == "PASS"


def test_dense_reward_rises_along_it_and_not_along_an_idle_one(good, scene):
    env = ShiliuEnv(scene, reward="dense")
    values = good.draw["values"]

    def rewards(actions):
        env.reset(options={"values": values})
        out = []
        for action in actions:
            _, reward, terminated, _, _ = env.step(action)
            out.append(reward)
            if terminated:
                break
        return np.array(out)

    along = rewards(good.actions)
    rank = np.argsort(np.argsort(along, kind="stable"), kind="stable")
    assert np.corrcoef(rank, np.arange(len(rank)))[0, 1] >= 0.9
    assert along[-1] == 1.0
    idle = rewards(np.repeat(good.actions[:1], 150, axis=0))
    assert idle.max() - idle.min() < 0.05


HERE = "scenario=table_setting"  # the shortest


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A folder in which the command has recorded the seed 500 into `demos`, and what it printed; copy it, do not change it."""
    folder, out = tmp_path_factory.mktemp("recorded"), StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out):
        patch.chdir(folder)
        assert main(["record", HERE, "episodes=1", "seed=500", "out=demos", "quiet=true", "append=true"]) == 0
    return folder, out.getvalue()


@pytest.fixture
def there(recorded, tmp_path, monkeypatch):
    """A copy of that folder, in which the test stands."""
    shutil.copytree(recorded[0], tmp_path / "there")
    monkeypatch.chdir(tmp_path / "there")
    return tmp_path / "there"


def test_record_then_replay_by_command(recorded, there, capsys):
    here, tmp_path = HERE, there
    assert re.search(r"1 of 1 succeeded", recorded[1])
    info = json.loads((tmp_path / "demos" / "meta" / "info.json").read_text())
    assert info["codebase_version"] == "v3.0"
    table = pq.read_table(next((tmp_path / "demos" / "data").rglob("*.parquet")))
    assert str(table.schema.field("action").type).startswith("fixed_size_list<")
    assert "float" in str(table.schema.field("action").type)
    assert main(["replay", "data=demos", "out=verdicts", "pictures=false"]) == 0
    (line,) = (tmp_path / "verdicts" / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()
    verdict = json.loads(line)
    assert verdict["verdict"] == "FEASIBLE"
    assert verdict["source"] == "demos#0"
    assert sorted(p.name for p in tmp_path.iterdir()) == [".shiliu", "demos", "verdicts"], "and the tries"
    capsys.readouterr()
    assert main(["record", here, "episodes=1", "out=demos"]) == 2, "an existing dataset is not overwritten"
    assert "add to the dataset there with append=true" in capsys.readouterr().err
    assert main(["record", here, "episodes=3", "seed=499", "out=demos", "append=yes"]) == 2
    assert "1 of these demonstrations are in the dataset already, such as seed 500" in capsys.readouterr().err
    assert main(["record", "scenario=bare", "episodes=1", "out=demos", "append=true"]) == 2
    assert "do not fit into the set: observation.environment_state is only there" in capsys.readouterr().err
    assert len(list(shiliu.read(tmp_path / "demos"))) == 1


def test_record_adds_to_a_set_with_metadata(there, capsys):
    sheet = "operator: P-0417\ncentre: here\nlicence: CC-BY-4.0\nconsent: true\ncell: c1\n"
    (there / "session.yaml").write_text(sheet)
    words = ["record", HERE, "episodes=1", "out=demos", "quiet=true", "append=true"]
    assert main([*words, "seed=501", "metadata=session.yaml"]) == 0
    assert "1 episode more, 2 in all" in capsys.readouterr().out
    first, second = shiliu.read(there / "demos")
    assert "demonstration" not in first.metadata
    metadata = second.metadata["demonstration"]
    assert (metadata["operator"], metadata["label"], metadata["end_effector"]) == ("P-0417", {"success": True}, "claw")
    assert [s["skill"] for s in metadata["segments"]] == [s["skill"] for s in second.episode.segments]
    assert second.cell == "c1" and "seed=501" in second.metadata["made"]["command"]
    assert [v.verdict for v in judge([second])] == ["FEASIBLE"]
