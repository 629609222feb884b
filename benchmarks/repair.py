"""How often does a fix that is marked applicable lead to FEASIBLE? Faults of known size are put in, mended, judged again.

    python benchmarks/repair.py DATASET [demonstrations=6] [first=0] [only=KIND] [minutes=600] [seconds=8]

DATASET is a set of demonstrations in the microwave cell; those that are not FEASIBLE as they are are left out. Tune on one
set and report another. Each fault is one of the command, as a person or a recorder makes it; sizes are in `excess`, as the
thresholds file counts it. Every refused copy is repaired whether its fix is marked applicable or not, so that the table shows
both shares, each with its 95 % Wilson interval. `seconds=` takes only the beginning of each demonstration: the motion and all
contacts there are judged, but the task is not done, and not judged.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

import numpy as np
from shiliu.replay.checks.kinematics import motion_of
from shiliu.replay.edits.warp import sampled
from shiliu.replay.formats import read
from shiliu.replay.judge.context import Contexts, SceneContext
from shiliu.replay.judge.explanation import advice
from shiliu.replay.judge.judge import judge
from shiliu.replay.recording.recording import Recording, SimEpisode
from shiliu.replay.repair.repairing import MENDS, repaired
from shiliu.replay.rollout.episode import as_recording
from shiliu.replay.signals.statistics import wilson

SIZES = (0.25, 0.5, 2.0)  # excess over the limit, in units of the code's scale
SCALE_POSITION = 0.2  # rad, of joint.position
TWISTED = ("zarm_l3_joint", "zarm_r3_joint", "zarm_l5_joint", "zarm_r5_joint", "zarm_l7_joint", "zarm_r7_joint")
TURNED = ("zhead_1_joint", "zhead_2_joint", "zarm_l7_joint", "zarm_r7_joint", "zarm_l6_joint", "zarm_r6_joint")

Fault = Callable[[SceneContext, SimEpisode, float, np.random.Generator], np.ndarray]


def _smooth(t: np.ndarray, t0: float, t1: float) -> np.ndarray:
    s = np.clip((t - t0) / (t1 - t0), 0.0, 1.0)
    return s**3 * (10 - 15 * s + 6 * s**2)


def _shares(context: SceneContext, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    names = context.scene.robot.joint_names
    columns = [context.scene.schema.action.names.index(n) for n in names]
    t = np.arange(len(actions)) * context.scene.control_timestep
    motion = motion_of(t, actions[:, columns].astype(float), context.rules)
    limit = context.limits.column(names, "speed_larger")
    return motion.t, np.nan_to_num(np.abs(motion.v) / np.where(np.isfinite(limit), limit, np.inf)).max(axis=1)


def hurried(context: SceneContext, episode: SimEpisode, size: float, rng: np.random.Generator) -> np.ndarray:
    """The first reach through the air in a single throw, its fastest joint too fast by `size`."""
    dt, n = episode.control_timestep, episode.n_steps
    t0, t1 = 0.3, max(float(episode.segments[0]["t1"]) - 0.5, 1.5)
    low, high, made = 0.02, t1 - t0, episode.actions
    for _ in range(24):
        lasts = 0.5 * (low + high)
        new = np.arange(n - int((t1 - t0 - lasts) / dt)) * dt
        within = t0 + (t1 - t0) * _smooth(new, t0, t0 + lasts)
        source = np.where(new < t0, new, np.where(new < t0 + lasts, within, new + (t1 - t0) - lasts))
        made = sampled(episode.actions, source / dt)
        low, high = (low, lasts) if _shares(context, made)[1].max() < 1.0 + size else (lasts, high)
    return made


def twisted(context: SceneContext, episode: SimEpisode, size: float, rng: np.random.Generator) -> np.ndarray:
    """A joint is thrown to one side and comes back slowly, before the hands are at work."""
    name = str(rng.choice(TWISTED))
    c = context.scene.schema.action.names.index(name)
    t = np.arange(episode.n_steps) * episode.control_timestep
    t0 = float(rng.uniform(1.0, 2.5))
    here = float(episode.actions[round(t0 / episode.control_timestep), c])
    down, up = here - context.limits[name].lower, context.limits[name].upper - here
    by = min(1.2, 0.9 * max(up, down)) * (1.0 if up > down else -1.0)
    top = context.limits[name].speed_larger * (1.0 + size)
    lasts = 1.875 * abs(by) / top
    made = episode.actions.copy()
    made[:, c] += (by * (_smooth(t, t0, t0 + lasts) - _smooth(t, t0 + 1.0, t0 + 3.0))).astype(np.float32)
    return made


def turned_too_far(context: SceneContext, episode: SimEpisode, size: float, rng: np.random.Generator) -> np.ndarray:
    """A joint goes slowly past the nearer end of its range, stays, and comes back."""
    name = str(rng.choice(TURNED))
    c = context.scene.schema.action.names.index(name)
    t = np.arange(episode.n_steps) * episode.control_timestep
    t0 = float(rng.uniform(0.8, 1.5))
    here = float(episode.actions[round(t0 / episode.control_timestep), c])
    lower, upper = context.limits[name].lower, context.limits[name].upper
    end = upper if abs(upper - here) < abs(here - lower) else lower
    beyond = end + np.sign(end - here) * size * SCALE_POSITION
    made = episode.actions.copy()
    push = _smooth(t, t0, t0 + 1.8) - _smooth(t, t0 + 2.3, t0 + 4.0)
    made[:, c] += ((beyond - made[:, c]) * push).astype(np.float32)
    return made


def stray(context: SceneContext, episode: SimEpisode, size: float, rng: np.random.Generator) -> np.ndarray:
    """A few samples of one joint's command are somewhere else."""
    name = str(rng.choice(TWISTED))
    c = context.scene.schema.action.names.index(name)
    at = int(rng.integers(30, 90))
    middle = 0.5 * (context.limits[name].upper + context.limits[name].lower)
    by = context.limits[name].speed_larger * 0.06 * (1.0 + size)
    made = episode.actions.copy()
    rows = slice(at, at + int(rng.integers(1, 4)))
    made[rows, c] += np.float32(by if made[at, c] < middle else -by)
    return made


def late_start(context: SceneContext, episode: SimEpisode, size: float, rng: np.random.Generator) -> np.ndarray:
    """The first half second of one joint's command is of another posture, and then steps to the right one."""
    name = str(rng.choice(TWISTED))
    c = context.scene.schema.action.names.index(name)
    middle = 0.5 * (context.limits[name].upper + context.limits[name].lower)
    by = context.limits[name].speed_larger * 0.06 * (1.0 + size)
    made = episode.actions.copy()
    made[: int(rng.integers(10, 20)), c] += np.float32(by if made[0, c] < middle else -by)
    return made


def degrees(context: SceneContext, episode: SimEpisode, size: float, rng: np.random.Generator) -> np.ndarray:
    """The recorder wrote the joints in degrees; nothing was performed so."""
    made = episode.actions.copy()
    columns = [context.scene.schema.action.names.index(n) for n in context.scene.robot.joint_names]
    made[:, columns] = np.degrees(made[:, columns])
    return made


KINDS: dict[str, tuple[Fault, tuple[float, ...]]] = {
    "reach too fast": (hurried, SIZES),
    "joint thrown": (twisted, SIZES),
    "past its range": (turned_too_far, (0.25, 0.5, 1.5)),
    "stray samples": (stray, SIZES),
    "start elsewhere": (late_start, SIZES),
    "degrees": (degrees, (1.0,)),
}


def faulty(context: SceneContext, recording: Recording, kind: str, size: float, seed: int) -> Recording:
    """A demonstration with one fault in its command."""
    episode = recording.episode
    assert episode is not None
    actions = KINDS[kind][0](context, episode, size, np.random.default_rng(seed))
    if len(actions) == 0:
        raise ValueError(f"{kind} of {size:g} leaves nothing")
    # only the command: what it does is found out by the judge; there is no record of states to compare with
    made_by = {**episode.provenance, "made_by": kind}
    broken = replace(episode, actions=actions, states={}, checkpoints={}, provenance=made_by)
    return as_recording(f"{recording.name} {kind} {size:g}", broken, context.scene)


def beginning(recording: Recording, seconds: float) -> Recording:
    """The first seconds of a demonstration, labelled as what it is then: not done."""
    episode = recording.episode
    assert episode is not None
    steps = round(seconds / episode.control_timestep)
    label = {"success": False, "subgoals": {}, "failure": None}
    return replace(recording, episode=replace(episode, actions=episode.actions[:steps], label=label))


def cases(recordings: list[Recording], only: str | None) -> Iterator[tuple[Recording, str, float, int]]:
    """Every fault in every size on every demonstration, in turns, so that a run that is stopped has seen all kinds."""
    for i in range(max(len(sizes) for _, sizes in KINDS.values())):
        for k, recording in enumerate(recordings):
            for kind, (_, sizes) in KINDS.items():
                if only in (None, kind) and i < len(sizes):
                    yield recording, kind, sizes[i], 100 * k + i


def share(done: int, of: int) -> str:
    if not of:
        return "-"
    low, high = wilson(done, of)
    return f"{done:>3} of {of:<3} {done / of:>6.1%} ({low:.1%} to {high:.1%})"


def main(words: list[str]) -> None:
    options = dict(word.split("=", 1) for word in words if "=" in word)
    data = next(word for word in words if "=" not in word)
    first, count = int(options.get("first", 0)), int(options.get("demonstrations", 6))
    advice.APPLICABLE = frozenset(MENDS)  # what would be marked is what is measured
    contexts = Contexts()
    chosen = [r for r in islice(read(data), first, first + count) if isinstance(r, Recording)]
    if "seconds" in options:
        chosen = [beginning(r, float(options["seconds"])) for r in chosen]
    sound = judge(chosen, threads=1, contexts=contexts)
    for recording, verdict in zip(chosen, sound):
        if verdict.verdict != "FEASIBLE":
            print(f"  {recording.name} is left out: without any fault it is {verdict.verdict}")
    chosen = [recording for recording, verdict in zip(chosen, sound) if verdict.verdict == "FEASIBLE"]
    begun, rows = time.perf_counter(), []
    for recording, kind, size, seed in cases(chosen, options.get("only")):
        if time.perf_counter() - begun > 60.0 * float(options.get("minutes", 600)):
            print("stopped: its minutes are over")
            break
        context = contexts.of(recording)
        broken = faulty(context, recording, kind, size, seed)
        verdict = judge([broken], threads=1, contexts=contexts)[0]
        causes = [f for f in verdict.findings if f.failed and f.because_of is None]
        root = verdict.findings[verdict.root] if verdict.root is not None and causes else None
        marked = bool(root and root.fix and root.fix["applicable"])
        found = repaired(broken, verdict, context, lambda r: judge([r], threads=1, contexts=contexts)[0])
        rows.append((kind, size, verdict.verdict, marked, found.done, root.code if root else ""))
        kinds = ",".join(str(c["kind"]) for c in found.applied)
        reason = f"{found.reason or ''} {','.join(map(str, found.codes))}"
        print(
            f"  {recording.name} {kind:<16} {size:<5g} {verdict.verdict:<12} {root.code if root else '':<18} "
            f"{'applicable' if marked else '':<10} {'FEASIBLE' if found.done else 'no copy':<9} {kinds} {reason}",
            flush=True,
        )
    print(f"\n{'fault':<18}{'refused':>8}   {'marked applicable -> FEASIBLE':<38}{'all that were tried -> FEASIBLE'}")
    for kind in [*KINDS, "all"]:
        of = [r for r in rows if kind in (r[0], "all") and r[2] in ("INFEASIBLE", "UNSOUND")]
        marked = [r for r in of if r[3]]
        print(
            f"{kind:<18}{len(of):>8}   {share(sum(r[4] for r in marked), len(marked)):<38}{share(sum(r[4] for r in of), len(of))}"
        )
    print(f"{len(rows)} faults on {len(chosen)} demonstrations, {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
