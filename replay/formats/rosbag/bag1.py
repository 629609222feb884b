"""ROS 1 bags (rosbag v2.0): message by message through the bag's own definitions, into streams as a mapping says.

Messages are read one at a time and only their mapped numbers are kept, so that memory follows the values and not the
file. A bag comes from outside: whatever is wrong with it ends in one `EpisodeError`, and what it claims about sizes is
not trusted. Whether it was cut off, and at which byte, is found by walking its records one by one, without their content.

Beside a bag of a published Kuavo set (LET) lies a JSON of the bag's name with scene, task and a timeline of skills.
"""

from __future__ import annotations

import bz2
import re
from collections.abc import Callable
from pathlib import Path
from struct import unpack
from typing import Any

from rosbags.interfaces import Connection
from rosbags.rosbag1 import Reader

from ....scenarios.sheet.errors import EpisodeError
from ....scenarios.sheet.json_reader import json_of
from ....scenarios.sheet.quantity import counted
from ....scenarios.sheet.yaml_reader import MAX_DEPTH
from ...recording.recording import Recording
from ..file_state import sha256_of
from ..mapping import Mapping
from ..mappings import load
from ..reader_errors import refuse_empty
from ..topics import TopicReading
from .definitions import definitions, mendable

# unpacked, which takes twice as much for a while; the recorder writes chunks of 768 KiB, or of one message, at most a picture
MAX_CHUNK_BYTES = 128 << 20
RECORDS_MAGIC = b"#ROSBAG V2.0\n"
RECORDS_LONGEST_HEADER = 1 << 20
RECORDS_CHUNK_OP = 5  # `op` of a record that is a chunk
CUT_FIX = "`rosbag reindex` saves what is whole; or copy it again from the recorder."
CUT_NOTHING_WHOLE = "no messages before it are whole. Copy it again from the recorder."
LABELS_MAX_BYTES = 16 << 20
LABELS_SHOWN = 6  # of steps with something wrong, named in one note
LABELS_ROUNDED = 0.002  # s, by which steps may lie in one another: they are shares of the recording, rounded
LABELS_SCENES = ("primarySceneCode", "secondarySceneCode", "tertiarySceneCode")
LABELS_TEXTS = ("initSceneText", "englishInitSceneText", "taskGroupName", "taskGroupCode", "taskName", "taskCode", "deviceSn")
HAND_OF_TOPIC = (  # topic of a hand's state or command -> what the hand is
    ("/leju_claw_state", "leju_claw"),
    ("/control_robot_leju_claw", "leju_claw"),
    ("/leju_claw_command", "leju_claw"),
    ("/dexhand/state", "dexterous hand"),
    ("/control_robot_hand_position", "dexterous hand"),
    ("/gripper/state", "Robotiq 2F-85 of the simulator"),
    ("/gripper/command", "Robotiq 2F-85 of the simulator"),
)
HAND_OF_OURS = "leju_claw"


def read(path: Path, source: str, mapping: str | Path | None = None) -> Recording:
    """Read one bag.

    Args:
        path: the bag.
        source: what `Recording.source` says.
        mapping: name or file of the mapping; None chooses by the topics and types that the bag holds.

    Raises:
        EpisodeError: not a whole bag, nothing in it that a mapping knows, or messages that are not as the mapping says.
    """
    chosen = None if mapping is None else load(mapping)
    with mendable(path):
        refuse_empty(path)
        refuse_cut_off(path)
        sha256 = sha256_of(path)
        reader = Reader(path)
        reader.open()
    try:
        with mendable(path):
            _bound_chunks(reader)
        return _read_open(path, source, sha256, reader, chosen)
    finally:
        reader.close()


def _bound_chunks(reader: Reader) -> None:
    """Make the reader unpack no more than `MAX_CHUNK_BYTES` of a chunk, whatever the chunk holds."""

    def bounded(unpack: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
        def run(data: bytes) -> bytes:
            if data[:3] == b"BZh" and unpack is bz2.decompress:
                out = bz2.BZ2Decompressor().decompress(data, MAX_CHUNK_BYTES + 1)
            elif data[:4] == b"\x04\x22\x4d\x18":  # the magic number of an LZ4 frame
                from lz4.frame import LZ4FrameDecompressor

                out = LZ4FrameDecompressor().decompress(data, MAX_CHUNK_BYTES + 1)
            else:
                out = unpack(data)
            if len(out) > MAX_CHUNK_BYTES:
                raise ValueError(f"a chunk unpacks to more than {MAX_CHUNK_BYTES >> 20} MiB")
            return out

        return run

    for position, chunk in reader.chunks.items():
        if chunk.datasize > MAX_CHUNK_BYTES:
            raise ValueError(f"a chunk holds {chunk.datasize >> 20} MiB, more than {MAX_CHUNK_BYTES >> 20} MiB")
        reader.chunks[position] = chunk._replace(decompressor=bounded(chunk.decompressor))


def _read_open(path: Path, source: str, sha256: str, reader: Reader, chosen: Mapping | None) -> Recording:
    held = TopicReading(path, "bag", reader.connections, chosen, ("rosbag1",), _publisher, "Cut the bag with `rosbag filter`.")
    with mendable(path):
        stores = {c.id: definitions(c.msgdef.data, c.msgtype) for c in held.known}
        for connection, time_ns, raw in reader.messages(held.known):
            held.add(connection, stores[connection.id].deserialize_ros1(raw, connection.msgtype), time_ns)

    duration_s = reader.duration * 1e-9
    recording = held.recording(source, sha256, "rosbag v2.0", reader.start_time, duration_s)
    with_labels(recording, path, {c.topic for c in held.channels}, duration_s)
    if held.mapping.pictures:
        from . import bag_pictures as rosbag1_pictures

        with mendable(path):
            recording.pictures.update(rosbag1_pictures.found(path, reader, held.channels, held.mapping))
    return recording


def _publisher(connection: Connection) -> str:
    return getattr(connection.ext, "callerid", None) or f"connection {connection.id}"


def refuse_cut_off(path: Path) -> None:
    """Raises: EpisodeError where the file ends within a record, or was never closed, with the byte and what is whole before it."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(len(RECORDS_MAGIC)) != RECORDS_MAGIC:
            return  # whatever else it is, the reader says it
        at, chunks, index = len(RECORDS_MAGIC), 0, None
        while at < size:
            file.seek(at)
            head = file.read(4)
            length = unpack("<I", head)[0] if len(head) == 4 else None
            if length is not None and length > RECORDS_LONGEST_HEADER:
                return  # damaged, not cut
            header = file.read(length or 0)
            rest = file.read(4)
            if length is None or len(header) < length or len(rest) < 4:
                raise _cut(path, size, at, None, chunks)
            end = at + 8 + length + unpack("<I", rest)[0]
            if end > size:
                raise _cut(path, size, at, end, chunks)
            if index is None:
                found = re.search(rb"index_pos=(.{8})", header, re.DOTALL)
                index = unpack("<Q", found[1])[0] if found else -1
            chunks += f"op={chr(RECORDS_CHUNK_OP)}".encode() in header
            at = end
    if index == 0:
        held = f"its {size} bytes are whole, {counted(chunks, 'chunk')} of messages"
        raise EpisodeError(f"was never closed: {held}, but it has no index. {CUT_FIX}", file=path)
    if index is not None and index > size:
        raise EpisodeError(
            f"is cut off at byte {size}: its index begins at byte {index}, which is missing; {_whole(chunks)}", file=path
        )


def _cut(path: Path, size: int, at: int, end: int | None, chunks: int) -> EpisodeError:
    wants = "has no length any more" if end is None else f"reaches to byte {end}"
    return EpisodeError(
        f"is cut off at byte {size}: the record that begins at byte {at} {wants}; {_whole(chunks)}", file=path
    )


def _whole(chunks: int) -> str:
    whole = f"{counted(chunks, 'chunk')} of messages before it {'is' if chunks == 1 else 'are'} whole."
    return f"{whole} {CUT_FIX}" if chunks else CUT_NOTHING_WHOLE


def with_labels(recording: Recording, path: Path, topics: set[str], duration_s: float) -> None:
    """Put what lies beside a bag into the recording's metadata (`task`, `timeline`, `set_label`), and say what its hand is.

    Args:
        topics: that the bag holds with messages; duration_s: of the bag [s].
    """
    hands = list(dict.fromkeys(hand for topic, hand in HAND_OF_TOPIC if topic in topics))
    if hands:
        recording.metadata["hand"] = ", ".join(hands)
    if other := [hand for hand in hands if hand != HAND_OF_OURS]:
        recording.notes.append(
            f"its hands are {', '.join(other)}, and not the claw that is judged here: what they hold is not checked"
        )
    beside = path.with_suffix(".json")
    if not beside.is_file():
        return
    try:
        if beside.stat().st_size > LABELS_MAX_BYTES:
            raise ValueError(f"larger than {LABELS_MAX_BYTES >> 20} MiB")
        tree = json_of(beside.read_text(encoding="utf-8-sig"), MAX_DEPTH)
        if not isinstance(tree, dict) or not isinstance(tree.get("marks"), list):
            raise ValueError("it has no list `marks`")
        timeline = [_segment(mark, duration_s) for mark in tree["marks"]]
        label = {key: str(tree[key]) for key in (*LABELS_SCENES, *LABELS_TEXTS) if tree.get(key)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        recording.notes.append(f"labels in {beside.name} are not read: {' '.join(str(error).split())[:160]}")
        return
    recording.metadata["set_label"] = label
    recording.metadata["timeline"] = timeline
    sentence = str(tree.get("taskPrompt") or label.get("taskName") or "")
    if sentence:
        recording.metadata.setdefault("task", sentence)
    skills = ", ".join(f"{one['skill'] or '?'} {one['t0']:.1f}-{one['t1']:.1f} s" for one in timeline[:12])
    recording.notes.append(f"labels read from {beside.name}: {len(timeline)} step{'s' * (len(timeline) != 1)} ({skills or 'none'})")
    if unnamed := [str(k) for k, one in enumerate(timeline, 1) if not one["skill"]]:
        recording.notes.append(f"labels in {beside.name}: without the name of a skill is step {_some(unnamed)}")
    if pairs := _overlapping(timeline):
        recording.notes.append(f"labels in {beside.name}: steps lie in one another, {_some(pairs)}")


def _some(listed: list[str]) -> str:
    more = f" and {len(listed) - LABELS_SHOWN} more" if len(listed) > LABELS_SHOWN else ""
    return ", ".join(listed[:LABELS_SHOWN]) + more


def _overlapping(timeline: list[dict[str, Any]]) -> list[str]:
    """Each step that begins before one that began earlier has ended: their numbers in the file, and for how long."""
    found, open_ = [], None
    for k in sorted(range(len(timeline)), key=lambda one: (timeline[one]["t0"], timeline[one]["t1"])):
        if open_ is not None and (over := min(timeline[open_]["t1"], timeline[k]["t1"]) - timeline[k]["t0"]) > LABELS_ROUNDED:
            found.append(f"{open_ + 1} and {k + 1} by {over:.2f} s")
        if open_ is None or timeline[k]["t1"] > timeline[open_]["t1"]:
            open_ = k
    return found


def _segment(mark: dict[str, Any], duration_s: float) -> dict[str, Any]:
    """One step: skill, seconds from the bag's beginning, and its sentence in both languages.

    Raises:
        ValueError, KeyError, TypeError: it is not as described.
    """
    first, last = float(mark["startPosition"]), float(mark["endPosition"])
    if not 0.0 <= first <= last <= 1.0:
        raise ValueError(f"a step lies from {first:g} to {last:g} of the recording, which are no shares of it")
    skill = mark["skillAtomic"]
    if not isinstance(skill, str | None):
        raise ValueError(f"a skill is called {str(skill)[:40]}, which is no text")
    return {
        "skill": (skill or "").strip(),
        "t0": round(first * duration_s, 3),
        "t1": round(last * duration_s, 3),
        "en": str(mark.get("enSkillDetail") or ""),
        "zh": str(mark.get("skillDetail") or ""),
    }
