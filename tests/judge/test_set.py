"""What a LeRobot set of ours says of itself is held against the rest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from invented_arm import COLUMNS, lerobot, mapping, takes
from known_faults.written import DATA, SIDE, _column, _column_changed, _renewed
from shiliu.cli import main
from shiliu.replay.checks.finding import Finding
from shiliu.replay.checks.integrity import check_integrity
from shiliu.replay.checks.set_tables import check_length, check_video
from shiliu.replay.formats import read
from shiliu.replay.formats.lerobot import layout
from shiliu.replay.formats.lerobot.declared_columns import size_of_feature
from shiliu.replay.formats.lerobot.write import DatasetWriter, write_lerobot
from shiliu.replay.formats.mp4_header import header_of
from shiliu.replay.judge.intake import intake, trimmed
from shiliu.replay.judge.verdict import combine
from shiliu.replay.recording.declared import FRAMES, Declared, VideoRange
from shiliu.replay.recording.recording import Unreadable
from shiliu.replay.report import Words
from shiliu.replay.robots.limits import Limits
from small_sets import CODES, FEATURES, FPS, PICTURES, RULES, after, by_code, episode, of_set, printed, verdict_of


@pytest.fixture
def written(tmp_path) -> Path:
    return write_lerobot(tmp_path / "set", [episode()], FEATURES, FPS)


def older(root: Path) -> Path:
    """As an older shiliu wrote it: one digest for all features, which covers none of LeRobot's own columns."""
    path = root / f"{SIDE}.json"
    side = json.loads(path.read_text(encoding="utf-8"))
    del side[layout.DIGESTS]
    content = json.dumps(side, ensure_ascii=False, indent=1).encode()
    path.write_bytes(content)
    config = (root / f"shiliu/configs/{side['config']}.json").read_bytes()
    digest = hashlib.sha256(content + (root / f"{SIDE}.npz").read_bytes() + config).hexdigest()
    _column_changed(root, "shiliu/side_sha256", lambda was: digest)
    return root


WAYS = {
    "back": (lambda t: after(t, 80, -5 / FPS), 5 / FPS, 80),
    "stretched": (lambda t: t * 1.2, 0.2 * 149 / FPS, 1),
    "jumped": (lambda t: after(t, 80, 0.7), 0.7, 80),
    "constant": (lambda t: t * 0, 149 / FPS, 1),
    "offset": (lambda t: t + 0.62, 0.62, 0),  # the set's own clock begins with its rows
    "uneven": (lambda t: t + 0.01 * np.sin(40 * t), 0.01, 1),
    "nonfinite": (lambda t: np.where(np.arange(len(t)) == 80, np.nan, t), None, 80),
}


@pytest.mark.parametrize("kind", WAYS)
@pytest.mark.parametrize("old", [False, True])
def test_times_that_are_not_those_of_the_rows_are_found_named_and_placed(written, kind, old):
    change, size, row = WAYS[kind]
    if old:
        older(written)
    _column(written, "timestamp", change)
    verdict = verdict_of(written)
    found = by_code(verdict.findings)
    times = found["set.timestamp"]
    assert verdict.verdict == "UNSOUND" and verdict.owner == "device"
    assert times.failed and times.details["kind"] == kind and times.details["row"] == row
    assert times.value == (None if size is None else pytest.approx(size, rel=0.02))
    assert times.t0 == pytest.approx(row / FPS, abs=0.04) and not verdict.cleared
    root = verdict.findings[verdict.root]
    # an older digest covers no times; a newer one tells which column was changed, and that is the cause
    assert (root.code, root.subject) == (("set.timestamp" if old else "set.digest"), ("timestamp",))
    assert times.because_of == (None if old else verdict.root)
    assert ("no clock runs backwards" in printed(verdict)) == (kind != "back")
    backwards = found["clock.backwards"]
    assert backwards.failed == (kind == "back") and (kind != "back" or backwards.because_of == verdict.root)
    assert (
        kind != "back"
        or "timestamp steps back by 0.133 s at row 80; a row stands up to 0.167 s (5 frames)" in printed(verdict)
    )


def test_a_clean_set_is_clean_in_every_code(written):
    verdict = verdict_of(written)
    levels = {code: by_code(verdict.findings)[code].level for code in CODES}
    assert levels == dict.fromkeys(CODES, "PASS") | {"set.video": "NOT_APPLICABLE"}
    assert verdict.cleared and verdict.verdict == "INCONCLUSIVE" and verdict.root is verdict.owner is None
    assert {s.reason for name, s in verdict.stages.items() if name != "integrity"} == {"intake"}
    assert verdict_of(older(written)).cleared


def test_recorded_appended_imported_and_exported_sets_stay_clean(tmp_path, capsys):
    shown = [np.full((16, 16, 3), 60 + k, np.uint8) for k in range(150)]
    for seeds in ([0, 1], [2]):
        with DatasetWriter(tmp_path / "set", PICTURES, FPS, append=True) as writer:
            for seed in seeds:
                writer.add(episode(seed), episode(seed).states, {"observation.images.head": shown})
    t = np.arange(60) / 20.0
    arrays = {
        "action": np.sin(t)[:, None].repeat(2, 1),
        "observation_state": np.cos(t)[:, None].repeat(2, 1),
        "time": t,
    }
    np.savez(tmp_path / "take.npz", **arrays)
    main(["import", f"data={tmp_path / 'take.npz'}", f"out={tmp_path / 'imported'}"])
    draft = tmp_path / "proposed-mapping.yaml"
    if draft.is_file():
        assert (
            main(["import", f"data={tmp_path / 'take.npz'}", f"out={tmp_path / 'imported'}", f"mapping={draft}"]) == 0
        )
    again = [recording.episode for recording in read(tmp_path / "set")]  # as an export does, without its pictures
    write_lerobot(tmp_path / "exported", again, FEATURES, FPS)
    seen = 0
    for name in ("set", "imported", "exported"):
        for recording in read(tmp_path / name):
            found = of_set(recording.declared)
            assert {f.code: f.level for f in found if f.level in ("WARN", "FAIL", "NOT_CHECKED")} == {}, name
            seen += 1
    assert seen == 7


def test_what_was_edited_afterwards_is_the_root_and_the_rest_follows(written):
    _column(written, "observation.state", lambda v: np.where(np.arange(len(v))[:, None] == 60, v + np.nan, v))
    verdict = verdict_of(written)
    root = verdict.findings[verdict.root]
    assert (root.code, root.subject, root.details["known"]) == ("set.digest", ("observation.state",), True)
    nonfinite = by_code(verdict.findings)["value.nonfinite"]
    assert nonfinite.failed and nonfinite.because_of == verdict.root
    rules = RULES
    replayed = rules["reproduces"].finding(level="FAIL", subject=("state",), t0=2.0, value=1.0)
    lifted = rules["drop"].finding(level="FAIL", subject=("bowl",), t0=3.0)
    both = combine([root, replayed, lifted], ["integrity", "replay"], rules)
    assert [f.because_of for f in both.findings] == [None, 0, 0] and both.root == 0
    index = root.with_(subject=("index",))
    assert [f.because_of for f in combine([index, replayed], ["integrity", "replay"], rules).findings] == [None, None]


def test_an_older_set_tells_that_something_was_changed_but_not_what(written):
    _column(older(written), "action", lambda v: v + 0.1)
    verdict = verdict_of(written)
    root = verdict.findings[verdict.root]
    assert (root.code, root.subject, root.details["known"]) == ("set.digest", (FRAMES,), False)
    assert "timestamp" not in root.details["covered"] and "action" in root.details["covered"]


def test_a_table_that_repeats_something_else_than_the_episode_s_files_is_said(written):
    _column_changed(written, "shiliu/seed", lambda seed: seed + 5)
    verdict = verdict_of(written)
    root = verdict.findings[verdict.root]
    assert (root.code, root.subject, root.details["kind"]) == ("set.digest", ("shiliu/seed",), "tables")
    assert verdict.verdict == "UNSOUND" and "the table of episodes differs" in Words("en").message(root)


def test_rows_that_are_lost_are_the_cause_of_what_follows(written):
    table = pq.read_table(written / DATA)
    keep = np.ones(150, bool)
    keep[40:44] = False
    pq.write_table(table.filter(pa.array(keep)), written / DATA)
    _renewed(written)  # a writer that lost them knows of nothing
    verdict = verdict_of(written)
    found, root = by_code(verdict.findings), verdict.findings[verdict.root]
    assert (root.code, root.subject, root.details["kind"], root.value) == ("set.counter", ("frame_index",), "gap", 4.0)
    assert root.t0 == pytest.approx(40 / FPS)
    assert (
        found["set.length"].failed and found["set.length"].value == 4 and found["set.length"].because_of == verdict.root
    )
    assert found["set.stats"].because_of == verdict.root
    # the times of the rows that are left are right, and the clock shows the gap
    assert found["set.timestamp"].level == "PASS" and found["clock.gap"].value == pytest.approx(5 / FPS)


def test_states_kept_after_the_last_row_are_left_out_and_said(written):
    table = pq.read_table(written / DATA)
    pq.write_table(table.slice(0, 100), written / DATA)
    _renewed(written)
    (recording,) = read(written)
    assert max(recording.episode.checkpoints) == 90 and any(
        "left out: rows are lost" in note for note in recording.notes
    )
    assert by_code(verdict_of(written).findings)["set.length"].value == 50


@pytest.mark.parametrize(
    ("column", "change", "kind", "level"),
    [
        ("index", lambda v: after(v, 70, 3), "gap", "FAIL"),
        ("index", lambda v: v + 7, "begins", "WARN"),
        ("frame_index", lambda v: np.where(v == 70, 69, v), "repeated", "FAIL"),
        ("frame_index", lambda v: np.where(v == 70, 20, v), "back", "FAIL"),
        ("task_index", lambda v: v + 3, "unknown", "FAIL"),
        ("episode_index", lambda v: v + 1, "other", "FAIL"),
    ],
)
def test_counters_that_do_not_count(written, column, change, kind, level):
    _column(written, column, change)
    _renewed(written)
    verdict = verdict_of(written)
    found = by_code(verdict.findings)["set.counter"]
    assert (found.level, found.subject[0], found.details["kind"]) == (level, column, kind)
    assert verdict.cleared == (level == "WARN")
    assert level == "WARN" or verdict.findings[verdict.root].code == "set.counter"


@pytest.mark.parametrize("version", ["v3.0", "v2.1"])
def test_the_task_of_the_rows_is_one_that_the_table_of_episodes_gives(tmp_path, version):
    made = [replace(take, task=f"Do {k}.") for k, take in enumerate(takes(3))]
    map_ = mapping(tmp_path / "map.yaml", "lerobot", COLUMNS)

    def several(k, line):
        line["tasks"] = {0: ["Do 0."], 1: ["Do 1.", "Do 0."], 2: ["Do it anew."]}[k]

    def merged(k, rows):
        rows["task_index"] = np.where(np.arange(len(rows["task_index"])) < 9, k, 0)

    read_ = read(lerobot(tmp_path / version, made, version=version, meta=several, mutate=merged), map_)
    found = [by_code(verdict.findings)["set.counter"] for verdict in intake(read_)]
    assert [one.level for one in found] == ["PASS", "PASS", "WARN"], "the last table gives a task that nobody knows"
    read_ = read(lerobot(tmp_path / f"bad{version}", made, version=version, mutate=merged), map_)
    found = [by_code(verdict.findings)["set.counter"] for verdict in intake(read_)]
    assert [(one.level, one.details.get("kind")) for one in found] == [("PASS", None), ("FAIL", "task"), ("FAIL", "task")]
    assert found[2].details["expected"] == "2" and "another task, 2" in Words("en").message(found[2])
    assert found[2].at == found[2].t0, "what a table should say is no moment"
    bad, out = tmp_path / f"bad{version}", tmp_path / f"out{version}"
    assert main(["replay", f"data={bad}", f"mapping={map_}", "check=intake", f"out={out}", "quiet=true"]) == 1
    assert "another task, 2" in (out / "report.html").read_text(encoding="utf-8")


def test_a_rate_that_every_clock_contradicts_is_the_wrong_one(written):
    path = written / layout.INFO
    path.write_text(path.read_text().replace('"fps": 30', '"fps": 25'))
    verdict = verdict_of(written)
    found = by_code(verdict.findings)
    assert verdict.findings[verdict.root].code == "set.fps" and found["set.fps"].value == pytest.approx(0.2)
    assert found["set.timestamp"].level == "PASS", "the times are those of the rows"


def test_totals_and_statistics_are_bookkeeping_and_warn(written):
    path = written / layout.INFO
    path.write_text(path.read_text().replace('"total_frames": 150', '"total_frames": 151'))
    _column_changed(written, "stats/action/mean", lambda mean: [mean[0] + 0.2, mean[1]])
    verdict = verdict_of(written)
    found = by_code(verdict.findings)
    length, stats = found["set.length"], found["set.stats"]
    assert (length.level, length.subject, length.value) == ("WARN", ("total_frames",), 1.0)
    assert (stats.level, stats.subject, stats.details["which"]) == ("WARN", ("action",), "mean") and verdict.cleared
    assert stats.value == pytest.approx(0.2 / np.ptp(episode().actions[:, 0]), rel=1e-3)


def test_a_row_says_in_which_table_it_stands(written):
    assert by_code(verdict_of(written).findings)["set.length"].level == "PASS"
    _column_changed(written, "meta/episodes/file_index", lambda number: number + 2)
    found = by_code(verdict_of(written).findings)["set.length"]
    assert (found.level, found.subject, found.value) == ("WARN", ("meta/episodes/file_index",), 2.0)


def test_rows_outside_the_statistics_of_the_whole_set_warn(written):
    path = written / layout.STATS
    stats = json.loads(path.read_text())
    stats["observation.state"]["max"][1] -= 0.5
    path.write_text(json.dumps(stats))
    found = by_code(verdict_of(written).findings)["set.stats"]
    assert (found.level, found.subject, found.details["which"], found.details["kind"]) == (
        "WARN",
        ("observation.state",),
        "max",
        "set",
    )


@pytest.mark.parametrize("which", ["min", "max", "mean", "std"])
def test_a_number_that_is_none_among_the_statistics_of_the_whole_set_warns(written, which):
    path = written / layout.STATS
    stats = json.loads(path.read_text())
    stats["observation.state"][which][2] = float("nan")
    path.write_text(json.dumps(stats))
    found = by_code(verdict_of(written).findings)["set.stats"]
    assert (found.level, found.subject, found.details["which"]) == ("WARN", ("observation.state",), which)
    assert f"{which} is written as NaN" in Words("en").message(found)


def test_statistics_that_cannot_be_read_are_named(written, tmp_path):
    (written / layout.STATS).write_text('{"action": {')
    found = by_code(verdict_of(written).findings)["set.stats"]
    assert (found.level, found.subject, found.details["kind"]) == ("WARN", (layout.STATS,), "torn")
    root = lerobot(tmp_path / "old", takes(2), version="v2.1")
    path = root / "meta/episodes_stats.jsonl"
    first, second = path.read_text().splitlines()
    map_ = mapping(tmp_path / "map.yaml", "lerobot", COLUMNS)
    assert [by_code(v.findings)["set.stats"].level for v in intake(read(root, map_))] == ["PASS", "PASS"]
    path.write_text(f"{first}\n{second[:40]}\n")
    whole, cut = (by_code(v.findings)["set.stats"] for v in intake(read(root, map_)))
    assert whole.level == "PASS" and (cut.level, cut.subject) == ("WARN", ("episodes_stats.jsonl, line 2",))
    assert "episodes_stats.jsonl, line 2" in Words("en").message(cut)


def test_a_table_that_counts_other_rows_is_unsound(written):
    _column_changed(written, "length", lambda n: n + 12)
    verdict = verdict_of(written)
    root = verdict.findings[verdict.root]
    assert (root.code, root.value, verdict.verdict) == ("set.length", 12.0, "UNSOUND")


def test_a_column_that_nobody_looks_at_is_named_and_decides_nothing(written):
    table = pq.read_table(written / DATA)
    pq.write_table(table.append_column("reward", pa.array(np.zeros(150))), written / DATA)
    verdict = verdict_of(written)
    found = by_code(verdict.findings)["set.columns"]
    assert (found.level, found.subject) == ("NOT_CHECKED", ("reward",)) and verdict.cleared
    assert Words("en").message(found) == "nobody looks at reward (1 in all)"
    assert any(text.startswith("reward") for text in verdict.provenance["unmapped"])


def test_a_video_that_is_no_longer_that_of_the_rows(tmp_path):
    shown = [np.full((16, 16, 3), 60 + k, np.uint8) for k in range(150)]
    with DatasetWriter(tmp_path / "set", PICTURES, FPS) as writer:
        writer.add(episode(), episode().states, {"observation.images.head": shown})
    path = tmp_path / "set" / layout.numbered(layout.VIDEO_PATH, 0, video_key="observation.images.head")
    assert header_of(path) == (150, pytest.approx(5.0), (16, 16))
    assert by_code(verdict_of(tmp_path / "set").findings)["set.video"].level == "PASS"
    for end in ("from", "to"):
        _column_changed(tmp_path / "set", f"videos/observation.images.head/{end}_timestamp", lambda t: t + 0.5)
    verdict = verdict_of(tmp_path / "set")
    root = verdict.findings[verdict.root]
    assert (root.code, root.details["kind"], root.value) == ("set.video", "file", pytest.approx(0.5))
    for content in (b"", b"moov", path.read_bytes()[:200], path.read_bytes().replace(b"stts", b"sttt")):
        (tmp_path / "cut.mp4").write_bytes(content)
        assert header_of(tmp_path / "cut.mp4") is None


def test_lengths_of_videos_as_numbers():
    def of(**known) -> Finding:
        return check_video(Declared(90, fps=30.0, videos=(VideoRange("head", **known),)), RULES)[0]

    assert of(start_s=4.0, stop_s=7.0, pictures=900, file_s=30.0).level == "PASS"
    short = of(start_s=4.0, stop_s=6.9)
    assert (short.level, short.details["kind"], short.value) == ("FAIL", "range", pytest.approx(0.1))
    over = of(start_s=4.0, stop_s=7.0, before_s=5.0)
    assert (over.level, over.details["kind"], over.value) == ("FAIL", "overlap", pytest.approx(1.0))
    assert of(pictures=89, file_s=89 / 30).level == "FAIL", "LeRobot finds no picture for the last row"
    assert of().reason == "no_video_header"
    for shape, level in ([96, 128, 3], "PASS"), ([3, 96, 128], "PASS"), ([128, 96, 3], "PASS"), ([480, 640, 3], "WARN"), ([9], "PASS"):
        other = of(pictures=90, file_s=3.0, size=(96, 128), announced=size_of_feature({"shape": shape}))
        assert other.level == level and (level == "PASS" or "480 x 640" in Words("en").message(other))


def test_a_total_that_is_no_number_is_told(written):
    assert check_length(Declared(5, totals={"total_frames": (None, 5)}), RULES)[0].level == "WARN"


def test_a_large_delivery_keeps_what_was_found(written):
    _column(written, "timestamp", WAYS["back"][0])
    verdict = trimmed(verdict_of(written))
    assert verdict.findings[verdict.root].code == "set.digest" and {f.level for f in verdict.findings} <= {
        "FAIL",
        "WARN",
        "NOT_CHECKED",
    }
    times = by_code(verdict.findings)["set.timestamp"]
    assert verdict.findings[times.because_of].code == "set.digest"


def test_recordings_of_no_set_are_judged_as_before(written):
    (recording,) = read(written)
    recording.declared = None
    found = check_integrity(recording, Limits({}), RULES)
    assert {f.level for f in found if f.code in CODES} == {"NOT_APPLICABLE"}
    assert not isinstance(recording, Unreadable)
