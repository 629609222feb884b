"""Writes the people: `shapes/*.obj` (what they are seen by), and for each a folder with its MJCF and sheet.

Run from anywhere: `python assets/people/generate.py`. A person is made from tables (below, and docs/people.md), a height, a
mass and a posture. Frame of every segment: at its joint, x forward, y left, z up along the segment of a standing person;
the posture is turned into the bodies, so that all joints at zero are the posture.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent

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
SKIN_SHARE = {
    "skull": 0.012,
    "face": 0.010,
    "neck": 0.010,
    "back": 0.010,
    "chest": 0.008,
    "abdomen": 0.008,
}  # of body mass [E]; lighter ones would shake at 480 Hz
SKIN_DEEP = {
    "skull": 0.004,
    "face": 0.006,
    "neck": 0.008,
    "back": 0.015,
    "chest": 0.025,
    "abdomen": 0.045,
}  # m, then it is hard [E]
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


# -- shapes, in shares of body height ----------------------------------------------------------------------------------
def smooth(rows, count):
    """(count, k) a monotone cubic through rows (m, k), whose first column is the way along."""
    rows = np.asarray(rows, float)
    x, at = rows[:, 0], np.linspace(rows[0, 0], rows[-1, 0], count)
    slope = np.diff(rows, axis=0) / np.diff(x)[:, None]
    tangent = np.vstack([slope[:1], np.where(slope[1:] * slope[:-1] > 0, 2 * slope[1:] * slope[:-1] / np.where(
        slope[1:] + slope[:-1] == 0, 1, slope[1:] + slope[:-1]), 0), slope[-1:]])  # fmt: skip
    i = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    h = (x[i + 1] - x[i])[:, None]
    t = (at - x[i])[:, None] / h
    return (
        (2 * t**3 - 3 * t**2 + 1) * rows[i]
        + (t**3 - 2 * t**2 + t) * h * tangent[i]
        + (3 * t**2 - 2 * t**3) * rows[i + 1]
        + (t**3 - t**2) * h * tangent[i + 1]
    )


def loft(rows, count=26, around=28, power=2.3):
    """Vertices and faces of a body of superellipse sections; rows of (z, half width y, half depth x, middle x)."""
    sections = smooth(rows, count)
    angle = np.linspace(0, 2 * np.pi, around, endpoint=False)
    c, s = np.cos(angle), np.sin(angle)
    c, s = np.sign(c) * np.abs(c) ** (2 / power), np.sign(s) * np.abs(s) ** (2 / power)
    vertices = np.concatenate([np.c_[mid + deep * c, wide * s, np.full(around, z)] for z, wide, deep, mid in sections])
    faces = []
    for i in range(count - 1):
        a, b = i * around, (i + 1) * around
        for j in range(around):
            k = (j + 1) % around
            faces += [(a + j, a + k, b + k), (a + j, b + k, b + j)]
    for ring, turn in ((0, -1), (count - 1, 1)):  # caps
        vertices = np.vstack([vertices, vertices[ring * around : (ring + 1) * around].mean(axis=0)])
        for j in range(around):
            ends = (ring * around + j, ring * around + (j + 1) % around)
            faces.append((*ends[::turn], len(vertices) - 1))
    return vertices, faces


def write_obj(name, vertices, faces):
    lines = [f"v {x:.5f} {y:.5f} {z:.5f}" for x, y, z in vertices] + [f"f {a + 1} {b + 1} {c + 1}" for a, b, c in faces]
    (FOLDER / "shapes" / f"{name}.obj").write_text(
        "\n".join(["# written by ../generate.py", *lines, ""]), encoding="utf-8"
    )


def shapes():
    """The meshes by name, each in the frame of its segment, for a person one metre tall."""
    trunk = [
        (0.560, 0.060, 0.050, 0.002), (0.572, 0.086, 0.066, 0.003), (0.600, 0.089, 0.068, 0.004), (0.640, 0.087, 0.066, 0.005),
        (0.700, 0.092, 0.067, 0.003), (0.745, 0.098, 0.069, 0.002), (0.780, 0.101, 0.064, -0.002), (0.806, 0.102, 0.054, -0.006),
        (0.822, 0.092, 0.046, -0.010), (0.834, 0.072, 0.041, -0.011), (0.845, 0.052, 0.038, -0.010), (0.855, 0.040, 0.035, -0.009),
    ]  # fmt: skip
    collar = [
        (0.842, 0.037, 0.036, -0.008),
        (0.852, 0.0385, 0.0375, -0.008),
        (0.862, 0.036, 0.035, -0.006),
        (0.866, 0.031, 0.030, -0.005),
    ]
    neck = [
        (0.835, 0.033, 0.033, -0.008),
        (0.855, 0.0305, 0.031, -0.006),
        (0.880, 0.0295, 0.031, -0.002),
        (0.900, 0.030, 0.032, 0.0),
    ]
    head = [
        (0.867, 0.006, 0.006, 0.034), (0.869, 0.016, 0.018, 0.026), (0.875, 0.025, 0.031, 0.018), (0.886, 0.033, 0.043, 0.011),
        (0.902, 0.040, 0.052, 0.006), (0.922, 0.0445, 0.057, 0.003), (0.945, 0.0475, 0.0605, 0.0), (0.965, 0.0465, 0.0595, -0.002),
        (0.981, 0.040, 0.0525, -0.004), (0.992, 0.029, 0.038, -0.005), (0.998, 0.015, 0.020, -0.006), (1.000, 0.004, 0.005, -0.006),
    ]  # fmt: skip
    hips = [
        (0.470, 0.030, 0.030, -0.004), (0.478, 0.060, 0.050, -0.006), (0.500, 0.088, 0.062, -0.008), (0.530, 0.098, 0.069, -0.008),
        (0.560, 0.094, 0.070, -0.001), (0.590, 0.0905, 0.0695, 0.003), (0.602, 0.090, 0.069, 0.004), (0.606, 0.070, 0.055, 0.004),
    ]  # fmt: skip

    def limb(*rows):
        return [(z, r, d, x) for z, r, d, x in rows]

    upper = limb((0.030, 0.006, 0.006, 0), (0.027, 0.018, 0.019, 0), (0.014, 0.031, 0.034, 0), (-0.008, 0.035, 0.037, 0),
                 (-0.06, 0.031, 0.032, 0), (-0.12, 0.028, 0.028, 0), (-0.186, 0.026, 0.026, 0), (-0.205, 0.019, 0.019, 0),
                 (-0.211, 0.006, 0.006, 0))[::-1]  # fmt: skip
    fore = limb((0.022, 0.006, 0.006, 0), (0.016, 0.018, 0.018, 0), (0.0, 0.026, 0.026, 0), (-0.035, 0.0265, 0.0265, 0),
                (-0.09, 0.0215, 0.0215, 0), (-0.132, 0.0185, 0.0185, 0), (-0.138, 0.0195, 0.0195, 0), (-0.146, 0.0195, 0.0195, 0),
                (-0.148, 0.015, 0.015, 0))[::-1]  # fmt: skip
    palm = [(-0.060, 0.004, 0.010, 0.0), (-0.0585, 0.0085, 0.022, 0.0), (-0.050, 0.0105, 0.0255, 0.0), (-0.030, 0.0115, 0.0255, 0.001),
            (-0.012, 0.0120, 0.0195, 0.001), (0.0, 0.0125, 0.0155, 0.0), (0.012, 0.013, 0.0155, 0.0)]  # fmt: skip
    thigh = limb((0.050, 0.008, 0.008, 0), (0.044, 0.028, 0.034, 0), (0.015, 0.047, 0.058, -0.002), (-0.03, 0.051, 0.061, -0.002),
                 (-0.09, 0.050, 0.055, 0),
                 (-0.17, 0.042, 0.044, 0), (-0.235, 0.036, 0.038, 0.001), (-0.262, 0.034, 0.035, 0), (-0.279, 0.022, 0.022, 0),
                 (-0.284, 0.006, 0.006, 0))[::-1]  # fmt: skip
    shank = limb((0.030, 0.006, 0.006, 0), (0.024, 0.022, 0.022, 0), (0.0, 0.035, 0.035, 0), (-0.07, 0.0345, 0.036, -0.006),
                 (-0.15, 0.0305, 0.031, -0.003), (-0.215, 0.029, 0.029, 0), (-0.236, 0.0295, 0.0295, 0.001),
                 (-0.240, 0.024, 0.024, 0.001))[::-1]  # fmt: skip
    found = {
        "torso": loft(shifted(trunk, LUMBAR_Z), 40, 40, 2.5),
        "collar": loft(shifted(collar, LUMBAR_Z), 10, 32, 2.0),
        "neck": loft(shifted(neck, NECK_Z), 10, 24, 2.0),
        "head": loft(shifted(head, NECK_Z), 40, 36, 2.15),
        "pelvis": loft(shifted(hips, HIP_Z), 26, 36, 2.5),
        "upper_arm": loft(upper, 26, 24, 2.0),
        "forearm": loft(fore, 26, 24, 2.0),
        "palm": loft(palm, 20, 24, 2.6),
        "thigh": loft(thigh, 28, 28, 2.1),
        "shank": loft(shank, 26, 26, 2.0),
        "hair": hair(),
        "shoe": shoe(),
    }
    return found


def shifted(rows, by):
    return [(z - by, *rest) for z, *rest in rows]


def hair():
    """A cap over the skull: an ellipsoid a little larger than the head, cut along a line from the forehead down to the nape."""
    u, v = np.meshgrid(np.linspace(0, 2 * np.pi, 40, endpoint=False), np.linspace(0, 1, 18))
    x, y = np.cos(u), np.sin(u)
    # polar angle from the crown at which the hair ends: high over the forehead, low at the nape, over the ears between
    end = np.radians(66) + np.radians(48) * (0.5 - 0.5 * x) ** 0.8
    polar = v * end
    rise = np.sin(polar) ** 0.9  # rounder over the crown than an ellipsoid, as the head is
    px = -0.003 + 0.0665 * rise * x
    py = 0.0535 * rise * y
    pz = (0.944 - NECK_Z) + 0.0610 * np.cos(polar)
    vertices = np.stack([px, py, pz], axis=-1).reshape(-1, 3)
    inner = vertices * [0.93, 0.93, 1.0] - [0, 0, 0.003]
    around, rings = 40, 18
    faces = []
    for i in range(rings - 1):
        for j in range(around):
            a, b, c, d = (
                i * around + j,
                i * around + (j + 1) % around,
                (i + 1) * around + (j + 1) % around,
                (i + 1) * around + j,
            )
            faces += [(a, d, c), (a, c, b)] if i else [(a, d, c)]
    n = len(vertices)
    last = (rings - 1) * around
    for j in range(around):
        a, b = last + j, last + (j + 1) % around
        faces += [(a, n + a, n + b), (a, n + b, b)]
    for i in range(rings - 1):
        for j in range(around):
            a, b, c, d = (n + i * around + j, n + i * around + (j + 1) % around, n + (i + 1) * around + (j + 1) % around,
                          n + (i + 1) * around + j)  # fmt: skip
            faces += [(a, c, d), (a, b, c)] if i else [(a, c, d)]
    return np.vstack([vertices, inner]), faces


def shoe():
    """Lofted along x from heel to toe; frame at the ankle, z up."""
    rows = [  # x, half width, top z, bottom z
        (-0.040, 0.010, -0.018, -0.030), (-0.037, 0.020, -0.006, -0.038), (-0.020, 0.024, 0.006, -0.039), (0.005, 0.0245, 0.004, -0.039),
        (0.035, 0.026, -0.010, -0.039), (0.070, 0.0295, -0.018, -0.039), (0.095, 0.028, -0.021, -0.038), (0.108, 0.021, -0.024, -0.036),
        (0.112, 0.010, -0.028, -0.033),
    ]  # fmt: skip
    sections = smooth(rows, 26)
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    c, s = np.cos(angle), np.sin(angle)
    c, s = np.sign(c) * np.abs(c) ** 0.75, np.sign(s) * np.abs(s) ** 0.75
    vertices = np.concatenate(
        [np.c_[np.full(24, x), wide * c, (top + low) / 2 + (top - low) / 2 * s] for x, wide, top, low in sections]
    )
    faces = []
    for i in range(25):
        for j in range(24):
            k = (j + 1) % 24
            a, b = i * 24, (i + 1) * 24
            faces += [(a + j, b + k, a + k), (a + j, b + j, b + k)]
    for ring, turn in ((0, 1), (25, -1)):
        vertices = np.vstack([vertices, vertices[ring * 24 : (ring + 1) * 24].mean(axis=0)])
        for j in range(24):
            ends = (ring * 24 + j, ring * 24 + (j + 1) % 24)
            faces.append((*ends[::turn], len(vertices) - 1))
    return vertices, faces


# -- MJCF --------------------------------------------------------------------------------------------------------------
def turn(axis, degrees):
    half = math.radians(degrees) / 2
    return np.array([math.cos(half), *(math.sin(half) * np.array(axis, float))])


def times(a, b):
    w, x, y, z = a
    W, X, Y, Z = b
    return np.array([w * W - x * X - y * Y - z * Z, w * X + x * W + y * Z - z * Y, w * Y - x * Z + y * W + z * X,
                     w * Z + x * Y - y * X + z * W])  # fmt: skip


def numbers(values, digits=7):
    return " ".join(f"{round(float(v), digits) + 0.0:.9g}" for v in values)


class Writer:
    """Collects a person's MJCF, and how each length and mass in it follows from height and mass."""

    def __init__(self, person: Person):
        self.person, self.lines, self.depth = person, [], 2
        self.height, self.weight, self.muscles, self.bent = [], [], [], []

    def put(self, text):
        self.lines.append("  " * self.depth + text)

    def follow(self, kind, name, attribute, shares):
        for i, share in enumerate(shares):
            if abs(share) > 1e-9:
                self.height.append((kind, name, attribute, i, share))

    def bend(self, name, quat_of):
        """Let a body's orientation follow the height: a straight line, which the compiler normalises; the feet stay level to a degree."""
        low, high = self.person.heights
        a, b = quat_of(seated_hip(low)), quat_of(seated_hip(high))
        for i in range(4):
            gain = (b[i] - a[i]) / (high - low)
            if abs(gain) > 1e-6:
                self.bent.append(
                    (name, i, gain, quat_of(seated_hip(self.person.height))[i] - gain * self.person.height)
                )

    def open(self, name, at, quat=None, classes=""):
        at = np.array(at, float)
        turned = f' quat="{numbers(quat)}"' if quat is not None and abs(quat[0] - 1) > 1e-9 else ""
        where = f' pos="{numbers(at * self.person.height)}"' if np.abs(at).max() > 0 else ""
        self.put(f'<body name="{name}"{where}{turned} gravcomp="1"{classes}>')
        self.follow("body", name, "pos", at)
        self.depth += 1
        self.name = name

    def close(self):
        self.depth -= 1
        self.put("</body>")

    def inertial(self, share, at, gyration):
        """gyration: (3,) radii as shares of body height."""
        h, m = self.person.height, self.person.mass * share
        inertia = m * (np.array(gyration) * h) ** 2
        self.put(f'<inertial pos="{numbers(np.array(at) * h)}" mass="{m:.6g}" diaginertia="{numbers(inertia, 7)}"/>')
        self.weight.append((self.name, share))
        self.follow("body", self.name, "ipos", at)

    def joint(self, word, side="", mirror=1):
        axis, reach, stiffness, damping, muscle = JOINTS[word]
        low, high = self.person.ranges.get(word, reach)
        axis = np.array(axis, float)
        if mirror < 0 and (axis[0] or axis[2]):
            axis = -axis
        zero = self.person.posture.get(word, 0.0)
        name = f"{side}{word}"
        gain = f' armature="{0.002 if word == "grasp" else 0.01:g}"'
        self.put(
            f'<joint name="{name}" axis="{numbers(axis)}" range="{numbers(np.radians([low - zero, high - zero]))}" '
            f'stiffness="{stiffness:g}" damping="{damping:g}"{gain}/>'
        )
        if muscle:
            self.muscles.append((name, muscle, np.radians([low - zero, high - zero])))

    def geom(self, name, kind, size, at=(0, 0, 0), quat=None, classes="skin", extra=""):
        turned = f' quat="{numbers(quat)}"' if quat is not None else ""
        h = self.person.height
        self.put(
            f'<geom name="{name}" class="{classes}" type="{kind}" size="{numbers(np.array(size) * h)}" '
            f'pos="{numbers(np.array(at) * h)}"{turned}{extra}/>'
        )
        self.follow("geom", name, "size", size)
        self.follow("geom", name, "pos", at)

    def look(self, mesh, material, at=(0, 0, 0), quat=None, mirrored=False):
        turned = f' quat="{numbers(quat)}"' if quat is not None else ""
        where = f' pos="{numbers(np.array(at) * self.person.height)}"' if any(at) else ""
        self.put(f'<geom class="visual" type="mesh" mesh="{mesh}" material="{material}"{where}{turned}/>')

    def bump(self, name, size, at, material, quat=None, kind="ellipsoid"):
        turned = f' quat="{numbers(quat)}"' if quat is not None else ""
        h = self.person.height
        self.put(
            f'<geom name="{name}" class="visual" type="{kind}" material="{material}" size="{numbers(np.array(size) * h)}" '
            f'pos="{numbers(np.array(at) * h)}"{turned}/>'
        )
        self.follow("geom", name, "size", size)
        self.follow("geom", name, "pos", at)

    def site(self, name, at, radius, quat=None):
        turned = f' quat="{numbers(quat)}"' if quat is not None else ""
        h = self.person.height
        self.put(f'<site name="{name}" pos="{numbers(np.array(at) * h)}" size="{radius * h:.8g}"{turned}/>')
        self.follow("site", name, "pos", at)
        self.follow("site", name, "size", (radius,))

    def skin(self, region, at, shells, mark=None):
        """A region that gives: a body on a spring along one direction. shells: (name, type, size, pos, quat)."""
        stiffness, axis = SKIN[region]
        self.open(region, at)
        share = SKIN_SHARE[region]
        self.inertial(share, (0, 0, 0), (0.03, 0.03, 0.03))
        deep = SKIN_DEEP[region]
        damping = SKIN_RATIO * 2 * math.sqrt(stiffness)
        self.put(
            f'<joint name="{region}_skin" class="skin" axis="{numbers(axis)}" range="{-deep:g} {deep:g}" '
            f'stiffness="{stiffness:g}" damping="{damping:.4g}"/>'
        )
        for name, kind, size, where, quat in shells:
            self.geom(name, kind, size, where, quat)
        self.site(region, *(mark or ((0, 0, 0), 0.06)))
        self.close()


def posture_quat(person, words, mirror=1):
    """Rotation of a body by the posture of its joints, in their order."""
    quat = np.array([1.0, 0, 0, 0])
    for word in words:
        axis = np.array(JOINTS[word][0], float)
        if mirror < 0 and (axis[0] or axis[2]):
            axis = -axis
        quat = times(quat, turn(axis, person.posture.get(word, 0.0)))
    return quat


def person_xml(person: Person) -> tuple[str, Writer]:
    if person.lowest == "seat":
        hip = seated_hip(person.height)
        person = replace(person, posture={**person.posture, "hip": hip, "knee": hip - SHIN})
    w = Writer(person)
    p = person
    # the root: the hips, fixed where the person sits, stands or lies
    if p.lowest == "seat":
        hips, root = (
            (0.0, 0, 0.056),
            np.array([1.0, 0, 0, 0]),
        )  # hip joints above the seat: flesh under the sitting bones
    elif p.lowest == "soles":
        bent = math.radians(p.posture["knee"])
        lean = math.radians(p.posture["hip"])
        hips = (0.0, 0, FOOT_Z + SHANK * math.cos(bent - lean) + THIGH * math.cos(lean) + 0.0015)
        root = np.array([1.0, 0, 0, 0])
    else:
        hips, root = (0.0, 0, 0.084), turn((0, 1, 0), -90)  # on the back: x of the standing person looks up
    name = p.name
    w.put(f'<body name="{name}" childclass="person" gravcomp="1">')
    w.depth += 1
    w.name = name
    w.put(f'<site name="{p.lowest}" size="0.01"/>')
    w.put(f'<inertial pos="0 0 0.1" mass="{p.mass * MASS["pelvis"][0]:.6g}" diaginertia="0.07 0.06 0.07"/>')
    w.weight.append((name, MASS["pelvis"][0]))
    # all that belongs to the hips hangs in a frame of the fixed body
    w.open("hips", hips, root)
    w.lines[-1] = w.lines[-1].replace(' gravcomp="1"', "")
    w.look("pelvis", "trousers")
    w.geom("pelvis", "ellipsoid", (0.073, 0.098, 0.066), (-0.003, 0, 0.0))
    w.site("pelvis", (0, 0, 0), 0.10)

    # trunk
    w.open("torso", (0, 0, LUMBAR_Z - HIP_Z), posture_quat(p, ("lumbar_pitch", "lumbar_roll", "lumbar_yaw")))
    for word in ("lumbar_pitch", "lumbar_roll", "lumbar_yaw"):
        w.joint(word)
    share, com, gyration = MASS["torso"]
    share -= sum(SKIN_SHARE[r] for r in TRUNK_PART)
    length = SHOULDER_Z - LUMBAR_Z
    w.inertial(share, (0, 0, com * length), (gyration * length, gyration * length, 0.055))
    w.look("torso", "shirt")
    w.look("collar", "shirt_dark")

    def up(z, x=0.0):
        return (x, 0, z - LUMBAR_Z)

    w.skin(
        "chest",
        up(0.745, 0.004),
        [("chest", "ellipsoid", (0.068, 0.098, 0.066), (0, 0, 0), None)],
        ((0.02, 0, 0), 0.10),
    )
    w.skin(
        "abdomen",
        up(0.635, 0.006),
        [("abdomen", "ellipsoid", (0.066, 0.086, 0.060), (0, 0, 0), None)],
        ((0.01, 0, 0), 0.09),
    )
    w.skin(
        "back", up(0.745, -0.016),
        [("back", "ellipsoid", (0.054, 0.100, 0.080), (0, 0, 0), None),
         ("shoulders", "capsule", (0.036, 0.072), (0.010, 0, 0.062), turn((1, 0, 0), 90))],
        ((-0.01, 0, 0.02), 0.10),
    )  # fmt: skip
    w.skin("neck", up(0.862, -0.004), [("neck", "capsule", (0.031, 0.014), (0, 0, 0), None)], ((0, 0, 0.005), 0.035))

    # head
    w.open("head", (-0.004, 0, NECK_Z - LUMBAR_Z), posture_quat(p, ("neck_pitch", "neck_yaw")))
    w.joint("neck_pitch")
    w.joint("neck_yaw")
    share, _, gyration = MASS["head"]
    share -= sum(SKIN_SHARE[r] for r in HEAD_PART)
    w.inertial(share, (0.004, 0, 0.085), (0.056, 0.060, 0.045))
    w.look("neck", "flesh")
    w.look("head", "flesh")
    w.look("hair", "hair")
    w.bump("nose", (0.010, 0.0065, 0.013), (0.060, 0, 0.919 - NECK_Z), "flesh", turn((0, 1, 0), 18))
    for side, y in (("left", 1), ("right", -1)):
        w.bump(
            f"{side}_ear",
            (0.010, 0.004, 0.017),
            (-0.004, y * 0.0470, 0.926 - NECK_Z),
            "flesh",
            turn((0, 0, 1), -14 * y),
        )
        w.bump(
            f"{side}_eye",
            (0.0040, 0.0068, 0.0016),
            (0.0543, y * 0.0190, 0.9330 - NECK_Z),
            "lid",
            turn((0, 0, 1), 18 * y),
        )
    w.bump("mouth", (0.003, 0.0125, 0.0016), (0.0565, 0, 0.8945 - NECK_Z), "lips")
    w.skin(
        "face",
        (0.012, 0, 0.908 - NECK_Z),
        [("face", "ellipsoid", (0.048, 0.042, 0.040), (0, 0, 0), None)],
        ((0.01, 0, 0), 0.055),
    )
    w.skin(
        "skull",
        (-0.001, 0, 0.953 - NECK_Z),
        [("skull", "ellipsoid", (0.061, 0.049, 0.047), (0, 0, 0), None)],
        ((0, 0, 0), 0.060),
    )
    w.close()

    # arms
    for side, y in (("left", 1), ("right", -1)):
        arm = ("shoulder_flex", "shoulder_abduct", "shoulder_turn")
        w.open(f"{side}_upper_arm", (-0.006, y * SHOULDER_Y, 0.798 - LUMBAR_Z), posture_quat(p, arm, y))
        for word in arm:
            w.joint(word, f"{side}_", y)
        segment(w, "upper_arm", UPPER_ARM, 0.028)
        w.look("upper_arm", "shirt")
        w.geom(f"{side}_upper_arm", "capsule", (0.029, 0.080), (0, 0, -0.093))
        w.site(f"{side}_upper_arm", (0, 0, -0.09), 0.09)
        w.open(f"{side}_forearm", (0, 0, -UPPER_ARM), posture_quat(p, ("elbow",), y))
        w.joint("elbow", f"{side}_", y)
        segment(w, "forearm", FOREARM, 0.020)
        w.look("forearm", "shirt")
        w.geom(f"{side}_lower_arm", "capsule", (0.0225, 0.058), (0, 0, -0.070))
        w.site(f"{side}_lower_arm", (0, 0, -0.07), 0.08)
        hand(w, side, y)
        w.close()
        w.close()
    w.close()

    # legs
    for side, y in (("left", 1), ("right", -1)):
        apart = turn((1, 0, 0), 2.5 * y) if p.lowest != "soles" else np.array([1.0, 0, 0, 0])
        w.open(f"{side}_thigh", (0, y * HIP_Y, 0), times(posture_quat(p, ("hip",), y), apart))
        if p.lowest == "seat":  # who is shorter lets the knees sink, so that the feet stay on the floor
            w.bend(f"{side}_thigh", lambda hip, a=apart: times(turn((0, -1, 0), hip), a))
        w.joint("hip", f"{side}_", y)
        segment(w, "thigh", THIGH, 0.045)
        w.look("thigh", "trousers")
        w.geom(f"{side}_thigh", "capsule", (0.045, 0.095), (0, 0, -0.125))
        w.site(f"{side}_thigh", (0, 0, -0.15), 0.09)
        w.open(f"{side}_shank", (0, 0, -THIGH), posture_quat(p, ("knee",), y))
        if p.lowest == "seat":
            w.bend(f"{side}_shank", lambda hip: turn((0, 1, 0), hip - SHIN))
        w.joint("knee", f"{side}_", y)
        segment(w, "shank", SHANK, 0.03)
        w.look("shank", "trousers")
        w.geom(f"{side}_lower_leg", "capsule", (0.032, 0.098), (0, 0, -0.115))
        w.site(f"{side}_lower_leg", (0, 0, -0.12), 0.13)
        level = p.posture["knee"] - p.posture["hip"]  # the foot is level on the floor
        w.open(f"{side}_foot", (0, 0, -SHANK), turn((0, 1, 0), -level if p.lowest != "underside" else 12))
        share, _, gyration = MASS["foot"]
        w.inertial(share, (0.036, 0, -0.022), (0.018, gyration * FOOT * 0.6, gyration * FOOT * 0.6))
        w.look("shoe", "shoes")
        w.geom(f"{side}_foot", "capsule", (0.020, 0.050), (0.036, 0, -0.0185), turn((0, 1, 0), 90))
        w.close()
        w.close()
        w.close()
    w.close()
    w.depth -= 1
    w.put("</body>")
    return assemble(w), w


def segment(w, word, length, across):
    share, com, gyration = MASS[word]
    w.inertial(share, (0, 0, -com * length), (gyration * length, gyration * length, across * 0.7))


def hand(w, side, y):
    """Palm, thumb and four fingers that close together on the thumb; palm to the body, thumb forward."""
    inward = -y
    w.open(f"{side}_hand", (0, 0, -FOREARM), posture_quat(w.person, ("forearm_turn", "wrist"), y))
    w.joint("forearm_turn", f"{side}_", y)
    w.joint("wrist", f"{side}_", y)
    share = MASS["hand"][0]
    fingers = 0.0015
    w.inertial(share - fingers, (0, 0, -0.030), (0.022, 0.026, 0.018))
    w.look("palm", "flesh")
    w.geom(f"{side}_palm", "box", (0.021, 0.0095, 0.024), (0, 0, -0.030))
    # thumb: from the ball of the hand to its pad, which faces the fingers
    start, end = np.array([0.014, inward * 0.010, -0.018]), np.array([0.0, inward * 0.024, -0.064])
    rod(w, f"{side}_thumb", start, end, 0.0062, "flesh")
    w.geom(f"{side}_thumb_pad", "box", (0.008, 0.0030, 0.012), (0.0, inward * 0.0240, -0.066), classes="finger")
    w.site(f"{side}_grip", (0.0, inward * 0.0165, -0.068), 0.008)
    w.site(f"{side}_hand", (0, 0, -0.045), 0.06)
    w.open(f"{side}_fingers", (0, 0, -0.056), posture_quat(w.person, ("grasp",), -y))
    w.joint("grasp", f"{side}_", -y)
    w.inertial(fingers, (0, inward * 0.002, -0.024), (0.014, 0.016, 0.010))
    for i, (x, length) in enumerate(((0.0175, 0.042), (0.006, 0.047), (-0.0055, 0.044), (-0.0165, 0.035))):
        knuckle = np.array([x, 0.0, 0.0])
        middle = np.array([x * 0.95, inward * 0.004, -0.55 * length])
        tip = np.array([x * 0.85, inward * 0.0115, -length])
        for part, (a, b) in enumerate(((knuckle, middle), (middle, tip))):
            rod(w, f"{side}_finger_{i}{part}", a, b, 0.0056 - 0.0005 * part, "flesh")
    for i, x in enumerate((0.0115, -0.0105)):
        rod(
            w,
            f"{side}_finger_pad_{i}",
            np.array([x, inward * 0.003, -0.014]),
            np.array([x, inward * 0.0085, -0.040]),
            0.0058,
            None,
        )
    w.close()
    w.close()


def rod(w, name, a, b, radius, material):
    """A capsule from a to b: looks where a material is given, else for contact."""
    way = b - a
    length = float(np.linalg.norm(way))
    z = way / length
    axis = np.cross([0, 0, 1.0], z)
    sine = float(np.linalg.norm(axis))
    quat = (
        turn(axis / sine, math.degrees(math.atan2(sine, z[2])))
        if sine > 1e-9
        else turn((1, 0, 0), 0 if z[2] > 0 else 180)
    )
    if material:
        w.bump(name, (radius, length / 2), (a + b) / 2, material, quat, "capsule")
    else:
        w.geom(name, "capsule", (radius, length / 2), (a + b) / 2, quat, "finger")


def assemble(w: Writer) -> str:
    p = w.person
    meshes = "\n".join(
        f'    <mesh name="{m}" file="../shapes/{m}.obj" scale="{numbers([p.height] * 3)}" inertia="shell"/>'
        for m in sorted(MESHES)
    )
    for m in sorted(MESHES):
        w.follow("mesh", m, "scale", (1.0, 1.0, 1.0))
    muscles = "\n".join(
        f'    <position name="{name}" joint="{name}" kp="{kp:g}" kv="{0.1 * kp:g}" forcerange="{-most:g} {most:g}" '
        f'ctrlrange="{numbers(reach)}"/>'
        for name, (kp, most), reach in w.muscles
    )
    dark = numbers([float(c) * 0.8 for c in p.shirt.split()[:3]], 3) + " 1"
    body = "\n".join(w.lines)
    return f"""<!-- written by ../generate.py; change the tables or the posture there -->
<mujoco model="{p.name}">
  <compiler angle="radian" autolimits="true"/>

  <default>
    <default class="person">
      <joint solreflimit="0.01 1"/>
      <default class="visual">
        <geom group="2" contype="0" conaffinity="0" density="0"/>
      </default>
      <!-- bit 1 robot, bit 2 props and fixtures, bit 4 person; a person meets robot and props, not itself -->
      <default class="skin">
        <geom group="3" contype="4" conaffinity="1" condim="3" friction="0.6 0.005 0.0001" solref="0.005 1"
          solimp="0.95 0.99 0.001" priority="1" density="0" rgba="0.85 0.6 0.5 0.4"/>
        <joint type="slide" armature="0" solreflimit="0.005 1"/>
        <default class="finger">
          <geom condim="4" friction="0.9 0.02 0.0001"/>
        </default>
      </default>
      <site group="4" rgba="0.2 0.9 0.3 0.3"/>
    </default>
  </default>

  <asset>
    <material name="flesh" rgba="0.87 0.70 0.58 1" specular="0.15" shininess="0.3"/>
    <material name="lips" rgba="0.76 0.52 0.46 1" specular="0.15" shininess="0.3"/>
    <material name="lid" rgba="0.55 0.40 0.33 1" specular="0.1" shininess="0.2"/>
    <material name="hair" rgba="{p.hair}" specular="0.15" shininess="0.3"/>
    <material name="shirt" rgba="{p.shirt}" specular="0.05" shininess="0.1"/>
    <material name="shirt_dark" rgba="{dark}" specular="0.05" shininess="0.1"/>
    <material name="trousers" rgba="{p.trousers}" specular="0.05" shininess="0.1"/>
    <material name="shoes" rgba="{p.shoes}" specular="0.2" shininess="0.3"/>
{meshes}
  </asset>

  <worldbody>
{body}
  </worldbody>

  <actuator>
{muscles}
  </actuator>
</mujoco>
"""


def sheet(person: Person, w: Writer) -> str:
    """part.yaml: the parameters height and mass as writes, and the words of the interface."""
    low, high = person.heights
    writes = [
        f"      - {{{kind}: {name}, attr: {attribute}, index: {i}, gain: {share:.8g}}}"
        for kind, name, attribute, i, share in w.height
    ]
    writes += [
        f"      - {{body: {n}, attr: quat, index: {i}, gain: {g:.8g}, offset: {o:.8g}}}" for n, i, g, o in w.bent
    ]
    masses = [f"      - {{body: {name}, attr: mass, gain: {share:.8g}}}" for name, share in w.weight]
    h, m = person.height, person.mass
    hand = {"seat": 820, "soles": 1050, "underside": 800}[person.lowest]
    return f"""# written by ../generate.py; change the tables or the posture there
title: {{en: {person.title[0]}, zh: {person.title[1]}}}
mass: {m:g} kg
params:
  height:
    default: {h * 1e3:g} mm
    min: {low * 1e3:g} mm
    max: {high * 1e3:g} mm
    doc: Body height; every length follows it. Percentiles are in docs/people.md.
    sets:
{chr(10).join(writes)}
  mass:
    default: {m:g} kg
    min: 40 kg
    max: 90 kg
    doc: Body mass, shared out as in Winter's table; moments of inertia stay those of {m:g} kg and {h * 1e3:g} mm [E].
    sets:
{chr(10).join(masses)}
  pull:
    default: 5 N
    min: 1 N
    max: 15 N
    doc: With what force the person pulls at what it has taken (3 to 8 N [E] facts); of the behaviour `receive`.
    sets: []
  delay:
    default: 0.4 s
    min: 0 s
    max: 3 s
    doc: How long the person holds a thing before it pulls [E].
    sets: []
  hand_height:
    default: {hand:g} mm
    min: 400 mm
    max: 1500 mm
    doc: Above the floor, where the hand waits for what is offered [E].
    sets: []
  left_handed:
    default: 0 %
    min: 0 %
    max: 100 %
    doc: From 50 % on the left hand is held out, so that a uniform draw over the whole range takes either.
    sets: []
interface:                        # the body regions of ISO/TS 15066, and what hands are offered to
  skull: {{site: skull, body: skull, geoms: [skull]}}
  face: {{site: face, body: face, geoms: [face]}}
  neck: {{site: neck, body: neck, geoms: [neck]}}
  back: {{site: back, body: back, geoms: [back, shoulders]}}
  chest: {{site: chest, body: chest, geoms: [chest]}}
  abdomen: {{site: abdomen, body: abdomen, geoms: [abdomen]}}
  pelvis: {{site: pelvis, body: hips, geoms: [pelvis]}}
  upper_arm: {{geoms: [left_upper_arm, right_upper_arm]}}
  lower_arm: {{geoms: [left_lower_arm, right_lower_arm]}}
  hand: {{bodies: [left_hand, right_hand]}}
  thigh: {{geoms: [left_thigh, right_thigh]}}
  lower_leg: {{bodies: [left_shank, right_shank]}}       # and the feet, of which the standard says nothing
  outline: {{sites: [skull, chest, abdomen, pelvis, left_upper_arm, right_upper_arm, left_lower_arm, right_lower_arm,
                    left_hand, right_hand, left_thigh, right_thigh, left_lower_leg, right_lower_leg]}}   # each with its radius
  left_hand: {{site: left_hand, body: left_hand}}
  right_hand: {{site: right_hand, body: right_hand}}
  left_grip: {{site: left_grip, joint: left_grasp}}
  right_grip: {{site: right_grip, joint: right_grasp}}
"""


RESTS = {
    "seat": "the hips are fixed over a seat of 450 mm (`seat`); the chair's back is the end of the trunk's range",
    "soles": "the hips are fixed at standing height over the floor mark `soles`; keeping balance is not simulated",
    "underside": "the hips are fixed on a firm flat bed at `underside`; the head lies on what would be a pillow",
}


def readme(person: Person) -> str:
    return f"""# {person.title[0]}

{person.height * 1e3:g} mm, {person.mass:g} kg. Written by `../generate.py` from tables; which, and what is estimated, stands in
`docs/people.md`. Frame: x is where the person faces when upright, y to its left, z up; {RESTS[person.lowest]}.
All joints at zero are the posture. Muscles are the actuators (position, limited in torque); with all of them at zero the
person keeps the posture. Own weight is carried by the muscles (`gravcomp`). Skin of the head and trunk gives as a spring of
the stiffness in the table; skin of the limbs is a contact. No maker's or scanned body was used. Grade: C, a mannequin.

Grades: [S] seen in a source, [K] known from the literature as named, [E] estimate; `facts` is the project's fact table of the scenarios.

| what | value | grade, source |
|---|---|---|
| height, mass | {person.height * 1e3:g} mm, {person.mass:g} kg | [E] of the people whom such a place looks after or employs |
| lengths of segments | shares of the height | [K] Drillis and Contini 1966, as printed by Winter, fig. 4.1; where trunk and head bend [E] |
| masses, centres, inertias of segments | shares of the mass and of the length | [K] Winter, table 4.1, after Dempster |
| stiffness of the skin | {", ".join(f"{name} {k / 1e3:g}" for name, (k, _) in SKIN.items())} N/mm | [S] facts |
| depth, mass and damping of the skin | {", ".join(f"{name} {deep * 1e3:g}" for name, deep in SKIN_DEEP.items())} mm deep | [E] |
| joints: range, stiffness, damping, muscles | as in the MJCF | [E] of the order of relaxed people |
| pull, delay, height of the hand | as in the sheet | pull 3 to 8 N [E] facts, rest [E] |
"""


MESHES = shapes()


def main():
    (FOLDER / "shapes").mkdir(exist_ok=True)
    for name, (vertices, faces) in MESHES.items():
        write_obj(name, vertices, faces)
    for person in PEOPLE:
        xml, w = person_xml(person)
        folder = FOLDER / person.name
        folder.mkdir(exist_ok=True)
        (folder / f"{person.name}.xml").write_text(xml, encoding="utf-8")
        (folder / "part.yaml").write_text(sheet(person, w), encoding="utf-8")
        (folder / "README.md").write_text(readme(person), encoding="utf-8")


if __name__ == "__main__":
    main()
