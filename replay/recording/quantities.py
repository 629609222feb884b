"""What a stream's values are, and the units that the readers know of each: the one table against which mappings are checked.

Nothing converts a value by it. A unit that stands in no row is one that no check reads, so that whatever depends on it would be
passed over without a word.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from ...scenarios.sheet.near_matches import nearest
from ...scenarios.sheet.quantity import UNITS

RANGE = r"\[?-?\d+(\.\d+)?\.\.-?\d+(\.\d+)?\]?"  # a device's own scale by its ends: 0..255
ANGLES = ("rad", "deg", "mrad", "cdeg", "mdeg")
RATES = tuple(f"{unit}/s" for unit in ANGLES)
LENGTHS = ("m", "cm", "mm")  # in which the opening of a gripper may be announced
# other names that a container may announce a unit by
CALLED = {
    **dict.fromkeys(("radian", "radians"), "rad"),
    **dict.fromkeys(("degree", "degrees", "°"), "deg"),
    **dict.fromkeys(("milliradian", "milliradians"), "mrad"),
    **dict.fromkeys(("centidegree", "centidegrees", "0.01 deg", "0.01deg"), "cdeg"),
    **dict.fromkeys(("millidegree", "millidegrees", "0.001 deg", "0.001deg"), "mdeg"),
}
OWN = ("1", "%", "tick", "count")  # of a device's own scale; so is a range
AXIS = (*ANGLES, "m", *OWN)  # where a joint or a hand is
AXIS_RATE = (*RATES, "m/s", *(f"{unit}/s" for unit in OWN))
PUSHES, TURNS = ("N", "mN", "kN"), ("Nm", "mNm")  # forces and torques
LOADS = (*TURNS, *PUSHES, "N/%", "A", "mA", "1", "%")
# of whole bodies: one unit a column, as in `m m m 1 1 1 1`
PLACE, TURN, POSE = ("m",), ("1", *ANGLES), ("m", "1", *ANGLES)
BODY_RATE = ("m/s", *RATES)
FREE = "other"  # a quantity that no check reads, in whatever unit
FLAG = ("1",)
# quantity -> units of its columns, one of them each; None: any
QUANTITIES: dict[str, tuple[str, ...] | None] = {
    **dict.fromkeys(("joint_position", "joint_target", "joint_step", "command_echo", "object_joint"), AXIS),
    **dict.fromkeys(("claw", "hand", "gripper", "grip", "finger_position", "hand_joints"), AXIS),
    **dict.fromkeys(("human_arm_angles", "joint_rotation"), ANGLES),
    **dict.fromkeys(("joint_velocity", "finger_velocity", "claw_velocity", "hand_velocity", "velocity"), AXIS_RATE),
    "joint_acceleration": tuple(f"{unit}/s{square}" for unit in (*ANGLES, "m") for square in ("^2", "2")),
    "joint_torque": (*TURNS, *PUSHES),
    "effort": LOADS,
    **dict.fromkeys(("force", "touch"), PUSHES),
    "wrench": (*PUSHES, *TURNS),
    "imu": ("m/s^2", "m/s2", *RATES, *TURN),
    **dict.fromkeys(("position", "hand_position", "elbow_position", "body_position", "hand_joint_positions"), PLACE),
    **dict.fromkeys(("orientation", "body_orientation", "hand_turn"), TURN),
    **dict.fromkeys(("hand_pose", "bone_pose", "body_pose", "base_pose", "goal_pose", "object_pose", "pose"), POSE),
    "hand_step": (*POSE, "%"),
    **dict.fromkeys(("body_velocity", "base_velocity", "object_velocity"), BODY_RATE),
    "body_rotation": RATES,
    "base": (*POSE, *BODY_RATE),
    **dict.fromkeys(
        ("contact", "reward", "done", "end", "success", "door_open", "hand_flag", "joystick", "tracking", "recording"),
        FLAG,
    ),
    "charge": ("1", "%"),
    "action": AXIS,
    "environment_state": None,
    "placeholder": None,
    FREE: None,
}
# what a joint or a hand has: where it is (angles, and shares of its own way), how fast it goes, how hard it pushes
POSITIONS = ("joint_position", "claw", "gripper", "hand", "finger_position")
SPEEDS = ("joint_velocity", "velocity", "finger_velocity")
EFFORTS = ("joint_torque", "effort")
RANGED = frozenset(name for name, units in QUANTITIES.items() if units is not None and {*OWN} <= {*units}) | {
    "hand_step"
}


def quantity_fault(quantity: str, role: str) -> str | None:
    """What is wrong with the quantity of a stream of a role, or None. An event may be called by any word: no check asks for it."""
    if quantity in QUANTITIES or role == "event":
        return None
    return f"{quantity!r} is not a quantity of the readers.{nearest(quantity, list(QUANTITIES))} What no check reads is {FREE}."


def unit_fault(quantity: str, unit: str, width: int | None = None, own: Collection[str] = ()) -> str | None:
    """What is wrong with the unit of a stream, or None.

    Args:
        quantity: of the stream; of one that is not in the table any unit is right.
        unit: one for all columns, one a column, or those of one part, which repeat with every part.
        width: number of columns, or None where it is not known.
        own: units that the robot's sheet declares under `scale`.
    """
    known = QUANTITIES.get(quantity)
    words = unit.split()
    if not words:
        return "is empty. Write 1 where the values have no unit."
    if width is not None and width % len(words):
        return f"{unit!r} has {len(words)} units for {width} columns. Write one for all, or one for each."
    if known is None:
        return None
    for word in words:
        ranged = quantity in RANGED and re.fullmatch(RANGE, word)
        if word not in known and not ranged and not (quantity in RANGED and word in own):
            further = (
                " A range such as 0..255 is one too, and what the robot's sheet has under scale."
                if quantity in RANGED
                else ""
            )
            return f"{word!r} is no unit of {quantity}.{nearest(word, list(known))}{further} No reader converts another one: do so first."
    return None


def unit_pattern(quantity: str) -> str | None:
    """Regular expression of the units of a quantity in the table, as an editor's schema has it; None where any is right.

    A schema does not know the robot's sheet. So of a device's own scale any word fits that is no unit of anything else.
    """
    known = QUANTITIES[quantity]
    if known is None:
        return None
    ways = [*map(re.escape, known)]
    if quantity in RANGED:
        taken = "|".join(
            re.escape(unit)
            for unit in dict.fromkeys([*UNITS, *(u for units in QUANTITIES.values() for u in units or ())])
        )
        ways += [RANGE, rf"(?!(?:{taken})(?:\s|$)|[Rr]ad|[Dd]eg|[Mm]eter|[Mm]etre|inch)[A-Za-z]\w*(?=\s|$)"]
    one = f"(?:{'|'.join(ways)})"
    return rf"^\s*{one}(?:\s+{one})*\s*$"
