"""The sheet of a person: parameters, interface, titles, and where the numbers come from."""

from __future__ import annotations

from collections.abc import Iterable

from shiliu.assets.people.tables import JOINTS, SKIN, SKIN_DEEP, Person

RESTS = {
    "seat": "The hips are fixed over a seat of 450 mm (`seat`); the chair's back is the end of the trunk's range",
    "soles": "The hips are fixed at standing height over the floor mark `soles`; keeping balance is not simulated",
    "underside": "The hips are fixed on a firm flat bed at `underside`; the head lies on what would be a pillow",
}


def sheet(
    person: Person,
    lengths: Iterable[tuple[str, str, str, int, float]],
    shares: Iterable[tuple[str, float]],
    bent: Iterable[tuple[str, int, float, float]],
) -> str:
    """part.yaml: the parameters height and mass as writes, and the words of the interface.

    Args:
        lengths: what follows the height: kind, name, attribute, which number of it, gain.
        shares: what follows the mass: body, share.
        bent: bodies whose orientation follows the height: name, which number of the quaternion, gain, offset.
    """
    low, high = person.heights
    writes = [
        f"      - {{{kind}: {name}, attr: {attribute}, index: {i}, gain: {share:.8g}}}"
        for kind, name, attribute, i, share in lengths
    ]
    writes += [f"      - {{body: {n}, attr: quat, index: {i}, gain: {g:.8g}, offset: {o:.8g}}}" for n, i, g, o in bent]
    masses = [f"      - {{body: {name}, attr: mass, gain: {share:.8g}}}" for name, share in shares]
    h, m = person.height, person.mass
    hand = {"seat": 820, "soles": 1050, "underside": 800}[person.lowest]
    lies = person.lowest == "underside"
    spring, (gain, _) = JOINTS["shoulder_abduct"][2], JOINTS["shoulder_abduct"][4]
    aside = f"""  left_arm_aside:
    default: 0 deg
    min: 0 deg
    max: 60 deg
    doc: How much further from the trunk the left arm's muscles let it rest; from some 35 deg on it lies over the edge of a bed [E].
    sets:
      - {{actuator: left_shoulder_abduct, attr: biasprm, index: 0, gain: {spring + gain:g}}}
"""
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
    doc: With what force the person pulls at what it has taken (3 to 8 N [E]); of the behaviour `receive`.
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
    doc: Height above the floor of the hand that waits for a thing [E].
    sets: []
  left_handed:
    default: 0 %
    min: 0 %
    max: 100 %
    doc: From 50 % on, the left hand is held out; a uniform draw over the whole range takes either hand.
    sets: []
{aside if lies else ""}interface:                        # the body regions of ISO/TS 15066, and what hands are offered to
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
titles:                           # what reports call these words
  skull: {{en: skull, zh: 头颅}}
  face: {{en: face, zh: 面部}}
  neck: {{en: neck, zh: 颈部}}
  back: {{en: back and shoulders, zh: 背部和肩部}}
  chest: {{en: chest, zh: 胸部}}
  abdomen: {{en: abdomen, zh: 腹部}}
  pelvis: {{en: pelvis, zh: 骨盆}}
  upper_arm: {{en: upper arm, zh: 上臂}}
  lower_arm: {{en: lower arm, zh: 前臂}}
  hand: {{en: hand, zh: 手}}
  thigh: {{en: thigh, zh: 大腿}}
  lower_leg: {{en: lower leg, zh: 小腿}}
  outline: {{en: body, zh: 身体}}
  left_hand: {{en: left hand, zh: 左手}}
  right_hand: {{en: right hand, zh: 右手}}
  left_grip: {{en: left hand, zh: 左手}}
  right_grip: {{en: right hand, zh: 右手}}
  left_lower_arm: {{en: left lower arm, zh: 左前臂}}
  left_upper_arm: {{en: left upper arm, zh: 左上臂}}
about: >-
  {h * 1e3:g} mm, {m:g} kg. Written by `../generate.py` from tables; `docs/people.md` names the tables and what is estimated. Frame: x is
  where the person faces when upright, y to its left, z up. {RESTS[person.lowest]}. All joints
  at zero are the posture. Muscles are the actuators (position, limited in torque); with all of them at zero, the person keeps the posture.
  Own weight is carried by the muscles (`gravcomp`). Skin of the head and trunk gives as a spring of the stiffness in the table; skin of the
  limbs is a contact. No maker's or scanned body was used. Grade: C, a mannequin.
sources:                          # what, value, where it comes from
  - ["height, mass", "{h * 1e3:g} mm, {m:g} kg", "[E] of the people whom such a place looks after or employs"]
  - [lengths of segments, shares of the height,
     "[K] Drillis and Contini 1966, as printed by Winter, fig. 4.1; where trunk and head bend [E]"]
  - ["masses, centres, inertias of segments", shares of the mass and of the length, "[K] Winter, table 4.1, after Dempster"]
  - [stiffness of the skin, "{", ".join(f"{name} {k / 1e3:g}" for name, (k, _) in SKIN.items())} N/mm", "[S] facts"]
  - ["depth, mass and damping of the skin", "{", ".join(f"{name} {deep * 1e3:g}" for name, deep in SKIN_DEEP.items())} mm deep", "[E]"]
  - ["joints: range, stiffness, damping, muscles", as in the MJCF, "[E] of the order of relaxed people"]
  - ["pull, delay, height of the hand", as in the sheet, "pull 3 to 8 N [E] facts, rest [E]"]
"""
