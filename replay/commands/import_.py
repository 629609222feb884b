"""shiliu import: recordings of any readable format become a LeRobot v3.0 dataset on one clock."""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...scenarios.sheet.errors import EpisodeError, printable
from ...scenarios.sheet.quantity import counted
from ..formats.partial import beside
from ..report.translation import translated
from .command_request import CommandRequest
from .settings import Settings
from .where import note_passed_over

if TYPE_CHECKING:
    from ..importing.mapping_draft import Proposal
    from ..recording.recording import Recording

USAGE = """
shiliu import data=FILE_OR_FOLDER out=DIR [mapping=NAME_OR_FILE] [scenario=NAME] [cell=ID]
              [metadata=FILE.yaml] [partial=false] [fps=30] [resample.measured=linear]
              [keep_raw=true] [videos=true] [keep_going=true] [source_fps=50]

Writes recordings as a LeRobot v3.0 dataset: every stream on one clock, in the units of the
source, which info.json names.

How rows are made:
  - A stream that is already on a grid of this rate, to within the rounding of its stamps, is
    copied unchanged.
  - Otherwise commands are held (previous), measurements interpolated (linear; angles the short
    way round), rotations turned (slerp). Each episode says so, with the largest change of each
    column.
  - shiliu/raw keeps the streams as they came. Videos are copied if they fit the frames.
Recordings with different features become several datasets below out. If no mapping fits a
recording, a draft is written to proposed-mapping.yaml beside out.

Settings:
  scenario=     the set gets this scenario's schema: features, elements, order and units of
                simulated episodes. Degrees become radians, and the set says so. What was not
                recorded is listed
  partial=true  allows an action of which some elements were not commanded
  cell=         where the recordings were made; `shiliu replay` judges them in that cell
  metadata=     what they do not say themselves: who, where, and (of a single recording) how it
                went
Exit: 0; 3 some were unreadable; 2 all were, or the first one with keep_going=false.
"""
DRAFT = "proposed-mapping.yaml"
UNNAMED = ("): unknown to mapping ", " does not name and no check reads")  # what readers say of a column that a mapping says nothing of
MANY = 6  # of them that are listed
BRIDGED, BRIDGED_STEPS = 0.5, 10  # s, and usual intervals of a stream, without a sample between two frames: from there on it is reported


def run(request: CommandRequest) -> int:
    """Read, put on one clock, write."""
    from ...scenarios.catalog.catalog import scene_from
    from ...scenarios.reading.cell import list_cells
    from ...scenarios.reading.composition import no_member
    from ...version import __version__
    from ..formats import NothingReadable, Unreadable, read
    from ..formats.arrays.array_episode import NoMapping
    from ..formats.atomic_folder import refuse_existing, refuse_unwritable
    from ..formats.mcap import write as mcap_write
    from ..formats.topics import NoTopics
    from ..importing.frames import frames_of
    from ..importing.mapping_draft import propose
    from ..importing.mapping_draft_topics import propose_topics
    from ..importing.resample import METHODS, ROTATIONS, Methods
    from ..importing.schema_columns import conformed
    from ..recording.metadata import add_metadata, read_session

    settings = Settings(request)
    data, out = settings["data"].word(), Path(settings["out"].word())
    mapping = settings["mapping"].word(default="") or None
    fps = settings["fps"].integer(default=0, low=1) or None
    source_fps = settings["source_fps"].number(default=None)
    if source_fps is not None and source_fps <= 0.0:
        settings["source_fps"].note(f"{source_fps:g} rows a second are none. Write a rate above 0, such as 30.")
    table = settings["resample"]
    chosen = {key: table.child(key).word(choices=METHODS) for key in ("command", "measured", "pose", "event")}
    chosen["quaternion"] = table.child("quaternion").word(choices=ROTATIONS)
    keep_raw, quiet = settings["keep_raw"].flag(default=True), settings["quiet"].flag()
    keep_going = settings["keep_going"].flag(default=True)
    videos = settings["videos"].flag(default=True)
    target, partial = settings["scenario"].word(default="") or None, settings["partial"].flag()
    cell, told_by_centre = (settings[key].word(default="") or None for key in ("cell", "metadata"))
    if cell is not None and cell not in (known := list_cells(request.conf_dir)):
        settings["cell"].note(no_member("cell", cell, known, request.conf_dir))
    settings.stop()
    session = read_session(told_by_centre, cell, many=Path(data).is_dir())
    scene = scene_from(target, conf_dir=request.conf_dir) if target else None
    if scene is not None and fps is None:
        fps = round(1.0 / scene.control_timestep)
    methods = Methods(**chosen)
    refuse_existing(out)
    refuse_unwritable(out)
    raw = mcap_write.write if keep_raw else None
    made = {"command": "shiliu import", "version": __version__, "resample": chosen, "keep_raw": keep_raw}
    failed: list[Any] = []
    rates: dict[tuple[str, ...], int] = {}
    warned: set[tuple[str | None, str]] = set()  # what was reported of a mapping's recordings already
    with _Sets(out, made) as sets:
        try:
            for item in read(data, mapping, source_fps):
                error: EpisodeError | None = item.error if isinstance(item, Unreadable) else None
                if not isinstance(item, Unreadable):
                    try:
                        add_metadata(item, session, cell)
                        rate = fps or _rate(item, rates)
                        broken = _broken(item, rate) if fps is None else None
                        if broken is not None and (item.mapping, broken) not in warned:  # before anything is written
                            warned.add((item.mapping, broken))
                            print(f"shiliu: {translated(f'{item.source}: {broken}', request.lang)}", file=sys.stderr, flush=True)
                        frames = frames_of(item, rate, methods, videos)
                        if scene is not None:
                            frames = conformed(frames, scene.schema, tuple(scene.robot.hand_names), partial)
                            item.scenario = item.scenario or scene.name
                    except EpisodeError as problem:
                        error = problem
                    else:
                        name = sets.add(item, frames, raw)
                        unnamed = _unnamed(item)
                        if not quiet:
                            print(translated(_line(item, frames, name), request.lang), flush=True)
                            if unnamed and (item.mapping, unnamed) not in warned:
                                left = f"    left out, since the mapping does not name them: {unnamed}"
                                print(translated(left, request.lang), flush=True)
                        warned.add((item.mapping, unnamed))
                        continue
                if not keep_going:
                    assert error is not None
                    raise EpisodeError(
                        f"{item.source} cannot be imported: {error.message} keep_going=true leaves it out.",
                        file=None if _is_of(item.source, error) else error.file or data,
                        field=error.field,
                    )
                failed.append((item.source, error))
        except NoMapping as nothing:
            failed.append((nothing.episode.source, nothing))
        except NoTopics as nothing:
            failed.append((Path(str(nothing.file)).name, nothing))
        except NothingReadable as nothing:
            failed += [(item.source, item.error) for item in nothing.items]
        unknown = next((why.episode for _, why in failed if isinstance(why, NoMapping)), None)
        for source, why in failed if sets.count or len(failed) > 1 else ():
            print(f"shiliu: {translated(_once(source, why), request.lang)}", file=sys.stderr)
        topics = next((Path(str(why.file)) for _, why in failed if isinstance(why, NoTopics)), None)
        draft = None
        if unknown is not None:
            draft = _draft(propose(unknown), out, request.lang)
        elif topics is not None and topics.suffix.lower() == ".bag":
            draft = _draft(propose_topics(topics), out, request.lang)
        if not sets.count:
            first = failed[0][1] if failed else EpisodeError("holds no recording.", file=data)
            if draft is not None and isinstance(first, NoMapping):
                raise EpisodeError(
                    f"Nothing could be imported: no mapping knows it. Complete {printable(draft)}, check it by "
                    f"`shiliu check mapping={printable(draft)}`, and write mapping={printable(draft)}.",
                    file=first.file or data,
                )
            raise EpisodeError(
                f"Nothing could be imported: {first.message}", file=first.file or data, field=first.field
            )
        written = sets.close()
    for path, episodes, rows in written:
        print(translated(f"{printable(path)}: {counted(episodes, 'episode')}, {counted(rows, 'frame')}", request.lang))
    note_passed_over(data)
    return 3 if failed else 0


def _unnamed(recording: Recording) -> str:
    """Channels and columns that the mapping says nothing of, so that the set will not have them; empty where there are none."""
    names = [text.partition(" (")[0] for text in recording.unmapped if any(ending in text for ending in UNNAMED)]
    return ", ".join(names[:MANY]) + (f" and {len(names) - MANY} more" if len(names) > MANY else "")


def _once(source: str, why: EpisodeError) -> str:
    """What is wrong with a recording, after its source; the file is not named again where the source names it."""
    if not _is_of(source, why):
        return f"{source}: {why}"
    return ": ".join(part for part in (source if why.line is None else f"{source}:{why.line}", why.field, why.message) if part)


def _is_of(source: str, why: EpisodeError) -> bool:
    """Whether an error is about the file that a source names, such as `day/a.mcap`, or `day/a.hdf5#demo_1` of an episode in it."""
    place = Path(why.place or "").parts
    names = (Path(source).parts, Path(source.partition("#")[0]).parts)  # a file's own name may hold the sign
    return any(name and place[-len(name) :] == name for name in names)


def _rate(recording: Recording, rates: dict[tuple[str, ...], int]) -> int:
    """A recording's own rate; where it is not on a grid, that of the first of its kind, so that they share a dataset."""
    from ..importing.frames import own_rate

    rate, on_grid = own_rate(recording)
    return rate if on_grid else rates.setdefault((str(recording.mapping), *recording.streams), rate)


def _broken(recording: Recording, rate: int) -> str | None:
    """That rows of an even rate cannot keep it, because LeRobot knows whole rates alone, and which rate keeps every row."""
    from ..importing.frame_clock import broken_rate

    found = broken_rate(list(recording.streams.values()))
    if found is None:
        return None
    own, whole = found
    kept = f"fps={whole} keeps every row, with others between them" if whole else "fps= chooses another rate"
    return f"its rows come at {own:.6g} Hz, and LeRobot knows whole rates alone. They are resampled to {rate} Hz. {kept}."


class _Sets:
    """The datasets of a run: one for every set of features, side by side in a hidden folder until all are whole."""

    def __init__(self, out: Path, made: dict[str, Any]) -> None:
        self.out, self.made = out, made
        self.count = 0
        self._staging = beside(out)
        self._writers: dict[str, tuple[str, Any, list[int]]] = {}
        self._names: Counter[str] = Counter()

    def __enter__(self) -> _Sets:
        return self

    def __exit__(self, *_: object) -> None:
        for _name, writer, _rows in self._writers.values():
            writer.abort()
        shutil.rmtree(self._staging, ignore_errors=True)

    def add(self, recording: Any, frames: Any, raw: Any) -> str:
        """Append one recording to the dataset of its features; returns that dataset's name."""
        import json

        from ..formats.lerobot.write import DatasetWriter
        from ..importing.frames import beside_frames

        robot = str(recording.metadata.get("robot") or "unknown")
        key = json.dumps([robot, recording.mapping, frames.fps, frames.features], sort_keys=True, default=str)
        if key not in self._writers:
            base = recording.mapping or robot
            self._names[base] += 1
            name = base if self._names[base] == 1 else f"{base}_{self._names[base]}"
            writer = DatasetWriter(
                self._staging / name, frames.features, frames.fps, robot, self.made, simulation=False
            )
            self._writers[key] = (name, writer, [])
        name, writer, rows = self._writers[key]
        about, side, task = beside_frames(recording, frames, _notes_of(frames), raw_streams=raw is not None)
        keep = None if raw is None else lambda path: raw(recording, path)
        writer.add_imported(frames.columns, task, about, side, keep, frames.videos, frames.pictures, frames.times_ns)
        rows.append(len(next(iter(frames.columns.values()))))
        self.count += 1
        return name

    def close(self) -> list[tuple[Path, int, int]]:
        """Put the datasets in place; returns path, episodes and frames of each."""
        for _name, writer, _rows in self._writers.values():
            writer.close()
        if self.out.is_dir():
            self.out.rmdir()
        single = len(self._writers) == 1
        os.rename(self._staging / next(iter(self._writers.values()))[0] if single else self._staging, self.out)
        return [
            (self.out if single else self.out / name, len(rows), sum(rows))
            for name, _writer, rows in self._writers.values()
        ]


def _notes_of(frames: Any) -> list[str]:
    """What was done to the values, in sentences: by stream how, by column how far at most from the nearest recorded sample."""
    provenance = frames.provenance
    ends = ""
    if "before_s" in provenance:
        ends = (
            f"; {provenance['before_s']:.2f} s before the first frame and {provenance['after_s']:.2f} s after the last are not in "
            "the frames"
        )
    if not provenance["resampled"]:
        own = _own_rate(provenance)
        return [f"imported at {frames.fps} Hz as it was: nothing was resampled{own}{ends}"]
    methods = Counter(
        f"{s['method']}{', ' + s['quaternions'] if 'quaternions' in s else ''}" for s in provenance["streams"].values()
    )
    shown = "; ".join(f"{n} streams by {method}" for method, n in methods.items())
    notes = [f"imported onto {frames.fps} Hz: {shown}{ends}"]
    notes += [
        f"{name}: no value was interpolated across leaps over nearly all that a column goes; rows that have the nearer sample: "
        + ", ".join(f"{column} {rows}" for column, rows in stream["nearer"].items())
        for name, stream in provenance["streams"].items()
        if "nearer" in stream
    ]
    return notes + [
        f"{name}: resampled by {stream['method']}; largest change of a column against the nearest recorded sample: "
        + ", ".join(f"{column} {size:.3g}" for column, size in stream["changed"].items())
        for name, stream in provenance["streams"].items()
        if "changed" in stream
    ]


def _own_rate(provenance: Mapping[str, Any]) -> str:
    """Of frames that are called by a whole rate which is nearly their own."""
    return f"; its own rate is {provenance['rate_hz']:g} Hz" if "rate_hz" in provenance else ""


def _line(recording: Any, frames: Any, name: str) -> str:
    from ..signals.channels import units_of

    rows = len(next(iter(frames.columns.values())))
    how = "resampled" if frames.provenance["resampled"] else f"as it was{_own_rate(frames.provenance)}"
    lines = [f"  {recording.source + ':':<44} {rows:>6} frames at {frames.fps} Hz, {how}, {name}"]
    before, after = (frames.provenance.get(key, 0.0) for key in ("before_s", "after_s"))
    if max(before, after) > BRIDGED:
        lines.append(f"    {before:.2f} s before the first frame and {after:.2f} s after the last are not in the frames")
    for stream, done in frames.provenance["streams"].items():
        if "changed" in done:
            column, size = max(done["changed"].items(), key=lambda one: one[1])
            source = recording.streams[stream]
            unit = units_of(source)[source.names.index(column)]
            lines.append(f"    {stream}, {done['method']}: {column} changes most, by {size:.3g} {unit}")
        if done["method"] != "none" and done["largest_gap_s"] > max(BRIDGED, BRIDGED_STEPS / (done["rate_hz"] or 1.0)):
            lines.append(f"    {stream}, {done['method']}: {done['largest_gap_s']:.3g} s without a sample lie within the frames")
        if (count := done.get("lost_to_the_next")) is not None:
            lines.append(f"    {stream}: {count} samples have the time of the next one and other values; they are not in the frames")
        for column, count in done.get("nearer", {}).items():
            lines.append(f"    {stream}, {column}: {count} rows lie in a leap over nearly all that it goes; they have the nearer sample")
    return "\n".join(lines)


def _draft(proposal: Proposal, out: Path, lang: str) -> Path:
    """Write a draft of a mapping beside `out`, under a name that is free; its doubts in a language. Returns where it is."""
    from ..formats.atomic_folder import write_whole

    stem, suffix = DRAFT.rsplit(".", 1)
    names = (DRAFT, *(f"{stem}-{k}.{suffix}" for k in range(2, 1000)))
    path = next(p for p in (out.parent / name for name in names) if not p.exists())
    text, doubts = proposal.text, {line: translated(line, lang) for line in proposal.unsure}
    for line, doubt in doubts.items():
        text = text.replace(f"#   unsure: {line}\n", f"#   unsure: {doubt}\n")
    write_whole(path, text)
    print(translated(f"shiliu: a draft of a mapping is in {path}; it is unsure of:", lang), file=sys.stderr)
    for doubt in doubts.values():
        print(f"  - {doubt}", file=sys.stderr)
    return path
