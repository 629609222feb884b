"""A delivery: what passed and nothing else, no operator in two splits, and every number as it was recorded."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from shiliu import cli, read
from shiliu.replay.delivery.delivery_figures import coverage
from shiliu.replay.delivery.disputes import error_rates, read_disputes
from shiliu.replay.delivery.splits import split_takes
from shiliu.replay.formats.lerobot.write import DatasetWriter, write_lerobot
from shiliu.replay.judge.place.taken import taken
from shiliu.replay.recording.metadata import completed, from_plain
from shiliu.scenarios.sheet.errors import EpisodeError, ScenarioError
from swinging import RATE, waving

SESSIONS = (  # set, operator, cell, consent, takes
    ("a", "P-0417", "c1", True, 2),
    ("b", "P-0555", "c1", True, 2),
    ("c", "P-0600", "c2", False, 1),
    ("d", "P-0700", "c2", True, 1),
)

MADE_BY = {"a": "page take", "b": "page take", "d": "scripted operator"}  # by set


def declared(operator: str, cell: str, consent: bool, licence: str = "CC-BY-4.0"):
    return from_plain(
        {
            "operator": operator,
            "centre": "Beijing",
            "licence": licence,
            "consent": consent,
            "cell": cell,
            "devices": {"headset": "H1", "exoskeleton": "E1"},
            "calibration": {"id": "cal-1", "date": "2026-11-02"},
        }
    )


@pytest.fixture(scope="module")
def line(bare, tmp_path_factory) -> Path:
    """`data` of four sessions, a take of the first of which is in it twice, and `verdicts` of them."""
    folder = tmp_path_factory.mktemp("deliver")
    seed = 0
    for name, operator, cell, consent, n in SESSIONS:
        takes = []
        for _ in range(n):
            seed += 1
            takes.append(completed(declared(operator, cell, consent), waving(bare, seed, 0.8 + 0.03 * seed)))
            takes[-1].provenance["made_by"] = MADE_BY.get(name)
        if name == "a":
            takes.append(replace(takes[0], seed=91))
        write_lerobot(folder / "data" / name, takes, bare.schema.lerobot_features(()), RATE)
    words = ["replay", f"data={folder / 'data'}", f"out={folder / 'verdicts'}", "pictures=false", "quiet=true"]
    assert cli.main(words) == 1
    return folder


def state(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def deliver(line: Path, out: Path, *words: str) -> int:
    return cli.main(
        ["deliver", f"data={line / 'data'}", f"verdicts={line / 'verdicts'}", f"out={out}", "quiet=true", *words]
    )


def quarantine(out: Path) -> dict[str, list[str]]:
    lines = (json.loads(text) for text in (out / "quarantine.jsonl").read_text(encoding="utf-8").splitlines())
    return {one["source"]: [reason["code"] for reason in one["reasons"]] for one in lines}


def test_what_passed_is_delivered_to_the_bit_and_the_rest_is_named(line, tmp_path):
    before = state(line)
    assert deliver(line, tmp_path / "out") == 0
    assert state(line) == before
    out = tmp_path / "out"
    assert quarantine(out) == {"a#2": ["refused"], "c#0": ["no_consent"]}
    entry = json.loads((out / "quarantine.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert entry["reasons"][0]["finding"] == "take.duplicate" and entry["reasons"][0]["owner"]
    manifest = json.loads((out / "shiliu" / "delivery.json").read_text(encoding="utf-8"))
    here = {one["source"]: one["episode"] for one in manifest["episodes"]}
    assert sorted(here) == ["a#0", "a#1", "b#0", "b#1", "d#0"]
    theirs = {one.source: one for one in read(line / "data")}
    for k, one in enumerate(read(out)):
        was = theirs[manifest["episodes"][k]["source"]]
        assert one.metadata["demonstration"] == was.metadata["demonstration"]
        np.testing.assert_array_equal(one.episode.actions, was.episode.actions)
        np.testing.assert_array_equal(one.episode.start_state, was.episode.start_state)
        for name, values in was.episode.states.items():
            np.testing.assert_array_equal(one.episode.states[name], values)
    stats = json.loads((out / "meta" / "stats.json").read_text())
    actions = np.concatenate([theirs[source].episode.actions for source in here])
    np.testing.assert_allclose(stats["action"]["mean"], actions.mean(axis=0), rtol=1e-5, atol=1e-6)
    assert stats["action"]["count"] == [len(actions)]


def test_pictures_go_along_as_they_are(bare, tmp_path):
    luck = np.random.default_rng(3)
    camera = "observation.images.head"
    features = bare.schema.lerobot_features(()) | {camera: {"dtype": "video", "shape": [32, 48, 3]}}
    with DatasetWriter(tmp_path / "takes" / "a", features, RATE) as writer:
        for seed in (1, 2):
            take = completed(declared("P-0417", "c1", True), waving(bare, seed, 0.8 + 0.1 * seed))
            frames = luck.integers(0, 255, (take.n_steps, 32, 48, 3), dtype=np.uint8)
            writer.add(take, take.states, images={camera: frames})
    words = ["pictures=false", "quiet=true"]
    assert cli.main(["replay", f"data={tmp_path / 'takes'}", f"out={tmp_path / 'v'}", *words]) in (0, 1)
    rows = [json.loads(text) for text in (tmp_path / "v" / "verdicts.jsonl").read_text().splitlines()]
    objections = [
        {"recording": one["source"], "verdict": one["verdict"], "by": "P-0900", "why": "noise", "became": "overruled"}
        for one in rows
        if one["verdict"] != "FEASIBLE"
    ]
    known = disputes(tmp_path / "d.yaml", *objections)
    out = [
        f"data={tmp_path / 'takes'}",
        f"verdicts={tmp_path / 'v'}",
        f"out={tmp_path / 'out'}",
        f"disputes={known}",
        "quiet=true",
    ]
    assert cli.main(["deliver", *out]) == 0
    theirs, here = ([p.read_bytes() for p in sorted((tmp_path / one).rglob("*.mp4"))] for one in ("takes/a", "out"))
    assert len(here) == 2 and here == theirs
    info = json.loads((tmp_path / "out" / "meta" / "info.json").read_text())
    assert info["features"][camera]["shape"] == [32, 48, 3] and info["video_path"]


def test_an_imported_set_is_delivered_by_the_verdicts_of_its_originals(line, tmp_path):
    def shiliu(*words: str) -> int:
        return cli.main([*words, "quiet=true"])

    session = tmp_path / "session.yaml"
    session.write_text(yaml.safe_dump(declared("P-0417", "c1", True).plain()))
    assert shiliu("export", f"data={line / 'data' / 'b'}", "to=rosbag", f"out={tmp_path / 'bags'}") == 0
    assert shiliu("import", f"data={tmp_path / 'bags'}", f"out={tmp_path / 'sets' / 'i'}", f"metadata={session}") == 0
    assert (
        shiliu("replay", f"data={tmp_path / 'bags'}", f"out={tmp_path / 'v'}", "pictures=false", "scenario=bare") == 0
    )
    out = tmp_path / "out"
    assert shiliu("deliver", f"data={tmp_path / 'sets'}", f"verdicts={tmp_path / 'v'}", f"out={out}") == 0
    theirs, here = list(read(tmp_path / "sets")), list(read(out))
    assert len(here) == 2 and here[0].metadata["demonstration"]["operator"] == "P-0417"
    for one, was in zip(here, theirs):
        assert list(one.streams) == list(was.streams)
        for name, stream in was.streams.items():
            np.testing.assert_array_equal(one.streams[name].values, stream.values)
    raw = [p.read_bytes() for p in sorted((out / "shiliu" / "raw").iterdir())]
    assert raw == [p.read_bytes() for p in sorted((tmp_path / "sets" / "i" / "shiliu" / "raw").iterdir())]
    assert (
        taken(here[0])["begins"] == taken(next(iter(read(tmp_path / "bags"))))["begins"]
    )  # an imported take keeps its day


def test_no_operator_is_in_two_splits_and_the_ranges_are_those_of_info(line, tmp_path):
    assert deliver(line, tmp_path / "out") == 0
    info = json.loads((tmp_path / "out" / "meta" / "info.json").read_text())
    (table,) = (tmp_path / "out" / "meta" / "episodes").rglob("*.parquet")
    rows = pq.read_table(table, columns=["shiliu/split", "shiliu/operator", "shiliu/overruled"]).to_pylist()
    assert set(info["splits"]) == {"train", "val", "test"}
    of: dict[str, set[str]] = {}
    for name, span in info["splits"].items():
        first, end = map(int, span.split(":"))
        assert {row["shiliu/split"] for row in rows[first:end]} == {name}
        for row in rows[first:end]:
            of.setdefault(row["shiliu/operator"], set()).add(name)
    assert len(of) == 3 and all(len(names) == 1 for names in of.values())
    assert not any(row["shiliu/overruled"] for row in rows)


def test_checksums_and_bytes(line, tmp_path):
    assert deliver(line, tmp_path / "one") == 0
    assert deliver(line, tmp_path / "elsewhere" / "one") == 0
    assert state(tmp_path / "one") == state(tmp_path / "elsewhere" / "one")  # same input, same bytes
    listed = dict(text.split("  ")[::-1] for text in (tmp_path / "one" / "SHA256SUMS").read_text().splitlines())
    assert listed == {name: sha for name, sha in state(tmp_path / "one").items() if name != "SHA256SUMS"}
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_the_delivered_set_is_judged_as_its_takes_were(line, tmp_path):
    assert deliver(line, tmp_path / "out") == 0
    again = tmp_path / "again"
    assert cli.main(["replay", f"data={tmp_path / 'out'}", f"out={again}", "pictures=false", "quiet=true"]) == 0


@pytest.mark.parametrize(
    ("lang", "says"),
    [
        (
            "en",
            (
                "## Known gaps",
                "by the metadata of 5 takes",
                "through the live page | 4 |",
                "scripted operator, no person | 1 |",
            ),
        ),
        ("zh", ("## 已知缺口", "出自 5 条录制", "实时页面发来的操作 | 4 |", "非真人） | 1 |")),
    ],
)
def test_the_card_says_who_where_licence_and_gaps(line, tmp_path, lang, says):
    assert deliver(line, tmp_path / "out", f"lang={lang}", "title=Waving") == 0
    text = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    head = yaml.safe_load(text.split("---")[1])
    assert head["license"] == "cc-by-4.0" and "LeRobot" in head["tags"]
    assert "# Waving" in text and all(word in text for word in says) and "?" not in text
    assert "P-0417" in text and "P-0600" not in text and "c2" in text and "take.duplicate" in text


def disputes(path: Path, *rows: dict) -> Path:
    path.write_text(yaml.safe_dump({"disputes": list(rows)}, allow_unicode=True), encoding="utf-8")
    return path


def test_a_take_that_a_person_overrules_is_delivered_and_marked(line, tmp_path):
    rows = (
        {
            "recording": "a#2",
            "verdict": "UNSOUND",
            "by": "P-0900",
            "why": "two takes on purpose",
            "became": "overruled",
        },
        {"recording": "b#0", "verdict": "FEASIBLE", "by": "P-0900", "why": "the hand trembles", "became": "overruled"},
        {"recording": "b#1", "verdict": "FEASIBLE", "by": "P-0900", "why": "too slow", "became": "upheld"},
    )
    verdicts = [json.loads(text) for text in (line / "verdicts" / "verdicts.jsonl").read_text().splitlines()]
    assert {one["source"]: one["verdict"] for one in verdicts}["a#2"] == "UNSOUND"
    assert deliver(line, tmp_path / "out", f"disputes={disputes(tmp_path / 'd.yaml', *rows)}") == 0
    manifest = json.loads((tmp_path / "out" / "shiliu" / "delivery.json").read_text(encoding="utf-8"))
    marked = {one["source"]: one["overruled"] for one in manifest["episodes"]}
    assert marked == {"a#0": False, "a#1": False, "a#2": True, "b#1": False, "d#0": False}
    assert quarantine(tmp_path / "out")["b#0"] == ["overruled"]
    judge = manifest["figures"]["judge"]
    assert (judge["all"]["overruled"], judge["all"]["n"], judge["all"]["upheld"]) == (2, 7, 1)
    assert judge["refused"]["rate"] == 1.0 and judge["passed"]["rate"] == pytest.approx(1 / 6)
    assert "2 of 7 takes" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"verdict": "INFEASIBLE"}, "the judge says UNSOUND of 'a#2', not INFEASIBLE"),
        ({"recording": "a#3"}, "no verdict is of 'a#3'"),
        ({"by": "Li Wei"}, "is no pseudonym"),
        ({"became": "rejected"}, "'rejected' is not known here"),
        ({"whyy": "x"}, "unknown key 'whyy'"),
    ],
)
def test_a_dispute_that_is_wrong_is_told_by_file_line_and_key(tmp_path, change, says):
    row = {"recording": "a#2", "verdict": "UNSOUND", "by": "P-0900", "why": "odd", "became": "open"} | change
    path = disputes(tmp_path / "d.yaml", row)
    with pytest.raises(ScenarioError, match=r"d\.yaml:\d") as error:
        read_disputes(path, {"a#2": "UNSOUND"})
    assert says in str(error.value) and "Li Wei" not in str(error.value)


def test_rates_of_the_judge():
    found = error_rates({}, {"a": "FEASIBLE", "b": None})
    assert found["all"]["n"] == 1 and found["all"]["rate"] == 0.0 and found["refused"]["rate"] is None


def test_bad_input_leaves_nothing_behind(line, tmp_path, capsys):
    out = tmp_path / "out"

    def refused(*words: str) -> str:
        assert deliver(line, out, *words) == 2
        assert not out.exists() and not [p for p in tmp_path.iterdir() if p.name.startswith(".")]
        return capsys.readouterr().err

    assert "the shares sum to 95 %" in refused("splits.test=5 %")
    assert "no SPDX licence id" in refused("licence=CC-BY-4")
    assert "Did you mean bare" in refused("scenarios=[bear]")
    assert "nothing is left to deliver of 7 takes (5 other licence" in refused("licence=MIT")
    assert "is no delivery" in refused(f"former={line}")
    assert "verdicts.jsonl:1: '{\"a\": 1}' is no verdict" in refused(f"verdicts={broken(tmp_path)}")
    assert "holds no verdicts.jsonl" in refused(f"verdicts={line / 'data'}")
    other = tmp_path / "other"
    shutil.copytree(line / "verdicts", other)
    text = (other / "verdicts.jsonl").read_text().replace('"sha256": "', '"sha256": "0')
    (other / "verdicts.jsonl").write_text(text)
    assert "none of these verdicts is of one of the 7 takes" in refused(f"verdicts={other}")
    (tmp_path / "x.bag").write_bytes(b"#ROSBAG")
    assert "is no dataset of shiliu" in refused(f"data={tmp_path / 'x.bag'}")


def verdicts_by(line: Path, folder: Path, change) -> Path:
    """A copy of the verdicts, each of which `change(number, tree)` alters."""
    folder.mkdir()
    trees = [json.loads(text) for text in (line / "verdicts" / "verdicts.jsonl").read_text().splitlines()]
    for number, tree in enumerate(trees):
        change(number, tree)
    (folder / "verdicts.jsonl").write_text("".join(json.dumps(tree) + "\n" for tree in trees))
    return folder


def by(version, from_number=0):
    def change(number, tree):
        if number >= from_number:
            tree["provenance"]["shiliu"] = version

    return change


def test_the_card_names_the_version_that_judged_and_not_todays(line, tmp_path, capsys):
    verdicts = verdicts_by(line, tmp_path / "v", by("0.0.7"))
    assert deliver(line, tmp_path / "out", f"verdicts={verdicts}") == 0
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "judged by shiliu 0.0.7; 5 of 7 takes are delivered, by shiliu 0.1.0" in card
    assert re.search(r"\| 0\.0\.7 \| arm_manipulation [0-9a-f]{12} \| mujoco [\d.]+ \| 5 \|", card)
    assert "judged by shiliu 0.0.7 (5 takes)" in capsys.readouterr().out
    manifest = json.loads((tmp_path / "out" / "shiliu" / "delivery.json").read_text())
    assert {one["judged_by"] for one in manifest["episodes"]} == {"0.0.7"}


@pytest.mark.parametrize(
    ("known", "says"),
    [
        ((None, None), "Each was replayed in MuJoCo and judged by shiliu"),
        (("limits", "model"), "Each was judged by what is known of its robot, without a replay in a scene, by shiliu"),
        (("limits", None), "the others in a replay in MuJoCo, by shiliu"),
        (("scene", "scene"), "Each was replayed in MuJoCo"),
    ],
)
def test_the_card_claims_a_replay_only_of_takes_that_had_one(line, tmp_path, known, says):
    """A robot that is known by its limits alone stands in no scene."""

    def change(number, tree):
        tree["provenance"]["robot_known_by"] = known[number % 2]

    assert deliver(line, tmp_path / "out", f"verdicts={verdicts_by(line, tmp_path / 'v', change)}") == 0
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert says in card and ("MuJoCo" in card) == ("MuJoCo" in says)
    assert "| task | takes |" in card


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (by("0.0.7", 4), "shiliu 0.0.7 (2 takes), shiliu 0.1.0 (3 takes)"),
        (by(None, 4), "shiliu 0.1.0 (3 takes), a version that is not stated (2 takes)"),
        (by("yesterday's"), "a version that is not stated (5 takes)"),
        (lambda n, tree: tree.pop("provenance"), "a version that is not stated (5 takes)"),
        (lambda n, tree: n or tree["provenance"].update(thresholds="mine 0"), "takes of bare were judged by different"),
        (
            lambda n, tree: n or tree["provenance"].update(engine="mujoco 2.0"),
            "on different engines: mujoco 2.0 (1 take), mujoco 3.",
        ),
        (lambda n, tree: n or tree["provenance"].pop("engine"), "on different engines: an engine that is not stated (1 take)"),
    ],
)
def test_verdicts_of_several_or_unknown_judges_are_refused_unless_asked_for(line, tmp_path, capsys, change, says):
    verdicts = f"verdicts={verdicts_by(line, tmp_path / 'v', change)}"
    assert deliver(line, tmp_path / "out", verdicts) == 2
    assert says in capsys.readouterr().err and not (tmp_path / "out").exists()
    assert deliver(line, tmp_path / "out", verdicts, "judged_by=any") == 0
    found = json.loads((tmp_path / "out" / "shiliu" / "delivery.json").read_text())["figures"]["judged_by"]
    assert sum(one["takes"] for one in found) == 5


def test_one_version_of_several_is_chosen(line, tmp_path):
    verdicts = verdicts_by(line, tmp_path / "v", by("0.0.7", 4))
    assert deliver(line, tmp_path / "out", f"verdicts={verdicts}", "judged_by=[0.1.0]") == 0
    left = quarantine(tmp_path / "out")
    assert left == {
        "a#2": ["refused"],
        "b#1": ["other_judge"],
        "c#0": ["other_judge", "no_consent"],
        "d#0": ["other_judge"],
    }


def test_an_unlabelled_take_that_reaches_no_step_is_kept_back_unless_asked_for(line, tmp_path):
    def change(number, tree):
        label = {3: True, 4: None, 5: None, 6: False}.get(number)
        steps = {"taken": 1.5 if number == 5 else None, "served": None}
        tree["outcome"] = {"success": False, "subgoals": steps, "failure": None, "label": label}

    verdicts = verdicts_by(line, tmp_path / "v", change)
    assert deliver(line, tmp_path / "out", f"verdicts={verdicts}") == 0
    left = quarantine(tmp_path / "out")
    # of a labelled one the label was judged
    assert left == {
        "a#0": ["unreached"],
        "a#1": ["unreached"],
        "a#2": ["refused"],
        "b#1": ["unreached"],
        "c#0": ["no_consent"],
    }
    assert deliver(line, tmp_path / "all", f"verdicts={verdicts}", "unreached=true") == 0
    assert quarantine(tmp_path / "all") == {"a#2": ["refused"], "c#0": ["no_consent"]}


def test_each_set_says_what_it_declares_and_what_became_of_it(line, tmp_path, capsys):
    data = tmp_path / "data"
    shutil.copytree(line / "data", data)
    (data / "c2" / "meta").mkdir(parents=True)  # a set of others
    (data / "c2" / "meta" / "info.json").write_text(json.dumps({"codebase_version": "v2.1", "total_episodes": 9}))
    info = data / "b" / "meta" / "info.json"
    info.write_text(info.read_text().replace('"total_episodes": 2', '"total_episodes": 4'))
    side = data / "d" / "shiliu" / "episodes" / "episode_000000.json"
    side.write_text(side.read_text().replace('"c2"', '"c3"'))
    words = ["deliver", f"data={data}", f"verdicts={line / 'verdicts'}", f"out={tmp_path / 'out'}"]
    assert cli.main(words) == 2
    assert "c2: data: is no dataset of shiliu" in capsys.readouterr().err and not (tmp_path / "out").exists()
    assert cli.main([*words, "keep_going=true"]) == 3
    sets = json.loads((tmp_path / "out" / "shiliu" / "delivery.json").read_text())["figures"]["sets"]
    rows = [(one["source"], *(one[key] for key in ("declared", "read", "judged", "delivered"))) for one in sets]
    assert rows == [("a", 3, 3, 3, 2), ("b", 4, 0, 0, 0), ("c", 1, 1, 1, 0), ("c2", 9, 0, 0, 0), ("d", 1, 0, 0, 0)]
    assert "4 are announced" in sets[1]["error"] and "no dataset of shiliu" in sets[3]["error"]
    assert quarantine(tmp_path / "out")["c2"] == quarantine(tmp_path / "out")["b"] == ["set_left"]
    out = capsys.readouterr()
    assert re.search(r"a +3 +3 +3 +2\n", out.out) and re.search(r"c2 +9 +0 +0 +0   left out", out.out)
    assert "shiliu: c2 was left out" in out.err
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "| d | 1 | 0 | 0 | 0 |" in card and "The set c2 (9 takes announced) was left out" in card


def broken(folder: Path) -> Path:
    (folder / "broken").mkdir()
    (folder / "broken" / "verdicts.jsonl").write_text('{"a": 1}\n')
    return folder / "broken"


def test_a_take_that_changed_after_it_was_judged_is_kept_back(line, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(line / "data", data)
    bare_d = data / "d" / "shiliu" / "episodes" / "episode_000000.json"
    bare_d.write_text(bare_d.read_text().replace('"c2"', '"c3"'))
    words = [f"data={data}", f"verdicts={line / 'verdicts'}", f"out={tmp_path / 'out'}", "quiet=true"]
    assert cli.main(["deliver", *words]) == 0
    assert quarantine(tmp_path / "out")["d#0"] == ["unreadable"]


def test_operators_stay_in_their_splits_from_one_delivery_to_the_next(line, tmp_path):
    assert deliver(line, tmp_path / "one") == 0

    def splits(out: Path) -> dict[str, str]:
        rows = json.loads((out / "shiliu" / "delivery.json").read_text(encoding="utf-8"))["episodes"]
        return {one["operator"]: one["split"] for one in rows}

    assert deliver(line, tmp_path / "two", f"former={tmp_path / 'one'}", "splits.train=20 %", "splits.test=70 %") == 0
    assert splits(tmp_path / "two") == splits(tmp_path / "one")


def test_splits_by_share_and_by_what_stays_apart():
    takes = [("P-001", "c1")] * 60 + [("P-002", "c1")] * 20 + [("P-003", "c2")] * 10 + [("P-004", "c3")] * 10
    shares = {"train": 0.8, "val": 0.1, "test": 0.1}
    found = split_takes(takes, shares)
    assert [found.count(name) for name in shares] == [80, 10, 10]
    with_nobody = split_takes([*takes, (None, "c4")], shares)
    assert with_nobody[-1] == "train"
    apart = split_takes([("P-001", "c1"), ("P-002", "c1"), ("P-003", "c2")], shares, "operator_and_cell")
    assert apart[0] == apart[1] != apart[2]
    assert split_takes([("P-001", "c1")], shares) == ["train"]
    with pytest.raises(EpisodeError, match="belongs together"):
        split_takes(
            [("P-001", "c1"), ("P-002", "c1")], shares, "operator_and_cell", {"P-001": "train", "P-002": "test"}
        )


def test_coverage_counts_the_tenths_of_a_range():
    draws = [("s", {"x": (0.05, 0.0, 1.0)}), ("s", {"x": (0.06, 0.0, 1.0)}), ("s", {"x": (1.0, 0.0, 1.0)})]
    found = coverage(draws)["s"]["x"]
    assert found["covered"] == pytest.approx(0.2) and found["bins"][0] == 2 and found["bins"][9] == 1
