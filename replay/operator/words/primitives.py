"""The primitives: the few things that hands do. How one of them is done is a strategy, a skill with this `word` and its own `how`.

The arguments of a primitive's strategies are declared here once: one name, one kind and unit, one meaning. A strategy says
which of these it takes, from what default, and adds the few that are its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .skill import REQUIRED, THINGS, Argument

HAND = Argument("hand", "which hand")
EITHER = Argument("hand", "which hand; either: the one that has more room", "either", ("left", "right", "either"))
POSTURE = Argument("posture", "how the arm is held")
SPEED = Argument("speed", "largest speed of the hand")
OPENING = Argument("length", "gap between the pads, on the way there or when they have let go")
PADS = Argument("force", "force of each pad")
YAW = Argument("angle", "direction of the fingers against the way into the part, positive to the left")
PITCH = Argument("angle", "how far the fingers point down")
STANDOFF = Argument("length", "distance from which the hand comes straight")
RETREAT = Argument("length", "how far the hand draws back")
UNTIL = Argument("subgoal", "the subgoal at which it ends", None)
AT_MOST = Argument("time", "time after which it ends in any case")
BESIDE = Argument("word", "whether the next skill begins at once", "no", ("no", "yes"))
HELD = Argument("site", "the site of what is held that shall come to the place")
PLACE = Argument("site", "the place")
OPENS = Argument(
    "site", "what it goes into or comes out of: a site in the middle of its opening's front, x axis inwards"
)
OVER = Argument("site", "a site of the table's edge")
BOTH = {
    "left": Argument("site", "middle of the table's end to the left, x across the table"),
    "right": Argument("site", "middle of the table's end to the right"),
}
ON_FOOT = {
    "speed": Argument("speed", "largest speed over the floor"),
    "turning": Argument("angle", "how far it turns in a second at most", 0.4, low=0.0174),
    "within": Argument("length", "how far from the place it may stand at the end", 0.01, low=0.0),
}


@dataclass(frozen=True)
class Primitive:
    """What hands do, however it is done.

    Attributes:
        word: in the YAML; doc: what it does; shared: arguments that its strategies may have, by name.
    """

    word: str
    doc: str
    shared: Mapping[str, Argument]

    def __call__(self, same: str = "", /, **own: Any) -> dict[str, Argument]:
        """The arguments of a strategy.

        Args:
            same: names of the shared ones that it takes as they are, with blanks between them.
            own: the others: a default for a shared one, or an `Argument` of its own, or a shared one with other settings.

        Raises:
            TypeError: a shared name would mean another kind of thing.
        """
        found = {name: self.shared[name] for name in same.split()}
        for name, given in own.items():
            shared = self.shared.get(name)
            if not isinstance(given, Argument):
                if shared is None:
                    raise TypeError(f"{self.word} has no argument {name!r} that its strategies share")
                given = shared.but(default=given)
            elif shared is not None and given.kind != shared.kind and not {given.kind, shared.kind} <= {*THINGS}:
                raise TypeError(f"{name!r} of {self.word} is a {shared.kind} for all its strategies, no {given.kind}")
            found[name] = given
        return found

    def at(self, name: str, doc: str, default: Any = REQUIRED, **more: Any) -> Argument:
        """A shared argument with other settings."""
        return self.shared[name].but(doc=doc, default=default, **more)
TAKE = Primitive(
    "take",
    "Take hold of something.",
    {
        "hand": HAND,
        "of": Argument("body", "what is taken"),
        "at": Argument("site", "where on it the pads' middle comes"),
        "grip": Argument(
            "grip", "a grip of its sheet, which says where, from which side, how far open and how hard at most", None
        ),
        "into": Argument("site", "where it shall go, so that it is taken as it can be brought there", None),
        "over": OVER,
        **BOTH,
        "fingers": Argument(
            "word", "which way the fingers point along the rim, seen from outside", "right", ("left", "right")
        ),
        "yaw": YAW,
        "pitch": PITCH,
        "depth": Argument("length", "how far below the site the pads' middle grips"),
        "back": Argument("length", "how far before the site, along the fingers, the pads' middle stays"),
        "above": Argument("length", "height from which the hand comes down"),
        "standoff": STANDOFF,
        "opening": OPENING.but(doc="gap between the pads on the way there"),
        "force": PADS,
        "by": Argument("length", "how far it is raised then"),
        "tries": Argument("word", "how often it is taken at most", "3", ("1", "2", "3", "5")),
        "posture": POSTURE,
        "speed": SPEED,
    },
)
LIFT = Primitive(
    "lift",
    "Raise what is held.",
    {"hand": HAND, "by": Argument("length", "how far"), "speed": SPEED},
)
CARRY = Primitive(
    "carry",
    "Bring what is held to a place, and hold it there.",
    {
        "hand": HAND,
        "of": HELD,
        "upon": PLACE,
        "into": OPENS,
        "ahead": Argument("length", "how far beyond the place, along its x axis", 0.0),
        "aside": Argument("length", "how far to the left of the place, along its y axis", 0.0),
        "above": Argument("length", "height over the place"),
        "before": Argument("length", "distance kept before the opening's front"),
        "beside": Argument("length", "how far to the side of the opening's front that distance is kept"),
        "standoff": Argument("length", "distance that is left before the place"),
        "yaw": YAW,
        "turn": Argument("word", "whether it may arrive turned about the vertical", "free", ("free", "keep")),
        "speed": SPEED,
    },
)
PUT = Primitive(
    "put",
    "Bring what is held to its place, and let go of it there.",
    {
        "hand": HAND,
        "of": HELD,
        "upon": PLACE,
        "into": OPENS,
        "over": OVER,
        "ahead": Argument("length", "how far beyond the place, along its x axis", 0.0),
        "aside": Argument("length", "how far to the left of the place, seen along its x axis", 0.0),
        "above": Argument("length", "height over the place from which it is lowered"),
        "high": Argument("length", "height over the place at which it comes there"),
        "turn": Argument("word", "whether it may arrive turned about the vertical", "free", ("free", "keep")),
        "force": Argument("force", "force with which it is pressed home"),
        "until": UNTIL,
        "opening": OPENING.but(doc="gap between the pads when they have let go"),
        "leave": Argument(
            "word",
            "which way the hand leaves: up, back along its fingers, or back and then up (over)",
            "up",
            ("up", "back", "over", "free"),
        ),
        "back": Argument("length", "how far the hand draws back along its fingers"),
        "retreat": RETREAT,
        "lowering": Argument("speed", "speed of lowering"),
        "pitch": PITCH,
        "posture": POSTURE,
        "speed": SPEED,
    },
)
MOVE_JOINT = Primitive(
    "move_joint",
    "Move a door, a drawer, a lever, a knob: any hinge or slide, by its handle or its edge.",
    {
        "hand": HAND,
        "joint": Argument("joint", "the hinge or slide"),
        "at": Argument("site", "the handle"),
        "edge": Argument("site", "a site of its free edge, half way up, x axis out of it"),
        "to": Argument("travel", "how far it stands open at the end"),
        "by": Argument("angle", "how far, clockwise as who turns it sees it"),
        "until": UNTIL,
        "at_least": Argument("travel", "how far it is moved in any case"),
        "radius": Argument("length", "how far from the hinge the hand pushes", low=0.01),
        "height": Argument("length", "height above the site"),
        "opening": OPENING,
        "standoff": STANDOFF,
        "retreat": RETREAT,
        "force": Argument("force", "largest force: of each pad where it is held, else of the push or pull"),
        "yaw": YAW,
        "pitch": PITCH,
        "posture": POSTURE,
        "speed": SPEED,
    },
)
PRESS = Primitive(
    "press",
    "Press with the closed fingertips.",
    {
        "hand": HAND,
        "at": Argument("site", "where"),
        "force": Argument("force", "force on the surface"),
        "time": Argument("time", "how long it stays"),
        "until": UNTIL,
        "standoff": Argument("length", "distance of the fingertip before it presses"),
        "yaw": YAW,
        "pitch": PITCH,
        "posture": POSTURE,
        "speed": SPEED,
    },
)
STROKE = Primitive(
    "stroke",
    "Move along a surface or in a vessel, with the fingertips or with what is held.",
    {
        "hand": HAND,
        "of": Argument("site", "the site of what is moved, or of what is held and does it"),
        "at": Argument("site", "the middle of what is stroked, z out of it"),
        "from": Argument("site", "where it begins, on the surface, z out of it"),
        "to": Argument("site", "where it ends or turns"),
        "into": Argument("site", "the middle of the vessel's floor, z up"),
        "force": Argument("force", "force on the surface"),
        "radius": Argument("length", "how far from the site the tip goes"),
        "height": Argument("length", "height above the site"),
        "speed": Argument("speed", "speed of the hand"),
    },
)
POUR = Primitive(
    "pour",
    "Pour from what is held.",
    {
        "hand": HAND,
        "lip": Argument("site", "the bottle's mouth, z axis out of it"),
        "into": Argument("site", "the mouth of what is filled"),
        "gauge": Argument("joint", "what shows the level there"),
        "at_most": AT_MOST,
        "posture": POSTURE.but(default="ready"),
        "speed": SPEED.but(default=0.25),
    },
)
HAND_OVER = Primitive(
    "hand_over",
    "Give what is held to a person, or to the other hand.",
    {
        "hand": HAND,
        "of": Argument("site", "a site in the middle of what is held"),
        "at": Argument("site", "a site where it is held, z up"),
        "handle": Argument("site", "the handle that is offered"),
        "person": Argument("site", "who takes it: a site of the chest, x axis the way it faces"),
        "force": Argument("force", "of a pull, or of each pad that takes"),
        "opening": OPENING,
        "at_most": AT_MOST,
        "posture": POSTURE,
        "speed": SPEED,
    },
)
WALK = Primitive(
    "walk",
    "Go, turn or bend the knees; the robot has to stand on a base that moves.",
    {
        "to": Argument("site", "where to"),
        "yaw": Argument("angle", "heading at the end, from the world's x axis to the left", None),
        "by": Argument("length", "how far"),
        **BOTH,
        **ON_FOOT,
    },
)
LOOK = Primitive(
    "look",
    "Turn the head to a place.",
    {
        "at": PLACE,
        "speed": Argument("angular_speed", "speed of the neck's joints"),
        "beside": BESIDE,
    },
)
POINT = Primitive(
    "point",
    "Point at a place.",
    {
        "hand": HAND,
        "at": PLACE,
        "standoff": Argument("length", "distance of the fingertips from the place"),
        "time": Argument("time", "how long"),
        "posture": POSTURE,
        "speed": SPEED,
    },
)
WAIT = Primitive(
    "wait",
    "Keep still.",
    {
        "hand": HAND,
        "time": Argument("time", "how long"),
        "until": Argument("subgoal", "the subgoal at which it ends", None),
        "at_most": AT_MOST,
    },
)
REPORT = Primitive(
    "report",
    "Report what is seen.",
    {
        "of": Argument("body", "the part to read, as in the scenario's `answers`"),
        "wrong": Argument("share", "by how much of its range each is reported wrong", low=0.0),
    },
)
REACH = Primitive(
    "reach",
    "Bring the open hand before something.",
    {
        "hand": HAND,
        "at": Argument("site", "where to; the fingers come against its x axis, which points out of the part"),
        "yaw": YAW,
        "pitch": PITCH,
        "standoff": Argument("length", "distance that is left between the fingers and the site"),
        "opening": OPENING.but(doc="gap between the pads"),
        "posture": POSTURE,
        "speed": SPEED,
    },
)
RELEASE = Primitive(
    "release",
    "Let go, and draw back.",
    {
        "hand": HAND,
        "opening": OPENING.but(doc="gap between the pads"),
        "retreat": RETREAT.but(doc="how far the hand draws back along its fingers"),
        "speed": SPEED,
        "beside": BESIDE,
    },
)
HOME = Primitive(
    "home",
    "Take a hand out of the way.",
    {
        "hand": HAND,
        "posture": POSTURE.but(default="ready"),
        "opening": OPENING.but(doc="gap between the pads"),
        "retreat": RETREAT,
        "speed": SPEED,
        "beside": BESIDE,
        "around": Argument("word", "whether a way round what is seen is sought", "no", ("no", "yes")),
    },
)
VERIFY = Primitive(
    "verify",
    "See whether something holds.",
    {
        "hand": HAND,
        "of": HELD.but(doc="the site of what is held"),
        "into": Argument("site", "the hole's mouth, x axis out of it"),
        "force": Argument("force", "force with which it is pulled"),
        "time": WAIT.shared["time"],
        "until": UNTIL,
    },
)
CLOTH = Argument("cloth", "the cloth")
OF_CLOTH = {
    "of": CLOTH,
    "over": OVER,
    **BOTH,
    "pitch": PITCH,
    "force": PADS,
    "speed": SPEED,
    "reach": Argument("speed", "largest speed of the free hands"),
}
DRAWN = {"speed": SPEED.but(doc="speed with which the cloth is drawn"), "tries": TAKE.shared["tries"]}
DRAW = Primitive("draw", "Draw a cloth over a table.", OF_CLOTH | DRAWN)
FOLD = Primitive("fold", "Fold a cloth that both hands hold over, and let go of it.", OF_CLOTH)
FLING = Primitive(
    "fling", "Shake a cloth out that both hands hold, and lay it down.", OF_CLOTH | {"tries": TAKE.shared["tries"]}
)
PRIMITIVES = {
    one.word: one
    for one in (
        TAKE, LIFT, CARRY, PUT, MOVE_JOINT, PRESS, STROKE, POUR, HAND_OVER, WALK, LOOK, POINT, WAIT, REACH, RELEASE, HOME,
        VERIFY, REPORT, DRAW, FOLD, FLING,
    )
}  # fmt: skip
