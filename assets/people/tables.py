"""What the people are made from: shares of height and mass, skin, joints, postures, and who they are."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

SEAT = 0.45  # m, seat above the floor: facts/scenarios, drink_assist [S]

# -- tables ------------------------------------------------------------------------------------------------------------
# Lengths as shares of body height: Drillis and Contini (1966), as printed by Winter, Biomechanics and Motor Control of
# Human Movement, fig. 4.1 [K]. Heights above the floor of a standing person where a name ends in _z.
UPPER_ARM, FOREARM, HAND = 0.186, 0.146, 0.108
THIGH, SHANK, FOOT_Z, FOOT = 0.245, 0.246, 0.039, 0.152
HIP_Z, SHOULDER_Z, CHIN_Z = 0.530, 0.818, 0.870
LUMBAR_Z, NECK_Z = 0.600, 0.845  # where the trunk bends and turns, and the head [E]
SHOULDER_Y, HIP_Y = 0.103, 0.052  # joint centres from the middle: inside the biacromial 0.129 and the hip's 0.0955 [E]
# segment: share of body mass, centre of mass from the proximal end, radius of gyration about it (both as shares of the
# segment's length): Winter, table 4.1, after Dempster [K]
MASS = {
    "hand": (0.006, 0.506, 0.297),
    "forearm": (0.016, 0.430, 0.303),
    "upper_arm": (0.028, 0.436, 0.322),
    "foot": (0.0145, 0.500, 0.475),
    "shank": (0.0465, 0.433, 0.302),
    "thigh": (0.100, 0.433, 0.323),
    "head": (0.081, 0.500, 0.495),  # head and neck
    "torso": (0.355, 0.500, 0.320),  # thorax 0.216 and abdomen 0.139
    "pelvis": (0.142, 0.500, 0.500),
}
# region: stiffness of the skin [N/m], direction in which it gives. skull to abdomen: facts/scenarios [S].
SKIN = {
    "skull": (150e3, (1, 0, 0)),
    "face": (75e3, (1, 0, 0)),
    "neck": (50e3, (0, 1, 0)),
    "back": (35e3, (1, 0, 0)),
    "chest": (25e3, (1, 0, 0)),
    "abdomen": (10e3, (1, 0, 0)),
}
# of body mass [E]; lighter ones would shake at 480 Hz
SKIN_SHARE = {"skull": 0.012, "face": 0.010, "neck": 0.010, "back": 0.010, "chest": 0.008, "abdomen": 0.008}
# m, then it is hard [E]
SKIN_DEEP = {"skull": 0.004, "face": 0.006, "neck": 0.008, "back": 0.015, "chest": 0.025, "abdomen": 0.045}
SKIN_RATIO = 0.05  # of critical damping with a mass of 1 kg [E]
HEAD_PART, TRUNK_PART = ("skull", "face"), ("neck", "back", "chest", "abdomen")  # which segment gives the mass

# joint: axis, range [deg] of a standing person, stiffness [Nm/rad], damping [Nms/rad], muscle's gain [Nm/rad] and most
# torque [Nm]; all [E], of the order of relaxed people
JOINTS = {
    "lumbar_pitch": ((0, 1, 0), (-20, 60), 250, 18, None),
    "lumbar_roll": ((1, 0, 0), (-25, 25), 250, 18, None),
    "lumbar_yaw": ((0, 0, 1), (-40, 40), 30, 8, (120, 40)),
    "neck_pitch": ((0, 1, 0), (-45, 45), 12, 1.2, None),
    "neck_yaw": ((0, 0, 1), (-70, 70), 4, 0.8, (20, 10)),
    "shoulder_flex": ((0, -1, 0), (-50, 170), 4, 2.5, (80, 40)),
    "shoulder_abduct": ((1, 0, 0), (-30, 150), 4, 2.5, (80, 40)),
    "shoulder_turn": ((0, 0, 1), (-80, 80), 3, 1.5, (60, 25)),
    "elbow": ((0, -1, 0), (0, 145), 3, 1.5, (60, 30)),
    "forearm_turn": ((0, 0, 1), (-85, 85), 1, 0.3, (30, 10)),
    "wrist": ((1, 0, 0), (-60, 60), 1, 0.3, (30, 10)),
    "grasp": ((1, 0, 0), (-45, 45), 0.1, 0.05, (8, 2.0)),
    "hip": ((0, -1, 0), (-20, 120), 60, 6, None),
    "knee": ((0, 1, 0), (0, 140), 30, 3, None),
}


@dataclass(frozen=True)
class Person:
    """One person: sizes, posture (joint -> deg from standing), clothes."""

    name: str
    title: tuple[str, str]
    height: float
    mass: float
    heights: tuple[float, float]
    lowest: str  # what the posture rests on: seat, soles or underside
    posture: dict[str, float]
    hair: str
    shirt: str
    trousers: str
    shoes: str
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)


SHIN = 4  # deg, forward of upright when seated
SITTING = {
    "shoulder_flex": 15, "shoulder_abduct": 7, "shoulder_turn": -6, "elbow": 58, "forearm_turn": -35,
    "grasp": -12,
}  # fmt: skip
STANDING = {"shoulder_flex": 4, "shoulder_abduct": 9, "elbow": 14, "forearm_turn": -8, "knee": 4, "hip": 2, "grasp": -5}
LYING = {
    "shoulder_abduct": 14,
    "shoulder_flex": 2,
    "elbow": 12,
    "forearm_turn": -50,
    "hip": 8,
    "knee": 14,
    "grasp": -8,
    "neck_pitch": 12,
}

PEOPLE = [
    Person(
        "seated_elder", ("Seated older adult", "坐姿老年人"), 1.60, 58.0, (1.50, 1.70), "seat", SITTING,
        "0.66 0.66 0.66 1", "0.42 0.55 0.60 1", "0.25 0.27 0.32 1", "0.33 0.25 0.20 1",
        {"lumbar_pitch": (-6, 50)},  # the chair's back
    ),
    Person(
        "standing_adult", ("Standing adult", "站姿成年人"), 1.678, 59.0, (1.484, 1.775), "soles", STANDING,
        "0.13 0.11 0.10 1", "0.86 0.84 0.79 1", "0.22 0.30 0.42 1", "0.90 0.90 0.90 1",
    ),
    Person(
        "lying_elder", ("Lying older adult", "卧姿老年人"), 1.60, 58.0, (1.50, 1.70), "underside", LYING,
        "0.72 0.72 0.72 1", "0.62 0.70 0.80 1", "0.62 0.70 0.80 1", "0.93 0.92 0.89 1",
    ),
]  # fmt: skip


def seated_hip(height):
    """Flexion of the hip [deg] at which the soles of someone of this height lie 3 mm above the floor, shins nearly upright."""
    drop = SEAT + 0.056 * height - SHANK * height * math.cos(math.radians(SHIN)) - FOOT_Z * height - 0.003
    return 90.0 - math.degrees(math.asin(drop / (THIGH * height)))
