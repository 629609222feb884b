"""Writes the books, each a hardback with a title on its spine and its front: MJCF, mesh, picture, sheet and README.

Run from anywhere: `python assets/objects/book_210/generate.py`. Needs Pillow and a font with Chinese characters.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from shiliu.assets.frame import Part, textured
from shiliu.assets.shapes import numbers, prop_defaults
from shiliu.assets.signs import font

HERE = Path(__file__).parent
COVER = 0.002  # m, thickness of the boards
HOLD = 0.028  # m, from the spine's outside to the middle between the pads
PX = 2500  # pixels a metre


@dataclass(frozen=True)
class Book:
    """The drawing of a book [m, kg]: height, width from spine to fore edge, thickness; its words and colours."""

    height: float
    width: float
    thick: float
    mass: float
    title: str
    english: str
    author: str
    cover: tuple[int, int, int]
    ink: tuple[int, int, int]

    @property
    def name(self) -> str:
        return f"book_{round(self.height * 1e3)}"


BOOKS = (
    Book(0.190, 0.130, 0.018, 0.28, "小王子", "The Little Prince", "圣埃克苏佩里", (42, 88, 138), (246, 220, 130)),
    Book(0.200, 0.140, 0.024, 0.34, "茶馆", "Teahouse", "老舍", (150, 44, 40), (246, 232, 206)),
    Book(0.210, 0.148, 0.022, 0.36, "朝花夕拾", "Dawn Blossoms", "鲁迅", (228, 214, 184), (110, 50, 40)),
    Book(0.220, 0.150, 0.028, 0.45, "西游记", "Journey to the West", "吴承恩", (38, 96, 74), (240, 214, 140)),
    Book(
        0.230, 0.155, 0.026, 0.48, "十万个为什么", "A Hundred Thousand Whys", "少年儿童", (236, 170, 52), (60, 40, 28)
    ),
)


def outline(book: Book) -> np.ndarray:
    """(n, 2) points of the cover seen from above, from the rear's fore edge round the spine to the front's; x to the fore edge."""
    w, t = book.width / 2, book.thick / 2
    bulge = np.pi / 2 + np.pi * np.linspace(0, 1, 9)
    spine = [(-w + 0.004 + 0.004 * np.cos(a), t * np.sin(a)) for a in bulge]
    return np.array([(w, t), *spine, (w, -t)])


def write_cover(book: Book, folder: Path) -> None:
    """The outside of the cover as a mesh, its picture along it from the rear's fore edge to the front's."""
    line = outline(book)
    run = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    lines = ["# written by generate.py"]
    for x, y in line:
        lines += [f"v {x:.5f} {y:.5f} {z:.5f}" for z in (0.0, book.height)]
    for s in run / run[-1]:
        lines += [f"vt {s:.5f} {k}" for k in (0, 1)]
    for i in range(len(line) - 1):
        a, b, c, d = 2 * i + 1, 2 * i + 2, 2 * i + 3, 2 * i + 4
        lines += [f"f {a}/{a} {c}/{c} {d}/{d}", f"f {a}/{a} {d}/{d} {b}/{b}"]
    (folder / "cover.obj").write_text("\n".join(lines) + "\n")
    wide, high = round(run[-1] * PX), round(book.height * PX)
    image = Image.new("RGB", (wide, high), book.cover)
    draw = ImageDraw.Draw(image)
    front = wide - round(run[1] * PX)  # the front board lies to the right
    back = round((run[-1] - run[-2]) * PX)
    middle, room = (back + front) / 2, front - back
    shade = tuple(int(0.82 * c) for c in book.cover)
    draw.rectangle([back, 0, front, high], fill=shade)
    for y in (0.035, 0.965):
        draw.line([back, y * high, front, y * high], fill=book.ink, width=4)
    size = int(min(0.66 * room, 0.60 * high / max(len(book.title), 3)))
    for i, letter in enumerate(book.title):
        draw.text((middle, 0.10 * high + size * (i * 1.12 + 0.5)), letter, font=font(size), fill=book.ink, anchor="mm")
    small = int(min(0.42 * room, 0.035 * high))
    for i, letter in enumerate(reversed(book.author)):
        draw.text((middle, 0.94 * high - small * (i * 1.1 + 0.6)), letter, font=font(small), fill=book.ink, anchor="mm")
    x = (front + wide) / 2
    big = int(min(0.8 * (wide - front) / len(book.title), 0.16 * high))
    draw.rectangle(
        [front + 0.08 * (wide - front), 0.05 * high, wide - 0.08 * (wide - front), 0.95 * high],
        outline=book.ink,
        width=4,
    )
    draw.text((x, 0.28 * high), book.title, font=font(big), fill=book.ink, anchor="mm")
    draw.text(
        (x, 0.42 * high),
        book.english,
        font=font(int(min(0.042 * high, 1.5 * (wide - front) / len(book.english)))),
        fill=book.ink,
        anchor="mm",
    )
    draw.ellipse([x - 0.11 * high, 0.52 * high, x + 0.11 * high, 0.74 * high], fill=book.ink)
    draw.ellipse([x - 0.06 * high, 0.54 * high, x + 0.10 * high, 0.70 * high], fill=book.cover)
    draw.text((x, 0.86 * high), book.author, font=font(int(0.045 * high)), fill=book.ink, anchor="mm")
    image.quantize(32).save(folder / "cover.png", optimize=True)


def write_model(book: Book, folder: Path) -> None:
    w, t, h, m = book.width / 2, book.thick / 2, book.height / 2, book.mass
    inertia = (m / 3 * (t * t + h * h), m / 3 * (w * w + h * h), m / 3 * (w * w + t * t))
    side = t - COVER / 2 - 0.0003
    lining = numbers((w - 0.0035, COVER / 2, h - 0.0003))
    paper = (w - 0.006, t - COVER, h - 0.003)
    part = Part(folder, prop_defaults(book.name, 0.4), free=True, what="numbers", by="objects/book_210/generate.py")
    part.before = """
    <!-- standing: origin in the middle of its foot; x from the spine to the fore edge, z up. The front cover looks to -y -->
"""
    part.looks = f"""
{textured("cover", 'specular="0.2" shininess="0.3"')}
    <material name="board" rgba="{numbers([*(c / 255 for c in book.cover), 1], 3)}" specular="0.1"/>
    <material name="paper" rgba="0.95 0.93 0.87 1" specular="0.02"/>
    <mesh name="cover" file="cover.obj" inertia="shell"/>
"""
    part.body = f"""
      <inertial pos="0 0 {h:g}" mass="{m:g}" diaginertia="{numbers(inertia, 7)}"/>
      <geom name="book" class="collision" type="box" pos="0 0 {h:g}" size="{numbers((w, t, h))}" condim="4"/>
      <geom class="visual" type="mesh" mesh="cover" material="cover"/>
      <geom class="visual" type="box" pos="0.003 {side:g} {h:g}" size="{lining}" material="board"/>
      <geom class="visual" type="box" pos="0.003 {-side:g} {h:g}" size="{lining}" material="board"/>
      <geom class="visual" type="box" pos="0 0 {h:g}" size="{numbers(paper)}" material="paper"/>
      <site name="base" pos="0 0 0"/>
      <!-- the middle of the foot under the spine: comes to lie at a slot of the shelf -->
      <site name="foot" pos="{-w:g} 0 0"/>
      <site name="top" pos="0 0 {2 * h:g}"/>
      <!-- the spine's middle, x axis out of it -->
      <site name="back" pos="{-w:g} 0 {h:g}" quat="0 0 0 1"/>
      <!-- where it is pinched behind its spine: pads close along y -->
      <site name="spine" pos="{-w + HOLD:g} 0 {h:g}"/>
      <!-- the middle of the rear cover, z axis into the book: lies on the table with the spine to -x and the front cover up -->
      <site name="flat" pos="0 {t:g} {h:g}" quat="0.70711 0.70711 0 0"/>
      <!-- the same, below the edge at which it sticks out over a table -->
      <site name="flat_spine" pos="{-w:g} {t:g} {h:g}" quat="0.70711 0.70711 0 0"/>
"""
    part.write()


def write_sheet(book: Book, folder: Path) -> None:
    thick, low, high = (
        round(book.thick * 1e3),
        max(0.25, round(book.mass - 0.08, 2)),
        min(0.5, round(book.mass + 0.08, 2)),
    )
    size = f"{book.height * 1e3:g} x {book.width * 1e3:g} x {book.thick * 1e3:g}"
    (folder / "part.yaml").write_text(
        f"""title: {{en: "Book, {book.english}", zh: 《{book.title}》}}
mass: {book.mass:g} kg
params:
  mass:
    default: {book.mass:g} kg
    min: {low:g} kg
    max: {high:g} kg
    doc: The inertia stays that of {book.mass:g} kg [E].
    sets:
      - {{body: {book.name}, attr: mass, gain: 1.0, offset: 0.0}}
interface:
  base: {{site: base}}
  spine: {{site: spine, body: {book.name}}}
grips:
  spine: {{kind: pinch, site: spine, fingers: x, pads: y, width: {thick} mm, bears: 100 N, source: "width [E] sources; bears [E]"}}
titles:                           # what reports call these words
  base: {{en: foot, zh: 书脚}}
  foot: {{en: foot of the spine, zh: 书脊下端}}
  spine: {{en: spine, zh: 书脊}}
  back: {{en: back of the spine, zh: 书脊背面}}
  top: {{en: top edge, zh: 书顶}}
  flat: {{en: rear cover, zh: 封底}}
about: >-
  A hardback, 《{book.title}》, with a title that can be read on its spine and its front. One of a row of sizes that
  `assets/objects/book_210/generate.py` draws. Frame, standing: origin in the middle of its foot, x from the spine to the fore edge, z up;
  the front cover looks to -y. Grades: [E] engineering estimate, [D] derived here; `facts`: figures collected before the scenes were
  built, unpublished.
sources:                          # what, value, where it comes from
  - [size, {size} mm, "[E] facts: 210 x 148 x 15 to 30 mm; sizes about it, so that a row can be sorted"]
  - [mass, "{book.mass:g} kg, parameter {low:g} to {high:g} kg", "[E] facts: 0.25 to 0.5 kg"]
  - [inertia, that of a solid box, "[D]"]
  - [friction, "0.4, coated paper board on wood", "[E]"]
""",
        encoding="utf-8",
    )
    (folder / "README.md").write_text(
        f"""# Book, {round(book.height * 1e3)} mm high

What it is and where its numbers come from: [part.yaml](part.yaml).

It does not open: cover and pages are one box. Sites: `base` (foot), `foot` (foot of the spine), `top`, `back` (the spine's outside, x axis
out of it), `spine` (28 mm behind it, where pads close along y), `flat` and `flat_spine` (on the rear cover, at its middle and below the
the spine, z into the book: `put: flat` lays it down, front up, spine to -x).
""",
        encoding="utf-8",
    )


for book in BOOKS:
    folder = HERE.parent / book.name
    folder.mkdir(exist_ok=True)
    write_cover(book, folder)
    write_model(book, folder)
    write_sheet(book, folder)
