"""A recording as the frames of a LeRobot dataset: which feature each stream goes into, and on which clock.

Values stay in the source's units, which stand beside each feature. A recording that is on a grid of the wanted rate
already, to within the rounding of its stamps, is taken as it is; everything else is resampled in a way that is reported by name,
stream by stream, with the largest change of each column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...scenarios.sheet.errors import EpisodeError
from ..checks.clock_units import unit_of_times
from ..formats.lerobot import layout
from ..formats.video import WholeVideo
from ..recording.quantities import POSITIONS
from ..recording.recording import COARSE, PictureFile, PictureTopic, Recording, Stream
from ..signals.channels import units_of
from ..signals.clock import FEW_AT_ONCE, in_turns, lost_to_the_next, never_stamped, two_at_once
from ..signals.grid import SLACK_NS, in_force
from . import frame_clock
from .frame_clock import FrameClock
from .resample import Methods, onto
from .turns import turns_of

FEWEST, SHARED = 4, 0.1  # samples, and times that they have between them, in shares of their number, for times that tell no row
SLOWEST = 2.0  # s between two samples, as `clock.unit` has it: no robot is recorded more slowly


@dataclass
class Frames:
    """One recording on one clock.

    Attributes:
        fps: frames a second.
        times_ns: (T,) int64 time of each row since the first [ns]: k / fps, or that of a source with an own rate near it.
        features: LeRobot features by name, each with unit, quantity, role and the streams that it holds.
        columns: (T, k) by feature.
        videos: by video feature, each with a picture for every frame.
        pictures: by video feature, what gives a picture (h, w, 3) for every frame, decoded as it is asked for.
        provenance: how the streams came onto the grid, plain JSON.
    """

    fps: int
    times_ns: np.ndarray
    features: dict[str, dict[str, Any]]
    columns: dict[str, np.ndarray]
    videos: dict[str, WholeVideo] = field(default_factory=dict)
    pictures: dict[str, Iterator[np.ndarray]] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)


def frames_of(
    recording: Recording, fps: int | None = None, methods: Methods | None = None, videos: bool = False
) -> Frames:
    """Put a recording on one clock.

    Args:
        fps: frames a second; None takes the rate of the source where all its streams have the same, else 30.
        methods: how streams are resampled, where they are.
        videos: take the recording's video files along, where they have a picture for every frame.

    Raises:
        EpisodeError: nothing to import, streams that do not overlap in time, or a clock that runs backwards.
    """
    methods = methods or Methods()
    if recording.episode is not None:
        raise EpisodeError(
            "is an episode of our own simulation and stands in a LeRobot dataset already; as an import it would lose what "
            "replays it to the bit. Copy the dataset instead.",
            file=recording.source,
        )
    streams, left = _usable(recording)
    if not streams:
        raise EpisodeError(
            f"no stream can become frames: {'; '.join(f'{k}: {v}' for k, v in left.items()) or 'it has none'}.",
            file=recording.source,
        )
    rate = fps if fps is not None else own_rate(recording)[0]
    clock, values, provenance = _sampled(recording, streams, rate, methods, left)
    features, columns = {}, {}
    for name, members in _features([stream for stream in streams if stream.name in values]).items():
        # slerp makes new values between two, as linear does
        done = [
            "linear" if "quaternions" in provenance["streams"][m.name] else provenance["streams"][m.name]["method"]
            for m in members
        ]
        dtype = _dtype(members, done)
        features[name] = _feature(members, dtype)
        columns[name] = np.concatenate([values[m.name] for m in members], axis=1).astype(layout.DTYPES[dtype])
    if "action" not in features:
        provenance["no_action"] = "no command was recorded, so that the set has no action"
    whole = _videos(recording, rate, clock.rows, provenance, left) if videos else {}
    for name, (picture, _) in whole.items():
        info = {"video.codec": picture.codec} if picture.codec else {}
        features[name] = {"dtype": "video", "shape": list(picture.shape), "info": info}
    files = {name: video for name, (_, video) in whole.items()}
    decoded = _decoded(recording, clock.at_ns, provenance, left) if videos else {}
    features |= {name: {"dtype": "video", "shape": list(shape)} for name, (shape, _) in decoded.items()}
    frames = {name: pictures for name, (_, pictures) in decoded.items()}
    provenance |= {"fps": rate, "start_ns": clock.start_ns, "left_out": left}
    if clock.rate != rate:
        provenance["rate_hz"] = round(clock.rate, 6)
    return Frames(rate, clock.since_first_ns, features, columns, files, frames, provenance)


def _decoded(
    recording: Recording, grid: np.ndarray, provenance: dict[str, Any], left: dict[str, str]
) -> dict[str, tuple[tuple[int, int, int], Iterator[np.ndarray]]]:
    """Pictures of a bag's topics on the frames' clock, each held until the next; by feature, with their shape."""
    found = {}
    for camera, topic in recording.pictures.items():
        if not isinstance(topic, PictureTopic):
            continue
        from ..formats.rosbag.bag_pictures import frames, stamps

        taken, shown_at = stamps(topic), grid + SLACK_NS
        if (np.diff(taken) < 0).any():
            left[camera] = "its pictures' times run backwards"
        elif taken[0] > shown_at[0]:
            left[camera] = f"its first picture comes {(taken[0] - grid[0]) * 1e-9:.3f} s after the first frame"
        elif topic.shape[0] % 2 or topic.shape[1] % 2:
            left[camera] = f"pictures of {topic.shape[1]}x{topic.shape[0]} are of odd size"
        else:
            shown = taken[in_force(taken, shown_at)]
            provenance.setdefault("pictures", {})[camera] = {
                "method": "previous",
                "samples": topic.n,
                "oldest_s": max(0.0, float((grid - shown).max()) * 1e-9),
                "encoded": "anew, as H.264",
            }
            found[camera] = (topic.shape, frames(topic, shown_at))
    return found


def _videos(
    recording: Recording, fps: int, rows: int, provenance: dict[str, Any], left: dict[str, str]
) -> dict[str, tuple[PictureFile, WholeVideo]]:
    """The videos that fit the frames as they are, by feature name; the others are named with the reason."""
    if not recording.pictures:
        return {}
    from ..formats.video import WholeVideo, count_of, sample

    found = {}
    for camera, picture in recording.pictures.items():
        if not isinstance(picture, PictureFile):
            continue
        if provenance["resampled"] or picture.fps not in (None, fps):
            left[camera] = "its pictures stand at other times than the frames"
            continue
        if picture.shape[0] % 2 or picture.shape[1] % 2:
            left[camera] = f"pictures of {picture.shape[1]}x{picture.shape[0]} are of odd size"
            continue
        try:
            pictures = count_of(picture.path)
            if pictures != rows:
                left[camera] = f"its video has {pictures} pictures for {rows} frames"
                continue
            video = WholeVideo(picture.path, sample(picture.path, picture.shape, rows))
        except EpisodeError as error:
            left[camera] = error.message
            continue
        slug = re.sub(r"\W+", "_", camera.removeprefix("observation.images.")).strip("_")
        found[f"observation.images.{slug}"] = (picture, video)
    return found


def _usable(recording: Recording) -> tuple[list[Stream], dict[str, str]]:
    """Streams that can stand in one table, and the others with the reason."""
    streams, left = [], {}
    wall = any(s.clock != "device" for s in recording.streams.values() if s.role in ("command", "measured", "pose"))
    for stream in recording.streams.values():
        if stream.role == "image":
            left[stream.name] = "pictures are not imported"
        elif stream.n < 2 and stream.role != "event":
            left[stream.name] = f"{stream.n} samples are no motion"
        elif not stream.n:
            left[stream.name] = "no samples"
        elif wall and stream.clock == "device":
            left[stream.name] = "its clock has an epoch of its own"
        else:
            streams.append(stream)
    if all(stream.role == "event" for stream in streams):
        left |= {stream.name: "events alone are no motion" for stream in streams}
        streams = []
    return streams, left


def own_rate(recording: Recording) -> tuple[int, bool]:
    """Frames a second that a recording itself suggests, and whether its rows can be taken as they are.

    Raises:
        EpisodeError: its samples come so rarely that the times must be in another unit than they are read in.
    """
    streams = _usable(recording)[0]
    steps = [np.diff(np.sort(stream.time_ns)) * 1e-9 for stream in streams if stream.role != "event"]
    usual = min((float(np.median(step[step > 0])) for step in steps if (step > 0).any()), default=0.0)
    _refuse_one_time(streams, recording.source)
    if usual > SLOWEST:
        unit = unit_of_times(usual)
        like = f"the times look like {unit} that are read as seconds" if unit else "milliseconds read as seconds?"
        raise EpisodeError(
            f"a sample comes every {usual:.3g} s. Say the unit of the times in the mapping ({like}), or give fps= if they are right.",
            file=recording.source,
            field="time",
        )
    return frame_clock.own_rate(streams)


def _refuse_one_time(streams: list[Stream], source: str) -> None:
    """Refuse streams of which too many samples share their time, or lie no further apart than it counts: no row can be found by it."""
    for stream in streams:
        empty = len(never_stamped(stream.time_ns))
        if stream.role != "event" and empty:
            raise EpisodeError(
                f"{empty} of its {stream.n} time stamps are 0; nobody filled them. Choose another clock in the mapping (clock: receive).",
                file=source,
                field=stream.name,
            )
        senders = stream.meta.get("publishers", ())
        lost = len(lost_to_the_next(stream)) if len(senders) > 1 else 0
        if stream.role != "event" and lost > SHARED * stream.n:
            raise EpisodeError(
                f"comes from {len(senders)} publishers ({', '.join(senders[:4])}), and {lost} samples of one have the time of "
                "another's and other values. Which is meant is not known: cut the other out of the recording.",
                file=source,
                field=stream.name,
            )
        twice = two_at_once(stream)
        if stream.role != "event" and len(twice) > FEW_AT_ONCE * stream.n:
            raise EpisodeError(
                f"{len(twice)} of its {stream.n} samples have the time of the next one and other values, the first is sample {twice[0]}: "
                "two sources write into it. Which is meant is not known: cut the other out of the recording.",
                file=source,
                field=stream.name,
            )
        turns = in_turns(stream)
        if stream.role != "event" and len(turns):
            raise EpisodeError(
                f"{len(turns)} of its {stream.n} samples lie apart from those before and after, the first is sample {turns[0]}: two "
                "sources write into it in turns. Which is meant is not known: cut the other out of the recording.",
                file=source,
                field=stream.name,
            )
        held = _too_coarse(stream)
        if stream.role != "event" and stream.n >= FEWEST and held is not None:
            raise EpisodeError(
                f"{held}. They were stored too coarsely (float32 holds seconds of the epoch to 128 s): store float64 or whole ns, or "
                "leave the times out of the mapping and give source_fps=.",
                file=source,
                field=stream.name,
            )


def _too_coarse(stream: Stream) -> str | None:
    """That the times of a stream do not tell its samples apart, in words: samples of one time that hold the same are repeats."""
    apart = len(np.unique(stream.time_ns))
    if apart == 1:
        return f"all its {stream.n} samples have one time"
    if apart <= SHARED * stream.n or len(lost_to_the_next(stream)) > SHARED * stream.n:
        return f"its {stream.n} samples have {apart} times"
    step = stream.meta.get(COARSE)
    return None if step is None else f"its times count in steps of {1e3 * step:.3g} ms, about as long as a row lasts"


def _sampled(
    recording: Recording, streams: list[Stream], fps: int, methods: Methods, left: dict[str, str]
) -> tuple[FrameClock, dict[str, np.ndarray], dict[str, Any]]:
    """The clock of the rows, values (T, k) by stream, and what was done to each."""
    leading = [s for s in streams if s.role != "event"]
    _refuse_one_time(leading, recording.source)
    clock = frame_clock.frame_clock(leading, fps, recording.source)
    at, turns = clock.at_ns, turns_of(recording.metadata.get("robot"))
    values: dict[str, np.ndarray] = {}
    done: dict[str, Any] = {}
    for stream in streams:
        if stream.role == "event" and int(stream.time_ns.min()) > int(at[0]) + SLACK_NS:
            left[stream.name] = "begins after the first frame, so that its value there is not known"
            continue
        values[stream.name], done[stream.name] = onto(stream, at, methods, turns)
    first, last = min(int(s.time_ns.min()) for s in leading), max(int(s.time_ns.max()) for s in leading)
    resampled = any(one["method"] != "none" for one in done.values())
    provenance: dict[str, Any] = {"resampled": resampled, "streams": done}
    before, after = (int(at[0]) - first) * 1e-9, (last - int(at[-1])) * 1e-9
    if resampled or max(before, after) > 0.5 / fps:
        # recorded by streams that began earlier than the first frame, or ended later than the last
        provenance |= {"before_s": max(0.0, before), "after_s": max(0.0, after)}
    return clock, values, provenance


def _features(streams: list[Stream]) -> dict[str, list[Stream]]:
    """Streams by the feature that they go into: all commands are the action, what the joints stand at is the state."""
    features: dict[str, list[Stream]] = {}
    for stream in streams:
        if stream.role == "command":
            name = "action"
        elif stream.role == "measured" and stream.quantity in POSITIONS:
            name = "observation.state"
        else:
            slug = re.sub(r"\W+", "_", stream.name.removeprefix("observation.")).strip("_") or "stream"
            name = f"{'shiliu' if stream.role == 'event' else 'observation'}.{slug}"
            taken = {*features, "action", "observation.state", layout.CLOCK}
            name = next(n for n in (name, *(f"{name}_{k}" for k in range(2, 1000))) if n not in taken)
        features.setdefault(name, []).append(stream)
    return features


def _dtype(streams: list[Stream], methods: list[str]) -> str:
    """The narrowest number type of LeRobot that holds every value as it is."""
    stored = [str(stream.meta.get("dtype", "float64")) for stream in streams]
    if any(name not in layout.DTYPES for name in stored):
        return "float64"
    common = np.result_type(*(layout.DTYPES[name] for name in stored))
    if "linear" in methods and common.kind != "f":
        return "float64"
    if "linear" in methods and common == np.float32:
        return "float64"  # a value between two float32 is none
    return common.name if common.name in layout.DTYPES else "float64"


def _feature(streams: list[Stream], dtype: str) -> dict[str, Any]:
    """The entry of `info.json`: names, units and quantities by element, and which streams the columns are."""
    names: list[str] = []
    units: list[str] = []
    quantities: list[str] = []
    members: list[dict[str, Any]] = []
    every = [name for stream in streams for name in stream.names]
    for stream in streams:
        clash = any(every.count(name) > 1 for name in stream.names)
        prefix = f"{re.sub(r'[^0-9A-Za-z]+', '_', stream.name).strip('_')}." if clash else ""
        first = len(names)
        names += [prefix + name for name in stream.names]
        units += units_of(stream)
        quantities += [stream.quantity] * len(stream.names)
        known = {key: stream.meta[key] for key in ("note", "frame", "topic", "type", "field") if stream.meta.get(key)}
        members.append(
            {
                "name": stream.name,
                "columns": [first, len(names)],
                **{key: getattr(stream, key) for key in ("role", "quantity", "unit", "declared_unit")},
                "prefix": prefix,
                "meta": known,
            }
        )
    role = streams[0].role
    same = len(set(units)) == 1
    return {
        "dtype": dtype,
        "shape": [len(names)],
        "names": names,
        "unit": units[0] if same else units,
        "quantity": quantities[0] if len(set(quantities)) == 1 else quantities,
        "role": role,
        "streams": members,
    }


def units_of_feature(feature: dict[str, Any]) -> list[str]:
    """A unit for every element of a feature."""
    unit = feature["unit"]
    return [unit] * feature["shape"][0] if isinstance(unit, str) else list(unit)


def beside_frames(recording: Recording, frames: Frames, notes: Sequence[str], **more: Any) -> tuple[dict[str, Any], dict[str, Any], str]:
    """What a dataset keeps of a recording beside its frames: columns of `meta/episodes`, what no column holds, and the task sentence.

    Args:
        notes: further ones; more: further entries of the provenance.
    """
    keys = ("scenario", "cell", "kind", "mapping", "source")
    about = {f"shiliu/{key}": getattr(recording, key) for key in keys} | {"shiliu/source_sha256": recording.sha256}
    side = {key: getattr(recording, key) for key in ("name", "source", "sha256", "kind", "scenario", "cell", "mapping", "metadata")}
    side |= {"unmapped": list(recording.unmapped), "notes": [*recording.notes, *notes], "provenance": {**frames.provenance, **more}}
    return about, side, str(recording.metadata.get("task") or "no task given")
