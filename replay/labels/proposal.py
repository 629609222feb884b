"""Skill segments proposed from a replay, in the words of the scenario's own chain; for a person to correct.

The sentence of a segment is the template that its skill brings, with the catalogue's words for things.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import mujoco
import numpy as np

from ...scenarios.draws.variation import Draw
from ...scenarios.scene.scene import Scene
from ..operator.recognition.evidence import Evidence, Step
from ..operator.recognition.hand_features import HandFeatures
from ..operator.recognition.motions import motion
from ..operator.recognition.tracks import SIDES, Tracks, trace
from ..operator.skills import registry, skill_named
from ..operator.words.chain import read_skills
from ..operator.words.skill import Skill
from ..report.text import Words
from ..rollout.rollout import Rollout
from .chain_alignment import OTHER_HAND, Candidate, align

ABOUT = ("of", "joint", "at", "to")  # what a skill is about that does not say: the first of these that it has
GLIMPSE = 0.1  # s, a shorter stretch, such as at the very end, is no segment


@dataclass(frozen=True)
class LabelSegment:
    """A skill over a stretch of time.

    Attributes:
        skill: a word of the chain; t0, t1: when [s].
        hand: left or right; object: what it is about, as the scenario says it (`oven.door`), or None.
        confidence: 0..1, how much of it all readings of the replay agree on.
        sentence: by language.
        by_motion: whether no reading tells the word, so that only rests and motions of the hand speak for it.
    """

    skill: str
    t0: float
    t1: float
    hand: str
    object: str | None
    confidence: float
    sentence: dict[str, str] = field(default_factory=dict)
    by_motion: bool = False

    def plain(self) -> dict[str, Any]:
        """As it is written: times to the millisecond, confidence to the percent."""
        return {
            "skill": self.skill,
            "t0": round(self.t0, 3),
            "t1": round(self.t1, 3),
            "hand": self.hand,
            "object": self.object,
            "confidence": round(self.confidence, 2),
            **({"told_by": "motion"} if self.by_motion else {}),
            "sentence": dict(self.sentence),
        }


def chain_of(scene: Scene) -> list[Step]:
    """The skill chain of a scene, as labels need it: without what goes on `beside` the next skill and has no time of its own.

    Raises:
        ScenarioError: every unknown skill or argument, with file and line.
    """
    chain = list(read_skills(scene, registry()))
    scene.config.problems.stop(f"The skills of {scene.name!r}")
    nodes = [node for item in scene.config.skills.each() for _, node in item.items()] if chain else []
    steps = [_step(skill, node.value) for skill, node in zip(chain, nodes)]
    return [step for step in steps if step.arguments.get("beside") != "yes"]


def _step(skill: Any, written: Mapping[str, Any]) -> Step:
    named = [name for name, argument in skill.arguments.items() if argument.kind in ("site", "joint", "body", "cloth")]
    values = {
        name: value.body if skill.arguments[name].kind == "cloth" and value is not None else value
        for name, value in skill.values.items()
    }
    return Step(skill.name, values, {name: str(written[name]) for name in named if name in written})


def looked_at(model: mujoco.MjModel, chain: list[Step]) -> tuple[list[str], list[str]]:
    """The sites of a chain, and its joints with those of the bodies that its sites belong to."""
    sites: list[str] = []
    joints: list[str] = []
    for step in chain:
        for name in step.written:
            value = step.arguments[name]
            if mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_JOINT, value) >= 0:
                joints.append(value)
            if (site := mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_SITE, value)) >= 0:
                sites.append(value)
                body = model.body(int(model.site_bodyid[site]))
                if body.jntnum[0] == 1 and model.jnt_type[body.jntadr[0]] in (
                    mujoco.mjtJoint.mjJNT_HINGE,
                    mujoco.mjtJoint.mjJNT_SLIDE,
                ):
                    joints.append(model.joint(int(body.jntadr[0])).name)
    return list(dict.fromkeys(sites)), list(dict.fromkeys(joints))


def propose(scene: Scene, draw: Draw, played: Rollout, titles: Mapping[str, Any] | None = None) -> list[LabelSegment]:
    """Segments of a replay.

    Nothing is used but what the replay gives: positions, contacts between them, the state of the claws.

    Args:
        scene: what it played in; draw: the copy of it; played: what it did.
        titles: what the scenario and its parts call their things, by language, for the sentences.

    Returns:
        Segments in the order of time; none overlap. Empty where the scenario has no skill chain.

    Raises:
        ScenarioError: a skill of the chain is unknown.
        ReplayError: the robot has no claws.
    """
    chain = chain_of(scene)
    if not chain:
        return []
    sites, joints = looked_at(scene.model, chain)
    joints = list(dict.fromkeys([*joints, *scene.robot.base_joints]))
    state = played.observations["observation.state"]
    return read(chain, trace(scene, draw.model, played.qpos, state, sites, joints, played.carry.reached[0]), titles)


def read(chain: list[Step], tracks: Tracks, titles: Mapping[str, Any] | None = None) -> list[LabelSegment]:
    """The segments of a chain in tracks, with sentences in the words of `titles`."""
    hands = {side: HandFeatures(tracks, side) for side in SIDES}
    candidates = [
        Candidate(k, side, evidence(see, step), OTHER_HAND if step.hand not in (None, side) else 0.0)
        for k, step in enumerate(chain)
        for side, see in hands.items()
        if side == SIDES[0] or _kind(step).of_one_hand()  # else read once, with the left hand's signs
    ]
    restless = np.max([*(see.going for see in hands.values()), hands[SIDES[0]].base_moves], axis=0)
    found: list[LabelSegment] = []
    held: dict[str, str | None] = dict.fromkeys(SIDES)
    for stretch in align(candidates, len(chain), restless, tracks.timestep):
        step, side = chain[stretch.candidate.step], stretch.candidate.side
        skill = _kind(step)
        t0 = stretch.begin * tracks.timestep
        t1 = min(stretch.end, tracks.n - 1) * tracks.timestep
        if t1 - t0 < GLIMPSE:
            continue
        about = _object(step)
        if about is None and skill.of_one_hand():
            about = held[side]
        elif skill.label.grips:
            held[side] = about
        sentences = {lang: sentence(lang, step, side, about, titles) for lang in ("en", "zh")}
        found.append(
            LabelSegment(step.word, t0, t1, side, about, stretch.confidence, sentences, skill.label.shows is None)
        )
    return found


def evidence(see: HandFeatures, step: Step) -> Evidence:
    """What speaks for a step of the chain when one hand is looked at; any motion, where no reading tells its word."""
    return (_kind(step).label.shows or motion)(see, step)


def _kind(step: Step) -> type[Skill]:
    kind = skill_named(step.word)
    if kind is None:
        raise KeyError(step.word)
    return kind


def _object(step: Step) -> str | None:
    """What a skill is about: the thing, not the site of it where both are given."""
    own = _kind(step).label.about
    word = next((step.written[name] for name in ((own,) if own else ABOUT) if name in step.written), None)
    return word.partition(".")[0] if word and not own and "of" in step.written else word


def sentence(lang: str, step: Step, hand: str, about: str | None, titles: Mapping[str, Any] | None = None) -> str:
    """What a hand does, as a person would say it: "the left hand pulls the oven's door open".

    Args:
        lang: of `conf/text`; step: of the chain; hand: left or right; about: what it is about (`oven.door`).
        titles: what the scenario and its parts call their things, as `Words.telling` takes it.
    """
    words = Words(lang).telling(titles)
    skill = skill_named(step.word)
    own = skill.label.words(lang) if skill else None
    template = own[1] if own else words.book["sentences"]["other"]
    named = {name: words.dotted(word) for name, word in step.written.items()}
    values = {
        **named,
        "hand": words.book["sides"]["l" if hand == "left" else "r"],
        "about": words.dotted(about) if about else None,
        "skill": words.skill(step.word),
    }
    return words.fill(template, values)
