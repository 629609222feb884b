"""Writes towel_stack.xml: folded towels on each other, each a soft slab with a rounded fold, to look at and to lay things on.

Run from anywhere: `python assets/objects/towel_stack/generate.py`.
"""

from pathlib import Path

LENGTH, WIDTH = 0.250, 0.175  # m, of a hand towel folded in half and in thirds
THICK = 0.036  # m, six layers of 6 mm
COLOURS = {"sky": "0.62 0.74 0.85 1", "cream": "0.94 0.92 0.86 1"}
MASS = 0.11  # kg each


def main() -> None:
    colours = list(COLOURS)
    looks, meshes = [], []
    for i, colour in enumerate(colours):
        z = (i + 0.5) * THICK
        for k in range(3):  # three folds of two layers each
            height = THICK / 6
            at = i * THICK + (2 * k + 1) * height
            inset = 0.003 * ((i * 3 + k) % 2)
            meshes.append(
                f'    <mesh name="fold_{i}{k}" builtin="supersphere" params="40 .35 .18" '
                f'scale="{WIDTH / 2 - inset:g} {LENGTH / 2 - inset:g} {height * 1.08:g}"/>'
            )
            looks.append(
                f'      <geom class="visual" type="mesh" mesh="fold_{i}{k}" pos="0 0 {at:g}" material="{colour}"/>'
            )
        looks.append(
            f'      <geom name="towel_{i}" class="collision" pos="0 0 {z:g}" size="{WIDTH / 2:g} {LENGTH / 2:g} {THICK / 2:g}"'
            f' mass="{MASS:g}"/>'
        )
    materials = "\n".join(
        f'    <material name="{name}" rgba="{rgba}" specular="0.02" shininess="0.05"/>'
        for name, rgba in COLOURS.items()
    )
    text = f"""<!-- written by generate.py; change the numbers there -->
<mujoco model="towel_stack">
  <compiler angle="radian" autolimits="true"/>

  <default>
    <default class="towel_stack">
      <default class="visual">
        <geom group="2" contype="0" conaffinity="0" density="0"/>
      </default>
      <!-- cloth on cloth 0.6 [E] -->
      <default class="collision">
        <geom group="3" type="box" contype="2" conaffinity="7" condim="4" friction="0.6 0.003 0.0001" solref="0.008 1"
          solimp="0.95 0.99 0.001"/>
      </default>
      <site group="4" size="0.005" rgba="0.2 0.9 0.3 0.6"/>
    </default>
  </default>

  <asset>
{materials}
{chr(10).join(meshes)}
  </asset>

  <!-- the part's frame is the middle of its underside; y along a folded towel's length -->
  <worldbody>
    <body name="towel_stack" childclass="towel_stack">
      <freejoint name="towel_stack_free"/>
{chr(10).join(looks)}
      <site name="base" pos="0 0 0"/>
      <site name="top" pos="0 0 {THICK * len(colours):g}"/>
    </body>
  </worldbody>
</mujoco>
"""
    (Path(__file__).parent / "towel_stack.xml").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
