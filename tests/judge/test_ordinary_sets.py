"""An ordinary LeRobot set of Kuafu: written without our own files, read by the names of its columns, judged by its task."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import fault_scoring as scoring
import fault_sets as sets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from known_faults.fault import Fault
from known_faults.injecting import Job, inject
from known_faults.registry import OF_FILES, faults_of, faults_of_sets
from shiliu import cli
from shiliu.replay.formats import read
from shiliu.replay.formats.lerobot.export import make_plain
from shiliu.replay.formats.lerobot.foreign_columns import places_of, ranges_of
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.judge.context import Contexts, SceneContext
from shiliu.replay.judge.intake import intake
from shiliu.replay.judge.judge import judging
from shiliu.replay.judge.set_comparison import Company
from shiliu.replay.recording.recording import Recording
from shiliu.replay.rollout.episode import checkpoints_of, episode_of
from shiliu.replay.rollout.rollout import Take, play
from shiliu.scenarios.draws import variation as drawing
from shiliu.scenarios.sheet.errors import EpisodeError
from shiliu.scenarios.tasks.own_sentences import bare_words, scenario_of_task

RATE = 30  # of the bare floor


def waving(scene, n: int = 240, seed: int = 3, pace: float = 1.0):
    """An episode on the bare floor: the left arm and its claw move to and fro, the right arm rests."""
    names = scene.schema.action.names
    actions = np.tile(scene.ready_ctrl, (n, 1))
    wave, later = (
        0.3 * (1 - np.cos(np.pi * pace * np.maximum(np.arange(n) / RATE - wait, 0.0))) for wait in (0.0, 0.6)
    )
    for name, gain in {"zarm_l1_joint": -1, "zarm_l2_joint": 0.6, "zarm_l4_joint": -1.2, "left_claw": 130}.items():
        actions[:, names.index(name)] += gain * (wave if name != "zarm_l2_joint" else later)
    start, take = drawing.nominal(scene), actions.astype(np.float32)
    played = next(play(scene, [Take(start, take)], [checkpoints_of(scene, n)], 1))
    made = episode_of(scene, played, seed, [], {"made_by": "test"})
    made.task = {"en": "Take the bowl.", "zh": "拿起碗。"}
    made.label = {**made.label, "success": True}
    return made


@pytest.fixture(scope="module")
def context(bare):
    return SceneContext(bare, "command")


@pytest.fixture(scope="module")
def episode(bare):
    return waving(bare)


@pytest.fixture(scope="module")
def own(bare, episode, tmp_path_factory):
    root = tmp_path_factory.mktemp("sets") / "own"
    write_lerobot(root, [episode, replace(episode, seed=4)], bare.schema.lerobot_features(()), RATE)
    return root


# ------------------------------------------------------------------------------------------------------- written, read
def test_a_plain_set_holds_the_same_numbers_and_nothing_of_ours(own, episode, tmp_path):
    out = tmp_path / "plain"
    assert cli.main(["export", f"data={own}", "to=lerobot", f"out={out}", "plain=true", "quiet=true"]) == 0
    named = [path for path in out.rglob("*") if "shiliu" in path.relative_to(out).as_posix()]
    assert named == [] and (own / "shiliu").is_dir()
    for path in out.rglob("*.json"):
        assert "shiliu" not in path.read_text(encoding="utf-8")
    for path in out.rglob("*.parquet"):
        assert not [name for name in pq.read_schema(path).names if "shiliu" in name]
    info = json.loads((out / "meta/info.json").read_text(encoding="utf-8"))
    assert set(info["features"]["action"]) == {"dtype", "shape", "names"}
    takes = list(read(out))
    assert [take.source for take in takes] == ["plain#0", "plain#1"]
    for take in takes:
        assert take.mapping == "kuafu_lerobot" and take.kind == "robot" and take.episode is None
        arms = take.streams["action"]
        assert np.array_equal(arms.values, episode.actions[:, : len(arms.names)].astype(float))
        assert take.streams["action/claws"].unit == "%" and take.metadata["task"] == "Take the bowl."
        assert not [line for line in take.unmapped if "unknown to mapping" in line]
    assert cli.main(["export", f"data={own}", "to=mcap", f"out={tmp_path / 'm'}", "plain=true"]) == 2


def shuffled(root: Path, rng: np.random.Generator) -> list[str]:
    """Put the columns of action and state into another order, as another recorder might have."""
    info = json.loads((root / "meta/info.json").read_text(encoding="utf-8"))
    order = rng.permutation(len(info["features"]["action"]["names"]))
    for name in ("action", "observation.state"):
        info["features"][name]["names"] = [info["features"][name]["names"][i] for i in order]
    info["robot_type"] = None
    (root / "meta/info.json").write_text(json.dumps(info), encoding="utf-8")
    for path in (root / "data").rglob("*.parquet"):
        table = pq.read_table(path)
        for name in ("action", "observation.state"):
            values = np.stack(table.column(name).to_pylist())[:, order].astype(np.float32)
            column = pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])
            table = table.set_column(table.schema.get_field_index(name), name, column)
        pq.write_table(table, path)
    return info["features"]["action"]["names"]


def test_columns_are_found_by_their_names_wherever_they_stand(own, episode, bare, tmp_path):
    root = tmp_path / "mixed"
    shutil.copytree(own, root)
    make_plain(root)
    names = shuffled(root, np.random.default_rng(1))
    assert tuple(names) != bare.schema.action.names
    take = next(iter(read(root)))
    for name in ("zarm_l4_joint", "zhead_2_joint"):
        mine = episode.actions[:, bare.schema.action.names.index(name)].astype(float)
        assert np.array_equal(take.streams["action"].column(name), mine)
    assert (
        np.ptp(take.streams["action/claws"].column("left_claw"))
        > 50
        > np.ptp(take.streams["action/claws"].column("right_claw"))
    )
    (verdict,) = list(judging([take], threads=1))
    assert verdict.verdict == "FEASIBLE" and verdict.provenance["scenario_named_by"] == "default"


def without(root: Path, lacks: Callable[[str], bool]) -> None:
    """Take columns out of all that is recorded of joints and hands."""
    info = json.loads((root / "meta/info.json").read_text(encoding="utf-8"))
    kept = {}
    for name in ("action", "observation.state", "observation.velocity", "observation.effort", "observation.hand_pose"):
        feature = info["features"].get(name)
        if feature is not None:
            kept[name] = [i for i, column in enumerate(feature["names"]) if not lacks(column)]
            feature["names"] = [feature["names"][i] for i in kept[name]]
            feature["shape"] = [len(kept[name])]
    (root / "meta/info.json").write_text(json.dumps(info), encoding="utf-8")
    for path in (root / "data").rglob("*.parquet"):
        table = pq.read_table(path)
        for name, columns in kept.items():
            values = np.stack(table.column(name).to_pylist())[:, columns].astype(np.float32)
            array = pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])
            table = table.set_column(table.schema.get_field_index(name), name, array)
        pq.write_table(table, path)


PARTS = {"no head": "zhead", "left arm alone": ("zarm_r", "right"), "right arm alone": ("zarm_l", "left", "zhead")}


@pytest.mark.parametrize("prefixes", PARTS.values(), ids=PARTS)
def test_a_robot_without_a_head_or_an_arm_is_read_and_what_it_lacks_is_named(own, episode, bare, tmp_path, prefixes):
    root = tmp_path / "part"
    shutil.copytree(own, root)
    make_plain(root)
    without(root, lambda column: column.startswith(prefixes))
    take = next(iter(read(root)))
    assert take.mapping == "kuafu_lerobot"
    joints = take.streams["action"].names
    known = [name for name in bare.schema.action.names if name.startswith("z")]
    assert joints == tuple(name for name in known if not name.startswith(prefixes)) == take.streams["state"].names
    mine = episode.actions[:, bare.schema.action.names.index(joints[0])].astype(float)
    assert np.array_equal(take.streams["action"].column(joints[0]), mine)
    (note,) = [note for note in take.notes if note.startswith("action: ")]
    assert all((name in note) != (name in joints) for name in known) and "nothing of them is checked" in note
    assert not [line for line in take.unmapped if "unknown to mapping" in line]


def test_a_robot_with_half_an_arm_is_none_of_ours(own, tmp_path):
    root = tmp_path / "half"
    shutil.copytree(own, root)
    make_plain(root)
    without(root, lambda column: column.startswith(("zhead", "zarm_r5")))
    with pytest.raises(EpisodeError, match="no mapping knows"):
        list(read(root))


def test_a_set_without_the_robots_names_is_none_of_ours(own, tmp_path):
    root = tmp_path / "other"
    shutil.copytree(own, root)
    make_plain(root)
    info = json.loads((root / "meta/info.json").read_text(encoding="utf-8"))
    info["features"]["action"]["names"][3] = "elbow"
    (root / "meta/info.json").write_text(json.dumps(info), encoding="utf-8")
    with pytest.raises(EpisodeError, match="no mapping knows"):
        list(read(root))


def test_what_a_feature_declares_comes_along_with_its_command(own, tmp_path):
    root = tmp_path / "declared"
    shutil.copytree(own, root)
    make_plain(root)
    info = json.loads((root / "meta/info.json").read_text(encoding="utf-8"))
    width = len(info["features"]["action"]["names"])
    info["features"]["action"]["joint_limits"] = [[-3.0, 3.0]] * (width - 2) + [[0.0, 50.0]] * 2
    (root / "meta/info.json").write_text(json.dumps(info), encoding="utf-8")
    take = next(iter(read(root)))
    assert take.streams["action/claws"].meta["range"] == [[0.0, 50.0]] * 2
    (verdict,) = list(judging([take], threads=1))
    root_finding = verdict.findings[verdict.root]
    assert verdict.verdict == "UNSOUND" and root_finding.code == "value.range" and root_finding.limit == 50.0


@pytest.fixture
def bared(own, tmp_path):
    """The set without its folder `shiliu`; its features keep what we say of them."""
    root = tmp_path / "bared"
    shutil.copytree(own, root)
    shutil.rmtree(root / "shiliu")
    return root


def wrong_of(root: Path, **how) -> set[str]:
    return {one.code for verdict in intake(read(root), **how) for one in verdict.findings if one.level in ("WARN", "FAIL")}


def test_what_we_write_beside_the_frames_is_no_command(bared):
    (take, *_) = read(bared)
    assert any(text.startswith("shiliu.time_ns") and text.endswith("which is no command") for text in take.unmapped)
    assert "stream.unmapped" not in wrong_of(bared) | wrong_of(bared, strict=True)
    named = [one for verdict in intake([take]) for one in verdict.findings if one.code == "set.columns"]
    assert [one.level for one in named] == ["NOT_CHECKED"] and "shiliu.time_ns" in named[0].details["columns"]


@pytest.mark.parametrize(
    ("name", "found"), [("observation.battery", False), ("next.reward", False), ("action.gripper", True), ("torque_command", True)]
)
def test_a_further_measurement_is_named_and_a_further_command_is_doubted(bared, name, found):
    for path in (bared / "data").rglob("*.parquet"):
        table = pq.read_table(path)
        pq.write_table(table.append_column(name, pa.array(np.linspace(90, 80, len(table)).astype(np.float32))), path)
    info = json.loads((bared / "meta/info.json").read_text(encoding="utf-8"))
    info["features"][name] = {"dtype": "float32", "shape": [1], "names": None}
    (bared / "meta/info.json").write_text(json.dumps(info), encoding="utf-8")
    takes = list(read(bared))
    assert ("stream.unmapped" in wrong_of(bared)) is found
    assert ("stream.unmapped" in wrong_of(bared, strict=True)) is found
    assert all(any(text.startswith(name) for text in take.unmapped) for take in takes)


def test_columns_moved_with_their_names_keep_their_ranges_where_the_lists_did_not_move(bared, bare):
    names = shuffled(bared, np.random.default_rng(1))
    assert tuple(names) != bare.schema.action.names
    (take, *_) = read(bared)
    assert take.streams["action/claws"].meta["range"] == [[0.0, 100.0]] * 2
    assert any("stand in the order of `source`" in note for note in take.notes)
    assert "value.range" not in wrong_of(bared)
    info = json.loads((bared / "meta/info.json").read_text(encoding="utf-8"))
    feature = info["features"]["action"]
    plain = {**feature, "high": [50.0 if high == 100.0 else high for high in feature["high"]]}
    (bared / "meta/info.json").write_text(json.dumps({**info, "features": {**info["features"], "action": plain}}), encoding="utf-8")
    assert "value.range" in wrong_of(bared), "a wrong range is found, wherever it stands"
    del feature["source"]
    (bared / "meta/info.json").write_text(json.dumps(info), encoding="utf-8")
    assert "value.range" not in wrong_of(bared), "without our word for it, by the ranges of the robot's joints"


@pytest.mark.parametrize(("names", "source", "places"), [
    (["a", "b", "c"], ["actuator a", "actuator b", "actuator c"], None),
    (["c", "a", "b"], ["actuator a", "actuator b", "actuator c"], [2, 0, 1]),
    (["c", "a", "b"], ["joint_position(a)", "tendon(left)", "joint_position(c)"], [2, 0, 1]),
    (["b", "d", "a", "c"], ["q(a)", "tendon(x)", "tendon(y)", "q(c)"], [-1, -1, 0, 3]),
    (["b", "d", "a", "c"], ["q(a)", "q(b)", "tendon(y)", "q(c)"], [1, 2, 0, 3]),
    (["a_1", "a"], ["actuator a", "actuator a_1"], [1, 0]),
    (["a", "b"], ["camera", "camera"], None),
    (["a", "b"], ["a of b", "b of a"], None),
    (["a", "b"], ["actuator a"], None),
])
def test_lists_beside_the_names_are_put_to_them_by_their_source(names, source, places):
    numbers = list(range(len(names)))
    feature = {"shape": [len(names)], "names": names, "source": source, "low": numbers, "high": [9 + i for i in numbers]}
    assert places_of(feature) == places
    low = ranges_of(feature)[:, 0]
    due = [np.nan if place < 0 else float(place) for place in places or range(len(names))]
    assert np.array_equal(low, due, equal_nan=True)


# -------------------------------------------------------------------------------------------------------------- tasks
def test_a_task_sentence_names_its_scenario_and_no_other():
    assert scenario_of_task("Put the bowl into the microwave, close the door and press start.") == ("microwave", None)
    assert scenario_of_task("put the bowl into the microwave close the door and press START") == ("microwave", None)
    assert scenario_of_task("把装小笼包的碗放到桌子中间。") == ("table_setting", None)
    name, variant = scenario_of_task("Fold the towel in thirds.") or ("", "")
    assert name == "laundry_folding" and variant is not None
    for no in ("Put the bowl into the microwave.", "", "。", "Move freely; no scene is known."):
        assert scenario_of_task(no) is None
    assert bare_words("Put, THE bowl！") == "putthebowl"


def test_a_sentence_of_two_scenarios_names_none(designer):
    sentence = "Put the bowl of buns in the middle of the table."
    file = designer / "conf" / "scenario" / "table_top.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + f"tasks: [{{en: {sentence}}}, {{en: Lift it}}]\n", encoding="utf-8")
    assert scenario_of_task(sentence) is None and scenario_of_task("lift it!") == ("table_top", None)


def test_a_recording_is_judged_in_the_scenario_of_its_task(own):
    def named(task, **more):
        about = {"robot": "kuafu", "task": task} | more
        one = Recording("a", "a#0", "", "robot", {}, metadata=about)
        context = Contexts().of(one)
        return context.scene.name, context.named

    assert named("上小笼包：把碗放到中间，空碗旁边。") == ("table_setting", "task")
    assert named("Do something else.") == ("bare", "default")
    assert named("Put the bowl of buns in the middle of the table.", robot="kuavo4") == ("bare", "default")


# ------------------------------------------------------------------------------------------------------------- faults
def test_the_list_of_kinds_is_whole(scene):
    kinds = faults_of_sets(scene)
    assert 20 <= len(kinds) <= 24 and all(
        isinstance(fault, Fault) and fault.level == "FAIL" for fault in kinds.values()
    )
    assert not set(OF_FILES) & set(faults_of(scene)), "what takes a set to see is not asked of single copies"
    assert set(OF_FILES) <= set(kinds)


ALONE = (
    "elbow past its range",
    "action runs early",
    "hands 255 times too large",
    "hand never closes",
    "state stands for 25 rows",
    "take twice in the set",
    "action runs late",
)


@pytest.mark.slow  # alone their checks are asked in tests/checks and in test_faults.py
def test_faults_of_a_set_are_called_by_their_root_with_our_files_and_without(context, episode, tmp_path):
    """Each in a set of its own, among five clean takes; the clean ones are refused in neither form."""
    kinds = faults_of_sets(context.scene)
    clean = [episode, *(waving(context.scene, seed=k, pace=0.8 + 0.02 * k) for k in range(11, 16))]
    takes = [sets.written(one, context.scene, tmp_path / str(one.seed)) for one in clean]
    injected = inject([Job(episode, (kinds[name],), None) for name in ALONE], context, 1)
    for form in sets.FORMS:
        for k, one in enumerate(takes):
            sets.in_set(one.take[form], "clean", k)
        assert not [v for v in judging([one.take[form] for one in takes], threads=1) if v.verdict != "FEASIBLE"]
        beside, company, broken = list(sets.clean_takes(takes, form, context.rules)), Company(), []
        for one in injected:
            name = one.job.faults[0].name
            others = beside if name == sets.ordinary.TWICE else beside[1:]
            sets.beside(company, name, others, context.scene.name)
            written = sets.written(one.recording.episode, context.scene, tmp_path / "broken", name)
            broken.append(sets.in_set(written.take[form], name))
        lines = [
            scoring.score(one, verdict) | {"set": form}
            for one, verdict in zip(injected, judging(broken, threads=1, company=company))
        ]
        if form == sets.OWN:  # the bare floor has no goal, and requires no replay, which is what tells of it there
            lines = [line for line in lines if line["kind"] != "hand never closes"]
        for line in lines:
            assert line["refused"] and line["root_right"], (form, line["kind"], line["root"], line["verdict"])
        figures = scoring.summary(lines)["sets"]
        assert figures["by_root"][form] == {"kinds": len(lines), "of": len(lines)}
        figures = scoring.summary([*lines, lines[0] | {"root_right": False, "root": "goal"}])["sets"]
        assert figures["by_root"][form]["kinds"] == len(lines) - 1 and figures["kinds"][ALONE[0]][form]["called"] == {
            "goal": 1
        }
