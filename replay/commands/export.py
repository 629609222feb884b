"""shiliu export: recordings out, in the formats of others."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from ...scenarios.reading.override import command_line
from ...scenarios.sheet.errors import EpisodeError, as_named, printable
from ...scenarios.sheet.quantity import counted
from ...scenarios.sheet.yaml_reader import Node
from ..formats.exporters import Item
from ..recording.recording import Recording, SimEpisode, Unreadable
from ..report.translation import translated
from .command_request import CommandRequest
from .settings import Settings, listed
from .where import note_passed_over

LANGUAGE = "language"  # of subtasks=
USAGE = """
shiliu export data=FILE_OR_FOLDER to=FORMAT out=DIR [episodes=0,3] [images=[head]]
              [reward=dense] [keep_going=false] [plain=false] [subtasks=false]

Writes recordings for other tools. If a format needs more than was kept, episodes are stepped
again; they must come out as recorded, to the bit.

Settings:
  to=          the format: `shiliu list formats` names them, and those that need optional
               packages (pip install "shiliu[export]"). Recordings of real robots go to=mcap;
               the other formats take simulated episodes
  plain=true   a LeRobot set without what only shiliu reads, and so without what judges an
               episode to the bit
  subtasks=true
               with plain=true: the skill of each frame, as LeRobot 0.4 reads subtasks
  subtasks=language
               the same as LeRobot 0.6 reads them; 0.4 cannot load such a set
What each file holds: docs/formats-export.md.
Exit: 0; 2 something cannot be read or written, and nothing is at out=; 3 keep_going=true left
broken ones out.
"""


def run(request: CommandRequest) -> int:
    """Read, write, tell."""
    from ..formats import read
    from ..formats.atomic_folder import refuse_unwritable
    from ..formats.exporters import Options, export, exporter
    from ..formats.records import writers

    settings = Settings(request)
    data, out = Path(settings["data"].word()), Path(settings["out"].word())
    to = settings["to"].word(choices=tuple(writers()))
    chosen = _chosen(settings["episodes"])
    mapping = settings["mapping"].word(default="") or None
    images = tuple(node.word() for node in listed(settings["images"]))
    reward = settings["reward"].word(choices=("dense", "sparse"))
    quiet, keep_going = settings["quiet"].flag(), settings["keep_going"].flag()
    plain, asked = settings["plain"].flag(), settings["subtasks"]
    word = asked.word(choices=(LANGUAGE, "yes", "no")) if isinstance(asked.value, str) else ""
    subtasks = word in (LANGUAGE, "yes") or (not word and asked.flag())
    settings.stop()
    exporter(to)  # a missing package is reported before anything is read
    if images and not writers()[to].pictures:
        raise EpisodeError(f"to={to} writes no pictures; leave images= out.", field="images")
    if plain and not writers()[to].plain:
        raise EpisodeError(f"to={to} is plain already; leave plain= out.", field="plain")
    if subtasks and not plain:
        raise EpisodeError("are written into a plain set; give plain=true, too.", field="subtasks")
    refuse_unwritable(out)
    command = command_line("export", [f"data={data.name}", f"to={to}"])
    options = Options(images, reward, {"command": command}, plain, _words if subtasks else None, word == LANGUAGE)
    written = 0
    left: list[Unreadable] | None = [] if keep_going else None
    for item in export(to, _items(read(data, mapping), data, chosen, request.conf_dir, left), out, options):
        written += 1
        if not quiet:
            print(f"  {item.recording.source}", flush=True)
    print(translated(f"{printable(out)}: {counted(written, 'recording')} as {writers()[to].what}", request.lang))
    note_passed_over(data)
    for broken in left or ():
        print(f"shiliu: {broken.source} is left out: {broken.error}", file=sys.stderr)
    return 3 if left else 0


def _words(skill: str) -> str:
    """A skill in English, as sets are read everywhere."""
    from ..report.text import Words

    return Words("en").skill(skill) or skill


def _chosen(node: Node) -> set[int] | None:
    """Numbers of episodes from `3`, `0,3`, `0-9` or a list of numbers; None for all."""
    value = node.value
    if value is None:
        return None
    if value in ([], ""):
        node.note("names no episode. Leave it out for all, or write such as 0,3 or 0-9.")
    words = [str(item) for item in value] if isinstance(value, list) else str(value).replace(" ", "").split(",")
    found: set[int] = set()
    for word in words:
        match = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", word)
        if match is None or int(match[2] or match[1]) < int(match[1]):
            node.note(f"{word!r} is not the number of an episode. Write such as 0,3 or 0-9.")
            return None
        found |= set(range(int(match[1]), int(match[2] or match[1]) + 1))
    return found


def _items(
    recordings: Iterator, data: Path, chosen: set[int] | None, conf_dir: Path | None, left: list[Unreadable] | None
) -> Iterator[Item]:
    """Chosen recordings, in the order of reading. Unreadable ones go into `left`; None: they end the run.

    Raises:
        EpisodeError: one of them is unreadable, its operator did not agree that it is handed on, or a chosen one does not
            exist.
    """
    from ..judge.context import Contexts
    from ..recording.metadata import from_plain

    contexts, k = Contexts(conf_dir=conf_dir), -1
    for k, item in enumerate(recordings):
        if chosen is not None and k not in chosen:
            continue
        if isinstance(item, Unreadable):
            if left is not None:
                left.append(item)
                continue
            raise EpisodeError(
                f"episode {k} cannot be read: {item.error.message} Leave it out with episodes= or keep_going=true.",
                file=item.error.file or item.source,
                field=item.error.field,
            )
        demonstration = item.metadata.get("demonstration")
        if demonstration is not None:
            from_plain(demonstration).refuse_without_consent()
        yield Item(k, item, _episode(item, data), lambda made: contexts.of(made).scene)
    missing = sorted(n for n in chosen or () if n > k)
    if missing:
        raise EpisodeError(f"there is no episode {missing[0]}; {k + 1} were read.", file=data, field="episodes")


def _episode(recording: Recording, data: Path) -> SimEpisode | None:
    """The simulation episode of a recording; a bag of ours carries one beside the maker's topics."""
    from ..formats.rosbag.write import EPISODE

    if recording.episode is not None or not any(name.startswith(f"{EPISODE} ") for name in recording.unmapped):
        return recording.episode
    from ..formats.rosbag.bag_episode import read_episode

    bag = data if data.is_file() else data / as_named(recording.source)
    return read_episode(bag) if bag.is_file() else None  # in a set that was imported from a bag there is none
