"""Writes blanket_strips.xml: a blanket of stiff strips on soft hinges that lies in folds over a bed and is drawn out by its hem.

Run from anywhere: `python assets/objects/blanket_strips/generate.py`.
"""

from pathlib import Path

import numpy as np
from shiliu.assets.shapes import numbers, prop_defaults

HERE = Path(__file__).parent
LONG, HALF, THICK = 0.139, 0.47, 0.004  # m: of a strip along the bed, half of it across, half its thickness
HANGS = 0.24  # m, of the sides that hang down
MASS, SIDE = 0.080, 0.008  # kg, of a strip and of each of its sides
# deg, by which each strip points down, from the foot on: how it lies on a person of 1.6 m, folded twice over the legs; settled by gravity
LIES = [-20.6, -92.9, -63.9, 27.6, 13.6, -6.0, -11.7, 168.3, 174.0, -6.0, -11.7]
GRIP = (0.012, 0.030, 0.012)  # m, half, of the end of the hem that a hand takes
GAP = 0.012  # m, above the mattress at its tucked end


def main():
    count = len(LIES)
    lines, indent, before = [], "      ", 0.0
    for k, pitch in enumerate(LIES):
        turn = np.deg2rad(pitch - before) / 2
        before = pitch
        pos = f"0 0 {GAP:g}" if k == 0 else f"{LONG:g} 0 0"
        down = 1.0 if abs(pitch) > 90.0 else -1.0  # which way the sides hang
        lines += [
            f'{indent}<body name="strip_{k}" pos="{pos}" quat="{numbers((np.cos(turn), 0, np.sin(turn), 0), 6)}">',
            f'{indent}  <joint name="bend_{k}" axis="0 1 0" damping="0.02" armature="2e-4"/>',
            f'{indent}  <inertial pos="{LONG / 2:g} 0 0" mass="{MASS:g}" diaginertia="6e-3 2e-4 6e-3"/>',
            f'{indent}  <geom name="strip_{k}" class="strip" pos="{LONG / 2:g} 0 0" size="{numbers((LONG / 2 - 0.004, HALF, THICK))}"/>',
            f'{indent}  <geom class="visual" type="box" pos="{numbers((LONG / 2, 0, -down * 0.0012 * k))}" '
            f'size="{numbers((LONG / 2 + 0.003, HALF, THICK + 0.002))}" material="wool"/>',
            *(
                f'{indent}  <site name="over_{k}_{i}" pos="{numbers((LONG / 2, y, 0))}"/>'
                for i, y in enumerate((-0.12, 0.0, 0.12))
            ),
            f'{indent}  <site name="edge_{k}" pos="{numbers((LONG / 2, 0.07 - HALF, THICK + 0.002))}"/>',
        ]
        for side, s in (("near", -1.0), ("far", 1.0)):
            lines += [
                f'{indent}  <body name="{side}_{k}" pos="{numbers((LONG / 2, s * HALF, 0))}">',
                f'{indent}    <joint name="{side}_{k}" axis="1 0 0" damping="6e-4" armature="1e-5"/>',
                f'{indent}    <inertial pos="{numbers((0, 0, down * HANGS / 2))}" mass="{SIDE:g}" diaginertia="5e-5 5e-5 2e-5"/>',
                f'{indent}    <geom class="visual" type="box" pos="{numbers((0, 0, down * HANGS / 2))}" '
                f'size="{numbers((LONG / 2 + 0.003, 0.003, HANGS / 2))}" material="wool"/>',
                f"{indent}  </body>",
            ]
        indent += "  "
    near = numbers((LONG, GRIP[1] - HALF - 0.015, 0))
    lines += [
        f'{indent}<geom name="grip" class="grip" pos="{near}" size="{numbers(GRIP)}"/>',
        f'{indent}<geom class="visual" type="capsule" fromto="{numbers((LONG, -HALF, 0, LONG, HALF, 0))}" size="0.012" material="hem"/>',
        f'{indent}<geom class="visual" type="box" pos="{near}" size="{numbers(GRIP)}" material="hem"/>',
        f'{indent}<geom class="visual" type="box" pos="{numbers((LONG - 0.05, 0, 0))}" '
        f'size="{numbers((0.035, HALF, THICK + 0.003))}" material="sheet"/>',
        f'{indent}<site name="hem" pos="{LONG:g} 0 0"/>',
        f'{indent}<site name="grip" pos="{near}" quat="0.70711 0 0 0.70711"/>',
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


if __name__ == "__main__":
    main()
