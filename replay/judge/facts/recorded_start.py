"""Where a take of a real robot begins: what its record gives, what a survey gave, and what is left to be drawn.

Things stand where they were recorded, and joints of parts as they were recorded. What the scenario draws and nobody measured
is inferred from them (`scenarios/draws/inference.py`): a bowl that rests says how high its table is. What no record tells keeps
the scenario's own value, and a start in which something would stand inside something else is drawn anew, as in a draw.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ....scenarios.draws import variation as drawing
from ....scenarios.draws.inference import Inferred, free_joint, infer
from ....scenarios.draws.variation import PENETRATION, Draw, is_under, penetration
from ....scenarios.parts.pose import Pose
from ....scenarios.reading.config import dealt_values, draw_values, nominal_values
from ....scenarios.reading.dealing import PLACES
from ....scenarios.scene.scene import Scene
from ...checks.finding import Finding
from ...checks.object_frame import check_frame
from ...checks.object_motion import check_order
from ...checks.rules import Rules
from ...checks.start_place import check_places
from ...recording.recording import Recording
from ..place.cell_starts import within_survey
from .recorded_poses import (
    joint_ways,
    located_poses,
    object_streams,
    recorded_joints,
    recorded_poses,
    resting,
    stood,
    things_of,
)

HEIGHTS = ("height", "hand_height", "raised")  # parameters of parts that raise what others stand on, or a hand
MOVED = 1e-3  # m, from which on a height that was taken from the record is another one than on the drawing
TRIES = 20  # draws of what nobody measured, until nothing stands inside something else
RECORDED, PICTURE, SURVEYED, DRAWN = "recorded", "picture", "surveyed", "drawn"  # and "inferred from ..." things
HANDS = "inferred from the hands"


@dataclass(frozen=True)
class StartOfTake:
    """The start of a take, as far as its record tells it.

    Attributes:
        poses: thing -> its recorded pose; joints: `part.joint` -> its recorded position [m, rad].
        angles: joint of the robot -> [rad, m].
        inferred: what follows for values that the scenario draws, within its bounds.
        held: parts with places that were inferred from the hands.
        pictured: of `poses`, those that a picture showed.
        laid: whether what the scenario names as unknown lies where a person's world was laid by it.
        findings: `start.place`; unsure: why nothing that goes wrong from here proves anything, or None.
    """

    scene: Scene
    poses: Mapping[str, Pose]
    joints: Mapping[str, float]
    angles: Mapping[str, float]
    inferred: Inferred
    findings: tuple[Finding, ...] = ()
    unsure: str | None = None
    laid: bool = False
    held: tuple[str, ...] = ()
    pictured: tuple[str, ...] = ()

    @cached_property
    def open(self) -> tuple[str, ...]:
        """Values that vary, and that the record does not tell: drawn by the scenario, or surveyed with a tolerance."""
        dealt = (key for deal in self.scene.config.deals for key in deal.keys)
        keys = dict.fromkeys([*(vary.key for vary in self.scene.config.variation), *dealt])
        return tuple(key for key in keys if not self._tells(key))

    @property
    def drawn(self) -> tuple[str, ...]:
        """Of these, those that nobody surveyed either."""
        surveyed = within_survey(self.scene)
        return tuple(key for key in self.open if key not in surveyed)

    @property
    def unplaced(self) -> tuple[str, ...]:
        """Places and heights among these, which commands that were meant for another one miss: no number of draws comes near enough."""
        return tuple(key for key in self.drawn if key.partition(".")[2] in (*PLACES, *HEIGHTS))

    def unknown(self) -> list[str]:
        """What likely starts are drawn of: all that varies, but friction, where the record leaves open what the scenario names as an
        unknown start (`judge.if_unknown`); nothing where it tells that.
        """
        named = any(is_under(key, word) for word in self.scene.config.vary_unknown for key in self.open)
        return [key for key in self.open if key != "friction"] if named else []

    def untried(self, tried: Collection[str]) -> list[str]:
        """Values that nobody measured, without friction and those under words that were tried."""
        return [key for key in self.drawn if key != "friction" and not any(is_under(key, word) for word in tried)]

    def _tells(self, key: str) -> bool:
        words = self.scene.config.vary_unknown if self.laid else ()
        return key in self.inferred.values or _own(key, self.poses) or any(is_under(key, word) for word in words)

    def draw(self, values: Mapping[str, float]) -> Draw:
        """The start with these values for what the record does not tell."""
        draw = drawing.of_values(self.scene, {**values, **self.inferred.values}, 0)
        joints = {name.replace(".", "/", 1): value for name, value in self.joints.items()}
        return posed(stood(self.scene, draw, self.poses), {**joints, **self.angles})

    def plain(self, seed: int) -> Draw:
        """The start with the scenario's own value for what nobody measured, or where that cannot be, with the first that can."""
        known = nominal_values(self.scene.config)
        first = self.draw(known)
        loose = [key for key in self.drawn if key != "friction"]
        if penetration(first) <= PENETRATION or not loose:
            return first
        other = next(self._sound(loose, known, np.random.default_rng(seed)))
        return other if penetration(other) <= PENETRATION else first

    def likely(self, words: Collection[str], seed: int, n: int) -> list[Draw]:
        """Likely starts: what is named is drawn, with whatever is dealt out with it; all else as in `plain`."""
        keys = {key for key in self.open if any(is_under(key, word) for word in words)}
        for deal in self.scene.config.deals:  # no two things get the same place
            keys |= set(deal.keys) & set(self.open) if keys & set(deal.keys) else set()
        starts = self._sound(keys, self.plain(seed).values, np.random.default_rng(seed))
        return [next(starts) for _ in range(n)]

    def further(self, base: Draw, n: int, seed: int) -> list[Draw]:
        """Starts further and further from one in what nobody measured: the k-th of n by up to k/n of what the scenario draws.

        Every other one lies at ends of that, each value at one of its two: what happens only beyond some mass is seen there.
        """
        rng = np.random.default_rng(seed)
        return [next(self._sound(self.drawn, base.values, rng, (k + 1) / n, ends=k % 2 == 1)) for k in range(n)]

    def anywhere(self, n: int, seed: int) -> list[Draw]:
        """Starts with places and heights that nobody measured anywhere in what the scenario draws, in every other one at its ends; all
        else as in `plain`."""
        base, rng = self.plain(seed).values, np.random.default_rng(seed)
        return [next(self._sound(self.unplaced, base, rng, ends=k % 2 == 1)) for k in range(n)]

    def _sound(
        self,
        keys: Collection[str],
        base: Mapping[str, float],
        rng: np.random.Generator,
        share: float = 1.0,
        ends: bool = False,
    ) -> Iterator[Draw]:
        """Draws of some values of a start; of `TRIES` the first in which nothing stands inside something else.

        Args:
            share: of the way from the base to what is drawn; places that are dealt out are dealt whole.
            ends: whether each value is drawn from the two ends of its range.
        """
        dealt = {key for deal in self.scene.config.deals for key in deal.keys}
        while True:
            best: Draw | None = None
            for _ in range(1 if self.scene.cloths else TRIES):  # a cloth comes to rest by being simulated
                drawn = self._ends(rng) if ends else draw_values(self.scene.config, rng)
                some = {
                    key: drawn[key] if key in dealt else base[key] + share * (drawn[key] - base[key]) for key in keys
                }
                draw = self.draw({**base, **some})
                if best is None or penetration(draw) < penetration(best):
                    best = draw
                if penetration(best) <= PENETRATION:
                    break
            assert best is not None
            yield best

    def _ends(self, rng: np.random.Generator) -> dict[str, float]:
        """One draw in which each varied value is at an end of its range."""
        config = self.scene.config
        values = dealt_values(config, rng)
        for vary in config.variation:
            end = vary.low if rng.random() < 0.5 else vary.high
            values[vary.key] = end if vary.replace else values[vary.key] + end
        return values

    def sources(self) -> dict[str, str]:
        """Where the start of each thing, and each value that the scenario draws, comes from."""
        found = dict.fromkeys(self.poses, RECORDED) | dict.fromkeys(self.pictured, PICTURE)
        found |= dict.fromkeys(self.joints, RECORDED)
        cell = self.scene.config.cell
        surveyed = cell.measured if cell is not None else frozenset()
        found |= {key: SURVEYED for key in sorted(surveyed) if not _own(key, self.poses)}
        for key, things in self.inferred.sources.items():
            seen = key in surveyed and set(things) <= set(self.pictured)  # their places in the picture were computed from the survey
            if not _own(key, self.poses) and not seen:
                found[key] = f"inferred from {', '.join(things)}"
        found |= {key.partition(".")[0]: DRAWN for key in self.unplaced} | {key: DRAWN for key in self.drawn}
        hands = {
            key: HANDS for key in self.drawn if key.partition(".")[0] in self.held and key.partition(".")[2] in PLACES
        }
        return found | dict.fromkeys(self.held, HANDS) | hands


def recorded_start(
    scene: Scene, recording: Recording, at: float, angles: Mapping[str, float], rules: Rules, laid: bool = False
) -> StartOfTake:
    """The start of a take at a time [s, from the recording's origin].

    Args:
        angles: where the robot's joints are then [rad]; laid: see `StartOfTake`.
    """
    poses, joints = recorded_poses(scene, recording, at), recorded_joints(scene, recording, at)
    if not poses and not joints:
        rule = rules["start.place"]
        none = rule.not_checked("no_object_poses") if things_of(scene) else rule.not_applicable("no_objects")
        return StartOfTake(scene, {}, {}, angles, Inferred(), (none,), laid=laid)
    laid_at = _laid(scene, poses)
    misread = check_frame({name: poses[name].pos for name in laid_at}, laid_at, joint_ways(scene, recording), {}, rules)
    if misread.things:  # read as they were meant, and nothing is proven from them
        poses = {name: Pose(misread.things.get(name, 1.0) * pose.pos, pose.quat) for name, pose in poses.items()}
        joints = {name: misread.things.get(name, 1.0) * value for name, value in joints.items()}
    cell = scene.config.cell
    surveyed = cell.measured if cell is not None else frozenset()
    lying = resting(recording, poses, at)
    inferred = infer(scene, {name: pose for name, pose in poses.items() if name in lying}, joints, surveyed)
    if not misread.things and inferred.impossible:
        where = {name: poses[name].pos for name in laid_at}
        misread = check_frame(where, laid_at, {}, inferred.impossible, rules)
        poses = {name: pose for name, pose in poses.items() if name not in misread.things}
    one = inferred
    found = check_places(one.values, one.sources, _elsewhere(one, poses), one.apart, rules, surveyed, one.impossible)
    taken = {key: value for key, value in inferred.values.items() if key not in found.left}
    at_rest = {name: pose for name, pose in poses.items() if name in lying}
    decided = tuple(_as_decided(scene, finding, taken, surveyed, at_rest) for finding in found.findings)
    inferred = replace(inferred, values=taken, sources={key: inferred.sources[key] for key in taken})
    unsure = "other_frame" if misread.things else "object_order" if _other_order(scene, poses, rules) else found.unsure
    pictured = tuple(name for name in located_poses(scene, recording) if name not in object_streams(recording, tuple(poses)))
    findings = (*misread.findings, *decided)
    return StartOfTake(scene, poses, joints, angles, inferred, findings, unsure, laid, pictured=pictured)


def _as_decided(
    scene: Scene, finding: Finding, taken: Mapping[str, float], surveyed: Collection[str], poses: Mapping[str, Pose]
) -> Finding:
    """`start.place` with the heights to which the start was moved so that it fits what was recorded; and where things contradict each
    other, with those by which alone the scene would be as nobody draws it, while by another one it is as it is drawn."""
    drawn = nominal_values(scene.config)
    heights = [key for key in taken if key.partition(".")[2] in HEIGHTS and key not in surveyed]
    moved = [
        {"key": key, "here": taken[key], "there": drawn[key], "by": taken[key] - drawn[key], "unit": "m"}
        for key in heights
        if abs(taken[key] - drawn[key]) > MOVED
    ]
    details = finding.details | ({"differs": moved} if moved else {})
    if finding.reason != "things_apart":
        return finding.with_(details=details)
    alone = {name: infer(scene, {name: poses[name]}, {}, surveyed) for name in finding.subject if name in poses}
    for key in heights:
        at = {name: one.values[key] for name, one in alone.items() if key in one.values}
        odd = [name for name in at if key in alone[name].outside]
        if odd and len(odd) < len(at):
            fits = [name for name in at if name not in odd]
            witness = {"key": key, "odd": ", ".join(odd), "odd_at": at[odd[0]], "fits": ", ".join(fits), "fits_at": at[fits[0]]}
            return finding.with_(subject=tuple(odd), details=details | witness)
    return finding.with_(details=details)


def _laid(scene: Scene, poses: Mapping[str, Pose]) -> dict[str, np.ndarray]:
    """Thing -> (3,) where the scenario lays it [m], of those with a pose."""
    lain = drawing.rested(scene, scene.model)
    return {name: lain[a : a + 3] for name in poses if (a := free_joint(scene.model, name)) is not None}


def _other_order(scene: Scene, poses: Mapping[str, Pose], rules: Rules) -> bool:
    """Whether the numbers of the recorded orientations stand in the order of others, so that they are no orientations."""
    lain = drawing.rested(scene, scene.model)
    at = {name: a for name in poses if (a := free_joint(scene.model, name)) is not None}
    if not at:
        return False
    upright = np.stack([lain[a + 3 : a + 7] for a in at.values()])
    return check_order(tuple(at), np.stack([poses[name].quat for name in at]), upright, rules).failed


def _elsewhere(inferred: Inferred, poses: Mapping[str, Pose]) -> dict[str, tuple[float, float]]:
    """Values beyond what is drawn, without the places of things that were recorded: these lie where they were put."""
    return {key: ends for key, ends in inferred.outside.items() if not _own(key, poses)}


def _own(key: str, poses: Collection[str]) -> bool:
    """Whether a value is the place of a thing of which the pose was recorded."""
    part, _, value = key.partition(".")
    return part in poses and value in PLACES


def posed(draw: Draw, angles: Mapping[str, float]) -> Draw:
    """A draw in which joints, by their names in the model, start at these positions [m, rad]."""
    data = draw.data()
    for name, angle in angles.items():
        data.qpos[draw.model.joint(name).qposadr[0]] = angle
    return draw.starting_as(data)
