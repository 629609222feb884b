"""Writes blanket_strips.xml and part.yaml: a blanket of stiff strips on soft hinges that is tucked in at the foot of a bed.

It lies spread out; `lies: 100 %` lays it in folds over the legs of a person, from where it is drawn out by its hem.

Run from anywhere: `python assets/objects/blanket_strips/generate.py`.
"""

from pathlib import Path

import numpy as np
from shiliu.assets.shapes import numbers, prop_defaults

HERE = Path(__file__).parent
LONG, HALF, THICK = 0.139, 0.42, 0.004  # m: of a strip along the bed, half of it across, half its thickness
HANGS = 0.29  # m, of the sides that hang down
MASS, SIDE = 0.080, 0.008  # kg, of a strip and of each of its sides
# deg, by which each strip points down, from the foot on, folded twice over the legs of a person of 1.6 m: a second before it rests
LIES = [-22.1, -89.4, -70.6, 21.6, 11.6, -6.0, -11.7, 168.3, 174.0, -6.0, -11.7]
GRIP = (0.012, 0.030, 0.019)  # m, half, of the rumpled end of the hem that a hand takes: a standing fold
HELD = 0.026  # m, above the strips' middle, where a hand takes it: the fingertips stay off the strip below
GAP = THICK  # m, above the mattress at its tucked end: its strips lie on it
TUCKED, HOLDS = 0.30, 40.0  # m and N: how far it can be pulled from under the mattress, and what that takes
STIFF = 0.02  # Nm, of dry friction in each hinge: wool does not unbend by itself
LAYER = 0.0012  # m, by which one layer of its folds is drawn above the other


def over(k):
    """Whether a strip lies upside down in its folds."""
    return abs(LIES[k]) > 90.0


def main():
    count = len(LIES)
    lines, indent = [], "      "
    for k in range(count):
        pos = f"0 0 {GAP:g}" if k == 0 else f"{LONG:g} 0 0"
        lines += [
            f'{indent}<body name="strip_{k}" pos="{pos}">',
            *(
                [
                    f'{indent}  <joint name="tuck" type="slide" axis="1 0 0" range="0 {TUCKED:g}" '
                    f'frictionloss="{HOLDS:g}" damping="20" armature="0.2"/>'
                ]
                if k == 0
                else []
            ),
            f'{indent}  <joint name="bend_{k}" axis="0 1 0" damping="0.02" armature="2e-4" frictionloss="{STIFF:g}"/>',
            f'{indent}  <inertial pos="{LONG / 2:g} 0 0" mass="{MASS:g}" diaginertia="6e-3 2e-4 6e-3"/>',
            f'{indent}  <geom name="strip_{k}" class="strip" pos="{LONG / 2:g} 0 0" size="{numbers((LONG / 2 - 0.004, HALF, THICK))}"/>',
            f'{indent}  <geom name="wool_{k}" class="visual" type="box" pos="{numbers((LONG / 2, 0, LAYER * k))}" '
            f'size="{numbers((LONG / 2 + 0.003, HALF, THICK + 0.002))}" material="wool"/>',
            *(
                f'{indent}  <site name="over_{k}_{i}" pos="{numbers((LONG / 2, y, 0))}"/>'
                for i, y in enumerate((-0.12, 0.0, 0.12))
            ),
            f'{indent}  <site name="edge_{k}" pos="{numbers((LONG / 2, 0.05 - HALF, THICK + 0.002))}"/>',
        ]
        for side, s in (("near", -1.0), ("far", 1.0)):
            lines += [
                f'{indent}  <body name="{side}_{k}" pos="{numbers((LONG / 2, s * HALF, 0))}">',
                f'{indent}    <joint name="{side}_{k}" axis="1 0 0" damping="6e-4" armature="1e-5"/>',
                f'{indent}    <inertial pos="{numbers((0, 0, -HANGS / 2))}" mass="{SIDE:g}" diaginertia="6e-5 6e-5 2e-5"/>',
                f'{indent}    <geom class="visual" type="box" pos="{numbers((0, 0, -HANGS / 2))}" '
                f'size="{numbers((LONG / 2 + 0.003, 0.003, HANGS / 2))}" material="wool"/>',
                f"{indent}  </body>",
            ]
        indent += "  "
    y, z = -HALF, GRIP[2] - THICK
    near = numbers((LONG, y, z))
    lines += [
        f'{indent}<geom name="grip" class="grip" pos="{near}" size="{numbers(GRIP)}"/>',
        f'{indent}<geom class="visual" type="capsule" fromto="{numbers((LONG, -HALF, 0, LONG, HALF, 0))}" size="0.012" material="hem"/>',
        f'{indent}<geom class="visual" type="box" pos="{near}" size="{numbers(GRIP)}" material="hem"/>',
        f'{indent}<geom class="visual" type="box" pos="{numbers((LONG - 0.05, 0, 0))}" '
        f'size="{numbers((0.035, HALF, THICK + 0.003))}" material="sheet"/>',
        f'{indent}<site name="hem" pos="{LONG:g} 0 0"/>',
        f'{indent}<site name="grip" pos="{numbers((LONG, y, HELD))}" quat="0.70711 0 0 0.70711"/>',
    ]
    for _ in range(count):
        indent = indent[:-2]
        lines.append(f"{indent}</body>")
    excludes = [
        f'    <exclude body1="strip_{a}" body2="strip_{b}"/>' for a in range(count) for b in range(a + 1, count)
    ]
    classes = (
        ("strip", 'type="box" condim="3" friction="0.5 0.003 0.0001" solref="0.02 1"'),
        ("grip", 'type="box" friction="0.9 0.005 0.0001"'),
    )
    text = f"""<!-- written by generate.py; change the numbers there -->
<mujoco model="blanket_strips">
  <compiler angle="radian" autolimits="true"/>

{prop_defaults("blanket_strips", 0.5, *classes, site=0.006)}

  <asset>
    <material name="wool" rgba="0.36 0.55 0.62 1" specular="0.02" shininess="0.05"/>
    <material name="hem" rgba="0.24 0.40 0.48 1" specular="0.02" shininess="0.05"/>
    <material name="sheet" rgba="0.92 0.93 0.92 1" specular="0.02" shininess="0.05"/>
  </asset>

  <worldbody>
    <!-- origin where it is tucked in: at the foot's end, on the mattress, in the middle; x along the bed to the head -->
    <body name="blanket_strips" childclass="blanket_strips">
      <site name="tucked" pos="0 0 0"/>
{chr(10).join(lines)}
    </body>
  </worldbody>

  <contact>
{chr(10).join(excludes)}
  </contact>
</mujoco>
"""
    (HERE / "blanket_strips.xml").write_text(text, encoding="utf-8")
    sheet(count)


def sheet(count):
    """part.yaml, whose `lies` turns each strip against the one before where it is 100 %."""
    turned, before = [], 0.0
    for k, pitch in enumerate(LIES):
        half = np.deg2rad(pitch - before) / 2
        before = pitch
        turned += [
            (f"body: strip_{k}", "quat", 0, np.cos(half), 1.0),
            (f"body: strip_{k}", "quat", 2, np.sin(half), 0.0),
        ]
        if over(k):  # its sides hang from its other face, and its layer is drawn on that
            for side in ("near", "far"):
                turned += [(f"body: {side}_{k}", "quat", i, float(i), 1.0 - i) for i in (0, 1)]
            turned.append((f"geom: wool_{k}", "pos", 2, -LAYER * k, LAYER * k))
    sets = "\n".join(
        f"      - {{{element}, attr: {attribute}, index: {i}, only: 100 %, gain: {there - else_:.6g}, offset: {else_:.6g}}}"
        for element, attribute, i, there, else_ in turned
    )
    strips = ", ".join(f"over_{k}_{i}" for k in range(count) for i in range(3))
    end = f"kind: pinch, site: grip, fingers: -z, pads: y, width: {2e3 * GRIP[0]:g} mm, bears: 120 N"
    text = f"""\
# written by generate.py; change the numbers there
title: {{en: Blanket of strips, zh: 条片毛毯}}
mass: {count * (MASS + 2 * SIDE) * 1e3:.0f} g
fastened: tucked                  # its other end lies under the mattress
params:
  lies:
    default: 0 %
    min: 0 %
    max: 100 %
    doc: Spread out (0 %), or in folds over the legs of a person of 1.6 m (100 %); nothing between means anything.
    sets:
{sets}
  tuck_force:
    default: {HOLDS:g} N
    min: 10 N
    max: 100 N
    doc: What it takes to pull it from under the mattress.
    sets:
      - {{joint: tuck, attr: frictionloss, gain: 1}}
  stiffness:
    default: {STIFF:g} Nm
    min: 0 Nm
    max: 0.05 Nm
    doc: What it takes to bend it across the bed, in the middle of a fold.
    sets:
{chr(10).join(f"      - {{joint: bend_{k}, attr: frictionloss, gain: 1}}" for k in range(count))}
interface:
  hem: {{site: hem, body: strip_{count - 1}, geoms: [grip]}}
  tuck: {{joint: tuck}}
  strips: {{sites: [{strips}]}}
grips:
  end: {{{end}, source: "width [E] README; bears [E] wool"}}
titles:                           # what reports call these words
  hem: {{en: hem, zh: 被沿}}
  tuck: {{en: how far it was pulled out at the foot, zh: 床尾被抽出的长度}}
  strips: {{en: strips, zh: 毯面}}
  grip: {{en: near end of the hem, zh: 被沿近端}}
  tucked: {{en: tucked end, zh: 掖好的一端}}
  edge_{count - 3}: {{en: top of the blanket beside the hand, zh: 手边的毯面}}
"""
    (HERE / "part.yaml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
