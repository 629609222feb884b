"""A kept take: what was once commanded, what came of it to the bit, and the verdict of that day.

A corpus is a folder of takes, three files each (the repository's own is `benchmarks/kept/`):

- `NAME.json`: scenario, variant and seed, the drawn values, the label, the skills with their times, digests of the bits, the verdict;
  of a take out of a data set also its own scenario, as it was recorded in.
- `NAME.actions.parquet`: the actions as float32, a row a control step, and two fingerprints of what came of each.
- `NAME.samples.parquet`: positions and observations every ten seconds, to tell how large a difference is.

The episode is rebuilt from the drawn values and the actions. Nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ...scenarios.catalog.catalog import load_scenario
from ...scenarios.draws.variation import Draw, of_values
from ...scenarios.reading.config import nominal_values
from ...scenarios.scene.scene import Scene
from ...scenarios.sheet.errors import EpisodeError
from ...scenarios.sheet.json_reader import json_of
from ...scenarios.stepping.simulation import Simulation
from ..judge.place.kept_scene import scene_of_config
from ..recording.recording import SimEpisode
from ..rollout import machine_kind
from ..rollout.episode import checkpoints_of, episode_of
from ..rollout.observers import FullStates, Observations, Tape
from ..rollout.rollout import Observer, RecordedPolicy, Rollout, roll_out

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks" / "kept"  # the repository's own corpus; no wheel has it
EVERY = 10.0  # s, between two samples
QPOS = "qpos"  # the name under which positions stand beside the features of an observation
STATE, SEEN = "fingerprint.state", "fingerprint.observation"  # columns beside the actions
STEP = "step"  # the column beside the samples
PACKAGES = ("mujoco", "numpy", "scipy", "mink", "daqp")  # on which an action, a bit or a number of a verdict may depend
ARRAYS = ("actions", "samples")
AXES = {
    mujoco.mjtJoint.mjJNT_FREE: ("x", "y", "z", "qw", "qx", "qy", "qz"),
    mujoco.mjtJoint.mjJNT_BALL: ("qw", "qx", "qy", "qz"),
}


@cache
def machine() -> dict[str, str]:
    """On what actions, bits and verdicts of this run depend: versions, and the kind of machine."""
    return {name: version(name) for name in PACKAGES} | dict(machine_kind.machine())


def name_of(scenario: str, variant: str | None) -> str:
    """`microwave`, or `microwave.full`: the name of a take."""
    return scenario if variant is None else f"{scenario}.{variant}"


@dataclass(frozen=True, eq=False)
class Bits:
    """What came of the actions of a take, as digests and samples.

    Attributes:
        start, end, states: sha256 of the full state (`mjSTATE_INTEGRATION`) before the first action, after the last one, and at all
            control steps.
        columns: feature, or `qpos`, -> name of a column -> digest of all its T+1 values, eight hexadecimal digits. Of `qpos` the
            vertices of cloth are left out; `states` has them.
        state, seen: (T,) uint16 and uint8 fingerprints of the full state and of all observations after each action. They find the
            first step that differs, with 1 in 65536 or 256 to be a step late. Whether anything differs is in the digests.
        steps: (n,) control steps of the samples; samples: feature, or `qpos`, -> (n, k) at those steps, float32, or float64.
    """

    start: str
    end: str
    states: str
    columns: Mapping[str, Mapping[str, str]]
    state: np.ndarray
    seen: np.ndarray
    steps: np.ndarray
    samples: Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class KeptTake:
    """One kept take.

    Attributes:
        scenario, variant, seed: what was performed; variant None: as it stands.
        draw: `{"values", "task", "redraws"}` that the seed drew, SI, as an episode keeps them.
        episode: what an episode holds besides: `scenario_version`, `fingerprint`, `provenance`.
        label: success, subgoals with their moments [s], failure.
        segments: `{"skill", "t0", "t1"}` [s].
        action_names: (nu,); actions: (T, nu) float32, as applied.
        bits: what came of them.
        verdict: see `comparing.summary_of`.
        made_on: of `actions`, `bits` and `verdict` the `machine()` that made them.
        config: the resolved scene of a take out of a data set, as its episode has it; None: today's scenario of that name.
        called: its name, where that is not scenario and variant.
        written: where below the corpus the data set lies that it came from (`whole_set.opened`), if that was kept whole; else None.
        episode_index: its number there.
    """

    scenario: str
    variant: str | None
    seed: int
    draw: Mapping[str, Any]
    episode: Mapping[str, Any]
    label: Mapping[str, Any]
    segments: Sequence[Mapping[str, Any]]
    action_names: tuple[str, ...]
    actions: np.ndarray
    bits: Bits
    verdict: Mapping[str, Any] = field(default_factory=dict)
    made_on: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    config: Mapping[str, Any] | None = None
    called: str | None = None
    written: str | None = None
    episode_index: int = 0

    @property
    def name(self) -> str:
        return self.called or name_of(self.scenario, self.variant)

    def scene(self) -> Scene:
        """The scene that it is played in, built today, with all that the judge looks at."""
        if self.config is not None:
            return scene_of_config(self.config).judged
        return load_scenario(self.scenario, variant=self.variant).judged

    def start(self, scene: Scene) -> Draw:
        """The draw that it starts from, by its kept values.

        Raises:
            EpisodeError: the scene of today draws other values, or is commanded by other names.
        """
        known, kept = set(nominal_values(scene.config)), set(self.draw["values"])
        if known != kept:
            odd = ", ".join(sorted(known ^ kept)[:5])
            raise EpisodeError(f"the scene of today draws other values than the kept take: {odd}.", field=self.name)
        if self.action_names != scene.schema.action.names:
            odd = ", ".join(sorted(set(self.action_names) ^ set(scene.schema.action.names))[:5]) or "their order"
            raise EpisodeError(
                f"the scene of today is commanded by other names than the kept take: {odd}.", field=self.name
            )
        made = of_values(scene, self.draw["values"], int(self.draw["task"]))
        return replace(made, redraws=tuple(self.draw["redraws"]))

    def rebuilt(self, scene: Scene, played: Rollout) -> SimEpisode:
        """The own episode as it was recorded: kept label and skills, with what its actions brought about today."""
        made = episode_of(scene, played, self.seed, self.segments, self.episode["provenance"])
        made.label = dict(self.label)
        return made


class _Fingerprints(FullStates):
    """Digests of the full state at every control step; the states of whole seconds are kept, as an episode has them."""

    def __init__(self, scene: Scene, n_steps: int):
        whole = set(checkpoints_of(scene, n_steps))
        super().__init__(lambda t, live: (0,) if t in whole else ())
        self.last, self.all, self.each = n_steps, hashlib.sha256(), np.zeros(n_steps + 1, np.uint16)
        self.ends: dict[int, str] = {}

    def look(self, t: int, live: np.ndarray, simulation: Simulation) -> None:
        super().look(t, live, simulation)
        state = simulation.state_of(0).tobytes()
        self.all.update(state)
        self.each[t] = _short(state)
        if t in (0, self.last):
            self.ends[t] = hashlib.sha256(state).hexdigest()


def play_bits(scene: Scene, start: Draw, actions: np.ndarray) -> tuple[Rollout, Bits]:
    """Step a copy through actions (T, nu) float32, and take the digests of what comes of them."""
    n = len(actions)
    marks = _Fingerprints(scene, n)
    observers: list[Observer] = [Observations(scene, 1, n), Tape(scene, 1, n), marks]
    (played,) = roll_out(scene, [start], RecordedPolicy([np.ascontiguousarray(actions, np.float32)]), observers)
    every = max(1, round(EVERY / scene.control_timestep))
    steps = np.array(sorted({*range(0, n + 1, every), n}))
    names, columns = positions(scene.model)
    tables = {QPOS: (names, played.qpos[:, columns])}
    tables |= {
        feature: (scene.schema.observations[feature].names, rows) for feature, rows in played.observations.items()
    }
    seen = [b"".join(rows[t].tobytes() for rows in played.observations.values()) for t in range(1, n + 1)]
    bits = Bits(
        marks.ends[0],
        marks.ends[n],
        marks.all.hexdigest(),
        {
            feature: {name: _column(rows[:, j]) for j, name in enumerate(known)}
            for feature, (known, rows) in tables.items()
        },
        marks.each[1:],
        np.array([_short(one) & 0xFF for one in seen], np.uint8),
        steps,
        {feature: rows[steps] for feature, (_, rows) in tables.items()},
    )
    return played, bits


def positions(model: mujoco.MjModel) -> tuple[tuple[str, ...], np.ndarray]:
    """Names and indices of the positions of all joints but those of the vertices of cloth."""
    cloth = set(map(int, model.flex_vertbodyid)) if model.nflex else set()
    names: list[str] = []
    columns: list[int] = []
    for j in range(model.njnt):
        if int(model.jnt_bodyid[j]) in cloth:
            continue
        name, at = model.joint(j).name or f"joint_{j}", int(model.jnt_qposadr[j])
        axes = AXES.get(mujoco.mjtJoint(int(model.jnt_type[j])))
        names += [name] if axes is None else [f"{name}.{axis}" for axis in axes]
        columns += range(at, at + (1 if axes is None else len(axes)))
    return tuple(names), np.array(columns, int)


def _short(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=2).digest(), "little")


def _column(values: np.ndarray) -> str:
    return hashlib.blake2b(np.ascontiguousarray(values).tobytes(), digest_size=4).hexdigest()


def kept_names(folder: Path = FOLDER) -> list[str]:
    """Names of the takes that are kept."""
    return sorted(file.stem for file in folder.glob("*.json"))


def write_take(take: KeptTake, folder: Path = FOLDER) -> None:
    """Write a take, its JSON last: a take is kept where that stands.

    The Parquet is compressed by column, the bytes of each number apart (BYTE_STREAM_SPLIT): of a smooth motion only the last byte
    or two of a float32 are noise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    bits = take.bits
    actions = {name: np.ascontiguousarray(take.actions[:, j]) for j, name in enumerate(take.action_names)}
    tables = {
        "actions": pa.table({**actions, STATE: bits.state, SEEN: bits.seen}),
        "samples": pa.table(
            {STEP: bits.steps.astype(np.int32), **{name: _lists(rows) for name, rows in bits.samples.items()}}
        ),
    }
    split = {"actions": list(actions), "samples": [f"{name}.list.element" for name in bits.samples]}
    blocks = {name: _parquet(table, split[name]) for name, table in tables.items()}
    tree = {
        "scenario": take.scenario,
        "variant": take.variant,
        "seed": take.seed,
        **take.episode,
        "sha256": {name: hashlib.sha256(block).hexdigest() for name, block in blocks.items()},
        **{key: getattr(take, key) for key in ("made_on", "draw", "label", "segments")},
        **({"config": take.config} if take.config is not None else {}),
        **({"written": take.written, "episode_index": take.episode_index} if take.written is not None else {}),
        "bits": {"start": bits.start, "end": bits.end, "states": bits.states},
        "columns": bits.columns,
        **take.verdict,
    }
    for name, block in blocks.items():
        _replace(folder / f"{take.name}.{name}.parquet", block)
    _replace(folder / f"{take.name}.json", _text(tree).encode())


def read_take(name: str, folder: Path = FOLDER) -> KeptTake:
    """Read a take.

    Raises:
        EpisodeError: it is not there, or a file of it is damaged or of another take.
    """
    file = folder / f"{name}.json"
    try:
        tree = json_of(file.read_text(encoding="utf-8"))
        blocks = {key: (folder / f"{name}.{key}.parquet").read_bytes() for key in ARRAYS}
        digests = {key: str(tree["sha256"][key]) for key in ARRAYS}
    except FileNotFoundError as error:
        missing = Path(error.filename).name
        raise EpisodeError(f"{missing} is missing: copy the whole corpus again.", file=file) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EpisodeError(f"No kept take can be read from it ({error!r}): copy it again.", file=file) from error
    for key, block in blocks.items():
        if hashlib.sha256(block).hexdigest() != digests[key]:
            problem = f"{name}.{key}.parquet is not the file that was written with it: copy the whole corpus again."
            raise EpisodeError(problem, file=file, field=f"sha256.{key}")
    try:
        return _of_tree(name, tree, *(pq.read_table(pa.BufferReader(blocks[key])) for key in ARRAYS))
    except (KeyError, TypeError, ValueError) as error:  # pyarrow's own errors are of these kinds
        raise EpisodeError(f"No kept take can be read from it ({error!r}): copy it again.", file=file) from error


def _of_tree(called: str, tree: Mapping[str, Any], actions: pa.Table, samples: pa.Table) -> KeptTake:
    names = tuple(one for one in actions.column_names if one not in (STATE, SEEN))
    rows = {
        one: samples[one].combine_chunks().flatten().to_numpy().reshape(len(samples), -1)
        for one in samples.column_names
        if one != STEP
    }
    bits = Bits(
        start=tree["bits"]["start"],
        end=tree["bits"]["end"],
        states=tree["bits"]["states"],
        columns=tree["columns"],
        state=actions[STATE].to_numpy(),
        seen=actions[SEEN].to_numpy(),
        steps=samples[STEP].to_numpy(),
        samples=rows,
    )
    return KeptTake(
        **{key: tree[key] for key in ("scenario", "variant", "seed", "draw", "label", "segments", "made_on")},
        episode={key: tree[key] for key in ("scenario_version", "fingerprint", "provenance")},
        action_names=names,
        actions=np.stack([actions[one].to_numpy() for one in names], axis=1),
        bits=bits,
        verdict={key: tree[key] for key in ("verdict", "findings") if key in tree},
        config=tree.get("config"),
        called=called,
        written=tree.get("written"),
        episode_index=tree.get("episode_index", 0),
    )


def _lists(rows: np.ndarray) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(rows).ravel()), rows.shape[1])


def _parquet(table: pa.Table, split: Sequence[str]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        compression="zstd",
        compression_level=22,
        use_dictionary=False,
        write_statistics=False,
        store_schema=False,
        column_encoding=dict.fromkeys(split, "BYTE_STREAM_SPLIT"),
    )
    return bytes(sink.getvalue())


def _replace(file: Path, block: bytes) -> None:
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    beside.write_bytes(block)
    os.replace(beside, file)


def _text(tree: Mapping[str, Any]) -> str:
    """JSON with a line for each entry of a long list or table, so that a change of one finding is a change of one line."""
    return "{\n" + ",\n".join(f"{_compact(key)}:{_lines(value)}" for key, value in tree.items()) + "\n}\n"


def _lines(value: Any) -> str:
    plain = _compact(value)
    if len(plain) < 200 or not isinstance(value, dict | list):
        return plain
    if isinstance(value, dict):
        return "{\n" + ",\n".join(f"{_compact(key)}:{_compact(one)}" for key, one in value.items()) + "\n}"
    return "[\n" + ",\n".join(map(_compact, value)) + "\n]"


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
