"""Pictures of a simulation, headless: the model with its looks is compiled only when one is wanted.

OpenGL is optional. The package asks for EGL, then OSMesa, before MuJoCo is imported; where neither is there, one error
says what to install.
"""

from __future__ import annotations

import atexit
import os
import sys
import warnings
import weakref
from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np

from ..scenarios.parts.pose import posed
from ..scenarios.reactions.wiping import Stain
from ..scenarios.scene.scene import Scene
from ..scenarios.sheet.errors import ShiliuError
from .seven_segments import draw_number

FAR = 20.0  # m, of a depth picture; no room here is longer
SMALL = 2048  # side of the map of shadows of a picture some 400 pixels wide: on it 8192, the scene's own, looks the same
DROP = 0.75  # share of a cell's side: radius of the drop by which a dirty cell is drawn
FILM = 0.0003  # m, half its height
SPILT = (0.42, 0.20, 0.10)  # colour of what was spilt: coffee and sauce
INSTALL = (
    "No OpenGL was found for pictures. Install it (Debian, Ubuntu: apt-get install libegl1 libgl1-mesa-dri, or libosmesa6) "
    "and, if need be, set MUJOCO_GL=egl or MUJOCO_GL=osmesa."
)
SCREEN = "MUJOCO_GL={} draws on a display, and {}. Set MUJOCO_GL=egl or MUJOCO_GL=osmesa, which need none."
OFF = "MUJOCO_GL={} turns pictures off. Set MUJOCO_GL=egl or MUJOCO_GL=osmesa, or leave it away."
FORKED = (
    "This process was forked from one that had drawn pictures, which OpenGL does not survive. Begin it anew: context='spawn' "
    "of AsyncVectorEnv and of multiprocessing."
)


def make_renderer(model: mujoco.MjModel, width: int, height: int) -> mujoco.Renderer:
    """A renderer of that size.

    Raises:
        ShiliuError: where there is no OpenGL, with what to install or to set; in a process that was forked after pictures had been drawn.
    """
    if _forked():
        raise ShiliuError(FORKED)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="glfw")  # it warns where it fails, which is an error of ours
            renderer = mujoco.Renderer(model, height, width)
    except Exception as error:  # every backend fails with an exception of its own
        raise ShiliuError(f"{advice()} ({type(error).__name__}: {error})") from None
    if not _drawn_by:
        # registered after MuJoCo's own, so that it runs before: a renderer that outlives its display prints tracebacks
        atexit.register(_close_all)
        _drawn_by.append(os.getpid())
    return renderer


def advice() -> str:
    """Why no picture can be drawn, and what to set or to install, by what MUJOCO_GL asks for."""
    asked, display = os.environ.get("MUJOCO_GL", "").strip(), os.environ.get("DISPLAY", "")
    if not asked or asked.lower() in ("egl", "osmesa") or sys.platform != "linux":
        return INSTALL
    if asked.lower() in ("disable", "disabled", "off", "false", "0"):
        return OFF.format(asked)
    return SCREEN.format(asked, f"the display {display} draws nothing" if display else "there is none here")


_painters: weakref.WeakSet[Any] = weakref.WeakSet()
_drawn_by: list[int] = []  # the process that drew first


def _forked() -> bool:
    """Whether OpenGL was begun in a process from which this one was forked: drawing would wait for ever on its threads."""
    return bool(_drawn_by) and _drawn_by[0] != os.getpid()


def _close_all() -> None:
    for painter in list(_painters):
        painter.close()


def missing() -> str | None:
    """Why no picture can be drawn here, with what to install or to set; None where pictures work."""
    model = mujoco.MjModel.from_xml_string("<mujoco/>")
    try:
        make_renderer(model, 16, 16).close()
    except ShiliuError as error:
        return FORKED if error.message == FORKED else advice()
    return None


class Painter:
    """Pictures of a scene's draws from its named cameras.

    Args:
        scene: what is shown.
        shadows: side of the map of shadows [pixels]; None for the scene's own. In software a map of 8192 is half of what a small
            picture costs: `SMALL` is enough for one.
    """

    def __init__(self, scene: Scene, shadows: int | None = None):
        self.scene = scene
        self._shadows = shadows
        self._values: dict[str, float] | None = None
        self._model: mujoco.MjModel | None = None
        self._renderers: dict[tuple[int, int], mujoco.Renderer] = {}
        _painters.add(self)

    def picture(
        self,
        values: Mapping[str, float],
        qpos: np.ndarray,
        camera: str | mujoco.MjvCamera,
        width: int,
        height: int,
        kind: str = "rgb",
        kept: np.ndarray | None = None,
    ) -> np.ndarray:
        """A picture: (height, width, 3) uint8, depth (height, width) float32 [m], or (height, width) int32 body ids.

        Args:
            values: the draw's values; the model with looks is compiled anew where they differ from the last.
            qpos: (nq,) where everything is; the same layout as that of the physics model.
            camera: a camera's name, or a free camera.
            kept: (extra,) what reactions keep (`Simulation.kept`), where stains are to be seen.
            kind: `rgb`; `depth`, `FAR` where nothing is nearer; or `segmentation`: ids as in `scene.model`, -1 where nothing is.
        """
        if _forked():
            raise ShiliuError(FORKED)
        self.model(values)
        assert self._model is not None
        size = (width, height)
        if size not in self._renderers:
            self._renderers[size] = make_renderer(self._model, width, height)
        data = mujoco.MjData(self._model)
        data.qpos[:] = qpos
        mujoco.mj_forward(self._model, data)
        renderer = self._renderers[size]
        renderer.update_scene(data, camera, scene_option=shown_groups())
        if kept is not None and kind == "rgb":
            for stain, dirty in self.scene.dirty(kept):
                draw_stain(renderer.scene, stain, dirty, data)
        if kind == "rgb":
            for display, site in self.scene.displays:
                field, number = data.site(site), display.text(float(data.joint(display.joint.of).qpos[0]), values)
                half = self._model.site(site).size[:2]
                draw_number(renderer.scene, number, field.xpos, field.xmat.reshape(3, 3), half)
        if kind == "depth":
            renderer.enable_depth_rendering()
        elif kind == "segmentation":
            renderer.enable_segmentation_rendering()
        for flag in (mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_REFLECTION):
            renderer.scene.flags[flag] = kind == "rgb"  # which of the others would show nothing, and cost a third
        try:
            picture = renderer.render().copy()
        finally:
            renderer.disable_depth_rendering()
            renderer.disable_segmentation_rendering()
        if kind == "depth":
            return np.minimum(picture, np.float32(FAR))
        return self._bodies(picture) if kind == "segmentation" else picture

    def model(self, values: Mapping[str, float]) -> mujoco.MjModel:
        """The model with its looks, compiled anew where the values differ from the last."""
        if self._model is None or self._values != dict(values):
            self.close()
            self._values, self._model = dict(values), self.scene.compile(values, looks=True)
            if self._shadows is not None:
                self._model.vis.quality.shadowsize = self._shadows
        return self._model

    def _bodies(self, pixels: np.ndarray) -> np.ndarray:
        """(h, w) int32 body ids of (h, w, 2) ids and types of what each pixel shows."""
        assert self._model is not None
        ids, types = pixels[..., 0], pixels[..., 1]
        model, bodies = self._model, np.full(ids.shape, -1, np.int32)
        # compared as plain numbers: an enum of the engine is compared element by element, which takes a second a picture
        geom = (types == int(mujoco.mjtObj.mjOBJ_GEOM)) & (ids >= 0)
        bodies[geom] = model.geom_bodyid[ids[geom]]
        skin = (types == int(mujoco.mjtObj.mjOBJ_SKIN)) & (ids >= 0)  # that of the first body which bends it
        bodies[skin] = model.skin_bonebodyid[model.skin_boneadr[ids[skin]]]
        flex = (types == int(mujoco.mjtObj.mjOBJ_FLEX)) & (ids >= 0)  # that of its first vertex
        bodies[flex] = model.flex_vertbodyid[model.flex_vertadr[ids[flex]]]
        return bodies

    def places(self, values: Mapping[str, float], qpos: np.ndarray, camera: str, depth: np.ndarray) -> np.ndarray:
        """(h, w, 3) where in the world [m] lies what each pixel of a depth picture shows, taken with these values and this camera."""
        model = self.model(values)
        data = posed(model, qpos)
        mujoco.mj_camlight(model, data)
        height, width = depth.shape
        pixel = np.tan(np.deg2rad(model.camera(camera).fovy[0]) / 2) / (height / 2)  # of the picture a metre before the camera
        right = (np.arange(width) + 0.5 - width / 2) * pixel
        up = (height / 2 - np.arange(height) - 0.5) * pixel
        rays = np.stack([*np.meshgrid(right, up), -np.ones(depth.shape)], axis=-1)
        eye = data.camera(camera)
        return np.asarray(eye.xpos + (depth[..., None] * rays) @ eye.xmat.reshape(3, 3).T)

    def close(self) -> None:
        for renderer in self._renderers.values():
            renderer.close()
        self._renderers = {}

    def __enter__(self) -> Painter:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def draw_stain(into: mujoco.MjvScene, stain: Stain, dirty: np.ndarray, data: mujoco.MjData) -> None:
    """Add the dirty cells of a stain to a scene that is about to be drawn: flat drops that run into each other.

    Args:
        dirty: (cells,) bool.
        data: with the field where it is.
    """
    grid, field = stain.grid, data.site(stain.place.of)
    turn, middles = field.xmat.reshape(3, 3), grid.middles()
    for k in np.flatnonzero(dirty)[: into.maxgeom - into.ngeom]:
        (x, y), odd = middles[k], (k * 2654435761 % 97) / 97.0  # no two neighbours alike, and the same ones always
        at = field.xpos + turn @ np.array([x, y, FILM * odd])  # no two at one height, which would flicker
        shade = 1.0 + 0.10 * np.sin(60 * x + 1.0) * np.sin(47 * y) + 0.05 * odd
        colour = np.array([*(shade * np.array(SPILT)), 1.0], np.float32)
        radius = (DROP + 0.15 * odd) * grid.cell
        geom = into.geoms[into.ngeom]
        mujoco.mjv_initGeom(
            geom, mujoco.mjtGeom.mjGEOM_CYLINDER, np.array([radius, FILM, 0.0]), at, turn.ravel(), colour
        )
        geom.specular, geom.shininess = 0.4, 0.6
        into.ngeom += 1


def shown_groups() -> mujoco.MjvOption:
    """What a picture shows: the world and visual shapes. Collision shapes, sites of tasks, debug and the rays of sensors stay hidden."""
    option = mujoco.MjvOption()
    option.geomgroup[:] = [1, 0, 1, 0, 0, 0]
    option.sitegroup[:] = 0
    option.flags[mujoco.mjtVisFlag.mjVIS_RANGEFINDER] = 0
    return option
