"""Writes towel_stack.xml and towel_stack_thirds.xml: folded towels on each other, each a soft slab with rounded folds, to look at
and to lay things on.

Run from anywhere: `python assets/objects/towel_stack/generate.py`.
"""

from dataclasses import dataclass
from pathlib import Path

from shiliu.assets.frame import Part
from shiliu.assets.shapes import default_classes

LAYER = 0.006  # m, as the hand towel's layers lie on each other
MASS = 0.11  # kg each
COLOURS = {"sky": "0.62 0.74 0.85 1", "cream": "0.94 0.92 0.86 1"}


@dataclass(frozen=True)
class Pile:
    """A hand towel of 350 x 750 mm, folded: its sizes [m], and its layers by the folds that they belong to."""

    name: str
    length: float
    width: float
    folds: tuple[int, ...]


PILES = (
    Pile("towel_stack", 0.250, 0.175, (2, 2, 2)),  # in half and in thirds: three folds of two layers each
    Pile("towel_stack_thirds", 0.360, 0.260, (1, 1, 1)),  # in thirds, as one comes to lie: folds are rounder than lines
)


def write(pile: Pile) -> None:
    colours, thick = list(COLOURS), LAYER * sum(pile.folds)
    looks, meshes = [], []
    for i, colour in enumerate(colours):
        z = (i + 0.5) * thick
        for k, layers in enumerate(pile.folds):
            height = LAYER * layers / 2
            at = i * thick + (2 * k + 1) * height
            inset = 0.003 * ((i * 3 + k) % 2)
            meshes.append(
                f'    <mesh name="fold_{i}{k}" builtin="supersphere" params="40 .35 .18" '
                f'scale="{pile.width / 2 - inset:g} {pile.length / 2 - inset:g} {height * 1.08:g}"/>'
            )
            looks.append(
                f'      <geom class="visual" type="mesh" mesh="fold_{i}{k}" pos="0 0 {at:g}" material="{colour}"/>'
            )
        looks.append(
            f'      <geom name="towel_{i}" class="collision" pos="0 0 {z:g}" size="{pile.width / 2:g} {pile.length / 2:g} {thick / 2:g}"'
            f' mass="{MASS:g}"/>'
        )
    materials = "\n".join(
        f'    <material name="{name}" rgba="{rgba}" specular="0.02" shininess="0.05"/>'
        for name, rgba in COLOURS.items()
    )
    part = Part(
        Path(__file__).parents[1] / pile.name,
        default_classes(
            pile.name,
            'group="3" type="box" contype="2" conaffinity="7" condim="4" friction="0.6 0.003 0.0001" solref="0.008 1"\n'
            '          solimp="0.95 0.99 0.001"/>',
            0.005,
            "cloth on cloth 0.6 [E]",
        ),
        free=True,
        what="numbers",
    )
    part.note = "the part's frame is the middle of its underside; y along a folded towel's length"
    part.looks = f"""
{materials}
{chr(10).join(meshes)}
"""
    part.body = f"""
{chr(10).join(looks)}
      <site name="base" pos="0 0 0"/>
      <site name="top" pos="0 0 {thick * len(colours):g}"/>
"""
    part.write()


for pile in PILES:
    write(pile)
