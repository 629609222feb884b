"""What differs between a kept take and today: in the operator, in the physics, in the judge."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...scenarios.draws.variation import draw
from ...scenarios.scene.scene import Scene
from ..checks.finding import tidy
from ..judge.judge import judge
from ..judge.verdict import Verdict
from ..operator.operator import perform
from ..recording.recording import SimEpisode
from ..rollout.episode import as_recording
from ..rollout.machine_kind import differing
from .kept_take import EVERY, QPOS, Bits, KeptTake, machine, play_bits

WHAT = {"actions": "operator", "bits": "physics", "verdict": "judge"}  # what is compared, and who is at work in it
# of a finding, as they are
SHOWN = ("level", "subject", "t0", "t1", "value", "limit", "margin", "share", "skill", "reason")
HEAD = ("verdict", "owner", "root", "claim", "required", "outcome", "stages")  # of a verdict


@dataclass(frozen=True)
class KeptDifference:
    """One thing that is not as it was kept.

    Attributes:
        take, what: name of the take; `actions`, `bits` or `verdict`.
        text: what differs, from what to what.
        elsewhere: what of the machine differs, `mujoco 3.17.0 → 3.18.0`, which may explain it; empty where nothing does.
    """

    take: str
    what: str
    text: str
    elsewhere: str = ""

    def __str__(self) -> str:
        besides = f"  [not comparable: {self.elsewhere}]" if self.elsewhere else ""
        return f"{self.take}  {WHAT[self.what]}: {self.text}{besides}"


def summary_of(verdict: Verdict) -> dict[str, Any]:
    """What is kept of a verdict: the head of its line, and of each finding the fields that it has, numbers to six figures.

    `root` and `because_of` are codes instead of indices. `rest` is a digest of all other fields of a finding. A check that has nothing to
    look at is left out: where it comes or goes, nothing has changed.
    """
    line = verdict.to_dict()
    found = line["findings"]
    head = {key: line[key] for key in HEAD} | {"root": None if line["root"] is None else found[line["root"]]["code"]}
    findings = []
    for one in found:
        if one["level"] == "NOT_APPLICABLE":
            continue
        cause = None if one["because_of"] is None else found[one["because_of"]]["code"]
        shown = {key: one[key] for key in SHOWN} | {"because_of": cause}
        rest = {key: value for key, value in one.items() if key not in (*shown, "code", "stage", "message")}
        digest = hashlib.blake2b(json.dumps(rest, sort_keys=True).encode(), digest_size=4).hexdigest()
        kept = {key: value for key, value in shown.items() if value not in (None, [])}
        findings.append({"stage": one["stage"], "code": one["code"], **kept, "rest": digest})
    return tidy({"verdict": head, "findings": findings})


def judged(take: KeptTake, scene: Scene, episode: SimEpisode) -> dict[str, Any]:
    """The verdict of today on the episode of a take, as `summary_of` keeps it."""
    (verdict,) = judge([as_recording(take.name, episode, scene)], scene, threads=1)
    return summary_of(verdict)


def compare(take: KeptTake, what: Sequence[str]) -> tuple[list[KeptDifference], KeptTake]:
    """Hold a take against today.

    Args:
        what: of `actions` (the chain is performed again), `bits` (its actions are stepped again), `verdict` (it is judged again).

    Returns:
        What differs, and the take as it would be kept today, in what was asked for.

    Raises:
        ShiliuError: it cannot be rebuilt: its scene cannot be loaded, or is drawn or commanded otherwise.
    """
    scene = take.scene()
    after = ""
    now = replace(take, made_on={**take.made_on, **dict.fromkeys(what, machine())})
    if "actions" in what:
        drawn = draw(scene, take.seed)
        now = replace(now, draw={"values": dict(drawn.values), "task": drawn.task, "redraws": list(drawn.redraws)})
        (done,) = perform(scene, [drawn], [take.seed])
        now = replace(now, actions=done.actions, action_names=scene.schema.action.names)
    if "bits" in what or "verdict" in what:
        played, bits = play_bits(scene, take.start(scene), take.actions)
        if "bits" in what:
            now = replace(now, bits=bits, label=played.label, episode={**take.episode, **scene_of_today(scene)})
        if "verdict" in what:
            now = replace(now, verdict=judged(take, scene, take.rebuilt(scene, played)))
            if not same_course(take, bits):
                after = " (after another course than the kept one)"
    found = list(differences(take, now, what, scene.control_timestep))
    return [replace(one, text=one.text + after) if one.what == "verdict" else one for one in found], now


def differences(kept: KeptTake, now: KeptTake, what: Sequence[str], period: float) -> Iterator[KeptDifference]:
    """What differs between two states of a take; period: of control [s]."""
    found: dict[str, list[Iterator[str]]] = {
        "actions": [differences_of_actions(kept, now, period)],
        "bits": [differences_of_bits(kept, now, period), differences_of_labels(kept.label, now.label)],
        "verdict": [differences_of_verdicts(kept.verdict, now.verdict)],
    }
    found["bits" if "bits" in what else "actions"].insert(0, differences_of_draws(kept, now))
    for one in what:
        elsewhere = differing(kept.made_on.get(one, {}), now.made_on[one])
        yield from (KeptDifference(kept.name, one, text, elsewhere) for texts in found[one] for text in texts)


def same_course(take: KeptTake, bits: Bits) -> bool:
    """Whether the bits are those kept: every state and every value that was observed."""
    return (bits.states, bits.columns) == (take.bits.states, take.bits.columns)


def scene_of_today(scene: Scene) -> dict[str, Any]:
    """What a take keeps of its scene, to be named beside a difference of bits."""
    return {"scenario_version": scene.version, "fingerprint": scene.fingerprint}


def differences_of_draws(kept: KeptTake, now: KeptTake) -> Iterator[str]:
    """Where the seed draws something else."""
    before, after = kept.draw, now.draw
    yield from (f"seed {kept.seed} draws {text}" for text in _changes(before["values"], after["values"]))
    if before["task"] != after["task"]:
        yield f"seed {kept.seed} draws task {before['task']} → {after['task']}"


def differences_of_actions(take: KeptTake, today: KeptTake, period: float) -> Iterator[str]:
    """Where the operator performs other actions; period: of control [s]."""
    names, actions = today.action_names, today.actions
    if names != take.action_names:
        yield f"actions: columns {', '.join(take.action_names)} → {', '.join(names)}"
        return
    rows = min(len(actions), len(take.actions))
    kept, now = take.actions[:rows], actions[:rows]
    other = kept.view(np.uint32) != np.ascontiguousarray(now).view(np.uint32)
    if other.any():
        t = int(np.argmax(other.any(axis=1)))
        j, size = int(np.argmax(other[t])), np.abs(now.astype(float) - kept)
        yield (
            f"actions: first at {_at(t, period)}: {names[j]} {kept[t, j]!s} → {now[t, j]!s} (by {size[t, j]:.3g}); "
            f"{int(other.any(axis=1).sum())} of {rows} steps differ, {names[int(size.max(axis=0).argmax())]} most, by {size.max():.3g}"
        )
    if len(actions) != len(take.actions):
        yield f"actions: {len(take.actions)} → {len(actions)} steps"


def differences_of_bits(take: KeptTake, today: KeptTake, period: float) -> Iterator[str]:
    """Where the same actions bring about another course; period: of control [s]."""
    kept, now = take.bits, today.bits
    model, versions = ([one.episode[key] for one in (take, today)] for key in ("fingerprint", "scenario_version"))
    besides = "" if model[0] == model[1] else " The compiled model is another one."
    besides += "" if versions[0] == versions[1] else f" The scenario's version is {versions[0]} → {versions[1]}."
    if kept.start != now.start:
        yield f"start state: it differs; {_sampled(kept, now, QPOS, period, only=0)}.{besides}"
    if kept.states != now.states:
        ends = "the final state is the same" if kept.end == now.end else "the final state differs, too"
        yield f"state: first at {_first(kept.state, now.state, period)}; {_sampled(kept, now, QPOS, period)}; {ends}.{besides}"
    followed = []
    for feature in [*kept.columns, *(one for one in now.columns if one not in kept.columns)]:
        before, after = kept.columns.get(feature, {}), now.columns.get(feature, {})
        other = [name for name in before if before[name] != after.get(name)]
        if list(before) != list(after):
            odd = sorted(set(before) ^ set(after))
            yield f"{feature}: columns {len(before)} → {len(after)}: {', '.join(odd[:5]) or 'their order'}"
        elif other and kept.states == now.states:
            listed = ", ".join(other[:3]) + (f" and {len(other) - 3} more" if len(other) > 3 else "")
            first = _first(kept.seen, now.seen, period)
            yield f"{feature}: first at {first}, in {listed} of {len(before)} columns; {_sampled(kept, now, feature, period)}"
        elif other and feature != QPOS:
            followed.append(f"{feature} ({len(other)} of {len(before)} columns)")
    if followed:  # of another course, what is observed is another thing, too
        yield f"observations: first at {_first(kept.seen, now.seen, period)}: {', '.join(followed)}"


def differences_of_labels(kept: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Success, subgoals with their moments [s], failure."""
    for key in ("success", "failure"):
        if kept[key] != now[key]:
            yield f"{key}: {kept[key]} → {now[key]}"
    yield from (f"subgoal {text}" for text in _changes(kept["subgoals"], now["subgoals"]))


def differences_of_verdicts(kept: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Verdict, owner, root, stages and every finding: level and numbers before and after."""
    if not kept:
        yield f"verdict: none is kept → {now['verdict']['verdict']}"
        return
    yield from _changes(kept["verdict"], now["verdict"])
    for before, after in _pairs(kept["findings"], now["findings"]):
        one = before or after
        assert one is not None
        name = f"{one['code']} ({one['stage']})"
        if before is None or after is None:
            if one["level"] == "NOT_APPLICABLE":  # a check that came or went and has nothing to look at here
                continue
            subject = f" of {', '.join(one['subject'])}" if one.get("subject") else ""
            yield f"{name}: {one['level']}{subject} {'is new' if before is None else 'is gone'}"
            continue
        if before == after:
            continue
        level = before["level"] if before["level"] == after["level"] else f"{before['level']} → {after['level']}"
        before, after = (
            {key: value for key, value in it.items() if key not in ("stage", "code", "level")} for it in (before, after)
        )
        rest = ["other fields"] if before.pop("rest") != after.pop("rest") else []
        yield f"{name}: {'; '.join([level, *_changes(before, after), *rest])}"


Side = Mapping[str, Any] | None


def _pairs(kept: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Side, Side]]:
    """Findings of one check on one subject together, else of one check in their order; None where one side has no more."""
    keys = list(dict.fromkeys((one["stage"], one["code"]) for one in (*kept, *now)))
    for key in keys:
        before, after = ([one for one in side if (one["stage"], one["code"]) == key] for side in (kept, now))
        for one in list(before):
            same = next((other for other in after if other.get("subject") == one.get("subject")), None)
            if same is not None:
                before.remove(one)
                after.remove(same)
                yield one, same
        for i in range(max(len(before), len(after))):
            yield (before[i] if i < len(before) else None), (after[i] if i < len(after) else None)


def _changes(kept: Mapping[str, Any], now: Mapping[str, Any], under: str = "") -> Iterator[str]:
    """`key before → after` of whatever differs in two tables, however deep."""
    for key in [*kept, *(key for key in now if key not in kept)]:
        before, after = kept.get(key), now.get(key)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _changes(before, after, f"{under}{key}.")
        elif before != after:
            yield f"{under}{key} {_plain(before)} → {_plain(after)}"


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _at(t: int, period: float) -> str:
    return f"step {t} ({t * period:.2f} s)"


def _first(kept: np.ndarray, now: np.ndarray, period: float) -> str:
    """The first step after which a fingerprint is another one; the start where none is."""
    rows = min(len(kept), len(now))
    other = np.flatnonzero(kept[:rows] != now[:rows])
    return _at(int(other[0]) + 1, period) if len(other) else _at(0, period)


def _sampled(kept: Bits, now: Bits, feature: str, period: float, only: int | None = None) -> str:
    """How large the difference is, where samples were kept."""
    names, before, after = list(kept.columns[feature]), kept.samples[feature], now.samples[feature]
    if before.shape != after.shape or names != list(now.columns[feature]):
        return "its samples have other columns"
    rows = slice(None) if only is None else slice(only, only + 1)
    size = np.abs(after[rows].astype(float) - before[rows])
    size = np.where((after[rows] == before[rows]) | np.isnan(size), 0.0, size)
    apart = np.flatnonzero(size.any(axis=1))
    if not len(apart):
        return f"no sample of {feature} (every {EVERY:g} s) differs"
    shown = sorted({int(apart[0]), int(apart[-1])})
    return "; ".join(
        f"at {_at(int(kept.steps[i]), period)} {names[int(size[i].argmax())]} most, by {size[i].max():.3g}"
        for i in shown
    )
