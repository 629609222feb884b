"""The Chinese report of a recording that was read through a mapping holds no English word but names."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shiliu
import yaml
from shiliu.replay.formats.arrays.array_episode import ArrayEpisode, recording_of
from shiliu.replay.formats.mapping import Columns, Mapping
from shiliu.replay.formats.mappings import available, load
from shiliu.replay.judge.intake import intake
from shiliu.replay.judge.verdict import Verdict
from shiliu.replay.recording.recording import Recording, Unreadable, note_words
from shiliu.replay.report.html import render
from shiliu.replay.report.text import Words
from shiliu.scenarios.sheet.errors import EpisodeError

from .test_chinese import RULES, STAGES, english, visible

ROOT = Path(__file__).resolve().parents[2]
ROWS = 40
ARRAYS = [name for name in available() if load(name).arrays is not None]


def sentences(tree: Any, key: str = "") -> Iterator[Any]:
    """Every note and reason of a mapping file."""
    if key in ("note", "unused", "metadata"):
        yield from tree.values() if key != "note" else (tree,)
    elif isinstance(tree, dict):
        for name, value in tree.items():
            yield from sentences(value, name)
    elif isinstance(tree, list):
        for value in tree:
            yield from sentences(value)


@pytest.mark.parametrize("name", available())
def test_a_mapping_says_its_notes_in_both_languages(name):
    tree = yaml.safe_load((ROOT / "conf" / "mapping" / f"{name}.yaml").read_text(encoding="utf-8"))
    columns = (*tree.get("names", {}), *(c for listed in tree.get("names", {}).values() for c in listed))
    for words in sentences(tree):
        assert isinstance(words, dict) and sorted(words) == ["en", "zh"], words
        assert english(words["zh"], columns) == [], words


def made(mapping: Mapping) -> ArrayEpisode:
    """An episode that a mapping of arrays reads: a few rows of small numbers in every channel that it names."""
    rule = mapping.arrays
    assert rule is not None
    widths: dict[str, int] = {}
    shapes = {name: shape for name, shape in rule.channels.items() if shape and all(isinstance(n, int) for n in shape)}
    labels: dict[str, tuple[str, ...]] = {channel: tuple(names) for channel, names in rule.column_names.items()}
    for stream in rule.streams:
        if stream.optional and len(stream.fields) > 1:
            continue
        for text in stream.fields:
            columns = Columns.parse(text)
            width = len(stream.columns) or max(len(stream.suffixes), 1)
            if stream.spelled_in and not stream.names:
                labels[Columns.parse(stream.spelled_in).channel] = ("a.x", "b.y")
                width = 2 * max(len(stream.suffixes), 1)
            if stream.by_name:
                labels[columns.channel] = (*labels.get(columns.channel, ()), *stream.names)
                width = len(labels[columns.channel])
            elif str(columns) == columns.channel:
                width = math.prod(shapes.get(columns.channel, (width // len(stream.fields),)))
            least = math.prod(shapes.get(columns.channel, (0,)))
            first, end = columns.span(10_000)
            end = first + width if end == 10_000 else end
            widths[columns.channel] = max(widths.get(columns.channel, least), end)
    if rule.time is not None:
        widths.setdefault(Columns.parse(rule.time.field).channel, 1)
    arrays: dict[str, np.ndarray] = {}
    for channel, width in widths.items():
        values = 0.05 + 0.01 * np.sin(np.arange(ROWS)[:, None] / 5.0 + np.arange(width))
        arrays[channel] = values.reshape(ROWS, *shapes[channel]) if channel in shapes else values
    if rule.time is not None:
        at = Columns.parse(rule.time.field)
        arrays[at.channel].reshape(ROWS, -1)[:, at.span(widths[at.channel])[0]] = np.arange(ROWS) * 0.02 + 0.001 * np.sin(np.arange(ROWS))
    for text in rule.metadata:
        arrays[Columns.parse(text).channel] = np.arange(4.0)
    for pattern in mapping.unused:
        channel = Columns.parse(pattern).channel
        arrays.setdefault(channel.replace("*", "rest"), np.zeros((ROWS, 3)))
    if isinstance(rule.fps, str):
        arrays[rule.fps] = np.array(25.0)
    return ArrayEpisode(
        "take", f"take.{mapping.format}", "0" * 64, mapping.format, "archive", Path("take"), arrays, labels,
        robot_type=rule.robot_type, fps=20.0,
    )  # fmt: skip


def names_of(recording: Recording) -> tuple[str, ...]:
    """What a recording calls its own: streams and channels, elements, units, itself."""
    streams = recording.streams.values()
    channels = {channel.partition(" (")[0].partition("[")[0] for channel in recording.unmapped}
    channels |= {part.strip().partition("[")[0] for s in streams for part in str(s.meta.get("field", "")).split(",")}
    own = {name for s in streams for name in (s.name, *s.names, *str(s.unit).split(), s.quantity)}
    announced = {*(recording.declared.features if recording.declared is not None else ())}
    times = {"time", "t", "timestamp", "states"}  # of containers, by which rows are timed
    own |= {part for name in own for part in name.replace("/", ".").split(".")}
    own |= {*RULES, *STAGES, "mujoco", "kuafu", "hand=claw", "base=planted", "bare"}
    more = {recording.mapping or "", recording.name, str(recording.metadata.get("robot") or "")}
    return tuple(sorted(own | announced | channels | times | more - {""}))


def left_in_english(recording: Recording, verdict: Verdict) -> list[str]:
    sources = {part for f in verdict.findings if "@" in str(f.limit_source) for part in (f.limit_source, *f.limit_source.split())}
    names = (*names_of(recording), Path(recording.source).stem)
    page = visible(render([verdict], Words("zh"), "")).replace(recording.source, " ")
    for source in sources:  # files of others, by their address
        page = page.replace(source, " ")
    found = english(page, names)
    words = Words("zh").telling({"notes": note_words(recording)})
    return found + [text for line in (*recording.notes, *recording.unmapped) if english(text := words.note(line), names)]


@pytest.mark.parametrize("name", ARRAYS)
def test_what_is_read_through_a_mapping_of_arrays_is_told_in_chinese(name):
    recording = recording_of(made(load(name)), name)
    assert (recording.notes and note_words(recording)) or not load(name).words
    assert left_in_english(recording, next(iter(intake([recording])))) == []


def test_what_is_read_through_a_mapping_of_topics_is_told_in_chinese():
    words = Words("zh")
    for mapping in map(load, set(available()) - set(ARRAYS)):
        own = words.telling({"notes": mapping.words})
        for topic, rule in mapping.topics.items():
            for stream in rule.streams:
                name = topic if stream.name is None else f"{topic}/{stream.name}"
                fillers = [f"{name}: {p['publisher']}: {', '.join(p['names'])}: {p['note']}" for p in stream.placeholder]
                for line in (*fillers, *([f"{name}: {stream.note}"] if stream.note else ())):
                    assert own.note(line) != line and english(own.note(line)) == [], line
        for pattern, reason in mapping.unused.items():
            line = f"{pattern} (sensor_msgs/JointState, 12 messages): {reason}"
            assert own.note(line) != line and english(own.note(line), (pattern.strip("/*"),)) == [], line


def first_of_each(folder: Path) -> Iterator[Recording]:
    """The first recording of each mapping below a folder."""
    seen = set()
    for recording in shiliu.read(folder):
        if not isinstance(recording, Unreadable) and recording.mapping not in seen:
            seen.add(recording.mapping)
            yield recording


FOLDERS = ("adroit-door", "arctic-human-bimanual", "dual-arm-dexhand-open", "g1-human-video-door-box",
           "g1-inspire-pick-bottle", "gr1-pick-place", "kuavo-arm-pick-planner", "kuavo-vr-teleop", "myohand-object-use",
           "omomo-box-carry", "piper-so101-leader", "robosuite-teleop", "so101-bimanual-cloth", "visionpro-panda-blockpush")  # fmt: skip


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_real_recording_is_told_in_chinese_at_intake(data, folder):
    for recording in first_of_each(data / folder):
        assert left_in_english(recording, next(iter(intake([recording])))) == []


@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS)
def test_a_real_recording_is_told_in_chinese(data, folder):
    for recording in first_of_each(data / folder):
        (verdict,) = shiliu.judge([recording])
        assert left_in_english(recording, verdict) == []


def test_a_mapping_may_say_a_note_in_one_language_and_must_say_both_where_it_says_two(tmp_path):
    text = (ROOT / "conf" / "mapping" / "panda_visionpro.yaml").read_text(encoding="utf-8")
    both = '{en: "255 open, 0 closed; 0 in every known row", zh: "255 为张开，0 为闭合；已知各行都是 0"}'
    assert both in text
    file = tmp_path / "own.yaml"
    file.write_text(text.replace(both, '"fully open at 255"'), encoding="utf-8")
    words = Words("zh").telling({"notes": load(file).words})
    assert words.note("ctrl/gripper: fully open at 255") == "ctrl/gripper: fully open at 255"  # nobody has words for it
    file.write_text(text.replace(both, '{en: "fully open at 255"}'), encoding="utf-8")
    with pytest.raises(EpisodeError, match=r"note\.zh: is missing|zh.*is missing"):
        load(file)


def test_a_note_of_a_mapping_stays_with_a_recording_that_is_handed_on(tmp_path):
    """The words go along in the metadata, which every format of ours keeps."""
    recording = recording_of(made(load("piper_lerobot")), "piper_lerobot")
    notes = note_words(recording)
    assert notes and all(sorted(words) == ["en", "zh"] for words in notes.values())
    assert Words("zh").telling({"notes": notes}).note(recording.notes[-1]).endswith("几乎不动")
    assert note_words(Recording("a", "a", "0", "robot", {}, metadata={"note_words": {"a": "no table", "b": {"zh": 3}}})) == {}
