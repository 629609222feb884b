"""The Python face, used as a researcher would: arrays and rollouts in, verdicts, datasets, labels and pictures out."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import re
import sys
from pathlib import Path

import gymnasium
import numpy as np
import pytest
import shiliu
from shiliu import EpisodeError, ScenarioError, ShiliuError
from shiliu.replay.judge import judge as judging

ROOT = Path(__file__).resolve().parents[1]
ELBOW = "zarm_r4_joint"


@pytest.fixture(scope="module")
def strained(table, served) -> shiliu.Verdict:
    """Two seconds of it, of which the second takes the right elbow 0.3 rad past the end of its range, which is 0."""
    actions = served.episode.actions[:60].copy()
    elbow = table.schema.action.names.index(ELBOW)
    actions[30:, elbow] = np.linspace(actions[30, elbow], 0.3, 30)
    return shiliu.judge_commands(table, actions, seed=1, curves=["joint.velocity"])


def test_only_the_face_is_shown_and_importing_it_is_quick(python, tmp_path):
    code = "import sys, shiliu; print(sorted(set(dir(shiliu)) ^ {*shiliu.__all__, '__version__'}), 'mujoco' in sys.modules)"
    assert python(code, tmp_path).stdout == "[] False\n"
    assert {"load_scenario", "read", "judge", "record", "perform", "render", "labels", "judge_commands"} <= set(dir(shiliu))
    for name in shiliu.__all__:
        assert (getattr(shiliu, name).__doc__ or "").strip(), name


def test_a_demonstration_is_performed_in_the_draw_of_its_seed(table, served):
    assert served.episode.label["success"] and served.scenario == "table_setting"
    env = gymnasium.make("shiliu/TableSetting-v1")
    _, info = env.reset(seed=1)
    assert served.episode.draw["values"] == info["draw"]
    assert not shiliu.perform(table, [1], mistake="guest_bowl_pushed")[0].episode.label["success"]


def test_commands_are_judged_where_the_seed_puts_them(table, served, strained):
    assert strained.verdict in ("UNSOUND", "INFEASIBLE")
    assert ELBOW in {name for finding in strained.findings if finding.failed for name in finding.subject}
    clean = shiliu.judge_commands("table_setting", served.episode.actions[:60].tolist(), seed=1)
    assert clean.verdict == "FEASIBLE" and clean.outcome["success"] is False  # it claims nothing
    here, there = (shiliu.judge_commands(table, served.episode.actions[:3], **how) for how in ({}, {"values": {"bowl.at.x": 0.21}}))
    assert here.sha256 != there.sha256


def test_a_rollout_is_judged_recorded_and_read_like_any_other(served, tmp_path):
    env = gymnasium.make("shiliu/TableSetting-v1").unwrapped
    env.reset(seed=1)
    for action in served.episode.actions[:20]:
        env.step(action)
    saved = env.save()
    env.step(served.episode.actions[0])
    env.restore(saved)
    for action in served.episode.actions[20:40]:
        env.step(action)
    rollout = env.episode()
    assert np.array_equal(rollout.episode.actions, served.episode.actions[:40])
    for name, values in rollout.episode.states.items():
        assert np.array_equal(values[:40], served.episode.states[name][:40]), name
    (verdict,) = shiliu.judge(rollout)
    assert verdict.verdict == "FEASIBLE" and verdict.outcome["success"] is False
    (tmp_path / "set").mkdir()  # an empty folder may be there
    out = shiliu.record([served, rollout], tmp_path / "set")
    with pytest.raises(shiliu.EpisodeError, match=r"set: out: exists already"):
        shiliu.record(rollout, out)
    assert [one.episode.n_steps for one in shiliu.read(out)] == [served.episode.n_steps, 40]
    shiliu.record(rollout, out, append=True)
    assert len(list(shiliu.read(out))) == 3
    env.reset(options={"episode": served.episode, "t": 1.0})
    env.step(served.episode.actions[30])
    assert np.array_equal(env.episode().episode.actions, served.episode.actions[:31])


def test_deltas_of_a_policy_are_kept_as_the_joint_commands_they_became(served):
    env = gymnasium.make("shiliu/TableSetting-v1", action="joint_delta").unwrapped
    env.reset(seed=3)
    kept = []
    for _ in range(5):
        env.step(env.action_space.sample())
        kept.append(env.applied)
    assert np.array_equal(env.episode().episode.actions, kept)


def test_an_episode_that_its_commands_do_not_give_is_refused(served):
    env = gymnasium.make("shiliu/TableSetting-v1").unwrapped
    env.reset(seed=1)
    with pytest.raises(EpisodeError, match="No step has been taken"):
        env.episode()
    env.step(served.episode.actions[0])
    env.live("xfrc_applied")[-1, 2] = -50.0
    env.step(served.episode.actions[1])
    with pytest.raises(EpisodeError, match=r"do not lead where this episode is.*live\(\)"):
        env.episode()


def test_a_verdict_draws_itself(strained, tmp_path):
    text = strained.plot("joint.velocity").save(tmp_path / "a.svg").read_text(encoding="utf-8")
    assert text.startswith("<svg xmlns=") and text.endswith("</svg>") and ELBOW in text
    page = strained._repr_html_()
    assert strained.verdict in page and strained.findings[strained.root].code in page
    for code, message in (
        ("joint.velocty", r"There is no check 'joint\.velocty'\. Did you mean joint\.velocity\? Curves here: .*joint\.velocity"),
        ("nope", r"There is no check 'nope'\. `shiliu list checks` lists them\. Curves here"),
        ("set.fps", r"The check 'set\.fps' has no curve of its own"),
        ("clock.gap", r"'clock\.gap' was not checked|The curve of 'clock\.gap' was not kept\. Judge again with curves"),
        (3, r"code: 3 is not accepted here\. Give a code of `shiliu list checks`"),
    ):
        with pytest.raises(ShiliuError, match=message):
            strained.plot(code)
    with pytest.raises(ShiliuError, match="Judge with pictures=True"):
        strained.picture()
    with pytest.raises(ShiliuError, match="The verdict has no curve"):
        shiliu.Verdict("a", "a").plot()
    unread = shiliu.Verdict("a", "a", error={"message": "no head <b>"})
    assert "no head" in unread._repr_html_() and str(unread) == "a: not read: no head <b>"
    root = strained.findings[strained.root]
    assert str(strained) == f"{strained.called}: INFEASIBLE by {root.code} at {root.at:.2f} s"


@pytest.mark.gl
def test_pictures_of_a_scenario_of_an_episode_and_of_a_verdict(served, strained, table, opengl):
    first, other = (np.asarray(shiliu.render(table, seed=seed, width=160)) for seed in (1, 2))
    assert first.shape == (120, 160, 3) and (first != other).any()
    begin = np.asarray(shiliu.render(served, at=0, width=160))
    assert np.array_equal(begin, first) and not np.array_equal(begin, np.asarray(shiliu.render(served, at=8, width=160)))
    assert shiliu.render(served, frames=3, width=100).size[0] == 300
    (verdict,) = shiliu.judge(dataclasses.replace(served), pictures=True)
    assert min(verdict.picture().size) > 100
    with pytest.raises(EpisodeError, match="no moment 99 s"):
        shiliu.render(served, at=99)
    with pytest.raises(ScenarioError, match=r"no camera 'overvew'.*overview"):
        shiliu.render(table, camera="overvew")
    with pytest.raises(ShiliuError, match="A scenario has no moments"):
        shiliu.render(table, at=1.0)


def test_labels_name_the_skills(served):
    (found,) = shiliu.labels(served)
    assert [one.skill for one in found.segments][:2] == ["take.rim", "lift"] and found.departs is None


def test_what_a_notebook_shows_of_a_demonstration_is_a_line(served):
    """The last line of a cell is its repr; the numbers of an episode would fill a thousand lines."""
    assert repr(served) == f"Recording({served.source!r}, simulation, {len(served.streams)} streams)"
    steps, seconds = served.episode.n_steps, served.episode.duration_s
    assert repr(served.episode) == f"SimEpisode('table_setting', seed 1, {steps} steps, {seconds:.2f} s)"
    assert all(len(repr(stream)) < 200 for stream in served.streams.values())


def test_streams_as_arrays_and_as_a_frame(served, monkeypatch):
    columns = served.arrays("action/joint_position")
    assert next(iter(columns)) == "time" and columns["time"][30] == pytest.approx(1.0)
    assert np.array_equal(columns[ELBOW].astype(np.float32), served.episode.actions[:, list(columns).index(ELBOW) - 1])
    with pytest.raises(EpisodeError, match=r"no stream 'action'\. Did you mean action/claw"):
        served.arrays("action")
    frame = pytest.importorskip("pandas") and served.frame("action/joint_position")
    assert frame.index.name == "time" and list(frame.columns) == list(columns)[1:]
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(EpisodeError, match=r"needs pandas.*shiliu\[frames\].*recording\.arrays"):
        served.frame("action/joint_position")


@pytest.mark.parametrize(
    ("actions", "how", "error"),
    [
        (np.zeros((5, 7)), {}, r"actions: The shape \(5, 7\) is not accepted here\. Give \(T, 18\).*zarm_l1_joint"),
        (np.zeros(18), {}, r"The shape \(18,\)"),
        (np.zeros((0, 18)), {}, r"The shape \(0, 18\)"),
        ([["a"] * 18], {}, r"not accepted here\. Give real numbers, \(T, 18\)"),
        (np.zeros((2, 18), complex), {}, r"not accepted here\. Give real numbers, \(T, 18\)"),
        (np.full((2, 18), 1e300), {}, r"row 0, zarm_l1_joint is 1e\+300\. Commands are finite numbers that float32 holds"),
        (np.full((2, 18), np.nan), {}, "row 0, zarm_l1_joint is nan"),
        (np.zeros((2, 18)), {"seed": -1}, "seed: -1 is not accepted here. Give a whole number from 0 to"),
        (np.zeros((2, 18)), {"seed": 1, "values": {}}, "Give the one or the other"),
        (np.zeros((2, 18)), {"values": {"bowl.at.xx": 0.1}}, "no value 'bowl.at.xx'. Did you mean bowl.at.x"),
    ],
)
def test_what_is_wrong_with_commands_is_named(table, actions, how, error):
    with pytest.raises(ShiliuError, match=error):
        shiliu.judge_commands(table, actions, **how)


def test_what_is_no_recording_is_named(table, served, tmp_path):
    with pytest.raises(ShiliuError, match=r"recordings: 'demos' is not accepted here\. Give shiliu\.read\('demos'\)"):
        shiliu.judge("demos")
    for given in (3, [served.episode]):
        with pytest.raises(ShiliuError, match=r"is not accepted here\. Give recordings, which shiliu\.read"):
            shiliu.judge(given)
    unread = shiliu.labels(dataclasses.replace(served, episode=None))[0]
    with pytest.raises(EpisodeError, match="does not tell where everything stood"):
        list(unread.segments)
    with pytest.raises(ScenarioError, match="has no skills to perform"):
        shiliu.perform("bare")
    with pytest.raises(EpisodeError, match="nothing to write"):
        shiliu.record([], tmp_path / "set")
    with pytest.raises(EpisodeError, match="is no episode of the simulation"):
        shiliu.record(dataclasses.replace(served, episode=None), tmp_path / "set")
    (tmp_path / "a.py").touch()
    for out in ("/proc/x", tmp_path / "a.py" / "x", tmp_path / "a.py" / "x" / "y"):
        with pytest.raises(EpisodeError, match=r"out: cannot be written: in \S*, n") as raised:
            shiliu.record(served, out)
        assert ".partial" not in str(raised.value)
    with pytest.raises(ShiliuError, match=r"contexts.*Leave scene, robot and model out"):
        shiliu.judge(served, table, contexts=object())
    with pytest.raises(ShiliuError, match="kuavo_vr"):
        shiliu.judge(served, device="kuavo_v")
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize("rows", [1, 4, 8, 10, 12])
def test_few_commands_have_a_verdict(table, served, rows):
    verdict = shiliu.judge_commands(table, served.episode.actions[:rows], seed=1)
    assert verdict.error is None and verdict.verdict in ("FEASIBLE", "INCONCLUSIVE")


def test_the_face_asks_all_that_the_judge_can_be_asked():
    assert set(inspect.signature(judging.judging).parameters) - {"company"} <= set(inspect.signature(shiliu.judge).parameters)


@pytest.mark.slow
def test_a_demonstration_as_a_device_records_it(served):
    (verdict,) = shiliu.judge(served, device="kuavo_vr")
    assert verdict.claim == "robot" and verdict.verdict == "FEASIBLE"


def deep(code: str) -> list[str]:
    """Modules below the face that code imports; its own types are named by `shiliu`."""
    found = []
    for node in ast.walk(ast.parse(code)):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [one.name for one in node.names] if isinstance(node, ast.Import) else []
        found += [name for name in names if name.startswith("shiliu.")]
        if isinstance(node, ast.ImportFrom) and node.module == "shiliu":
            found += [one.name for one in node.names if one.name not in shiliu.__all__]
    return found


def examples() -> list[tuple[str, str]]:
    """Code that a reader copies: of notebooks, of what stands beside them, and of pages."""
    found = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = [c for c in json.loads(path.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
        lines = [line for cell in cells for line in "".join(cell["source"]).splitlines() if line[:1] not in "!%"]
        found.append((path.name, "\n".join(lines)))
    for path in sorted([*(ROOT / "notebooks").glob("*.py"), *(ROOT / "docs" / "examples").rglob("*.py")]):
        found.append((path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")))
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for block in re.findall(r"(?ms)^```python\n(.*?)^```", page.read_text(encoding="utf-8")):
            found.append((page.name, block))
    return found


WITHIN = {"skills.md", "new-goal-word.md", "new-check.md", "new-reader.md"}  # how shiliu itself is added to


def test_notebooks_and_examples_import_nothing_deep():
    assert deep("import shiliu.envs\nfrom shiliu.replay import a\nfrom shiliu import judge, cli") == ["shiliu.envs", "shiliu.replay", "cli"]
    held = [(name, found) for name, code in examples() if name not in WITHIN and "shiliu" in code and (found := deep(code))]
    assert not held and "docs/examples/envhub/env.py" in dict(examples())


def test_the_prose_of_pages_names_nothing_deep():
    below = re.compile(r"\bshiliu\.(?:envs|replay|scenarios)\.\w")
    assert below.search("`shiliu.replay.a`") and not below.search("`shiliu.replay(…)`, `replay/judge`, `shiliu.judge`")
    pages = {page.name: page.read_text(encoding="utf-8") for page in (ROOT / "docs").rglob("*.md")}
    assert not [name for name, text in pages.items() if below.search(re.sub(r"(?ms)^```.*?^```", "", text))]
