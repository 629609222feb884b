"""Everything a scenario measures is a MuJoCo sensor: requests are gathered, compiled into the model, read by name.

A *reading* at control step t holds, for position and velocity sensors, the value at state t; for forces the largest
magnitude (and the largest mean over a window) among the physics steps of the control period before, because a 68 N impact
shows as 19 N when it is sampled at 30 Hz.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import mujoco
import numpy as np

_S, _O = mujoco.mjtSensor, mujoco.mjtObj
# kind of request -> (sensor type, object type, reference type)
_PLAIN = {
    "joint_position": (_S.mjSENS_JOINTPOS, _O.mjOBJ_JOINT),
    "joint_velocity": (_S.mjSENS_JOINTVEL, _O.mjOBJ_JOINT),
    "joint_torque": (_S.mjSENS_JOINTACTFRC, _O.mjOBJ_JOINT),
    "tendon_position": (_S.mjSENS_TENDONPOS, _O.mjOBJ_TENDON),
    "tendon_velocity": (_S.mjSENS_TENDONVEL, _O.mjOBJ_TENDON),
    "actuator_force": (_S.mjSENS_ACTUATORFRC, _O.mjOBJ_ACTUATOR),
    "actuator_velocity": (_S.mjSENS_ACTUATORVEL, _O.mjOBJ_ACTUATOR),
    "site_position": (_S.mjSENS_FRAMEPOS, _O.mjOBJ_SITE),
    "site_orientation": (_S.mjSENS_FRAMEQUAT, _O.mjOBJ_SITE),
    "site_x": (_S.mjSENS_FRAMEXAXIS, _O.mjOBJ_SITE),
    "site_velocity": (_S.mjSENS_FRAMELINVEL, _O.mjOBJ_SITE),
    "body_velocity": (_S.mjSENS_FRAMELINVEL, _O.mjOBJ_XBODY),
    "body_position": (_S.mjSENS_FRAMEPOS, _O.mjOBJ_XBODY),
    "body_orientation": (_S.mjSENS_FRAMEQUAT, _O.mjOBJ_XBODY),
    "body_up": (_S.mjSENS_FRAMEZAXIS, _O.mjOBJ_XBODY),
    "site_force": (_S.mjSENS_FORCE, _O.mjOBJ_SITE),
    "site_torque": (_S.mjSENS_TORQUE, _O.mjOBJ_SITE),
}
_FRAMES = {"body": _O.mjOBJ_XBODY, "site": _O.mjOBJ_SITE, "camera": _O.mjOBJ_CAMERA}
_DISTANCE = 1 << int(mujoco.mjtRayDataField.mjRAYDATA_DIST)  # what a range finder tells: bit of the field
_CONTACT_FORCE, _NETFORCE = 2, 3  # bit of `data="force"` and number of `reduce="netforce"` in the contact sensor


@dataclass(frozen=True, order=True, slots=True)
class Request:
    """One sensor: what is measured, of what, relative to what.

    Attributes:
        kind: a key of the table above, `contact_force` (net force [N] of all contacts between two groups), or `sight` (how far [m]
            from a camera the way to a site first meets something; -1 where it meets nothing).
        of: element name; for contacts `body:NAME` (its own geoms), `tree:NAME` (with all its children) or `geom:NAME`.
        to: the second group of a contact, or the frame of the pose: a body (`body:NAME`), a site (`site:NAME`) or a camera
            (`camera:NAME`); empty for the world.
    """

    kind: str
    of: str
    to: str = ""
    name: str = field(init=False, repr=False, compare=False)  # of the sensor; read at every step, so made once

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", f"{self.kind}({self.of}{'|' + self.to if self.to else ''})")


class Asks:
    """A dataclass that asks for every request among its fields, in their order."""

    __slots__ = ()

    def requests(self) -> list[Request]:
        return [request for one in fields(self) for request in _asked(getattr(self, one.name))]  # type: ignore[arg-type]


def _asked(value: object) -> Iterator[Request]:
    """The requests that a value is, holds, or asks for itself."""
    if isinstance(value, Request):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from _asked(one)
    elif callable(getattr(value, "requests", None)):
        yield from value.requests()  # type: ignore[attr-defined]


def _group(word: str) -> tuple[mujoco.mjtObj, str]:
    how, _, name = word.partition(":")
    return {"body": _O.mjOBJ_BODY, "tree": _O.mjOBJ_XBODY, "geom": _O.mjOBJ_GEOM}[how], name


@dataclass
class SensorPlan:
    """The sensors that a scene's goal, safety, schema and rules asked for, each once."""

    requests: dict[str, Request] = field(default_factory=dict)

    def add(self, request: Request) -> Request:
        self.requests.setdefault(request.name, request)
        return request

    def compile_into(self, spec: mujoco.MjSpec) -> list[tuple[Any, Any]]:
        """Add every requested sensor to a spec; contact forces last, so that they lie side by side.

        Returns:
            bodies that were added at a site, each with the site: it has to lie there in every draw.
        """
        marks = []
        for request in sorted(self.requests.values(), key=lambda request: request.kind == "contact_force"):
            if request.kind == "contact_force":
                type1, name1 = _group(request.of)
                type2, name2 = _group(request.to) if request.to else (_O.mjOBJ_UNKNOWN, "")
                spec.add_sensor(
                    name=request.name,
                    type=_S.mjSENS_CONTACT,
                    objtype=type1,
                    objname=name1,
                    reftype=type2,
                    refname=name2,
                    intprm=[_CONTACT_FORCE, _NETFORCE, 1],
                )
                continue
            if request.kind == "sight":
                marks.append(_add_sight(spec, request))
                continue
            sensor_type, object_type = _PLAIN[request.kind]
            sensor = spec.add_sensor(name=request.name, type=sensor_type, objtype=object_type, objname=request.of)
            if request.to:
                how, _, name = request.to.partition(":")
                sensor.reftype, sensor.refname = _FRAMES[how], name
        return marks


def _add_sight(spec: mujoco.MjSpec, request: Request) -> tuple[Any, Any]:
    """A camera of one pixel beside the one that looks, the range finder in it, and the body at the site to which it turns."""
    site, eye = spec.site(request.of), spec.camera(request.to.partition(":")[2])
    called = request.of if spec.body(request.of) is None else f"{request.name} mark"  # a report calls it as it calls the site
    mark = site.parent.add_body(name=called, pos=site.pos)
    ray = eye.parent.add_camera(
        name=f"{request.name} ray",
        pos=eye.pos,
        mode=mujoco.mjtCamLight.mjCAMLIGHT_TARGETBODY,
        targetbody=mark.name,
        resolution=[1, 1],
        fovy=1.0,
    )
    spec.add_sensor(
        name=request.name,
        type=_S.mjSENS_RANGEFINDER,
        objtype=_O.mjOBJ_CAMERA,
        objname=ray.name,
        intprm=[_DISTANCE, 0, 0],
    )
    return mark, site


@dataclass(frozen=True)
class Layout:
    """Where each sensor lies in a model's `sensordata`, and which of them are forces.

    Attributes:
        width: length of `sensordata`.
        slices: sensor name -> slice.
        settled: (width,) True for position and velocity sensors: they read the state itself.
        begins: sensor name -> first column.
        forces: names of the contact-force sensors, in the order of the columns of `peak` and `mean`.
        averaged: columns of `mean` that somebody asks for; the others are NaN.
        read: columns of `peak` that somebody asks for, None for all; the others are NaN.
    """

    width: int
    slices: dict[str, slice]
    begins: dict[str, int]
    settled: np.ndarray
    forces: tuple[str, ...]
    force_slice: slice  # columns of sensordata that hold the force vectors, three each
    averaged: np.ndarray
    read: np.ndarray | None = None
    _columns: dict[int, tuple[tuple[Request, ...], np.ndarray]] = field(default_factory=dict, repr=False, compare=False)
    _force_columns: dict[int, tuple[tuple[Request, ...], np.ndarray]] = field(
        default_factory=dict, repr=False, compare=False
    )
    _force_lists: dict[int, tuple[tuple[Request, ...], list[int]]] = field(
        default_factory=dict, repr=False, compare=False
    )

    @classmethod
    def of_model(cls, model: mujoco.MjModel, averaged: Iterable[Request] | None = None) -> Layout:
        """The layout of a compiled model.

        Args:
            averaged: the contact forces to average over `FORCE_WINDOW`; None for all.
        """
        slices, forces = {}, []
        settled = np.zeros(model.nsensordata, bool)
        for i in range(model.nsensor):
            begin, dim = int(model.sensor_adr[i]), int(model.sensor_dim[i])
            name = model.sensor(i).name
            slices[name] = slice(begin, begin + dim)
            settled[begin : begin + dim] = model.sensor_needstage[i] != mujoco.mjtStage.mjSTAGE_ACC
            if model.sensor_type[i] == _S.mjSENS_CONTACT:
                forces.append(name)
        first = slices[forces[0]].start if forces else model.nsensordata
        begins = {name: part.start for name, part in slices.items()}
        wanted = set(forces) if averaged is None else {request.name for request in averaged}
        columns = np.flatnonzero([name in wanted for name in forces])
        there = slice(first, first + 3 * len(forces))
        return cls(model.nsensordata, slices, begins, settled, tuple(forces), there, columns)

    def without(self, forces: Iterable[Request]) -> Layout:
        """The same sensors for somebody who does not ask for these contact forces, which then cost nothing."""
        left = {request.name for request in forces}
        read = np.flatnonzero([name not in left for name in self.forces])
        averaged = self.averaged[np.isin(self.averaged, read)]
        there = self.width, self.slices, self.begins, self.settled, self.forces, self.force_slice
        return Layout(*there, averaged, read)

    @cached_property
    def vectors(self) -> np.ndarray:
        """Columns of sensordata with the vectors of the forces that are asked for, three each."""
        assert self.read is not None
        return (self.force_slice.start + 3 * self.read[:, None] + np.arange(3)).ravel()

    @cached_property
    def averaged_read(self) -> np.ndarray:
        """Where the averaged forces stand among those that are asked for."""
        return self.averaged if self.read is None else np.searchsorted(self.read, self.averaged)

    @cached_property
    def unfelt(self) -> tuple[np.ndarray, np.ndarray]:
        """(1, nforce) `peak` and `mean` of one copy that feels nothing, never written to."""
        peak, mean = (np.full((1, len(self.forces)), np.nan) for _ in range(2))
        peak[:, slice(None) if self.read is None else self.read] = mean[:, self.averaged] = 0.0
        peak.flags.writeable = mean.flags.writeable = False
        return peak, mean

    @cached_property
    def unfelt_row(self) -> tuple[list[float], list[float]]:
        """The same as plain floats."""
        peak, mean = self.unfelt
        return peak[0].tolist(), mean[0].tolist()

    def columns(self, requests: tuple[Request, ...]) -> np.ndarray:
        """Columns of `sensordata` that several sensors fill, one after the other."""
        # keyed by the tuple itself, which its owner keeps: hashing fifty names at every step costs more than the rest
        kept = self._columns.get(id(requests))
        if kept is None or kept[0] is not requests:
            every = np.arange(self.width)
            kept = (requests, np.concatenate([every[self.slices[request.name]] for request in requests]))
            self._columns[id(requests)] = kept
        return kept[1]

    def force_columns(self, requests: tuple[Request, ...]) -> np.ndarray:
        """Columns of `peak` and `mean` of several contact-force sensors."""
        kept = self._force_columns.get(id(requests))
        if kept is None or kept[0] is not requests:
            kept = (requests, np.array([self.forces.index(request.name) for request in requests], int))
            self._force_columns[id(requests)] = kept
        return kept[1]

    def force_list(self, requests: tuple[Request, ...]) -> list[int]:
        """The same as plain numbers, for a `Row`."""
        kept = self._force_lists.get(id(requests))
        if kept is None or kept[0] is not requests:
            kept = self._force_lists[id(requests)] = (requests, self.force_columns(requests).tolist())
        return kept[1]

    def column(self, force: Request) -> int:
        """Column of a contact-force sensor in `peak` and `mean`."""
        return self.forces.index(force.name)


@dataclass
class Readings:
    """What the sensors say, on any leading shape: () one step, (n,) a vector env, (n, T) whole replays.

    Attributes:
        value: (..., width) sensordata; position and velocity sensors at the state, forces at its last physics step.
        peak: (..., nforce) [N] largest magnitude of each contact force since the control step before.
        mean: (..., nforce) [N] largest mean magnitude over `FORCE_WINDOW` within that control period.
        start: (..., width) the first reading of the episode, broadcastable to `value`.
    """

    value: np.ndarray
    peak: np.ndarray
    mean: np.ndarray
    start: np.ndarray
    layout: Layout

    def of(self, request: Request) -> np.ndarray:
        return self.value[..., self.layout.slices[request.name]]

    def first(self, request: Request) -> np.ndarray:
        """(...,) the first number of a sensor."""
        return self.value[..., self.layout.begins[request.name]]

    def point(self, request: Request) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Three (...,) coordinates of a sensor."""
        i, value = self.layout.begins[request.name], self.value
        return value[..., i], value[..., i + 1], value[..., i + 2]

    def quat(self, request: Request) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Four (...,) numbers of an orientation (wxyz)."""
        i, value = self.layout.begins[request.name], self.value
        return value[..., i], value[..., i + 1], value[..., i + 2], value[..., i + 3]

    def start_point(self, request: Request) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        i, start = self.layout.begins[request.name], self.start
        return start[..., i], start[..., i + 1], start[..., i + 2]

    def row(self, i: int, start: list[float] | None = None) -> Row:
        """Copy i as plain floats; `start` where they are at hand."""
        start = self.start[i].tolist() if start is None else start
        contact = self.peak is not self.layout.unfelt[0]
        peak, mean = (self.peak[i].tolist(), self.mean[i].tolist()) if contact else self.layout.unfelt_row
        return Row(self.value[i].tolist(), peak, mean, start, self.layout, contact)

    def rows(self, ids: np.ndarray | int) -> Readings:
        """The readings of some copies, or of one without the leading axis."""
        return Readings(self.value[ids], self.peak[ids], self.mean[ids], self.start[ids], self.layout)

    def peak_of(self, requests: tuple[Request, ...]) -> np.ndarray:
        """(...,) [N] the largest peak among several contact-force sensors."""
        return self.peak[..., self.layout.force_columns(requests)].max(axis=-1)

    def mean_of(self, requests: tuple[Request, ...]) -> np.ndarray:
        return self.mean[..., self.layout.force_columns(requests)].max(axis=-1)


@dataclass(slots=True)
class Row:
    """The readings of one copy at one step as plain floats, on which Python is faster than NumPy; see `Readings`."""

    value: list[float]
    peak: list[float]
    mean: list[float]
    start: list[float]
    layout: Layout
    touching: bool = True  # whether there can be a force at all

    def first(self, request: Request) -> float:
        return self.value[self.layout.begins[request.name]]

    def point(self, request: Request) -> list[float]:
        i = self.layout.begins[request.name]
        return self.value[i : i + 3]

    def quat(self, request: Request) -> list[float]:
        i = self.layout.begins[request.name]
        return self.value[i : i + 4]

    def start_point(self, request: Request) -> list[float]:
        i = self.layout.begins[request.name]
        return self.start[i : i + 3]

    def peak_of(self, requests: tuple[Request, ...]) -> float:
        return self._largest(self.peak, requests)

    def mean_of(self, requests: tuple[Request, ...]) -> float:
        return self._largest(self.mean, requests)

    def _largest(self, values: list[float], requests: tuple[Request, ...]) -> float:
        found = [values[i] for i in self.layout.force_list(requests)]
        return math.nan if math.isnan(sum(found)) else max(found)


FORCE_WINDOW = 0.020  # s, window of `mean_over: 20 ms`, the only window compiled; windows lie inside one control period


def reduce_forces(trace: np.ndarray, layout: Layout, timestep: float) -> tuple[np.ndarray, np.ndarray]:
    """Peaks and windowed means of the contact forces of one control period.

    Args:
        trace: (n, substeps, width) sensordata after each physics step.
        layout: where the forces lie.
        timestep: physics step [s].

    Returns:
        peak (n, nforce) [N] and mean (n, nforce) [N] as in `Readings`.
    """
    n, substeps = trace.shape[:2]
    square = trace[:, :, layout.force_slice] if layout.read is None else trace.take(layout.vectors, axis=2)
    if not np.count_nonzero(square):  # most of the time nothing that anybody asks about touches; faster than `any`
        peak, mean = layout.unfelt
        return (peak, mean) if n == 1 else (peak.repeat(n, axis=0), mean.repeat(n, axis=0))
    square = square * square
    square = square[:, :, 0::3] + square[:, :, 1::3] + square[:, :, 2::3]
    most = np.maximum.reduce(square, axis=1)
    mean = layout.unfelt[1].repeat(n, axis=0)
    if len(layout.averaged) and most.take(layout.averaged_read, axis=1).any():
        window = min(max(round(FORCE_WINDOW / timestep), 1), substeps)
        total = np.add.accumulate(np.sqrt(square.take(layout.averaged_read, axis=2)), axis=1)
        sums = total[:, window - 1 :].copy()
        sums[:, 1:] -= total[:, :-window]
        mean[:, layout.averaged] = np.maximum.reduce(sums, axis=1) / window
    if layout.read is None:
        return np.sqrt(most), mean
    peak = layout.unfelt[0].repeat(n, axis=0)
    peak[:, layout.read] = np.sqrt(most)
    return peak, mean
