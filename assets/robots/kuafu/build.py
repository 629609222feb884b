"""Write kuafu.xml and claw.xml from facts.json and the shapes below.

The numbers of the kinematic tree (origins, axes, limits, masses, inertias, joint dynamics) come from facts.json alone.
The shapes are our own: only the outer bounds of the maker's links were used to size them. They are given for the left
side and mirrored in y for the right one, so that mirrored limbs mirror by construction.

Run `python assets/robots/kuafu/build.py` after changing a shape or a number, and commit what it writes.
"""

import json
import math
import sys
from pathlib import Path

from shapes import CLAW_MATERIALS, CLAW_MESHES, CLAW_SHAPES, LINK_SHAPES, MATERIALS, MESHES

HERE = Path(__file__).parent

# N m; joint_peak_torque_limits of the hardware configuration, in the order of one leg and one arm
LEG_PEAK_TORQUE = (127.0, 22.2, 72.0, 135.0, 27.0, 27.0)
ARM_PEAK_TORQUE = (66.67, 75.0, 57.0, 75.0, 14.1, 14.1, 14.1)
HEAD_TORQUE = (1.5, 12.0)  # N m; URDF effort, the configuration holds raw motor units for the head
ARM_GAIN = (500.0, 50.0)  # kp N m/rad, kv N m s/rad; arm_kp and arm_kd of the hardware configuration
# Chosen, no source: stiff enough that a hanging or standing leg sags by less than 0.3 deg, damped close to critically
LEG_GAINS = ((2000.0, 100.0), (1000.0, 50.0), (2000.0, 100.0), (2000.0, 100.0), (800.0, 40.0), (800.0, 40.0))
HEAD_GAINS = ((20.0, 2.0), (100.0, 5.0))

FLANGE_MASS = 0.04  # kg; left on the l7 link, whose hand lump of 0.60 kg is replaced by the claw of 0.60 kg
HAND_MOUNT_Z = -0.0465  # m; 187 mm (the claw closed) above the finger tip, published at -0.2335 m in the l7 link

# Claw, product table: closed 187 x 104 mm, open 145 x 214 mm, 0.6 kg, 180 N
CLAW_TRAVEL_X = 0.095  # m per finger: half of 214 mm less the 12 mm thick finger
CLAW_TRAVEL_Z = 0.042  # m the tip retreats: 187 - 145 mm
CLAW_GRIP_FORCE = 180.0  # N per pad
CLAW_SQUEEZE_FORCE = 60.0  # N for a command 10 mm narrower than the object; chosen, to dose force by position
CLAW_STROKE_TIME = 1.0  # s for the full stroke; estimate, the maker's default speed is "50 %"
FINGER_MASS = 0.081  # kg; sum of the four links of one finger in the claw model
CLAW_MASS = 0.6


def num(*values):
    return " ".join(f"{v:.9g}" if abs(v) > 1e-12 else "0" for v in values)


def tag(element, /, **attributes):
    return f"<{element} " + " ".join(f'{k.rstrip("_")}="{v}"' for k, v in attributes.items() if v is not None) + "/>"


def shape(entry, side, prefix=""):
    """One geom line. `side` is +1 for the left or a central link and -1 for its mirror image."""
    e = dict(entry)
    out = {}
    name = e.pop("name", None)
    if name:
        out["name"] = prefix + name
    out["class_"] = e.pop("cls")
    if "mesh" in e:
        out["type"] = "mesh"
    for key in ("type", "mesh"):
        if key in e:
            out[key] = e.pop(key)
    if "pos" in e:
        x, y, z = e.pop("pos")
        out["pos"] = num(x, side * y, z)
    if "fromto" in e:
        a, b, c, d, f, g = e.pop("fromto")
        out["fromto"] = num(a, side * b, c, d, side * f, g)
    if "euler" in e:
        a, b, c = e.pop("euler")
        out["euler"] = num(side * a, b, side * c)
    if "size" in e:
        out["size"] = num(*e.pop("size"))
    out.update(e)
    return tag("geom", **out)


def joint_attributes(joint, facts):
    """Class, range and force limit of one joint, named as the maker's."""
    kind = "leg" if joint.startswith("leg") else "arm" if joint.startswith("zarm") else "head"
    index = int(joint.split("_")[1].lstrip("lr")) - 1
    peak = {"leg": LEG_PEAK_TORQUE, "arm": ARM_PEAK_TORQUE, "head": HEAD_TORQUE}[kind][index]
    gain = ARM_GAIN if kind == "arm" else {"leg": LEG_GAINS, "head": HEAD_GAINS}[kind][index]
    return kind, peak, gain, facts["joint_dynamics"][joint]


def body_lines(link, facts, children, indent):
    pad = "  " * indent
    name = link["link"]
    side = -1 if "_r" in name and not name.startswith("radar") else 1
    left = name.replace("leg_r", "leg_l").replace("zarm_r", "zarm_l")
    arm_or_head = name.startswith(("zarm", "zhead", "camera", "radar"))
    attributes = {"name": name}
    if name == "base_link":
        attributes["childclass"] = "kuafu"
        attributes["pos"] = num(0, 0, facts["base_height_stance"])
    else:
        attributes["pos"] = num(*link["origin"])
    if any(link["rpy"]):
        attributes["euler"] = num(*link["rpy"])
    if arm_or_head:
        attributes["gravcomp"] = "1"
    lines = [pad + tag("body", **attributes)[:-2] + ">"]
    inner = pad + "  "
    if name.endswith("7_link"):
        lines.append(inner + "<!-- flange only: the hand is attached at the mount and brings the other 0.6 kg -->")
        lines.append(inner + tag("inertial", pos="0 0 -0.02", mass=FLANGE_MASS, diaginertia="2e-5 2e-5 2e-5"))
    else:
        ixx, iyy, izz, ixy, ixz, iyz = link["inertia"]
        lines.append(
            inner
            + tag(
                "inertial", pos=num(*link["com"]), mass=num(link["mass"]), fullinertia=num(ixx, iyy, izz, ixy, ixz, iyz)
            )
        )
    if "joint" in link:
        kind, peak, _, dynamics = joint_attributes(link["joint"], facts)
        own = {} if kind != "leg" else {k: num(v) for k, v in dynamics.items()}
        lines.append(
            inner
            + tag(
                "joint",
                name=link["joint"],
                class_=kind,
                axis=num(*link["axis"]),
                range=num(*link["range"]),
                actuatorfrcrange=num(-peak, peak),
                **own,
            )
        )
    lines += [inner + s for s in sites_and_cameras(name, side)]
    lines += [inner + shape(s, side, name + "_") for s in LINK_SHAPES.get(left, ())]
    for child in children[name]:
        lines += body_lines(child, facts, children, indent + 1)
    lines.append(pad + "</body>")
    return lines


def sites_and_cameras(name, side):
    """Sites and cameras of a link; the places are those of facts.json or are labelled as estimates in the README."""
    word = "left" if side > 0 else "right"
    if name == "base_link":
        return [
            tag("site", name="pelvis_wrench"),
            tag("site", name="imu"),
            tag("site", name="left_shoulder", pos="-0.017499853 0.2927 0.4245"),
            tag("site", name="right_shoulder", pos="-0.017499853 -0.2927 0.4245"),
        ]
    if name == "zhead_2_link":
        pitch = 0.488692190558
        at = "0.0967509785 0.0175003249 0.1259532651"
        return [
            tag("site", name="head_top", pos="0 0 0.1988"),
            tag("site", name="head_camera", pos=at, euler=num(0, pitch, 0)),
            tag("camera", name="head", pos=at, fovy="68", xyaxes=num(0, -1, 0, math.sin(pitch), 0, math.cos(pitch))),
        ]
    if name.startswith("zarm") and name.endswith("7_link"):
        # looks along the fingers, 15 deg towards the place between the pads, from the thumb's side; its picture's top is the hand's side:
        # as the arm reaches into shelves and over benches it hangs below the fingers, and what stands upright is upright in it
        tilt = math.radians(15.0)
        return [
            tag("site", name=f"{word}_hand_mount", pos=num(0, 0, HAND_MOUNT_Z)),
            tag("site", name=f"{word}_end_effector", pos=num(0, -0.03 * side, -0.17)),
            tag(
                "camera",
                name=f"{word}_wrist",
                pos=num(0, -0.0821 * side, -0.0508),
                fovy="57.8",
                xyaxes=num(side, 0, 0, 0, side * math.cos(tilt), math.sin(tilt)),
            ),
        ]
    if name.endswith("6_link") and name.startswith("leg"):
        return [tag("site", name=f"{word}_sole", pos="0.0488 0 -0.0595")]
    return []


def excludes():
    """Pairs that touch by construction: links that share a joint housing. The base is static when planted, so that
    MuJoCo's parent filter does not hold for its children and they are named too."""
    pairs = [("base_link", "zhead_1_link"), ("base_link", "zhead_2_link")]
    for s in "lr":
        leg, arm = f"leg_{s}{{}}_link".format, f"zarm_{s}{{}}_link".format
        pairs += [("base_link", leg(i)) for i in (1, 2, 3)] + [("base_link", arm(i)) for i in (1, 2)]
        pairs += [(leg(1), leg(3)), (leg(4), leg(6)), (arm(1), arm(3)), (arm(3), arm(5)), (arm(4), arm(6))]
        pairs += [(arm(5), arm(7))]
    return pairs


def stance(facts):
    """Leg angles and base height of the 1.66 m stance, ankles under the hips.

    The knee angle is the published 0.5612 rad. The triangle hip-knee-ankle then fixes the rest: the ankle is straight
    under the hip when thigh*sin(a) = shank*sin(knee - a).
    """
    thigh, shank, knee = 0.284, 0.346, 0.5612
    reach = math.sqrt(thigh**2 + shank**2 + 2 * thigh * shank * math.cos(knee))
    hip = math.asin(shank * math.sin(knee) / reach)
    return {"l3": -hip, "l4": knee, "l5": hip - knee}, facts["sole_below_base"] - (thigh + shank - reach)


def kuafu_xml(facts):
    children = {link["link"]: [] for link in facts["links"]}
    for link in facts["links"]:
        if link["parent"] and "mass" in link:
            children[link["parent"]].append(link)
    arm = facts["joint_dynamics"]["zarm_l1_joint"]
    dynamics = {k: num(v) for k, v in arm.items()}
    lines = [
        '<mujoco model="kuafu">',
        "  <!-- Written by build.py from facts.json and shapes.py; see README.md for sources, edits and guesses. -->",
        '  <compiler angle="radian" autolimits="true"/>',
        "",
        "  <default>",
        '    <default class="kuafu">',
        "      " + tag("site", group="4", size="0.01", rgba="0.2 0.7 0.9 0.6"),
        '      <default class="visual">'
        '<geom group="2" contype="0" conaffinity="0" density="0" material="white"/></default>',
        "      <!-- bit 1 robot, bit 2 props and fixtures, bit 4 person; the robot meets all three -->",
        '      <default class="collision">'
        '<geom group="3" type="capsule" contype="1" conaffinity="7" density="0" condim="3"'
        ' friction="0.6 0.01 0.0001" solref="0.006 1" rgba="0.85 0.4 0.2 0.5"/></default>',
        "      <!-- the real controller adds the arm's weight to its torque: it counts against the motor's limit -->",
        '      <default class="arm">' + tag("joint", actuatorgravcomp="true", **dynamics) + "</default>",
        '      <default class="head">' + tag("joint", actuatorgravcomp="true", **dynamics) + "</default>",
        '      <default class="leg"/>',
        "    </default>",
        "  </default>",
        "",
        "  <asset>",
        *("    " + tag("material", **m) for m in MATERIALS),
        *("    " + tag("mesh", **m) for m in MESHES),
        "  </asset>",
        "",
        "  <worldbody>",
        *body_lines(facts["links"][0], facts, children, 2),
        "  </worldbody>",
        "",
        "  <contact>",
        *("    " + tag("exclude", body1=a, body2=b) for a, b in excludes()),
        "  </contact>",
        "",
        "  <actuator>",
    ]
    for link in facts["links"]:
        if "joint" in link:
            _, _, gain, _ = joint_attributes(link["joint"], facts)
            lines.append(
                "    "
                + tag(
                    "position",
                    name=link["joint"],
                    joint=link["joint"],
                    kp=num(gain[0]),
                    kv=num(gain[1]),
                    ctrlrange=num(*link["range"]),
                )
            )
    lines += ["  </actuator>", "</mujoco>"]
    return "\n".join(lines) + "\n"


def claw_xml():
    travel = math.hypot(CLAW_TRAVEL_X, CLAW_TRAVEL_Z)
    cosine = CLAW_TRAVEL_X / travel
    percent = 100.0 / (2 * travel)  # percent per metre of one finger
    force = CLAW_GRIP_FORCE * cosine  # along the slide, for that force normal to the pad
    squeeze = CLAW_SQUEEZE_FORCE * cosine / (100.0 * 0.010 / (2 * CLAW_TRAVEL_X))  # per percent
    damping = force / (travel / CLAW_STROKE_TIME)
    pad_z = -0.187 + 0.0225  # middle of the closed pads, seen from the mount
    lines = [
        '<mujoco model="claw">',
        "  <!-- Written by build.py; both hands are this part, attached at left_hand_mount and right_hand_mount. -->",
        '  <compiler angle="radian" autolimits="true"/>',
        "",
        "  <default>",
        '    <default class="claw">',
        "      " + tag("site", group="4", size="0.006", rgba="0.2 0.7 0.9 0.6"),
        '      <default class="visual">'
        '<geom group="2" contype="0" conaffinity="0" density="0" material="dark"/></default>',
        '      <default class="collision"><geom group="3" type="box" contype="1" conaffinity="7" density="0" condim="3"'
        ' friction="0.6 0.01 0.0001" solref="0.006 1" rgba="0.85 0.4 0.2 0.5"/></default>',
        "      <!-- rubber, estimate -->",
        '      <default class="pad"><geom group="3" type="box" contype="1" conaffinity="7" density="0" condim="4"'
        ' friction="0.9 0.02 0.0001" solref="0.006 1" solimp="0.95 0.99 0.001" rgba="0.85 0.4 0.2 0.5"/></default>',
        "      <!-- damping: the grip force moves a finger over its whole stroke in 1 s -->",
        '      <default class="finger">'
        + tag("joint", type="slide", range=num(0, travel), damping=num(damping), armature="0.2")
        + "</default>",
        "    </default>",
        "  </default>",
        "",
        "  <asset>",
        *("    " + tag("material", **m) for m in CLAW_MATERIALS),
        *("    " + tag("mesh", **m) for m in CLAW_MESHES),
        "  </asset>",
        "",
        "  <worldbody>",
        '    <body name="claw" childclass="claw" gravcomp="1">',
        "      "
        + tag("inertial", pos="0 0 -0.0335", mass=num(CLAW_MASS - 2 * FINGER_MASS), diaginertia="2.8e-4 2.8e-4 1.1e-4"),
        "      <!-- z out of the palm, y along the opening direction -->",
        "      " + tag("site", name="tcp", pos=num(0, 0, pad_z), quat="0 0.70710678 0.70710678 0"),
        *("      " + shape(s, 1) for s in CLAW_SHAPES["claw"]),
    ]
    for name, side in (("front", 1), ("back", -1)):
        lines += [
            "      "
            + tag("body", name=f"finger_{name}", gravcomp="1", pos=num(side * CLAW_TRAVEL_X, 0, pad_z + CLAW_TRAVEL_Z))[
                :-2
            ]
            + ">",
            "        "
            + tag("inertial", pos=num(side * 0.006, 0, 0.062), mass=num(FINGER_MASS), diaginertia="6e-5 6e-5 1e-5"),
            "        "
            + tag(
                "joint",
                name=f"finger_{name}_joint",
                class_="finger",
                axis=num(-side * CLAW_TRAVEL_X / travel, 0, -CLAW_TRAVEL_Z / travel),
            ),
            "        " + tag("site", name=f"pad_{name}"),
        ]
        for s in CLAW_SHAPES["finger"]:
            e = dict(s)
            if "pos" in e:
                e["pos"] = (side * e["pos"][0], *e["pos"][1:])
            if "fromto" in e:
                a, b, c, d, f, g = e["fromto"]
                e["fromto"] = (side * a, b, c, side * d, f, g)
            lines.append("        " + shape(e, 1, f"finger_{name}_"))
        lines.append("      </body>")
    lines += [
        "    </body>",
        "  </worldbody>",
        "",
        "  <contact>",
        "    <!-- the soft pads overlap when the empty claw is closed -->",
        '    <exclude body1="finger_front" body2="finger_back"/>',
        "    <!-- the links slide inside the palm; MuJoCo's parent filter does not hold where the palm is static -->",
        '    <exclude body1="claw" body2="finger_front"/>',
        '    <exclude body1="claw" body2="finger_back"/>',
        "  </contact>",
        "",
        "  <tendon>",
        "    <!-- its length is the maker's percent: 0 open, 100 closed -->",
        '    <fixed name="percent">',
        "      " + tag("joint", joint="finger_front_joint", coef=num(percent)),
        "      " + tag("joint", joint="finger_back_joint", coef=num(percent)),
        "    </fixed>",
        "  </tendon>",
        "",
        "  <equality>",
        '    <joint joint1="finger_back_joint" joint2="finger_front_joint" solref="0.005 1"'
        ' solimp="0.98 0.995 0.001"/>',
        "  </equality>",
        "",
        "  <actuator>",
        f"    <!-- {CLAW_SQUEEZE_FORCE:g} N per 10 mm of squeeze, at most {CLAW_GRIP_FORCE:g} N, both on each pad -->",
        "    "
        + tag(
            "position",
            name="claw",
            tendon="percent",
            kp=num(squeeze / percent),
            ctrlrange="0 100",
            forcerange=num(-force / percent, force / percent),
        ),
        "  </actuator>",
        "</mujoco>",
    ]
    return "\n".join(lines) + "\n"


def main():
    """Write both files, or with --check only compare them with what would be written (exit code 1 if they differ)."""
    facts = json.loads((HERE / "facts.json").read_text())
    _, facts["base_height_stance"] = stance(facts)
    texts = {"kuafu.xml": kuafu_xml(facts), "claw.xml": claw_xml()}
    if "--check" in sys.argv:
        stale = [name for name, text in texts.items() if (HERE / name).read_text() != text]
        sys.exit(f"{', '.join(stale)}: not what build.py writes. Run build.py and commit the result." if stale else 0)
    for name, text in texts.items():
        (HERE / name).write_text(text)


if __name__ == "__main__":
    main()
