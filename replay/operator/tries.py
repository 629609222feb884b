"""The last demonstrations of a working folder, kept with marks before their skills, so that a try need not begin at the start.

They lie in `.shiliu/tries/<scenario>/` of the working folder, one file a seed, beside the pictures of what failed. Nothing else
reads them, and the folder may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import inspect
import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mujoco
import numpy as np

from ...scenarios.scene.scene import Scene
from ...scenarios.sensing.temporal import GoalState
from ...scenarios.sheet.errors import EpisodeError
from ...scenarios.sheet.near_matches import near
from ..formats import lossless_json
from ..formats.episode_archive import TORN, pack, unpack
from ..formats.partial import beside
from ..recording.recording import SimEpisode
from ..rollout.episode import resolved
from ..rollout.rollout import Mark, Rollout
from .words.skill import Skill

FOLDER = Path(".shiliu")  # of the working folder
MOST = 64  # demonstrations that are kept of a scenario; the oldest go
FREE = ("skills", "mistakes", "cameras", "title", "judge", "time_limit")  # of a scenario, what a state does not hang on
_ARRAYS = ("state", "trace", "start")
_CARRY = ("step", "done", "held", "reached", "undone", "failed", "worst", "lasted")


@dataclass(frozen=True, eq=False)
class Try:
    """A demonstration as it is kept.

    Attributes:
        episode: the whole of it; marks: before its skills, in order; safety: measures by limit, as of its rollout.
        chain: what each skill was, from `described`.
    """

    episode: SimEpisode
    marks: tuple[Mark, ...]
    safety: Mapping[str, np.ndarray]
    chain: tuple[dict[str, Any], ...]


def numbered(words: Sequence[str]) -> list[str]:
    """What each skill of a chain is called: its word, and which of several of that word, `reach 2`."""
    return [word if words.count(word) == 1 else f"{word} {words[: i + 1].count(word)}" for i, word in enumerate(words)]


def described(skill: Skill) -> dict[str, Any]:
    """All by which a skill can be another one: its word, its arguments, the code of its module, and a slip of the hand."""
    inner = getattr(skill, "skill", skill)  # of one that slips
    values = {name: _plain(value) for name, value in skill.values.items()}
    code = hashlib.sha256(Path(inspect.getfile(type(inner))).read_bytes()).hexdigest()[:12]
    slips = [skill.after, list(skill.sides)] if inner is not skill else None
    return {"skill": skill.name, "values": values, "code": code, "slips": slips}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return getattr(value, "part", str(value))  # a cloth is identified by its part


def place_of(wanted: str, words: Sequence[str]) -> int:
    """The number of a skill, counted from 1, of what stands on the command line: `5`, `lift`, `lift 2`.

    Raises:
        EpisodeError: no skill of the chain is called so.
    """
    labels = numbered(words)
    if wanted.isdigit() and 1 <= int(wanted) <= len(words):
        return int(wanted)
    if wanted in labels:
        return labels.index(wanted) + 1
    close = [] if wanted.isdigit() else near(wanted, labels)
    what = f"There is no skill {wanted}." if wanted.isdigit() else f"No skill of the chain is called {wanted!r}."
    meant = f" Did you mean {' or '.join(close)}?" if close else ""
    chain = ", ".join(f"{label} ({number})" for number, label in enumerate(labels, 1))
    raise EpisodeError(f"{what}{meant} The chain has {len(words)} skills: {chain}.", field="from_skill")


class Tries:
    """The kept demonstrations of a scenario, its variant, its cell and a mistake.

    Args:
        scene: as it is now; chain: the skills that are performed in it now.
        mistake: name of the one that is made on purpose; root: the hidden folder.
    """

    def __init__(self, scene: Scene, chain: Sequence[Skill], mistake: str | None = None, root: Path = FOLDER):
        cell = scene.config.cell
        names = (scene.name, scene.config.variant, cell and cell.id, mistake)
        self.folder = root / "tries" / ".".join(str(name) for name in names if name)
        self.root, self.scene = root, scene
        self.chain = tuple(described(skill) for skill in chain)
        self.words = [skill.name for skill in chain]

    def save(self, done: Rollout, episode: SimEpisode, before: Sequence[Mark] = ()) -> None:
        """Keep a demonstration; a folder that cannot be written keeps none.

        Args:
            done: with its marks; episode: made from it; before: marks of the run that it went on from.
        """
        marks = [*before, *done.marks]
        arrays = {f"marks/{i}/{name}": getattr(mark, name) for i, mark in enumerate(marks) for name in _ARRAYS}
        arrays |= {f"safety/{name}": values for name, values in done.safety.items()}
        rest = {
            "chain": list(self.chain),
            "marks": [{"t": m.t, "carry": [getattr(m.carry, n) for n in _CARRY], "policy": m.policy} for m in marks],
        }
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer,
            episode=np.frombuffer(pack(episode), np.uint8),
            rest=np.frombuffer(lossless_json.dumps(rest, "try").encode(), np.uint8),
            **arrays,
        )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.root / ".gitignore").write_text("*\n")
            part = beside(self._file(episode.seed))
            try:
                part.write_bytes(buffer.getvalue())
                os.replace(part, self._file(episode.seed))
            finally:
                part.unlink(missing_ok=True)
            self.picture(episode.seed).unlink(missing_ok=True)  # of an earlier run
            kept = sorted(self.folder.glob("*.npz"), key=lambda file: (file.stat().st_mtime, file.name))
            for file in kept[:-MOST]:
                file.unlink(missing_ok=True)
                file.with_suffix(".png").unlink(missing_ok=True)
        except OSError:
            return

    def _file(self, seed: int) -> Path:
        return self.folder / f"seed_{seed}.npz"

    def picture(self, seed: int) -> Path:
        """Where pictures of a seed that failed are kept."""
        return self._file(seed).with_suffix(".png")

    def load(self, seed: int) -> Try:
        """The last demonstration of a seed, if its scene is today's.

        Raises:
            EpisodeError: none is kept, or it cannot be read, or the scene has changed since.
        """
        file = self._file(seed)
        again = "Perform it whole once: leave from_skill= out."
        try:
            with np.load(file, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            rest = lossless_json.loads(arrays["rest"].tobytes())
            marks = tuple(
                Mark(one["t"], *states, GoalState(*one["carry"]), one["policy"])
                for one, states in zip(rest["marks"], _states(arrays, len(rest["marks"])))
            )
            safety = {name.removeprefix("safety/"): a for name, a in arrays.items() if name.startswith("safety/")}
            found = Try(unpack(arrays["episode"].tobytes()), marks, safety, tuple(rest["chain"]))
        except FileNotFoundError:
            raise EpisodeError(f"No run of seed {seed} is kept here. {again}", file=file, field="from_skill") from None
        except TORN:
            raise EpisodeError(
                f"What is kept of seed {seed} is damaged. {again}", file=file, field="from_skill"
            ) from None
        changed = _changed(self.scene, found.episode)
        if changed:
            raise EpisodeError(
                f"The scene is another since that run ({', '.join(changed)}). {again}", file=file, field="from_skill"
            )
        return found

    def mark_of(self, kept: Try, number: int) -> Mark:
        """The mark to go on from, so that everything from a skill on is performed: the last that is kept at or before it.

        Args:
            number: of the skill, counted from 1. Before a skill during which a hand still moves beside it there is no mark.

        Raises:
            EpisodeError: that run did not come so far, or a skill before the mark is another one now.
        """
        ended = len(kept.episode.segments)
        reached = [mark for mark in kept.marks if mark.policy["number"] <= number]
        if number > max(ended, 1) or not reached:
            raise EpisodeError(
                f"That run ended in skill {ended}. Go on from there at the latest: from_skill={ended}.",
                field="from_skill",
            )
        mark = reached[-1]
        for i in range(mark.policy["number"] - 1):
            was, now = kept.chain[i], self.chain[i] if i < len(self.chain) else {"skill": "nothing"}
            if was != now:
                raise EpisodeError(
                    f"Skill {i + 1} is another since that run: {_difference(was, now)}. "
                    f"Go on from there at the latest (from_skill={i + 1}), or perform it whole once.",
                    field="from_skill",
                )
        return mark


def _states(arrays: Mapping[str, np.ndarray], n: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """`state`, `trace` and `start` of each mark."""
    return [tuple(arrays[f"marks/{i}/{name}"] for name in _ARRAYS) for i in range(n)]  # type: ignore[misc]


def _changed(scene: Scene, episode: SimEpisode) -> list[str]:
    """What of a scene, by the keys of its YAML, is not as it was when an episode was made."""
    was, now = _compared(episode.config), _compared(resolved(scene))
    found = [key for key in sorted({*was, *now}) if was.get(key) != now.get(key)]
    if episode.engine != f"mujoco {mujoco.__version__}":
        found.append(f"the engine was {episode.engine}")
    if not found and episode.fingerprint != scene.fingerprint:
        found.append("its parts' files")
    return found


def _compared(config: Mapping[str, Any]) -> dict[str, Any]:
    tree = json.loads(json.dumps(config, default=str, sort_keys=True))
    scenario = tree.pop("scenario", {})
    return {**tree, **{key: value for key, value in scenario.items() if key not in FREE}}


def _difference(was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    if was["skill"] != now["skill"]:
        return f"{was['skill']} then, {now['skill']} now"
    for name in {**was["values"], **now["values"]}:
        before, after = was["values"].get(name), now["values"].get(name)
        if before != after:
            return f"{was['skill']}, {name} {_shown(before)} then, {_shown(after)} now"
    return f"{was['skill']}, its code" if was["code"] != now["code"] else f"{was['skill']}, when the grip opens"


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
