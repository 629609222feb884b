"""A judged take played again, so that it can be looked at: its recording found, its commands stepped, its contacts at each moment."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import mujoco
import numpy as np

from ...scenarios.catalog.catalog import load_scenario
from ...scenarios.draws.variation import Draw
from ...scenarios.parts.pose import hanging
from ...scenarios.scene.scene import Scene
from ...scenarios.sheet.errors import EpisodeError, ReplayError, as_named
from ..formats import read
from ..judge.context import Contexts
from ..judge.judge import subject_of
from ..judge.stages.integrity_stage import integrity_stage
from ..recording.recording import Recording
from ..report.lines import VerdictLine
from ..report.text import Words
from ..rollout.rollout import Rollout, Take, play

NEAR = (0, -1, 1, -2, 2)  # control steps beside a finding's moment at which its contact is looked for: a force is that of the period before
BALANCE = "zero_moment_point"  # what a finding of balance names: nothing of that name stands in a model
LEAST = 0.5  # N, forces below it are not drawn


@dataclass(frozen=True, eq=False)
class Replayed:
    """A take as it was stepped.

    Attributes:
        begin: of the take, on the clock of its findings [s].
        starts: how many likely starts the judge would have played, 1 where the recording tells its own.
        own: an episode of the simulation, from its own start; same: the scene is that of the verdict, as far as that says.
    """

    scene: Scene
    draw: Draw
    rollout: Rollout
    begin: float
    starts: int
    own: bool
    same: bool = True

    @property
    def end(self) -> float:
        return self.begin + (len(self.rollout.qpos) - 1) * self.scene.control_timestep

    def step_at(self, t: float) -> int:
        """The control step nearest to a time [s] of the findings' clock, within the take."""
        return round(min(max(0.0, (t - self.begin) / self.scene.control_timestep), len(self.rollout.qpos) - 1.0))

    @cached_property
    def _data(self) -> mujoco.MjData:
        return mujoco.MjData(self.draw.model)

    def _at(self, step: int) -> mujoco.MjData:
        """The engine at a control step; after the last action its contacts are those of the step before."""
        last = max(self.rollout.states)
        mujoco.mj_setState(self.draw.model, self._data, self.rollout.states[min(step, last)], mujoco.mjtState.mjSTATE_INTEGRATION)
        mujoco.mj_forward(self.draw.model, self._data)
        return self._data

    def commanded(self, step: int) -> np.ndarray:
        """(nq,) the state of a control step with each commanded joint where the command of that step wants it."""
        qpos = np.array(self.rollout.qpos[step])
        actions = self.rollout.actions
        for name, wanted in zip(self.scene.schema.action.names, actions[min(step, len(actions) - 1)]):
            if mujoco.mj_name2id(self.draw.model, mujoco.mjtObj.mjOBJ_JOINT, name) >= 0:
                qpos[self.draw.model.joint(name).qposadr[0]] = wanted
        return qpos

    def forces(self, step: int) -> list[dict[str, Any]]:
        """Contacts at a control step: `pos` (3,) [m], `force` (3,) [N] on the second of the two, and `bodies`, their ids."""
        data, found = self._at(step), []
        for i in range(data.ncon):
            contact, wrench = data.contact[i], np.zeros(6)
            mujoco.mj_contactForce(self.draw.model, data, i, wrench)
            force = contact.frame.reshape(3, 3).T @ wrench[:3]
            if np.linalg.norm(force) >= LEAST:
                bodies = [int(self.draw.model.geom_bodyid[g]) if g >= 0 else -1 for g in contact.geom]
                found.append({"pos": contact.pos.tolist(), "force": force.tolist(), "bodies": bodies})
        return found

    def place(self, subject: Sequence[str], t: float) -> tuple[int, list[float] | None]:
        """Where to look for a finding: the control step, and the strongest contact of what it names, else the joint or body.

        Args:
            subject: names of joints, bodies, geoms, sites, actuators, parts, or of a limit, a failure mode or a step of the goal, which
                means what that looks at, or the zero-moment point, which means the soles; t: its moment [s].

        Returns:
            The step, and (3,) [m]; None where nothing of that name is there.
        """
        step, model = self.step_at(t), self.draw.model
        named = [(name, found) for name in subject if (found := bodies_of(model, name))]
        joint = next((name for name, _ in named if mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_JOINT, name) >= 0), None)
        if joint is not None:
            return step, self._at(step).joint(joint).xanchor.tolist()
        if not named and BALANCE in subject:
            return step, self._soles(step)
        pairs = [[found for _, found in named[:2]]] if named else self._looked_at(subject)
        for beside in NEAR if pairs else ():
            near = step + beside
            if 0 <= near < len(self.rollout.qpos):
                met = [one for one in self.forces(near) if any(_between(one["bodies"], pair) for pair in pairs)]
                if met:
                    return near, max(met, key=lambda one: float(np.linalg.norm(one["force"])))["pos"]
        if not pairs:
            return step, None
        return step, self._at(step).xipos[min(pairs[0][0])].tolist()

    def _soles(self, step: int) -> list[float] | None:
        """(3,) [m] between the soles; None of a robot that has none."""
        sole, data = self.scene.robot.sheet.get("sole"), self._at(step)
        if not sole:
            return None
        middle = np.array([np.mean(sole["x"]), np.mean(sole["y"]), sole["z"]])
        feet = [data.body(link) for link in sole["links"]]
        return np.mean([foot.xpos + foot.xmat.reshape(3, 3) @ middle for foot in feet], axis=0).tolist()

    def _looked_at(self, subject: Sequence[str]) -> list[list[set[int]]]:
        """Bodies that limits, failure modes and steps of the goal of these names look at, two of a contact together; contacts first."""
        scene, model = self.scene, self.draw.model
        known = [*((one.name, one) for one in scene.safety), *((one.about, one) for one in scene.safety)]
        known += [(one.name, one) for one in (*scene.course.nevers, *scene.goal)]
        asked = [request for name, one in known if name in subject for request in one.predicate.requests()]
        pairs = []
        for request in sorted(asked, key=lambda request: request.kind != "contact_force"):
            words = [word.partition(":")[2] or word for word in (request.of, request.to) if word]
            pairs.append([found for word in words if (found := bodies_of(model, word))])
        return [pair for pair in pairs if pair]


def _between(bodies: Sequence[int], groups: Sequence[set[int]]) -> bool:
    a, b = bodies
    if len(groups) == 1:
        return a in groups[0] or b in groups[0]
    return (a in groups[0] and b in groups[1]) or (b in groups[0] and a in groups[1])


def bodies_of(model: mujoco.MjModel, name: str) -> set[int]:
    """Ids of the bodies that a name of a finding means, with all that hangs on them; none where it is not known.

    It is a joint's, a body's, a geom's, a site's or an actuator's name, a part's, or a dotted one (`oven.door`).
    """
    for word in dict.fromkeys((name, name.replace(".", "/", 1))):
        first = _body(model, word)
        roots = [first] if first is not None else [b for b in range(model.nbody) if model.body(b).name.startswith(f"{word}/")]
        if roots:
            return hanging(model, *roots) - {0}
    return set()


def _body(model: mujoco.MjModel, name: str) -> int | None:
    kinds = mujoco.mjtObj
    owners = {kinds.mjOBJ_JOINT: model.jnt_bodyid, kinds.mjOBJ_GEOM: model.geom_bodyid, kinds.mjOBJ_SITE: model.site_bodyid}
    if (body := mujoco.mj_name2id(model, kinds.mjOBJ_BODY, name)) >= 0:
        return int(body)
    for kind, owner in owners.items():
        if (number := mujoco.mj_name2id(model, kind, name)) >= 0:
            return int(owner[number])
    drive = mujoco.mj_name2id(model, kinds.mjOBJ_ACTUATOR, name)
    if drive < 0:
        return None
    moved = int(model.actuator_trnid[drive, 0])
    if model.actuator_trntype[drive] == mujoco.mjtTrn.mjTRN_TENDON:
        moved = int(model.wrap_objid[model.tendon_adr[moved]])
    elif model.actuator_trntype[drive] != mujoco.mjtTrn.mjTRN_JOINT:
        return None
    return int(model.body_parentid[model.jnt_bodyid[moved]])  # a hand's drive moves fingers: the hand is what carries them


def recording_of(line: VerdictLine, data: Path | None, mapping: str | None = None) -> tuple[Recording, Path]:
    """The recording that a line is about, and where it lies.

    Args:
        data: where it was judged from; None looks beside the verdict, in its folder, and in the working folder.

    Raises:
        EpisodeError: it moved away, or it is no longer what was judged.
    """
    name = line.source.rpartition("#")[0] or line.source
    here = line.file.parent
    places = [data] if data is not None else [folder / as_named(name) for folder in (here.parent, here, Path())]
    found = next((place for place in places if os.path.exists(place)), None)
    if found is None:
        raise EpisodeError(
            f"holds a verdict of {line.source}, and that recording is not there any more. Name where it lies by data=.",
            file=line.file,
            field="data" if data is not None else "verdict",
        )
    sha = line.tree.get("sha256")
    for item in _read(found, mapping):
        if item.sha256 == sha if sha else item.source.endswith(line.source):
            return item, found
    raise EpisodeError(
        f"holds no recording with the bytes of {line.source} that were judged ({str(sha)[:12]}). "
        "Name where it lies by data=, or judge it again.",
        file=found,
        field="data",
    )


def _read(path: Path, mapping: str | None) -> Iterator[Recording]:
    return (item for item in read(path, mapping) if isinstance(item, Recording))


def replayed(line: VerdictLine, words: Words, data: Path | None = None, conf_dir: Path | None = None) -> Replayed:
    """Play the take of a line as the judge plays it, with its state at each control step.

    Where its start is not recorded, the first of the likely starts is played; the judge plays all of them.

    Raises:
        ShiliuError: the line is about a file that could not be read, its recording or scene is not there, or there is nothing to play.
    """
    if line.verdict is None:
        raise EpisodeError(f"{line.source} could not be read when it was judged: there is nothing to play.", file=line.file, field="take")
    known = line.tree.get("provenance")
    known = known if isinstance(known, dict) else {}
    recording, place = recording_of(line, data, known.get("mapping") or None)
    chosen = None
    if recording.episode is None and known.get("scenario_named_by") == "command":
        robot = dict(word.split("=", 1) for word in str(known.get("robot", "")).split() if "=" in word)
        chosen = load_scenario(
            str(line.tree["scenario"]), cell=line.tree.get("cell"), hand=robot.get("hand"), base=robot.get("base"), conf_dir=conf_dir
        )
    found = played(recording, Contexts(chosen, conf_dir=conf_dir, data=place), words)
    return replace(found, same=known.get("scene") in (None, found.scene.fingerprint[:12]))


def played(recording: Recording, contexts: Contexts, words: Words) -> Replayed:
    """Play a recording as the judge plays it, with its state at each control step.

    Raises:
        ShiliuError: its scene cannot be built, or there is nothing to play.
    """
    subject = subject_of(recording, contexts)
    integrity = integrity_stage(subject)
    motions = subject.robot.motions(subject, integrity)
    plan = subject.robot.plan(subject, integrity, motions, 0)
    if not plan.takes:
        raise ReplayError(f"cannot be played: {words.reason(plan.why)}", file=recording.source, field="take")
    take: Take = plan.takes[0]
    (rollout,) = play(subject.scene, [take], keep=[range(take.n_steps + 1)], threads=1)
    own = recording.episode is not None and subject.context.made_in is None
    return Replayed(subject.scene, take.draw, rollout, plan.offset, len(plan.takes), own)
