"""Whether an own episode comes out as it was recorded: to the bit, or, on another kind of machine, second by second to within rounding."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ....scenarios.scene.scene import Scene
from ...checks.finding import Finding
from ...checks.playback import check_reproduces
from ...checks.rules import Rules
from ...recording.recording import SimEpisode
from ...rollout.between_states import BetweenStates
from ...rollout.machine_kind import differing, machine
from ...rollout.rollout import Rollout
from ..explanation.attribution import attribute
from ..explanation.changed_columns import changed_columns, of_columns
from ..explanation.changed_commands import changed_in_seconds
from ..facts.results import Motions, Subject

PART = 0.5  # of a take: columns that were changed in more of it may be so for another cause, of which `attribute` knows
OF_A_COLUMN = ("unknown", "action_edited", "record_edited")  # causes of a departure, behind which columns may have been changed


def check_reproduced(subject: Subject, motions: Motions, shown: Rollout) -> list[Finding]:
    """Own episodes: every recorded state of every step, and the full state at every whole second, to the bit."""
    episode, scene, rules = subject.recording.episode, subject.scene, subject.rules
    assert episode is not None
    if subject.follows is not None and subject.rollout_again is not None:
        return [_to_rounding(subject.follows, episode, subject.rollout_again, rules)]
    recorded, replayed, parts, at = [], [], {}, 0
    compared = [name for name in episode.states if _comparable(episode, shown, name)]
    for name in compared:
        ours, theirs = shown.observations[name], np.asarray(episode.states[name])
        rows = min(len(ours), len(theirs))
        recorded.append(theirs[:rows])
        replayed.append(ours[:rows])
        parts[name.removeprefix("observation.")] = slice(at, at + theirs.shape[1])
        at += theirs.shape[1]
    if not recorded:
        return [rules["reproduces"].not_checked("not_recorded")]
    rows = min(len(r) for r in recorded)
    found = check_reproduces(
        np.concatenate([r[:rows] for r in recorded], axis=1),
        np.concatenate([r[:rows] for r in replayed], axis=1),
        scene.control_timestep,
        rules,
        parts,
    )
    apart = {
        k: float(np.abs(state - shown.states[k]).max())
        for k, state in episode.checkpoints.items()
        if k in shown.states and not np.array_equal(state, shown.states[k])
    }
    if apart and found[0].level == "PASS":
        first = min(apart)
        details = {"step": first, "what_differs": "full state in float64", "likely": "engine_version", "steps": episode.n_steps}
        t0 = first * scene.control_timestep
        found = [rules["reproduces"].beyond(max(apart.values()), t0=t0, excess=1.0, details=details)]
    if scene.fingerprint != episode.fingerprint:
        found[0].details["scene_changed"] = True
    if found[0].level == "FAIL" and found[0].details["likely"] != "length":
        assert motions.draw is not None
        record = {name: np.asarray(episode.states[name])[:rows] for name in compared}
        again = {name: shown.observations[name][:rows] for name in compared}
        if not apart and any(k in shown.states for k in episode.checkpoints):
            found = [_written_otherwise(found[0], scene, episode, record, again)]
            return found
        changed = changed_in_seconds(scene, subject.recording, shown, subject.between_states)
        if changed is not None and changed["share"] < PART:
            return [of_columns(found[0], changed)]
        found[0].details |= attribute(scene, episode, motions.draw, record, again, shown.states)
        if changed is not None and found[0].details["likely"] in OF_A_COLUMN:
            return [of_columns(found[0], changed)]
    return found


def _to_rounding(follows: BetweenStates, episode: SimEpisode, again: Rollout, rules: Rules) -> Finding:
    """`reproduces` of an episode that was made on another kind of machine, of which every second follows to within rounding."""
    dt = follows.scene.control_timestep
    compared = [name for name in episode.states if _comparable(episode, again, name)]
    pairs = {name: (np.asarray(episode.states[name], float), again.observations[name]) for name in compared}
    gaps = {name: np.abs(theirs - ours) for name, (theirs, ours) in pairs.items()}
    rows = {name: np.flatnonzero((gap > 0.0).any(axis=1)) for name, gap in gaps.items()}
    first = {name: int(one[0]) for name, one in rows.items() if len(one)}
    states = [k for k, state in episode.checkpoints.items() if k in again.states and not np.array_equal(state, again.states[k])]
    step = min([*first.values(), *states])
    where = [name.removeprefix("observation.") for name, k in first.items() if k == step] or ["full state in float64"]
    made_on = differing(episode.made_on, machine()) if episode.made_on else None
    details = {
        "kind": "rounding", "step": step, "what_differs": ", ".join(where), "steps": episode.n_steps, "apart": follows.widest.apart,
        "second": follows.widest.end * dt, "unseen": max(one.most for one in follows.stretches), "share_of_rounding": follows.share,
        **({"machine": made_on} if made_on else {"made_with": episode.engine}),
        **({"scene_changed": True} if follows.scene.fingerprint != episode.fingerprint else {}),
    }  # fmt: skip
    value = max((float(gap.max(initial=0.0)) for gap in gaps.values()), default=0.0)
    return rules["reproduces"].finding(level="WARN", t0=step * dt, t1=episode.duration_s, value=value, limit=0.0, details=details)


def _written_otherwise(
    finding: Finding, scene: Scene, episode: SimEpisode, record: Mapping[str, np.ndarray], again: Mapping[str, np.ndarray]
) -> Finding:
    """All full states are as they are replayed: what else differs was changed where columns are written, or later."""
    features = {name: scene.schema.observations[name] for name in record}
    commands = dict(zip(episode.action_names, episode.actions.T))
    return of_columns(finding, changed_columns(record, again, features, scene.control_timestep, commands))


def _comparable(episode: SimEpisode, shown: Rollout, name: str) -> bool:
    """Whether a recorded feature is made again by the replay, column by column; pictures are not."""
    theirs, ours = np.asarray(episode.states[name]), shown.observations.get(name)
    return ours is not None and theirs.ndim == 2 and theirs.dtype.kind == "f" and theirs.shape[1] == ours.shape[1]
