"""What a LeRobot set says of itself is held against the rest: in sets of ours, in those of others, and at intake."""

from __future__ import annotations

import hashlib
import json
import shutil
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
from shiliu.replay.checks.registry import asked_of
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.set_tables import check_length, check_stats, check_video
from shiliu.replay.checks.set_times import check_counters, check_fps, check_timestamp
from shiliu.replay.formats import read
from shiliu.replay.formats.lerobot import layout
from shiliu.replay.formats.lerobot.write import DatasetWriter, write_lerobot
from shiliu.replay.formats.mp4_header import length_of
from shiliu.replay.judge.intake import intake, trimmed
from shiliu.replay.judge.verdict import combine
from shiliu.replay.recording.declared import FRAMES, Declared, VideoRange
from shiliu.replay.recording.recording import Recording, SimEpisode, Unreadable
from shiliu.replay.report import Words
from shiliu.replay.robots.limits import Limits

CODES = asked_of("set")
RULES = load_rules()
FPS = 30
FEATURES = {
    "action": {"dtype": "float32", "shape": [2], "names": ["a", "b"], "unit": "rad"},
    "observation.state": {"dtype": "float32", "shape": [3], "names": ["x", "y", "z"], "unit": "m"},
}
PICTURES = FEATURES | {"observation.images.head": {"dtype": "video", "shape": [16, 16, 3]}}
LEROBOT_SETS = (
    "dual-arm-dexhand-open", "g1-inspire-pick-bottle", "gr1-pick-place", "piper-so101-leader", "so101-bimanual-cloth",
)  # fmt: skip


def episode(seed: int = 0, n: int = 150) -> SimEpisode:
    """Something that is written and read; it is never simulated."""
    t = np.arange(n)[:, None] / FPS
    rng = np.random.default_rng(seed)
    return SimEpisode(
        seed=seed,
        draw={},
        config={"name": "microwave"},
        scenario_version=1,
        fingerprint="51ab",
        engine="mujoco 3.17.0",
        control_timestep=1 / FPS,
        n_substeps=16,
        start_state=rng.normal(size=5),
        actions=(np.sin(t + seed) + 0.01 * rng.normal(size=(n, 2))).astype(np.float32),
        action_names=("a", "b"),
        states={"observation.state": np.cumsum(0.01 * rng.normal(size=(n, 3)), axis=0).astype(np.float32)},
        checkpoints={k: rng.normal(size=5) for k in range(0, n, FPS)},
        label={"success": True, "failure": None},
        task={"en": "Open it.", "zh": "打开。"},
        scenario="microwave",
    )


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


def verdict_of(root: Path):
    (verdict,) = intake(read(root), RULES)
    assert verdict.error is None, verdict.error
    return verdict


def of_set(declared: Declared | None) -> list[Finding]:
    """What is asked of a set."""
    found = check_integrity(Recording("", "", "", "robot", {}, declared=declared), Limits({}), RULES)
    return [one for one in found if one.code in asked_of("set")]


def by_code(found: list[Finding]) -> dict[str, Finding]:
    return {finding.code: finding for finding in found}


def printed(verdict) -> str:
    return " | ".join(Words("en").message(f) for f in verdict.findings if f.level != "NOT_APPLICABLE")


def after(values: np.ndarray, row: int, by: float) -> np.ndarray:
    return np.where(np.arange(len(values)) < row, values, values + by)


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
    assert length_of(path) == (150, pytest.approx(5.0))
    assert by_code(verdict_of(tmp_path / "set").findings)["set.video"].level == "PASS"
    for end in ("from", "to"):
        _column_changed(tmp_path / "set", f"videos/observation.images.head/{end}_timestamp", lambda t: t + 0.5)
    verdict = verdict_of(tmp_path / "set")
    root = verdict.findings[verdict.root]
    assert (root.code, root.details["kind"], root.value) == ("set.video", "file", pytest.approx(0.5))
    for content in (b"", b"moov", path.read_bytes()[:200], path.read_bytes().replace(b"stts", b"sttt")):
        (tmp_path / "cut.mp4").write_bytes(content)
        assert length_of(tmp_path / "cut.mp4") is None


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


# --------------------------------------------------------------------------------------------- as arrays, and of others


def grid(n: int = 200, **known) -> Declared:
    t = np.arange(n) / 20.0
    return Declared(n, fps=20.0, timestamp=t, counters={"frame_index": np.arange(n)}, **known)


def test_times_are_held_as_exactly_as_lerobot_holds_them():
    declared = grid()
    assert check_timestamp(declared, RULES, 20.0)[0].level == "PASS"
    for off, level in ((0.9e-4, "PASS"), (1.5e-4, "FAIL")):
        t = declared.timestamp.copy()
        t[100:] += off
        assert check_timestamp(replace(declared, timestamp=t), RULES, 20.0)[0].level == level
    long = np.arange(36_000, dtype=np.float64) / 20.0
    coarse = replace(grid(36_000), timestamp=long.astype(np.float32).astype(np.float64))
    assert check_timestamp(coarse, RULES, 20.0)[0].level == "PASS", "half an hour in float32 seconds"


def test_a_slow_drift_shows_in_where_the_last_rows_stand():
    declared = grid(2000)
    drifts = replace(declared, timestamp=declared.timestamp * 1.0009)  # 45 us a step
    found = check_timestamp(drifts, RULES, 20.0)[0]
    assert (found.level, found.details["kind"], found.value) == (
        "FAIL",
        "stretched",
        pytest.approx(0.0009 * 1999 / 20, rel=1e-3),
    )


@pytest.mark.parametrize(("rows", "level"), [(100, "WARN"), (300, "WARN"), (600, "FAIL")])
def test_an_announced_rate_near_the_true_one_is_no_pass(rows, level):
    """29.97 for rows at k / 30: 0.033 ms a row, so that a take of 17 s is half a frame off."""
    declared = Declared(rows, fps=29.97, timestamp=np.float64(np.float32(np.arange(rows) / 30)))
    (found,) = check_timestamp(declared, RULES, 29.97)
    assert (found.level, found.details["kind"]) == (level, "stretched")
    assert found.value == pytest.approx((rows - 1) * (1 / 29.97 - 1 / 30), rel=1e-3) and found.value > found.limit
    assert found.details["factor"] == pytest.approx(0.999)


@pytest.mark.parametrize(
    ("stamps", "quantum"),
    [(lambda t: np.round(t, 3), 1e-3), (lambda t: np.floor(2e3 * t) / 2e3, 5e-4)],
    ids=["milliseconds", "half milliseconds cut off"],
)
def test_rounded_times_warn_with_what_they_are_rounded_to(stamps, quantum):
    declared = Declared(300, fps=30.0, timestamp=stamps(np.arange(300) / 30))
    assert check_fps(declared, RULES)[0].level == "PASS"
    (found,) = check_timestamp(declared, RULES, 30.0)
    assert (found.level, found.details["kind"], found.details["quantum"]) == ("WARN", "rounded", pytest.approx(quantum))
    assert 1e-4 < found.value <= quantum


@pytest.mark.parametrize(("unit", "size"), [("ms", 1e3), ("us", 1e6), ("ns", 1e9)])
def test_times_in_another_unit_are_named(unit, size):
    t = np.arange(120) / 30
    for announced, level in ((30.0, "FAIL"), (30.2, "FAIL")):
        (found,) = check_fps(Declared(120, fps=announced, timestamp=t * size), RULES)
        assert (found.level, found.details["kind"], found.details["counts_in"]) == (level, "unit", unit)
    (other,) = check_fps(Declared(120, fps=30.0, timestamp=t * 700), RULES)
    assert other.failed and "counts_in" not in other.details, "seven hundred times is no unit"


@pytest.mark.parametrize("stated", ["-30", "0", "NaN", '"fast"', "true"])
def test_what_is_no_rate_fails_and_the_rows_are_held_against_their_own(stated):
    declared = Declared(90, no_rate=stated, timestamp=np.arange(90) / 25)
    found = by_code(of_set(declared))
    assert (found["set.fps"].level, found["set.fps"].details["said"]) == ("FAIL", stated)
    assert found["set.fps"].details["rate"] == pytest.approx(25.0) and found["set.timestamp"].level == "PASS"
    assert check_fps(Declared(90, no_rate=stated), RULES)[0].failed, "without a witness too"


def test_a_rate_that_is_a_text_warns_where_it_is_right():
    declared = Declared(90, fps=25.0, no_rate='"25"', timestamp=np.arange(90) / 25)
    assert check_fps(declared, RULES)[0].level == "WARN"
    assert check_fps(replace(declared, fps=50.0, no_rate='"50"'), RULES)[0].failed


def test_rows_that_stand_elsewhere_than_the_table_says_fail():
    declared = Declared(40, span=(30, 70), place=90, others={1: (20, 60)}, counters={"index": np.arange(90, 130)})
    (found,) = check_length(declared, RULES)
    assert found.failed and (found.value, found.details["first"], found.details["last"]) == (60.0, 30, 69)
    assert (found.details["here"], found.details["there"], found.details["other"]) == (90, 129, 1)
    assert check_counters(declared, RULES)[0].level == "PASS", "the rows count rightly, it is the table that is wrong"
    assert check_length(replace(declared, place=30), RULES)[0].level == "PASS"


def test_an_offset_warns():
    declared = grid()
    found = check_timestamp(replace(declared, timestamp=declared.timestamp + 0.05), RULES, 20.0)[0]
    assert (found.level, found.details["kind"], found.value) == ("WARN", "offset", pytest.approx(0.05))


def test_measured_times_warn_and_rates_without_a_third_witness_fail():
    rng = np.random.default_rng(0)
    measured = replace(grid(), timestamp=np.cumsum(0.054 + 0.004 * rng.random(200)))
    fps, times = check_fps(measured, RULES)[0], check_timestamp(measured, RULES, 20.0)[0]
    assert (fps.level, fps.details["kind"], times.level, times.details["kind"]) == (
        "WARN",
        "measured",
        "WARN",
        "uneven",
    )
    even = replace(grid(), timestamp=np.arange(200) / 16.0)
    found = by_code(of_set(even))
    assert (
        found["set.fps"].failed
        and found["set.fps"].value == pytest.approx(0.2)
        and found["set.timestamp"].level == "PASS"
    )


def test_a_video_tells_which_of_the_two_is_wrong():
    video = VideoRange("head", pictures=200, file_s=10.0)
    stretched = replace(grid(videos=(video,)), timestamp=np.arange(200) / 16.0)
    found = by_code(of_set(stretched))
    assert found["set.fps"].level == "PASS" and found["set.timestamp"].details["kind"] == "stretched"
    found = by_code(of_set(replace(grid(videos=(video,)), fps=25.0)))
    assert found["set.fps"].failed and found["set.timestamp"].level == "PASS"


def test_counters_as_arrays():
    k = np.arange(50)
    one = Declared(50, number=3, fps=20.0, span=(100, 150), tasks=frozenset({0, 1}))
    good = {"frame_index": k, "index": k + 100, "episode_index": np.full(50, 3), "task_index": np.zeros(50, int)}
    assert check_counters(replace(one, counters=good), RULES)[0].level == "PASS"
    assert check_counters(one, RULES)[0].level == "NOT_APPLICABLE"
    lost = replace(one, counters=good | {"frame_index": k + 5}, length=55)
    assert (
        check_counters(lost, RULES)[0].level == "FAIL"
        and check_counters(replace(lost, length=50), RULES)[0].level == "WARN"
    )


def test_what_is_not_said_is_not_judged():
    found = of_set(Declared(10))
    assert {f.code: f.level for f in found} == dict.fromkeys(CODES, "NOT_APPLICABLE") | {"set.columns": "PASS"}
    assert {f.level for f in of_set(None)} == {"NOT_APPLICABLE"}


def test_statistics_allow_what_float32_sums_round():
    rng = np.random.default_rng(1)
    x = 43.4 + 0.05 * rng.normal(size=(400, 1))
    stats = {"min": x.min(0), "max": x.max(0), "mean": x.mean(0), "std": np.zeros(1), "count": np.array([400.0])}
    declared = Declared(400, columns={"q": x}, stats={"q": stats})
    assert check_stats(declared, RULES)[0].level == "PASS", (
        "as in public sets: 0.05 is what float32 squares of 43 round"
    )
    wrong = replace(
        declared, columns={"q": x - 43.4}, stats={"q": stats | {k: stats[k] - 43.4 for k in ("min", "max", "mean")}}
    )
    assert check_stats(wrong, RULES)[0].details["which"] == "std"
    count = replace(declared, stats={"q": stats | {"count": np.array([399.0])}})
    assert check_stats(count, RULES)[0].details["which"] == "count"


def test_a_total_that_is_no_number_is_told(written):
    assert check_length(Declared(5, totals={"total_frames": (None, 5)}), RULES)[0].level == "WARN"


@pytest.mark.parametrize("name", LEROBOT_SETS)
def test_real_sets_hold_together(data, name):
    """WARN: `gr1` begins at 0.05 s; the cloth set announces 20 Hz and was measured at 18.5 Hz, and its raw files (chunk-001) are
    listed nowhere and lack the columns that it announces."""
    expected = {
        "gr1-pick-place": {"set.timestamp"},
        "so101-bimanual-cloth": {"set.fps", "set.timestamp", "set.columns", "set.length"},
    }.get(name, set())
    warned: set[str] = set()
    for recording in (item for item in read(data / name) if isinstance(item, Recording)):  # excerpts of larger sets
        found = of_set(recording.declared)
        assert not [f.code for f in found if f.failed]
        warned |= {f.code for f in found if f.level == "WARN"}
    assert warned == expected


def test_a_real_set_that_is_broken_is_found(data, tmp_path):
    root = shutil.copytree(data / "piper-so101-leader", tmp_path / "set")
    path = sorted(root.glob("data/**/*.parquet"))[0]
    path.chmod(0o644)
    path.parent.chmod(0o755)
    table = pq.read_table(path)
    first = table.column("episode_index").to_numpy() == table.column("episode_index")[0].as_py()
    t = table.column("timestamp").to_numpy().astype(np.float64)
    row = np.flatnonzero(first)[100]
    t[row : np.flatnonzero(first)[-1] + 1] -= 5 / 15
    i = table.column_names.index("timestamp")
    field = table.schema.field(i)
    pq.write_table(table.set_column(i, field, pa.array(t).cast(field.type)), path)
    verdict = next(iter(intake(read(root), RULES)))
    root_ = verdict.findings[verdict.root]
    assert (verdict.verdict, root_.code, root_.details["kind"], root_.details["row"]) == (
        "UNSOUND",
        "set.timestamp",
        "back",
        100,
    )
    backwards = by_code(verdict.findings)["clock.backwards"]
    assert backwards.failed and backwards.because_of == verdict.root


# ------------------------------------------------------------------------------------------------------------- intake


def test_intake_gates_and_names_what_it_did_not_ask(tmp_path, capsys):
    root = write_lerobot(tmp_path / "good", [episode(k) for k in range(3)], FEATURES, FPS)
    out = tmp_path / "out"
    assert main(["replay", f"data={root}", "check=intake", f"out={out}"]) == 0
    text = capsys.readouterr().out
    assert "intake: nothing found in 3 of 3" in text and "not asked for with check=intake" in text
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


def test_nothing_that_a_set_says_stops_the_judge():
    odd = {"min": np.array([np.nan]), "max": np.array([np.inf]), "count": np.array([np.nan]), "q50": np.zeros(7)}
    one = Declared(
        4,
        fps=1e-9,
        timestamp=np.array([0.0, 1e300, -1e300, np.inf]),
        counters={"frame_index": np.array([5, 5, -(2**62), 2**62])},
        columns={"q": np.full((4, 1), 1e300)},
        stats={"q": odd},
        set_stats={"q": odd},
        videos=(VideoRange("head", stop_s=3.0),),
        totals={"total_frames": ("many", 4)},
    )
    found = by_code(of_set(one))
    assert found["set.video"].reason == "no_video_header" and found["set.stats"].details["which"] in (
        "min",
        "max",
        "count",
    )
    assert found["set.timestamp"].details["kind"] == "nonfinite" and found["set.counter"].failed
    texts = [Words(lang).message(f) for lang in ("en", "zh") for f in found.values()]
    assert not [text for text in texts if "{" in text or "?" in text]


def test_statistics_of_counters_that_were_numbered_anew_are_no_fault():
    """LeRobot's delete_episodes numbers what is left from 0 and keeps the statistics of each episode."""
    x, ones = np.linspace(-0.3, 0.4, 50)[:, None], np.ones((50, 1))

    def of(values):
        return {"min": values.min(0), "max": values.max(0), "mean": values.mean(0), "std": values.std(0), "count": np.array([50.0])}

    columns = {"q": x, "index": 50.0 + np.arange(50.0)[:, None], "episode_index": ones}
    stats = {"q": of(x), "index": of(columns["index"] + 50.0), "episode_index": of(2 * ones)}
    (found,) = check_stats(Declared(50, columns=columns, stats=stats, set_stats=stats), RULES)
    assert (found.level, found.details["columns"]) == ("PASS", 1)


def test_statistics_of_a_column_that_stands_still_are_off_by_a_share_of_its_value():
    still = np.full((50, 1), 0.4)
    stats = {name: still[0] for name in ("min", "max", "mean")} | {"std": np.zeros(1)}
    (found,) = check_stats(Declared(50, columns={"q": still}, stats={"q": stats}), RULES)
    assert found.level == "PASS"
    (found,) = check_stats(Declared(50, columns={"q": still}, stats={"q": stats | {"min": np.array([0.5])}}), RULES)
    assert (found.level, found.value) == ("WARN", pytest.approx(0.25, rel=1e-3))
