"""Films: hand-made traces of what a replay would show, by which the patterns of skills are tested.

A skill with a pattern of its own has a film that shows it and one that does not, in its own test:

    assert shown(step("wave"), [(0, KNOB), (2, RIM)], {}) < 0.1
    assert shown(step("wave"), [(0, KNOB)], {}) >= 0.5
"""

import numpy as np
from shiliu.replay.labels.proposal import evidence
from shiliu.replay.operator.recognition.evidence import Step
from shiliu.replay.operator.recognition.hand_features import HandFeatures
from shiliu.replay.operator.recognition.tracks import Tracks

DT = 1 / 30
LID, CUP = "chest/lid", "cup/cup"  # nothing here is the microwave's
PLACE, KNOB, RIM, FLOOR = (0.4, 0.0, 1.0), (0.5, 0.2, 1.0), (0.3, -0.2, 1.0), (0.4, 0.0, 1.0)


def keyed(keys, seconds):
    """(T+1, ...) values that go gently from key to key, (second, value)."""
    t = np.arange(round(seconds / DT) + 1) * DT
    times, values = [k[0] for k in keys], np.array([k[1] for k in keys], float)
    found = np.repeat(values[:1], len(t), axis=0)
    for t0, t1, a, b in zip(times, times[1:], values, values[1:]):
        u = np.clip((t - t0) / (t1 - t0), 0.0, 1.0)
        share = u**3 * (10 - 15 * u + 6 * u * u)
        inside = t >= t0
        found[inside] = (a + np.multiply.outer(share, b - a))[inside]
    return found


def film(
    seconds,
    hand,
    claw=((0, 20),),
    held=(),
    touched=(),
    joints=None,
    places=None,
    side="left",
    slides=(),
    leans=None,
    beside=(),
    both=False,
):
    """Tracks of one acting hand; the other stays where it is, but holds what `beside` says, and goes along where `both`.

    Args:
        hand: keys of the tcp; claw: keys of percent; held, touched: (from, to, body) [s].
        joints, places: name -> keys; leans: site -> keys of the angle between its z axis and the vertical.
    """
    other = "right" if side == "left" else "left"
    n = round(seconds / DT) + 1
    t = np.arange(n) * DT
    fingers = {(one, finger): {} for one in (side, other) for finger in ("front", "back")}
    near = {side: {}, other: {}}
    for begin, end, body in (*held, *touched):
        near[side][body] = near[side].get(body, np.zeros(n, bool)) | ((t >= begin) & (t < end))
    for begin, end, body in beside:
        near[other][body] = (t >= begin) & (t < end)
    for whose, begin, end, body in (*((side, *one) for one in held), *((other, *one) for one in beside)):
        for finger, push in (("front", (0, 1, 0)), ("back", (0, -1, 0))):
            fingers[whose, finger].setdefault(body, np.zeros((n, 3)))[(t >= begin) & (t < end)] = push
    positions = {
        f"{side}_tcp": keyed(hand, seconds),
        f"{other}_tcp": keyed(hand, seconds) + 5.0 if both else np.full((n, 3), 5.0),
    }
    positions |= {name: keyed(keys, seconds) for name, keys in (places or {}).items()}
    owner = {"chest/knob": LID, "cup/rim": CUP, "cup/base": CUP, "key/face": "key/key"}
    owner |= {"lid_hinge": LID, "key_slide": "key/key", "table/here": "table/table", "cup/level": "cup/water"}
    rotations = {name: np.tile(np.eye(3), (n, 1, 1)) for name in positions}
    for name, keys in (leans or {}).items():
        lean = keyed(keys, seconds)
        rotations[name][:, 1:, 1:] = np.moveaxis([[np.cos(lean), -np.sin(lean)], [np.sin(lean), np.cos(lean)]], 2, 0)
    return Tracks(
        DT,
        positions,
        rotations,
        {name: keyed(keys, seconds) for name, keys in (joints or {}).items()},
        {side: keyed(claw, seconds), other: np.zeros(n)},
        fingers,
        near,
        {LID: "chest/chest", "chest/chest": "world", CUP: "world", "key/key": "world", "cup/water": CUP},
        {name: body for name, body in owner.items() if name in positions or name in (joints or {})},
        frozenset(slides),
        {},
        ("neck",),
    )


def step(word, hand="left", written=None, **arguments):
    return Step(word, {"hand": hand, **arguments}, written or {})


def shown(one, hand, settings):
    """Seconds of contradiction in the best three tenths of a second of a skill's needed phase, a second."""
    (phase,) = [p for p in evidence(HandFeatures(film(3.0, hand, **settings), "left"), one).phases if p.needed]
    windows = np.lib.stride_tricks.sliding_window_view(phase.against, 9).mean(axis=1)
    return float(windows.min())
