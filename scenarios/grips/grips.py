"""How a part can be held by a hand: the grips of its sheet, or computed ones where the sheet has none.

A grip of a sheet says where; what it leaves out (width, directions of the fingers, the force that is needed) is found from the
part's shapes and the hand's. What a sheet says is compared with what the shapes say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..parts.grip_sheet import GripSheet
from ..parts.part import Part
from .grip_search import narrowest, search
from .gripper import GripperFacts, gripper_of
from .workpiece import Touch, Workpiece, width_text

WITHIN = 3e-3  # m by which the width of a sheet may differ from that of the shapes
DOWN = np.array([0.0, 0.0, -1.0])


@dataclass(frozen=True)
class Grip:
    """One way to hold a part.

    Attributes:
        name: as the sheet calls it; a grip at several sites is several of one name. Computed ones are called by their kind.
        kind: a key of `grip_sheet.KINDS`.
        at: the site, or the vertex of cloth; empty where it is computed.
        position: (3,) of the pads' middle in the part's frame, as its file poses it [m], where the hand comes by the first way.
        ways: rotations (3, 3) of the hand, z along the fingers and y along the opening, for which there is room.
        round: whether every turn about the z axis of the site does as well.
        width: between the pads [m]; friction: of pad and part, the lowest; mass: of what is held, at most [kg].
        needed: force of each pad that holds it still with twice the safety [N]; bears: the largest that it takes [N], or None.
        hands: that hold it so together.
        source: `sheet` or `computed`; says: where the sheet has its numbers from.
        faults: why it does not hold; empty where it does.
    """

    name: str
    kind: str
    at: str
    position: np.ndarray
    ways: tuple[np.ndarray, ...]
    round: bool
    width: float
    friction: float
    mass: float
    needed: float
    bears: float | None
    hands: int
    source: str
    says: str = ""
    faults: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        return not self.faults

    @property
    def approach(self) -> np.ndarray:
        """(3,) along which the fingers point, by the first way."""
        return self.ways[0][:, 2] if self.ways else DOWN


def grips_of(part: Part, hand: GripperFacts | None = None, computed: bool | None = None) -> list[Grip]:
    """What a hand can take a part by, the sheet's entries with their faults.

    Args:
        part: as `load_part` gives it.
        hand: the claw of the usual robot where None.
        computed: True for the computed grips alone, False for the sheet's alone; None: the sheet's, or computed where it is silent.

    Raises:
        ScenarioError: the part does not compile.
    """
    gripper = hand or gripper_of()
    piece = Workpiece(part, gripper)
    if part.grips and computed is not True:
        return [grip for name, sheet in part.grips.items() for grip in _of_sheet(piece, name, sheet)]
    silent = computed or not part.unheld
    return [] if computed is False or not silent or not piece.root(None) else _computed(piece)


def why_not(part: Part, hand: GripperFacts | None = None) -> str:
    """Why a hand finds nothing to hold a loose part by, where `grips_of` computes none.

    Raises:
        ScenarioError: the part does not compile.
    """
    gripper = hand or gripper_of()
    least = narrowest(Workpiece(part, gripper))
    if least is not None and least > gripper.widest:
        return f"too wide: nowhere narrower than {width_text(least)}, and the {gripper.name} takes {width_text(gripper.widest)} at most"
    return "nowhere do the pads lie on it squarely with room for the hand, as it stands on its foot"


def _computed(piece: Workpiece) -> list[Grip]:
    names: dict[str, int] = {}
    found = []
    for kind, at, turn, touch, needed in search(piece):
        names[kind] = names.get(kind, 0) + 1
        name = kind if names[kind] == 1 else f"{kind}_{names[kind]}"
        faults = _too_much(piece, touch.friction[0], needed, None)
        found.append(Grip(name, kind, "", at, (turn,), False, touch.width, float(touch.friction[0]), _mass(piece, None),
                          needed, None, 1, "computed", "from its shapes", faults))  # fmt: skip
    return found


def _of_sheet(piece: Workpiece, name: str, sheet: GripSheet) -> list[Grip]:
    places = [("site", site) for site in sheet.sites] + [("body", body) for body in sheet.bodies]
    known = [(kind, word) for kind, word in places if getattr(piece.part.spec(), kind)(word) is not None]
    return [_vertex(piece, name, sheet, word) if piece.model.nflex else _solid(piece, name, sheet, kind, word)
            for kind, word in known]  # fmt: skip


def _vertex(piece: Workpiece, name: str, sheet: GripSheet, word: str) -> Grip:
    """A grip of cloth: pads on both faces of it, and only its weight pulls."""
    at, _ = piece.place(word, "body")
    force, _ = piece.load(at)
    friction = float(np.maximum(piece.model.flex_friction[0], piece.gripper.friction(np.zeros(3), 0))[0])
    width = 2.0 * float(piece.model.flex_radius[0]) if sheet.width is None else sheet.width
    needed = 2.0 * float(np.linalg.norm(force)) / (2.0 * friction) / sheet.hands
    turn = np.column_stack([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], DOWN])
    return Grip(name, sheet.kind, word, at, (turn,), False, width, friction, float(np.linalg.norm(force)) / 9.81, needed,
                sheet.bears, sheet.hands, "sheet", sheet.source, _too_much(piece, friction, needed, sheet.bears))  # fmt: skip


def _solid(piece: Workpiece, name: str, sheet: GripSheet, kind: str, word: str) -> Grip:
    place, site = piece.place(word, kind)
    body = int(getattr(piece.model, kind)(word).bodyid[0]) if kind == "site" else int(piece.model.body(word).id)
    pads = site @ _axis(sheet.pads)
    directions = [site @ _axis(axis) for axis in sheet.fingers] or _around(pads)
    words = sheet.fingers or tuple(_read(direction) for direction in directions)
    faults: list[str] = []
    ways: list[tuple[np.ndarray, np.ndarray, Touch]] = []
    blocked = ""
    for word_of_way, direction in zip(words, directions):
        turn = _turn(direction, pads, sheet.pitch)
        at = place - sheet.back * turn[:, 2] - sheet.depth * site[:, 2]
        spans = piece.spans(at + sheet.back * turn[:, 2], pads)
        guess = min(spans, key=lambda w: abs(w - sheet.width) if sheet.width else w, default=sheet.width or 0.0)
        if sheet.width is not None and abs(guess - sheet.width) > WITHIN:
            flat = piece.touch(at, turn, sheet.width)  # of a round thing with the site off its middle
            guess = sheet.width if flat is not None and abs(flat.width - sheet.width) <= WITHIN else guess
        if sheet.width is not None and abs(guess - sheet.width) > WITHIN and not faults:
            faults.append(f"its shapes are {width_text(guess)} wide there, the sheet says {width_text(sheet.width)}")
        if guess > piece.gripper.widest:
            faults.append(
                f"too wide: {width_text(guess)}, and the {piece.gripper.name} takes {width_text(piece.gripper.widest)} at most"
            )
            break
        touch = piece.touch(at, turn, guess)
        if touch is None:
            faults.append(f"the pads close on nothing at {word!r}")
            break
        way = piece.room(at, turn, touch.width)
        if not way:
            ways.append((at, turn, touch))
            continue
        blocked = blocked or f"with the fingers along {word_of_way}, {way}"
    if blocked and (sheet.fingers or not ways):
        faults.append(f"no room for the hand: {blocked}")
    if not ways:
        return Grip(name, sheet.kind, word, place, (), sheet.round, sheet.width or 0.0, 0.0, _mass(piece, body), np.inf,
                    sheet.bears, sheet.hands, "sheet", sheet.source, tuple(faults))  # fmt: skip
    at, turn, touch = ways[0]
    needed = max(piece.needed(at, turn, touch, body, sheet.hands) for at, turn, touch in ways)
    faults += _too_much(piece, touch.friction[0], needed, sheet.bears)
    return Grip(name, sheet.kind, word, at, tuple(turn for _, turn, _ in ways), sheet.round, touch.width,
                float(touch.friction[0]), _mass(piece, body), needed, sheet.bears, sheet.hands, "sheet", sheet.source,
                tuple(faults))  # fmt: skip


def _too_much(piece: Workpiece, friction: float, needed: float, bears: float | None) -> tuple[str, ...]:
    """Why a hand cannot hold with that force, or what is held would not bear it."""
    hand = piece.gripper
    if needed > hand.force:
        pad = float(hand.friction(np.zeros(3), 0)[0])
        slippery = needed * friction / pad <= hand.force
        why = f"too slippery: friction {friction:g} against the pads" if slippery else "too heavy"
        return (f"{why}; each pad would have to press with {needed:.0f} N, and the {hand.name} has {hand.force:.0f} N",)
    if bears is not None and needed > bears:
        return (f"each pad has to press with {needed:.0f} N, and it bears {bears:.0f} N",)
    return ()


def _mass(piece: Workpiece, body: int | None) -> float:
    """Of what is lifted, at most [kg]; 0 for what is fixed."""
    force, _ = piece.load(np.zeros(3), body)
    return float(np.linalg.norm(force)) / float(np.linalg.norm(piece.model.opt.gravity))


def _axis(word: str) -> np.ndarray:
    vector = np.zeros(3)
    vector["xyz".index(word[-1])] = -1.0 if word.startswith("-") else 1.0
    return vector


def _turn(fingers: np.ndarray, pads: np.ndarray, pitch: float) -> np.ndarray:
    """Rotation of the hand with its fingers along a direction, and by `pitch` further down about the closing axis."""
    if pitch:
        down = DOWN - (DOWN @ pads) * pads - (DOWN @ fingers) * fingers
        size = float(np.linalg.norm(down))
        if size > 1e-6:
            fingers = np.cos(pitch) * fingers + np.sin(pitch) * down / size
    return np.column_stack([np.cross(pads, fingers), pads, fingers])


def _around(pads: np.ndarray) -> list[np.ndarray]:
    """Eight directions square to the closing axis, the first ones down and level, those from below left out."""
    from .grip_search import directions

    return directions(pads)


def _read(way: np.ndarray) -> str:
    """A direction in words of the part's frame: `-z`, or its three numbers."""
    largest = int(np.abs(way).argmax())
    if abs(way[largest]) > 0.999:
        return f"{'-' if way[largest] < 0 else ''}{'xyz'[largest]}"
    return f"({', '.join(f'{number:.2f}' for number in way + 0.0)})"
