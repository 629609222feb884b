"""What there is to build from: every part with its size, mass, joints, sites, parameters, words and sources.

A sheet says what may be set and where the numbers come from; what only the compiled MJCF knows (size, joints,
sites) is measured once and kept in `assets/measured.json`, so that a list of all parts needs no engine. An entry counts
only while the part's files are the ones that were measured; any other part is compiled when it is asked for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..sheet.errors import ScenarioError
from ..sheet.near_matches import near
from .part import ASSETS, Part, list_parts, load_part

if TYPE_CHECKING:
    import mujoco

MEASURED = ASSETS / "measured.json"
MODEL_FILES = (".xml", ".obj", ".stl", ".msh")  # what a part's shape and mass come from
GRADES = {
    "S": "seen in a source",
    "E": "engineering estimate",
    "D": "derived",
    "K": "known from the literature as named",
}


@dataclass(frozen=True)
class PartJoint:
    """A joint of a part; `low` and `high` are None where it has no range. Hinges in deg, slides in mm, as a sheet writes them.

    Attributes:
        armature: inertia that the joint adds to that of what it moves, for the solver's sake [kg m², of a slide kg].
    """

    name: str
    kind: str
    low: float | None = None
    high: float | None = None
    armature: float = 0.0


@dataclass(frozen=True)
class Measures:
    """What a compiled part tells of itself.

    Attributes:
        size: extent along x, y and z as its file poses it [mm]; a floor, which has no end, does not count.
        mass: of all its bodies [kg].
        joints: hinges, slides and balls; `free` counts the bodies that lie loose.
        flexes: number of cloths and other soft bodies.
        sites: names.
        touched, seen: number of shapes that collide, and that are drawn.
    """

    size: tuple[float, float, float] | None
    mass: float
    free: int
    flexes: int
    joints: tuple[PartJoint, ...]
    sites: tuple[str, ...]
    touched: int
    seen: int


@dataclass(frozen=True)
class PartEntry:
    """One part of the inventory: its sheet, and what was measured of it."""

    part: Part
    measures: Measures

    @property
    def name(self) -> str:
        return self.part.name

    @property
    def kind(self) -> str:
        return self.part.name.partition("/")[0]

    @property
    def stands(self) -> str:
        """`free` where it lies loose, `loose pieces` where it is several, `fixed` where nothing moves it."""
        if self.measures.flexes:
            return "soft"
        return (
            "fixed"
            if not self.measures.free
            else "free"
            if self.measures.free == 1
            else f"{self.measures.free} loose pieces"
        )

    @property
    def mass(self) -> float | None:
        """What its sheet says, else what its moving bodies weigh [kg]; None for a part that nothing moves: its mass means nothing."""
        if self.part.mass is not None:
            return self.part.mass
        moves = self.measures.free or self.measures.flexes or self.measures.joints
        return self.measures.mass if moves else None


def inventory(extra: Path | None = None, broken: dict[str, ScenarioError] | None = None) -> list[PartEntry]:
    """Every part but the robots, which have a list of their own.

    Args:
        extra: the designer's own folder of parts, searched before the package's.
        broken: takes parts with a broken sheet or MJCF, by name.

    Raises:
        ScenarioError: one is, and `broken` is None.
    """
    kept, found = _kept(), []
    for name in list_parts(extra):
        if name.startswith("robots/"):
            continue
        try:
            found.append(_entry(name, extra, kept))
        except ScenarioError as error:
            if broken is None:
                raise
            broken[name] = error
    return found


def one_part(name: str, extra: Path | None = None) -> PartEntry:
    """One part, by its name (`fixtures/microwave`) or by the last word of it where that is unique.

    Raises:
        ScenarioError: there is no such part, with the near matches.
    """
    return _entry(full_name(name, extra), extra, _kept())


def full_name(name: str, extra: Path | None = None) -> str:
    """`fixtures/microwave` of `microwave`, where only one part ends so; else the name as it is.

    Raises:
        ScenarioError: there is no such last word, and others are near it.
    """
    known = list_parts(extra)
    name = _of_path(name, known)
    same = [full for full in known if full.rpartition("/")[2] == name]
    like = near(name, [full.rpartition("/")[2] for full in known])
    if not same and like and "/" not in name:
        hints = " or ".join(full for full in known if full.rpartition("/")[2] in like)
        raise ScenarioError(f"there is no part {name!r}. Did you mean {hints}?")
    return same[0] if len(same) == 1 else name


def _of_path(name: str, known: Mapping[str, Path]) -> str:
    """The name of the part that lies there, where a folder or a file of a part is named; else the word as it is."""
    folder = Path(name).parent if Path(name).suffix in (".yaml", ".yml", ".xml") else Path(name)
    lies = folder.resolve() if folder.is_dir() and "/" in name else None
    below = folder.as_posix().removeprefix("./").removeprefix("assets/")
    return next((part for part, file in known.items() if part == below or file.parent.resolve() == lies), name)


def _entry(name: str, extra: Path | None, kept: Mapping[str, Any]) -> PartEntry:
    part = load_part(name, extra=extra)
    assert part is not None
    found = kept.get(name, {})
    if found.get("digest") != digest(part):
        return PartEntry(part, measure(part))
    return PartEntry(part, _measures(found["measures"]))


def _kept() -> dict[str, Any]:
    return json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.is_file() else {}


def _measures(kept: Mapping[str, Any]) -> Measures:
    size = kept["size"]
    return Measures(**{**kept, "size": None if size is None else tuple(size), "sites": tuple(kept["sites"]),
                       "joints": tuple(PartJoint(**joint) for joint in kept["joints"])})  # fmt: skip


def digest(part: Part) -> str:
    """What tells whether a part is still the one that was measured: a digest of the files of its model and of what it contains."""
    total = hashlib.sha256()
    for file in sorted(f for f in part.file.parent.iterdir() if f.suffix in MODEL_FILES):
        total.update(file.name.encode() + b"\0" + file.read_bytes())
    for inner in part.contains:
        total.update(digest(inner.part).encode())
    return total.hexdigest()[:16]


def measured() -> str:
    """What `assets/measured.json` has to hold today, as text: every part of the package compiled and measured."""
    lines = []
    for name in sorted(list_parts()):
        if not name.startswith("robots/"):
            part = load_part(name)
            assert part is not None
            row = {"digest": digest(part), "measures": asdict(measure(part))}
            lines.append(f"{json.dumps(name)}:{json.dumps(row, separators=(',', ':'))}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def measure(part: Part) -> Measures:
    """Compile a part alone and look at it.

    Raises:
        ScenarioError: its file is no MJCF, or does not compile.
    """
    import mujoco

    try:
        model = part.spec().compile()
    except ValueError as error:
        raise ScenarioError(f"It does not compile: {' '.join(str(error).split())}.", file=str(part.file)) from None
    kinds = {
        mujoco.mjtJoint.mjJNT_HINGE: "hinge",
        mujoco.mjtJoint.mjJNT_SLIDE: "slide",
        mujoco.mjtJoint.mjJNT_BALL: "ball",
    }
    unit = {"hinge": np.rad2deg(1.0), "slide": 1e3}
    joints = []
    for j in range(model.njnt):
        kind = kinds.get(mujoco.mjtJoint(model.jnt_type[j]))
        if kind is None or not model.joint(j).name:  # unnamed: the inner joints of something soft
            continue
        low = high = None
        if kind in unit and model.jnt_limited[j]:
            low, high = (round(float(end) * unit[kind], 3) for end in model.jnt_range[j])
        armature = float(f"{model.dof_armature[model.jnt_dofadr[j]]:.3g}")
        joints.append(PartJoint(model.joint(j).name, kind, low, high, armature))
    ends = bounds(model)
    touching = (model.geom_contype | model.geom_conaffinity) != 0
    return Measures(
        size=None if ends is None else tuple(round(float(s) * 1e3, 1) for s in ends[1] - ends[0]),  # type: ignore[arg-type]
        mass=round(float(model.body_mass.sum()), 5),
        free=int((model.jnt_type == mujoco.mjtJoint.mjJNT_FREE).sum()),
        flexes=int(model.nflex),
        joints=tuple(joints),
        sites=tuple(name for i in range(model.nsite) if (name := model.site(i).name)),
        touched=int(touching.sum()) + int(model.nflex),
        seen=int((~touching).sum()) + int(model.nflex) + int(model.nskin),
    )


def bounds(model: mujoco.MjModel) -> np.ndarray | None:
    """Box round everything of a model, as its file poses it: (2, 3) lowest and highest corner [m]; None for a bare floor."""
    import mujoco

    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    mujoco.mj_flex(model, data)
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    points = []
    for g in range(model.ngeom):
        if model.geom_type[g] == mujoco.mjtGeom.mjGEOM_PLANE:
            continue
        middle, half = model.geom_aabb[g, :3], model.geom_aabb[g, 3:]
        points.append(data.geom_xpos[g] + (middle + corners * half) @ data.geom_xmat[g].reshape(3, 3).T)
    if model.nflex:
        thick = float(model.flex_radius.max())
        points += [data.flexvert_xpos.reshape(-1, 3) + side * thick for side in (-1.0, 1.0)]
    if model.nskin:
        points.append(model.skin_vert)  # as the file poses what bends it
    if not points:
        return None
    cloud = np.concatenate(points)
    return np.stack([cloud.min(axis=0), cloud.max(axis=0)])
