"""What numbers look like: angles in radians or degrees, counts, quaternions, times, columns that never change.

Guesses by range and shape, for a draft that a person corrects. None of them is knowledge, and each comes with its doubt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

FULL_TURN = 2 * np.pi + 0.3  # rad, what a joint's angle hardly exceeds
MOST_DEGREES = 400.0
UNIT_WITHIN = 1e-3  # how far the norm of a quaternion may be from one
TIME_STEP = (1e-4, 1.0)  # s, what lies between two rows of a recording
_VELOCITY = re.compile(r"vel|qvel|_v$|speed", re.IGNORECASE)
_TORQUE = re.compile(r"torque|effort|tau|force", re.IGNORECASE)
_FINGERS = re.compile(r"hand|finger|thumb|gripper|claw|指|爪|灵巧手", re.IGNORECASE)
_GRIPPERS = re.compile(r"gripper|claw|(?<![a-z])pct(?![a-z])|percent|爪", re.IGNORECASE)  # which many sets have from 0 to 100
SHARE_WITHIN = 0.02  # of its way, that a hand may be measured past an end
# unit -> lowest and highest value, and by how much more than this they are apart in a take; the first that fits is taken
FINGER_WAYS = {"1": (0.0, 1.0, -np.inf)}
GRIPPER_WAYS = {
    "m": (0.0, 0.15, 0.005), **FINGER_WAYS, "-1..1": (-1.0, 1.0, 1.0),
    "%": (0.0, 100.0, FULL_TURN), "0..255": (0.0, 255.0, 100.0), "count": (0.0, 65535.0, 255.0),
}  # fmt: skip
COUNTS = ("0..255", "count")  # whole numbers
TAKEN_AS = {
    "1": "fingers by their names, from 0 to 1: taken as shares of their way; radians look alike",
    "m": "grippers by their names, within 0.15: taken as widths in metres; shares of a way look alike",
    "-1..1": "grippers by their names, from -1 to 1: taken as a normalised way; radians look alike",
    "%": "grippers by their names, from 0 to 100: taken as percent of their way; degrees look alike",
    "0..255": "grippers by their names, whole numbers up to 255: taken as counts from 0 to 255",
    "count": "grippers by their names, whole numbers: taken as device counts",
}
_COUNTED = re.compile(r"\d+(?=\D*$)")
_ROLES = (
    ("event", re.compile(r"reward|done|success|contact|flag|status|button|valid|annotation", re.IGNORECASE)),
    ("command", re.compile(r"action|ctrl|cmd|command|target|desired|goal|master|leader", re.IGNORECASE)),
    ("pose", re.compile(r"pose|quat|trans|bone|body_|xpos|mocap|keypoint|world", re.IGNORECASE)),
    ("measured", re.compile(r"state|qpos|qvel|joint|obs|position|robot|vel|effort|torque|^q$", re.IGNORECASE)),
)


@dataclass(frozen=True)
class Guess:
    """Quantity and unit of some columns, and what is not certain about them."""

    quantity: str
    unit: str
    doubt: str


def role_of(name: str) -> tuple[str, str | None]:
    """Role of a channel by its name, and the doubt in it."""
    found = [role for role, pattern in _ROLES if pattern.search(name)]
    if not found:
        return "measured", f"{name}: taken as measured, because its name does not tell"
    if len(found) > 1:
        return found[0], f"{name}: taken as {found[0]}; by its name it could be {' or '.join(found[1:])}"
    return found[0], None


def unit_of(channel: str, values: np.ndarray, role: str) -> Guess:
    """What columns of one kind hold, by the channel's name and by how far they reach.

    Args:
        values: (n, k) columns that are thought to share a unit.
    """
    finite = values[np.isfinite(values)]
    reach = float(np.abs(finite).max()) if finite.size else 0.0
    whole = bool(finite.size) and bool((finite == np.rint(finite)).all())
    if role == "event":
        return Guess(re.sub(r"\W+", "_", channel).strip("_"), "1", "")
    if _TORQUE.search(channel):
        return Guess("joint_torque", "Nm", f"{channel}: taken as torques in Nm by its name")
    if _VELOCITY.search(channel):
        return Guess("joint_velocity", "rad/s", f"{channel}: taken as speeds in rad/s by its name")
    if role == "pose":
        return Guess("position", "m", f"{channel}: taken as positions in metres")
    if reach <= FULL_TURN:
        return Guess(
            "joint_position",
            "rad",
            f"{channel}: radians by range (within one turn); metres or shares of one look alike",
        )
    if whole:
        return Guess("joint_position", "count", f"{channel}: whole numbers up to {reach:g}, taken as device counts")
    if reach <= MOST_DEGREES:
        return Guess(
            "joint_position",
            "deg",
            f"{channel}: beyond one turn in radians, taken as degrees; percent and counts look alike",
        )
    return Guess("joint_position", "count", f"{channel}: beyond {MOST_DEGREES:g}, taken as device counts")


def fingers(channel: str, labels: tuple[str, ...], values: np.ndarray) -> tuple[list[bool], str]:
    """Which columns (n, k) of a channel are likely to be fingers and grippers, by their names, and in which unit, by how far all of them
    reach: shares of their way (`1`), percent (`%`), between the ends of a normalised set (`-1..1`), a width (`m`), counts of a drive.

    Angles of fingers may look so, too. But a finger is stopped by what it holds, and a joint of an arm is not.
    """
    none = [False] * values.shape[1]
    if not is_place(channel):
        return none, "1"
    for names, units in ((_GRIPPERS, GRIPPER_WAYS), (_FINGERS, FINGER_WAYS)):
        named = [bool(names.search(label)) for label in labels] or none
        of = values[:, named]
        of = of[np.isfinite(of)]
        if not of.size:
            continue
        whole = bool((of == np.rint(of)).all())
        for unit, (low, high, least) in units.items():
            room = SHARE_WITHIN * (high - low)
            if low - room <= of.min() and of.max() <= high + room and np.ptp(of) > least and (whole or unit not in COUNTS):
                return named, unit
    return none, "1"


def is_place(channel: str) -> bool:
    """Whether a channel tells where joints are, by its name, rather than how fast they go or how hard they push."""
    return not (_VELOCITY.search(channel) or _TORQUE.search(channel))


def shares_without_names(channels: dict[str, np.ndarray]) -> list[bool]:
    """Which columns of channels (n, k) that have the same joints go from 0 to 1 and no further, one of them all the way."""
    places = np.array([[x.min(axis=0), x.max(axis=0)] for name, x in channels.items() if is_place(name)])
    if not len(places):
        return [False] * next(iter(channels.values())).shape[1]
    within = (places[:, 0] >= -SHARE_WITHIN).all(axis=0) & (places[:, 1] <= 1.0 + SHARE_WITHIN).all(axis=0)
    whole = (places[:, 0] <= SHARE_WITHIN) & (places[:, 1] >= 1.0 - SHARE_WITHIN)
    return np.logical_and(within, whole.any(axis=0)).tolist()


def shares(channel: str, unit: str) -> Guess:
    """What such columns hold."""
    return Guess("hand", unit, f"{channel}: {TAKEN_AS[unit]}")


def kinds(labels: tuple[str, ...], width: int) -> list[str]:
    """Which columns are likely to share a unit: those with names that differ only in their last number; else all."""
    if len(labels) != width:
        return [""] * width
    stems = [_COUNTED.sub("#", label) for label in labels]
    return [stem if stems.count(stem) > 1 else "" for stem in stems]


def quaternions(values: np.ndarray) -> list[int]:
    """First columns of four in a row that have the norm one in every row, and that turn."""
    found, j = [], 0
    while j + 4 <= values.shape[1]:
        part = values[:, j : j + 4]
        unit = np.isfinite(part).all() and (np.abs(np.linalg.norm(part, axis=1) - 1) < UNIT_WITHIN).all()
        if unit and np.ptp(part, axis=0).max() > 1e-6:
            found.append(j)
            j += 4
        else:
            j += 1
    return found


def order_of(quaternion: np.ndarray) -> str:
    """`wxyz` or `xyzw`: the scalar part of a motion that does not turn far is the larger one."""
    return "wxyz" if np.abs(quaternion[:, 0]).mean() >= np.abs(quaternion[:, 3]).mean() else "xyzw"


def constant_runs(values: np.ndarray) -> list[tuple[int, int, float]]:
    """(first, last exclusive, value) of neighbouring columns that hold one and the same number throughout."""
    still = (values == values[:1]).all(axis=0) if len(values) > 1 else np.zeros(values.shape[1], bool)
    runs: list[tuple[int, int, float]] = []
    for j in np.flatnonzero(still):
        value = float(values[0, j])
        if runs and runs[-1][1] == j and runs[-1][2] == value:
            runs[-1] = (runs[-1][0], int(j) + 1, value)
        else:
            runs.append((int(j), int(j) + 1, value))
    return runs


def rises_like_time(column: np.ndarray) -> bool:
    """Whether a column only rises, by steps that rows of a recording have, from near zero: seconds, perhaps."""
    if len(column) < 10 or not np.isfinite(column).all():
        return False
    step = np.diff(column)
    middle = float(np.median(step))
    return bool((step >= 0).all()) and TIME_STEP[0] <= middle <= TIME_STEP[1] and 0 <= column[0] <= 10 * middle
