"""Writes blanket_strips.xml, wool.png and part.yaml: a blanket of stiff strips on soft hinges, tucked in at the foot of a bed.

It lies spread out; `lies: 100 %` lays it in folds over the legs of a person, from where it is drawn out by its hem.

Run from anywhere: `python assets/objects/blanket_strips/generate.py`.
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter
from shiliu.assets.frame import Part, textured
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
# how it is drawn: one skin over all strips
ROWS = (0.0, 0.02, LONG / 2, LONG - 0.02)  # m along a strip: the first lies on its hinge
ACROSS = (-HALF, 0.03 - HALF, -HALF / 2, 0.0, HALF / 2, HALF - 0.03, HALF)  # m
DOWN = (1.0, 0.66, 0.33)  # shares of a side
WOOL = 0.006  # m, by which the skin is drawn off the strips' middle, above and below
FLARE, SHINGLE = 0.034, 0.003  # m: how far its sides stand out at their lower ends, beyond the mattress, and each beyond the one before
STANDS = 60.0  # deg, from which on a strip in its folds stands
TUCKS = 0.3  # share of its sides that is seen where it is tucked in; two strips on they hang down all the way
# m, by which strips are drawn off their middle: out of the way of the toes, and above each other in the folds
LAYERS = {1: 0.006, 2: 0.010, 3: 0.006, 7: -0.004, 8: -0.004, 9: 0.008, 10: 0.008}
HEM = 0.10  # m of its upper end in the colour of the sheet


def over(k):
    """Whether a strip lies upside down in its folds."""
    return abs(LIES[k]) > 90.0


def skin(count):
    """The `skin` element: an outer and an inner sheet that the strips bend, sewn together at the lower ends of the sides."""
    rows = [(k, x) for k in range(count) for x in ROWS] + [(count - 1, LONG)]
    vertices, places, bones = [], [], {}
    for out in (1.0, -1.0):
        for k, x in rows:
            for y, down in [(-HALF, d) for d in DOWN] + [(y, 0.0) for y in ACROSS] + [(HALF, d) for d in reversed(DOWN)]:
                down *= min(TUCKS + (k + x / LONG) / 2.0, 1.0)
                outwards = np.sign(y) * (abs(y) == HALF)
                stands = down * (FLARE + SHINGLE * (k + x / LONG)) + out * WOOL / 2
                z = -down * HANGS if down else out * WOOL + LAYERS.get(k, 0.0)
                for bone, weight in carried(k + x / LONG, bool(down)):
                    bones.setdefault(bone, []).append((len(vertices), weight))
                vertices.append((k * LONG + x, y + outwards * stands, GAP + z))
                places.append((0.5 + (y + np.sign(y) * down * HANGS) / (2 * (HALF + HANGS)), (k * LONG + x) / (count * LONG)))
    wide = len(ACROSS) + 2 * len(DOWN)
    inner, faces = len(rows) * wide, []
    for i in range(len(rows) - 1):
        for j in range(wide - 1):
            a, b = i * wide + j, (i + 1) * wide + j
            faces += [(a, b, b + 1), (a, b + 1, a + 1)]
            a, b = a + inner, b + inner
            faces += [(a, b + 1, b), (a, a + 1, b + 1)]
        a, b = i * wide, (i + 1) * wide
        faces += [(a, a + inner, b + inner), (a, b + inner, b)]
        a, b = a + wide - 1, b + wide - 1
        faces += [(a, b, b + inner), (a, b + inner, a + inner)]
    lines = [
        '    <skin name="wool" material="wool" '
        f'vertex="{numbers(np.ravel(vertices), 4)}"\n      texcoord="{numbers(np.ravel(places), 3)}"\n'
        f'      face="{" ".join(map(str, np.ravel(faces)))}">'
    ]
    for k, held in sorted(bones.items()):
        lines.append(
            f'      <bone body="strip_{k}" bindpos="{numbers((k * LONG, 0, GAP))}" bindquat="1 0 0 0" '
            f'vertid="{" ".join(str(i) for i, _ in held)}" vertweight="{numbers(weight for _, weight in held)}"/>'
        )
    return "\n".join([*lines, "    </skin>"])


def carried(s, hangs):
    """(strip, weight) of those that carry a point s strips along the blanket: on a hinge both.

    Sides go over into each other, from the middle of one strip to that of the next; those of strips that stand or turn over hang
    between the sides of their neighbours.
    """
    if not hangs:
        k = min(int(s), len(LIES) - 1)
        return [(k - 1, 0.5), (k, 0.5)] if s == k and k else [(k, 1.0)]
    flat = [k for k in range(len(LIES)) if abs(LIES[k]) < STANDS]
    middles = np.array(flat) + 0.5
    i = int(np.clip(np.searchsorted(middles, s), 1, len(flat) - 1))
    share = float(np.clip((s - middles[i - 1]) / (middles[i] - middles[i - 1]), 0.0, 1.0))
    return [(k, weight) for k, weight in ((flat[i - 1], 1.0 - share), (flat[i], share)) if weight]


def wool(size=384):
    """Knitted wool in two blues with a hem in the colour of the sheet; u across the bed, v along it."""
    rng = np.random.default_rng(8)
    v, u = np.mgrid[0:size, 0:size] / size
    picture = np.broadcast_to([108.0, 158.0, 174.0], (size, size, 3)).copy()
    for line, period in ((u, 2 * (HALF + HANGS)), (v, LONG * 11)):
        stripe = (np.mod(line * period, 0.20) < 0.06)[..., None]
        picture += stripe * np.array([-16.0, -16.0, -12.0])
    picture[v > 1.0 - HEM / (LONG * 11)] = (226.0, 218.0, 198.0)
    knit = 5.0 * np.sin(2 * np.pi * 96 * u) * np.sin(2 * np.pi * 96 * v) + rng.normal(0.0, 2.0, (size, size))
    image = Image.fromarray(np.clip(picture + knit[..., None], 0, 255).astype(np.uint8))
    image.filter(ImageFilter.GaussianBlur(0.6)).reduce(2).quantize(24).save(HERE / "wool.png", optimize=True)


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
        if over(k):  # its sides hang from its other face
            for side in ("near", "far"):
                turned += [(f"body: {side}_{k}", "quat", i, float(i), 1.0 - i) for i in (0, 1)]
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
  end: {{{end}, source: "width [E] sources; bears [E] wool"}}
titles:                           # what reports call these words
  hem: {{en: hem, zh: 被沿}}
  tuck: {{en: how far it was pulled out at the foot, zh: 床尾被抽出的长度}}
  strips: {{en: strips, zh: 毯面}}
  grip: {{en: near end of the hem, zh: 被沿近端}}
  tucked: {{en: tucked end, zh: 掖好的一端}}
  edge_{count - 2}: {{en: top of the blanket over the belly, zh: 腹部上方的毯面}}
about: >-
  A blanket that lies on a bed, tucked in at the foot, and is drawn up by its hem. It is not a cloth of vertices, but a chain of eleven
  stiff strips on soft hinges across the bed. It bends along the bed and lies on what is below it. It does not bend across. Its sides hang
  down on hinges of their own. It lies spread out; `lies: 100 %` lays it in folds over a person's legs. Own drawing; `generate.py` writes
  `blanket_strips.xml` and `part.yaml`. Frame: origin where it is tucked in, on the mattress, in the middle of the bed; x along the bed to
  the head. Grades: [E] engineering estimate, [D] derived here; `facts`: figures collected before the scenes were built, unpublished.
sources:                          # what, value, where it comes from
  - ["size", "1530 mm along the bed, 840 mm across and 290 mm down at either side", "[E] facts: 1500 x 2000 mm; the rest is tucked in"]
  - ["mass", "1.06 kg", "[E] facts: 1.2 kg, less what is tucked in"]
  - ["tucked end", "300 mm under the mattress, comes out at 40 N, parameter 10 to 100 N",
     "[E] friction 0.4 above and below under 50 N of mattress"]
  - ["friction", "0.5, the hem 0.9 on rubber", "[E] wool on cotton"]
  - ["hinges", "damping 0.02 Nms; dry friction 0.02 Nm, parameter 0 to 0.05 Nm",
     "[E] a thick blanket stays bent as it is laid; a strip's own weight has 0.055 Nm"]
  - ["end of the hem", "a standing fold of 24 x 60 mm, 38 mm high", "[E] a handful"]
"""
    (HERE / "part.yaml").write_text(text, encoding="utf-8")


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
            f"{indent}  </body>",
        ]
    indent += "  "
y, z = -HALF, GRIP[2] - THICK
near = numbers((LONG, y, z))
lines += [
    f'{indent}<geom name="grip" class="grip" pos="{near}" size="{numbers(GRIP)}"/>',
    f'{indent}<geom class="visual" type="capsule" fromto="{numbers((LONG, -HALF, 0, LONG, HALF, 0))}" size="0.010" material="hem"/>',
    f'{indent}<geom class="visual" type="ellipsoid" pos="{near}" size="{numbers(GRIP)}" material="hem"/>',
    f'{indent}<site name="hem" pos="{LONG:g} 0 0"/>',
    f'{indent}<site name="grip" pos="{numbers((LONG, y, HELD))}" quat="0.70711 0 0 0.70711"/>',
]
for _ in range(count):
    indent = indent[:-2]
    lines.append(f"{indent}</body>")
excludes = [f'    <exclude body1="strip_{a}" body2="strip_{b}"/>' for a in range(count) for b in range(a + 1, count)]
classes = (
    ("strip", 'type="box" condim="3" friction="0.5 0.003 0.0001" solref="0.02 1"'),
    ("grip", 'type="box" friction="0.9 0.005 0.0001"'),
)
part = Part(__file__, prop_defaults("blanket_strips", 0.5, *classes, site=0.006), what="numbers")
part.looks = f"""
{textured("wool", 'specular="0.02" shininess="0.05"')}
    <material name="hem" rgba="0.83 0.80 0.72 1" specular="0.02" shininess="0.05"/>
"""
part.body = f"""
      <site name="tucked" pos="0 0 0"/>
{chr(10).join(lines)}
"""
part.tail = f"""
  <contact>
{chr(10).join(excludes)}
  </contact>

  <!-- how it looks: what is felt of it are the strips -->
  <deformable>
{skin(count)}
  </deformable>
"""
part.write("where it is tucked in: at the foot's end, on the mattress, in the middle; x along the bed to the head")
wool()
sheet(count)
