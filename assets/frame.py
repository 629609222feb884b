"""The frame of a part's MJCF, which each `generate.py` fills: compiler, default classes, looks, one body, what comes after."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Part:
    """A part's MJCF, `<name>.xml` in the folder that is called so.

    Attributes:
        at: its `generate.py`, or its folder.
        defaults: the `default` element, as `shapes` makes them; the body is of the first class in it.
        free: whether the body has a free joint.
        what, by: what is to be changed, and in which generator, as the first line of the file says.
        looks, body: lines of the `asset` element, and of the body that is called like the part. Without a body there is none,
            and `before` is all there is.
        option: lines after the compiler's; note: a comment before the bodies; before: lines before the part's own body.
        tail: the elements after the bodies.
    """

    at: str | Path
    defaults: str
    free: bool = False
    what: str = "drawing"
    by: str = "generate.py"
    looks: str = ""
    body: str = ""
    option: str = ""
    note: str = ""
    before: str = ""
    tail: str = ""

    def write(self, origin: str = "") -> None:
        """Writes the file; `origin` says in a comment before the body where it is."""
        folder = Path(self.at) if Path(self.at).is_dir() else Path(self.at).parent
        name, child = folder.name, re.search(r'class="(\w+)"', self.defaults)
        change = f"; change the {self.what} there" if self.what else ""
        lines = [f"<!-- written by {self.by}{change} -->", f'<mujoco model="{name}">']
        lines += ['  <compiler angle="radian" autolimits="true"/>', *_block(self.option), "", *_block(self.defaults), ""]
        lines += ["  <asset>", *_block(self.looks), "  </asset>", ""] if self.looks else []
        lines += [f"  <!-- {self.note} -->"] if self.note else []
        lines += ["  <worldbody>", *_block(self.before)]
        if self.body:
            lines += [f"    <!-- origin {origin} -->"] if origin else []
            lines += [f'    <body name="{name}" childclass="{child[1] if child else name}">']
            lines += [f'      <freejoint name="{name}_free"/>'] if self.free else []
            lines += [*_block(self.body), "    </body>"]
        lines += ["  </worldbody>", *(["", *_block(self.tail)] if self.tail else []), "</mujoco>"]
        (folder / f"{name}.xml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def textures(*names: str) -> str:
    """The `texture` elements of pictures that are called like them."""
    return "\n".join(f'    <texture name="{name}" type="2d" file="{name}.png"/>' for name in names)


def textured(name: str, attributes: str) -> str:
    """The `texture` of a picture and the `material` that shows it, both called like it."""
    return f'{textures(name)}\n    <material name="{name}" texture="{name}" {attributes}/>'


def meshes(*names: str) -> str:
    """The `mesh` elements of OBJ files that are called like them, only looked at."""
    return "\n".join(f'    <mesh name="{name}" file="{name}.obj" inertia="shell"/>' for name in names)


def _block(text: str) -> list[str]:
    return [text.strip("\n")] if text.strip("\n") else []
