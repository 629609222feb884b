"""Broken takes as sets: with the files that shiliu writes beside one, and as an ordinary LeRobot set, each among clean takes."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from known_faults import ordinary
from shiliu.replay.checks.in_step import check_lag
from shiliu.replay.checks.rules import Rules
from shiliu.replay.checks.takes import Lag, lag_of
from shiliu.replay.formats import read
from shiliu.replay.formats.lerobot.export import make_plain
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.judge.set_comparison import Company
from shiliu.replay.recording.recording import Recording, SimEpisode, Unreadable
from shiliu.replay.signals.channels import pair
from shiliu.replay.signals.clock import origin_ns
from shiliu.scenarios.scene.scene import Scene

OWN, PLAIN = "own", "ordinary"
FORMS = (OWN, PLAIN)
HIDDEN = ("observation.environment_state", "observation.hand_pose", "observation.touch", "observation.wrench")


@dataclass(frozen=True)
class Written:
    """One take of a set, read back as each of `FORMS`."""

    take: dict[str, Recording | Unreadable]


def written(episode: SimEpisode, scene: Scene, folder: Path, kind: str | None = None) -> Written:
    """A take written as a set of its own and read again, with our files and without.

    Args:
        folder: is made, and may go when what was read is done with.
        kind: a fault of the files, put in after they were written.

    An ordinary set has no more than a real robot's recorder knows: no poses of objects, no forces of fingers.
    """
    taken = {form: _first(write_set(folder / form, [episode], scene, form, kind)) for form in FORMS}
    shutil.rmtree(folder, ignore_errors=True)
    return Written(taken)


def write_set(
    root: Path,
    episodes: Sequence[SimEpisode],
    scene: Scene,
    form: str,
    kind: str | None = None,
    takes: Collection[int] | None = None,
) -> Path:
    """Write episodes as a set of one of `FORMS`; its folder.

    Args:
        kind: a fault of the files, put in after they were written; takes: the indices that it is put into, None for all.
    """
    write_lerobot(
        root, episodes, scene.schema.lerobot_features(()), round(1.0 / scene.control_timestep), scene.robot.name
    )
    if form == PLAIN:
        make_plain(root, HIDDEN)
    if kind in ordinary.FILES:
        ordinary.FILES[kind](root, takes)
    return root


def _first(root: Path) -> Recording | Unreadable:
    from shiliu.scenarios.sheet.errors import EpisodeError

    try:
        return next(iter(read(root)))
    except EpisodeError as error:
        return Unreadable(root.name, root.name, error)


def in_set(take: Recording | Unreadable, name: str, k: int = 0) -> Recording | Unreadable:
    """The take as the k-th of a set of this name."""
    if isinstance(take, Recording):
        take.source = f"{name}#{k}"
    return take


def beside(company: Company, name: str, takes: Iterable[tuple[Recording, Lag | None]], scenario: str) -> None:
    """Lay clean takes (with their lag) of a scenario beside the one of a set that is judged."""
    for k, (take, lag) in enumerate(takes, start=1):
        source, take.source = take.source, f"{name}#{k}"
        company.beside([(take, lag)], scenario)
        take.source = source


def clean_takes(written_takes: Sequence[Written], form: str, rules: Rules) -> Iterator[tuple[Recording, Lag | None]]:
    """Clean takes of one form, with their lags."""
    for one in written_takes:
        take = one.take[form]
        if isinstance(take, Recording):
            yield take, lag_of(check_lag(*pair(take), rules, origin_ns(take)))
