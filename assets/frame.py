"""The frame of a part's MJCF, which each `generate.py` fills: compiler, default classes, looks, one body, what comes after."""

from __future__ import annotations

import re
from pathlib import Path


def write(
    at: str | Path,
    defaults: str,
    assets: str,
    body: str,
    *,
    origin: str = "",
    free: bool = False,
    by: str = "generate.py",
    what: str = "drawing",
    option: str = "",
    note: str = "",
    before: str = "",
    tail: str = "",
) -> None:
    """Writes `<name>.xml` of the part whose folder is called so.

    Args:
        at: its `generate.py`, or its folder.
        defaults: the `default` element, as `shapes` makes them; the body is of the first class in it.
        assets, body: lines of the `asset` element and of the body that is called like the part; nothing of it is written where that is
            empty, and `before` is all there is.
        origin: where it is, a comment before the body; free: whether it has a free joint.
        by, what: which generator, and what of it is to be changed, as the first line of the file says.
        option: lines after the compiler's; note: a comment before the bodies; before: lines before the part's own body.
        tail: the elements after the bodies.
    """
    folder = Path(at) if Path(at).is_dir() else Path(at).parent
    name, child = folder.name, re.search(r'class="(\w+)"', defaults)
    change = f"; change the {what} there" if what else ""
    lines = [f"<!-- written by {by}{change} -->", f'<mujoco model="{name}">']
    lines += ['  <compiler angle="radian" autolimits="true"/>', *_block(option), "", *_block(defaults), ""]
    lines += ["  <asset>", *_block(assets), "  </asset>", ""] if assets else []
    lines += [f"  <!-- {note} -->"] if note else []
    lines += ["  <worldbody>", *_block(before)]
    if body:
        lines += [f"    <!-- origin {origin} -->"] if origin else []
        lines += [f'    <body name="{name}" childclass="{child[1] if child else name}">']
        lines += [f'      <freejoint name="{name}_free"/>'] if free else []
        lines += [*_block(body), "    </body>"]
    lines += ["  </worldbody>", *(["", *_block(tail)] if tail else []), "</mujoco>"]
    (folder / f"{name}.xml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def textures(*names: str) -> str:
    """The `texture` elements of pictures that are called like them."""
    return "\n".join(f'    <texture name="{name}" type="2d" file="{name}.png"/>' for name in names)


def meshes(*names: str) -> str:
    """The `mesh` elements of OBJ files that are called like them, only looked at."""
    return "\n".join(f'    <mesh name="{name}" file="{name}.obj" inertia="shell"/>' for name in names)


def _block(text: str) -> list[str]:
    return [text.strip("\n")] if text.strip("\n") else []
