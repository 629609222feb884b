"""Is what an episode's side file claims true: its scenario, its seed, the times of its skills and of its label?

Each is held against what else is known: the episode's own configuration and length, today's scene, and the replay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..recording.recording import SimEpisode
from .check import Check
from .finding import Finding
from .fixes import rewrite
from .inputs import Recorded

LATE = 0.05  # s, by which a time may lie after the take: a person who corrects segments reads a clock, not frames
STEPS = 2.5  # control steps by which two times may differ
ROUNDED = 1e-9  # of a drawn number
SCRIPTED = "scripted operator"  # its segments follow the chain one by one
# of provenance, what leaves the draw that of the seed; a mistake, a repair or a fault puts other values in
PLAIN = frozenset({"shiliu", "made_by", "device", "session", "gave_up", "missed", "segments"})
DRAWS = (SCRIPTED, "page take")  # who performs in the draw of the episode's seed
TIMES = ("outside", "order", "chain", "gap", "left_out", "label")  # what whoever labelled it has to correct
DOUBTS = ("fingerprint", "left_out")  # parts and chains may have changed since

Wrong = dict[str, Any]  # details of one claim that is wrong: `kind`, `about` and what is said and known


@dataclass(frozen=True)
class Today:
    """What today's scene, by the engine and the version that made an episode, tells of it.

    Attributes:
        fingerprint: of the scene; drawn: value by key [SI] that the seed draws, None where that is not known.
    """

    fingerprint: str
    drawn: Mapping[str, float] | None


def check_claims(recorded: Recorded) -> list[Finding]:
    """`set.claims`: scenario and version against the episode's configuration, skills against its chain and length, seed and
    fingerprint against today's scene.

    A contradiction is a FAIL. Another fingerprint is a WARN, since parts may have changed since, and so is a step that the chain
    has and the segments leave out. `details["unchecked"]` has what is compared with nothing.
    """
    rule, episode, declared = recorded.rules["set.claims"], recorded.recording.episode, recorded.recording.declared
    if episode is None or declared is None:
        return [rule.not_applicable("no_lerobot_set" if declared is None else "not_simulation")]
    length = max(episode.n_steps, declared.length or 0) * episode.control_timestep
    today = recorded.today()
    outside = list(_outside(episode, length))
    if outside and (lost := recorded.columns.states.lost) != 0:  # lost rows are no matter of claims
        outside = [] if lost is None else list(_outside(episode, length + lost * episode.control_timestep))
    wrong = [*_config(episode), *_label(episode), *outside, *_chain(episode), *_scene(episode, today)]
    if wrong:
        first = next((one for one in wrong if one["kind"] not in DOUBTS), wrong[0])
        level = "WARN" if first["kind"] in DOUBTS else "FAIL"
        details = {**first, **({"owner": "auditor"} if first["kind"] in TIMES else {})}
        return [rule.beyond(float(len(wrong)), level=level, subject=(first["about"],), details=details)]
    known = ["fingerprint"] * (today is not None) + ["seed"] * (today is not None and today.drawn is not None)
    unchecked = ", ".join(one for one in ("seed", "fingerprint", "made_by") if one not in known)
    return [rule.passed(value=0.0, limit=0.0, margin=0.0, details={"unchecked": unchecked})]


def _config(episode: SimEpisode) -> Iterator[Wrong]:
    """Scenario and version, which the configuration has, too."""
    name, tree = episode.config.get("name"), _tree(episode)
    if isinstance(name, str) and episode.scenario is not None and name != episode.scenario:
        yield {"kind": "config", "about": "scenario", "said": episode.scenario, "here": name}
    version = tree.get("version")
    if type(version) is int and version != episode.scenario_version:
        yield {"kind": "config", "about": "scenario_version", "said": str(episode.scenario_version), "here": str(version)}


def _label(episode: SimEpisode) -> Iterator[Wrong]:
    """A label that says both, that it succeeded and how it failed."""
    failure = episode.label.get("failure")
    if episode.label.get("success") is True and isinstance(failure, str) and failure:
        yield {"kind": "label", "about": "label.failure", "text": failure}


def _outside(episode: SimEpisode, length: float) -> Iterator[Wrong]:
    """Times of the side file that no take of this length has, and segments that end before they begin."""
    last = length + LATE + STEPS * episode.control_timestep
    times = [(f"segments.{one['skill']}", one[end]) for one in episode.segments for end in ("t0", "t1")]
    times += [(f"{key}.{name}", t) for key in ("subgoals", "undone") for name, t in episode.label.get(key, {}).items()]
    for about, t in times:
        if t is not None and not 0.0 <= t <= last:
            yield {"kind": "outside", "about": about, "at": float(t), "length": length}
            return
    begun = 0.0
    for one in episode.segments:
        if not begun <= one["t0"] <= one["t1"]:
            yield {"kind": "order", "about": f"segments.{one['skill']}", "at": float(one["t0"]), "before": begun}
            return
        begun = one["t0"]


def _chain(episode: SimEpisode) -> Iterator[Wrong]:
    """Segments of the scripted operator that its chain does not give: in the order of its words, one after the other without a gap."""
    made = episode.provenance
    if made.get("made_by") != SCRIPTED or not set(made) <= PLAIN - {"segments"} or not episode.segments:
        return
    chain, k, ended = list(_words(_tree(episode).get("skills"))), 0, 0.0
    if not chain:
        return
    for one in episode.segments:
        about, word = f"segments.{one['skill']}", one["skill"].partition(".")[0]
        follows = next((j for j in range(k, len(chain)) if chain[j][0] == word), None)
        if follows is None:
            yield {"kind": "chain", "about": about, "at": float(one["t0"]), "chain": ", ".join(name for name, _ in chain)}
            return
        if abs(one["t0"] - ended) > STEPS * episode.control_timestep:
            yield {"kind": "gap", "about": about, "at": float(one["t0"]), "before": ended}
            return
        left = [name for name, optional in chain[k:follows] if not optional]
        if left:
            yield {"kind": "left_out", "about": about, "at": float(one["t0"]), "left": ", ".join(left)}
        k, ended = follows + 1, one["t1"]


def _scene(episode: SimEpisode, today: Today | None) -> Iterator[Wrong]:
    """Fingerprint and seed, against today's scene."""
    if today is None:
        return
    if today.fingerprint != episode.fingerprint:
        yield {"kind": "fingerprint", "about": "fingerprint", "said": episode.fingerprint[:12], "here": today.fingerprint[:12]}
    values = episode.draw.get("values")
    if today.drawn is None or not isinstance(values, dict):
        return
    other = [key for key, value in today.drawn.items() if not _same(values.get(key), value)]
    if other:
        stated = {"stated": float(values[other[0]])} if other[0] in values else {}
        details = {"said": str(episode.seed), "which": other[0], "drawn": today.drawn[other[0]], "count": len(other), **stated}
        yield {"kind": "seed", "about": "seed", **details}


def plain_draw(episode: SimEpisode, most: int) -> bool:
    """Whether an episode claims to have been performed in the draw of its seed, with nothing put in and fewer than `most` draws refused."""
    made, refused = episode.provenance, episode.draw.get("redraws")
    plain = made.get("made_by") in DRAWS and set(made) <= PLAIN and episode.seed >= 0
    return plain and isinstance(refused, list) and len(refused) < most


def other_times(label: Mapping[str, Any] | None, outcome: Mapping[str, Any], control_timestep: float) -> dict[str, Any]:
    """What a label tells otherwise of subgoals than the replay that makes its recording again: details of `goal`; empty where nothing.

    Args:
        label: with `subgoals` and `undone`, name to second or None. Without subgoals it claims nothing, and of one that it leaves out
            it claims nothing.
        outcome: of the replay, the same keys.
    """
    steps, claimed = outcome.get("subgoals") or {}, (label or {}).get("subgoals") or {}
    if not claimed:
        return {}
    undone, at_end = (label or {}).get("undone") or {}, outcome.get("undone") or {}
    pairs = [(f"subgoals.{name}", name, claimed[name], steps.get(name)) for name in claimed]
    pairs += [(f"undone.{name}", name, undone.get(name), at_end.get(name)) for name in dict.fromkeys((*undone, *at_end))]
    for about, name, here, there in pairs:
        if name not in steps:
            return {"kind": "no_such_step", "claimed": about, "shown": ", ".join(steps), "owner": "auditor"}
        if (there is None) != (here is None) or (there is not None and abs(there - here) > STEPS * control_timestep):
            known = {key: float(t) for key, t in (("claimed_at", here), ("shown_at", there)) if t is not None}
            shown = {} if there is None else {"shown": f"{there:.2f} s"}
            return {"kind": "other_times", "claimed": about, **shown, **known, "owner": "auditor"}
    return {}


def _tree(episode: SimEpisode) -> Mapping[str, Any]:
    tree = episode.config.get("scenario")
    return tree if isinstance(tree, Mapping) else {}


def _words(skills: Any) -> Iterator[tuple[str, bool]]:
    """(primitive, whether it may be left out) of each step of a chain in a scenario's tree."""
    for step in skills if isinstance(skills, Sequence) else ():
        for word, arguments in step.items() if isinstance(step, Mapping) else ():
            yield str(word), isinstance(arguments, Mapping) and "if" in arguments


def _same(stated: Any, drawn: float) -> bool:
    return isinstance(stated, int | float) and abs(stated - drawn) <= ROUNDED * max(1.0, abs(drawn))


CHECKS = (
    Check(
        "set.claims",
        run=check_claims,
        fix=rewrite,
        of="set",
        no_example="only a side file that somebody changed makes it",
        no_curve="names, times and numbers are compared",
    ),
)
