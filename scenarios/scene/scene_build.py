"""How a scene is put together: robot and parts in one spec, each where the scenario says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mujoco
import numpy as np

from ..cloth.contact import meet_by_tiles, meet_by_vertices, tiles_of
from ..parts.pose import Pose, local_pose, pose_in_body, posed, quat_of
from ..reading.answers import add_answers
from ..reading.config import Placed, ScenarioConfig, nominal_values, values_of
from ..reading.names import Names
from ..robots.legged import add_motors
from ..robots.mobile import solve_beside
from ..robots.robot import Robot
from ..sheet.errors import ScenarioError
from ..sheet.yaml_reader import Node
from .looks import add_light, add_sky, drop_looks, fit_shadows
from .marks import add_marks

# bytes: a heap of cloth has thousands of contacts, one into which something is flung tens of thousands
CLOTH_MEMORY = 2**28


def message_of(error: ValueError) -> str:
    """The engine's own words on one line."""
    return " ".join(str(error).split()).removeprefix("Error: ").rstrip(".")


class SceneBuild:
    """The composed spec and the handles through which a draw arranges it.

    Without `looks` it has what collides alone: visual shapes are dropped part by part, since to search the whole scene for
    them takes ten times as long.
    """

    def __init__(self, config: ScenarioConfig, robot: Robot, timestep: float, looks: bool = False):
        self.config, self.robot = config, robot
        self._valued = values_of(config.parts).keys()  # of what a draw must have a value
        x, y, yaw = config.stands_at
        # the robot's own spec is the root: attaching it would need a prefix, and its joints keep the maker's names
        self.spec = robot.spec(Pose.of((x, y, 0.0), yaw))
        add_answers(self.spec, config.answers)
        if robot.base == "legs":
            add_motors(self.spec, robot.limits, robot.legs, robot.policy)
        if not looks:
            self.spec.discard_visual()
        # the name is part of what the fingerprint is taken of, so that no variant passes for another
        self.spec.modelname = f"{config.id} {config.variant}" if config.variant else config.id
        if robot.base == "legs" and robot.policy is None:  # and no controller of legs
            self.spec.modelname += f" {robot.legs_controller}"
        if robot.policy is not None:  # and no policy for another
            self.spec.modelname += f" {robot.policy.sha256} {robot.policy.sheet_sha256}"
        self.spec.compiler.degree = False
        self.spec.compiler.conflict = mujoco.mjtConflict.mjCONFLICT_ERROR
        option = self.spec.option
        config.physics.apply(option, timestep)
        option.disableflags = int(option.disableflags) | int(mujoco.mjtDisableBit.mjDSBL_AUTORESET)
        add_light(self.spec, config)
        if looks:
            add_sky(self.spec)
        self.frames: dict[str, Any] = {}
        for placed in config.parts:
            frame = self.spec.worldbody.add_frame(name=f"{placed.name}/place")
            part = placed.part.spec()
            for fault in placed.part.faults(part):
                config.problems.note(f"{names_path(config)}parts.{placed.name}.part", fault)
            config.physics.apply(part.option, timestep)  # what a part says for itself counts when it is opened alone
            try:
                if not looks:
                    drop_looks(part)
                if config.physics.cloth != "surface":
                    meet_by_vertices(part, config.physics.cloth == "layers")
                self.spec.attach(part, frame=frame, prefix=f"{placed.name}/")
            except ValueError as error:
                raise ScenarioError(
                    f"parts.{placed.name}: this part cannot be put into a scene: {message_of(error)}.", file=str(placed.part.file)
                ) from None
            self.frames[placed.name] = frame
        if self.spec.flexes:
            self.spec.memory = CLOTH_MEMORY
            if config.physics.fingers == "tiles":
                meet_by_tiles(self.spec)
            if robot.base == "mobile":
                solve_beside(option)
        self._marks = add_marks(self.spec, config.marks, Names(self.spec, config, robot.interface), looks)
        self.sights: list[tuple[Any, Any]] = []  # bodies at which a sight is directed, each with the site that it lies at
        self._friction = self._friction_geoms()
        self._written: dict[str, float] = {}  # the values of parameters that stand in the spec
        self._params = {placed.name: tuple(placed.part.params) for placed in config.parts}
        self._sites: dict[tuple[str, str], tuple[tuple[float, ...], Pose]] = {}

    def _friction_geoms(self) -> list[tuple[Any, np.ndarray]]:
        names = Names(self.spec, self.config, self.robot.interface)
        geoms: list[tuple[Any, np.ndarray]] = []
        for word in self.config.friction_of:
            for group in names.groups(
                Node(word, f"{names_path(self.config)}variation.friction.of", self.config.problems)
            ):
                how, _, name = group.partition(":")
                if how == "geom":
                    found = [self.spec.geom(name), *tiles_of(self.spec, name)]
                else:
                    body = self.spec.body(name)
                    found = [g for g in (body.geoms if how == "body" else body.find_all("geom"))]
                geoms += [
                    (g, np.array(g.friction, float)) for g in found if g is not None and (g.contype or g.conaffinity)
                ]
        return geoms

    def arrange(self, values: Mapping[str, float]) -> None:
        """Write a draw's values: parameters of parts, then where each part stands, then friction.

        Raises:
            ScenarioError: a value is missing.
        """
        if missing := sorted(self._valued - values.keys()):
            raise ScenarioError(
                f"{len(missing)} values are missing, such as {missing[0]}. Give all values of a draw: info['draw'] of env.reset has them.",
                field="values",
            )
        places: dict[str, Pose] = {}
        for placed in self.config.parts:
            prefix = f"{placed.name}/"
            for key, param in placed.part.params.items():
                name = f"{placed.name}.{key}"
                if self._written.get(name) != values[name]:
                    for write in param.writes:
                        write.apply(self.spec, prefix, values[name])
                    self._written[name] = values[name]
            pose = self._place(placed, values, places)
            places[placed.name] = pose
            frame = self.frames[placed.name]
            frame.pos, frame.quat = pose.pos, pose.quat
        for mark in self._marks:
            mark.lay()
        for body, site in self.sights:
            body.pos = pose_in_body(site).pos
        for geom, friction in self._friction:
            geom.friction = np.array([friction[0] * values["friction"], *friction[1:]])

    def _place(self, placed: Placed, values: Mapping[str, float], places: Mapping[str, Pose]) -> Pose:
        """World pose of a part's frame, from where it stands, how it is offset and which site of it lies there."""
        at = Pose.of([values[f"{placed.name}.at.{axis}"] for axis in "xyz"], values[f"{placed.name}.yaw"])
        base = Pose.identity()
        if placed.stands_on is not None:
            below, site = placed.stands_on
            base = places[below] @ self._site(below, site, values)
        place = base @ at
        return place if placed.put is None else place @ self._site(placed.name, placed.put, values).inverse()

    def _site(self, instance: str, site: str, values: Mapping[str, float]) -> Pose:
        """Pose of a part's site in its own frame, at zero joint angles; found anew where the part's parameters changed."""
        params = tuple(values[f"{instance}.{key}"] for key in self._params[instance])
        kept = self._sites.get((instance, site))
        if kept is None or kept[0] != params:
            pose = local_pose(self.spec.site(f"{instance}/{site}"), stop=f"{instance}/place")
            kept = self._sites[instance, site] = (params, pose)
        return kept[1]

    def add_cameras(self, names: Names) -> None:
        """Add the scenario's standing cameras (mounted ones belong to the robot's model); shadows reach as far as the scene does."""
        values = nominal_values(self.config)
        self.arrange(values)
        model = self.spec.compile()
        data = posed(model)
        fit_shadows(self.spec, data)
        for camera in self.config.cameras:
            if camera.stands is None or camera.look_at is None:
                continue
            target = data.site(names.element(camera.look_at, "site")).xpos
            stands = np.array(camera.stands)
            forward = (target - stands) / max(float(np.linalg.norm(target - stands)), 1e-9)
            right = np.cross(forward, [0, 0, 1.0])
            if np.linalg.norm(right) < 1e-6:  # straight down: up in the picture is away from the robot
                right = np.array([0, -1.0, 0])
            right /= np.linalg.norm(right)
            up = np.cross(right, forward)
            quat = quat_of(np.stack([right, up, -forward], axis=1))
            self.spec.worldbody.add_camera(name=camera.name, pos=stands, quat=quat, fovy=45)


def names_path(config: ScenarioConfig) -> str:
    """Key path of the scenario inside the composed config, with its dot, for the places of problems."""
    return config.goal.path.removesuffix("goal")
