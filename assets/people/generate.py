"""Writes the people: `shapes/*.obj` (what they are seen by), and for each a folder with its MJCF and sheet.

Run from anywhere: `python assets/people/generate.py`. A person is made from tables (`tables.py`, docs/people.md), a height, a
mass and a posture. Frame of every segment: at its joint, x forward, y left, z up along the segment of a standing person;
the posture is turned into the bodies, so that all joints at zero are the posture.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
from shiliu.assets.people.lofts import shapes
from shiliu.assets.people.sheets import sheet
from shiliu.assets.people.tables import (
    FOOT,
    FOOT_Z,
    FOREARM,
    HEAD_PART,
    HIP_Y,
    HIP_Z,
    JOINTS,
    LUMBAR_Z,
    MASS,
    NECK_Z,
    PEOPLE,
    SHANK,
    SHIN,
    SHOULDER_Y,
    SHOULDER_Z,
    SKIN,
    SKIN_DEEP,
    SKIN_RATIO,
    SKIN_SHARE,
    THIGH,
    TRUNK_PART,
    UPPER_ARM,
    Person,
    seated_hip,
)

FOLDER = Path(__file__).parent


def quads(faces):
    """Triangles (a, b, c), of which two that follow one another as (a, b, c), (a, c, d) are one face."""
    out = []
    for face in faces:
        if out and len(out[-1]) == 3 and (out[-1][0], out[-1][2]) == (face[0], face[1]):
            out[-1] = (*out[-1], face[2])
        else:
            out.append(tuple(face))
    return out


def write_obj(name, vertices, faces):
    lines = [f"v {numbers((x, y, z), 4)}" for x, y, z in vertices] + ["f " + " ".join(str(k + 1) for k in face) for face in quads(faces)]
    (FOLDER / "shapes" / f"{name}.obj").write_text(
        "\n".join(["# written by ../generate.py", *lines, ""]), encoding="utf-8"
    )


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

    def blob(self, region, at, size, mark):
        """A region that gives and is one ellipsoid."""
        self.skin(region, at, [(region, "ellipsoid", size, (0, 0, 0), None)], mark)


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
        # hip joints above the seat: flesh under the sitting bones
        hips, root = ((0.0, 0, 0.056), np.array([1.0, 0, 0, 0]))
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

    w.blob("chest", up(0.745, 0.004), (0.068, 0.098, 0.066), ((0.02, 0, 0), 0.10))
    w.blob("abdomen", up(0.635, 0.006), (0.066, 0.086, 0.060), ((0.01, 0, 0), 0.09))
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
        ear, eye = (-0.004, y * 0.0470, 0.926 - NECK_Z), (0.0543, y * 0.0190, 0.9330 - NECK_Z)
        w.bump(f"{side}_ear", (0.010, 0.004, 0.017), ear, "flesh", turn((0, 0, 1), -14 * y))
        w.bump(f"{side}_eye", (0.0040, 0.0068, 0.0016), eye, "lid", turn((0, 0, 1), 18 * y))
    w.bump("mouth", (0.003, 0.0125, 0.0016), (0.0565, 0, 0.8945 - NECK_Z), "lips")
    w.blob("face", (0.012, 0, 0.908 - NECK_Z), (0.048, 0.042, 0.040), ((0.01, 0, 0), 0.055))
    w.blob("skull", (-0.001, 0, 0.953 - NECK_Z), (0.061, 0.049, 0.047), ((0, 0, 0), 0.060))
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
        low, high = np.array([x, inward * 0.003, -0.014]), np.array([x, inward * 0.0085, -0.040])
        rod(w, f"{side}_finger_pad_{i}", low, high, 0.0058, None)
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
        (folder / "part.yaml").write_text(sheet(person, w.height, w.weight, w.bent), encoding="utf-8")


if __name__ == "__main__":
    main()
