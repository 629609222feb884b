"""Scenes that many tests look at, hand-made sensor readings, a designer's folder, and the recordings of real robots."""

from __future__ import annotations

import gc
import importlib.util
import multiprocessing
import os
import pickle
import resource
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache
from multiprocessing import forkserver
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shiliu
from shiliu.scenarios.scene.scene import Scene
from shiliu.scenarios.sensing.requests import Layout, Readings, Request

if TYPE_CHECKING:
    import mujoco  # after shiliu, which chooses what OpenGL is taken from
    from shiliu.replay.recording.recording import SimEpisode

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "benchmarks"))  # its modules import each other by name, and have tests
pytest_plugins = ["scenario_costs", "long_suite"]
# kept, so that not every worker, and not every process that a test starts, compiles all modules anew
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.pycache_prefix = os.environ.setdefault("PYTHONPYCACHEPREFIX", str(ROOT / "build" / "bytecode"))
sys.dont_write_bytecode = False
WORK = 1200.0  # s that the judge simulates at most in copies of a take that fails


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[object]:
    """What is collected stays to the end: it is not looked through for garbage, now or later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A take that fails is tried in the fewest copies close by; slow tests, and those marked `all_copies`, try all."""
    from shiliu.replay.judge.facts import near_copies

    every = item.get_closest_marker("slow") or item.get_closest_marker("all_copies")
    near_copies.WORK = WORK if every else 0.0


@pytest.fixture
def one_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A take that fails is tried in one copy close by, where nothing is asked that hangs on them."""
    from shiliu.replay.judge.facts import near_copies

    monkeypatch.setattr(near_copies, "FEWEST", 1)


def script(path: str) -> Any:
    """A file that is run and belongs to no package, such as `benchmarks/judge.py`, as a module."""
    file = ROOT / path
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def scene() -> Scene:
    """The microwave cell; look at it, do not change it."""
    return shiliu.load_scenario("microwave")


@pytest.fixture(scope="session")
def any_scene(request: pytest.FixtureRequest) -> Scene:
    """Each scenario in turn (`scenario_costs.every`); look at it, do not change it."""
    return shiliu.load_scenario(request.param)


@pytest.fixture(scope="session")
def bare() -> Scene:
    """Robot and floor."""
    return shiliu.load_scenario("bare")


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that is dear to make: whichever worker wants it first makes it, and all look at it."""
    folder = factory.getbasetemp()
    kept = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / name
    if not kept.is_dir():
        own = folder / f"own_{name}"
        make(own)
        with suppress(OSError):  # another worker was first
            own.rename(kept)  # whole or not at all
    return kept


@pytest.fixture(scope="session")
def demonstration(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> SimEpisode:
    """The microwave's task as the operator does it; look at it, do not change it. Whichever worker wants it first performs it for all."""
    from demo import SEEDS
    from shiliu.replay.formats.lerobot.write import write_lerobot
    from shiliu.replay.operator.demonstration import demonstrate
    from shiliu.replay.recording.recording import Recording

    def make(folder: Path) -> None:
        (episode,) = demonstrate(scene, SEEDS[:1], threads=1)
        write_lerobot(folder, [episode], scene.schema.lerobot_features(), round(1 / scene.control_timestep))

    (recording,) = shiliu.read(made_once(tmp_path_factory, "demonstration", make))
    assert isinstance(recording, Recording) and recording.episode is not None
    return recording.episode


@pytest.fixture(scope="session")
def table() -> Scene:
    """The table setting, the shortest of the scenarios; look at it, do not change it."""
    return shiliu.load_scenario("table_setting")


@pytest.fixture(scope="session")
def demonstrated(table: Scene, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], shiliu.Recording]:
    """Its task as the operator does it, of a seed; look at it, do not change it. Performed once for all workers."""

    @cache
    def of(seed: int) -> shiliu.Recording:
        def make(folder: Path) -> None:
            folder.mkdir()
            (folder / "recording").write_bytes(pickle.dumps(shiliu.perform(table, seed)))

        folder = made_once(tmp_path_factory, f"demonstrated_{seed}", make)
        recording = pickle.loads((folder / "recording").read_bytes())
        assert (
            isinstance(recording, shiliu.Recording)
            and recording.episode is not None
            and recording.episode.label["success"]
        )
        return recording

    return of


@pytest.fixture(scope="session")
def served(demonstrated: Callable[[int], shiliu.Recording]) -> shiliu.Recording:
    """That of seed 1."""
    return demonstrated(1)


@pytest.fixture(scope="session")
def data() -> Path:
    """Recordings of real robots, which do not travel with the code."""
    folder = Path(os.environ.get("SHILIU_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the recordings are not on this machine; SHILIU_DATA names their folder")
    return folder


@cache
def no_opengl() -> str:
    """Why no picture can be drawn; empty where one can."""
    import mujoco

    try:
        mujoco.Renderer(mujoco.MjModel.from_xml_string("<mujoco/>"), 8, 8).close()
    except Exception as error:  # every backend fails with an exception of its own
        return type(error).__name__
    return ""


@pytest.fixture(scope="session")
def opengl() -> None:
    """Skips where no picture can be drawn."""
    if no_opengl():
        pytest.skip(f"no OpenGL: {no_opengl()}")


@pytest.fixture(scope="session", autouse=True)
def rough_pictures() -> Iterator[None]:
    """Pictures that this process draws have a small map of shadows and jagged edges: in software these cost more than all the rest."""
    import mujoco

    drawn = mujoco.Renderer.__init__

    def rough(self: mujoco.Renderer, model: mujoco.MjModel, *size: Any, **more: Any) -> None:
        model.vis.quality.shadowsize, model.vis.quality.offsamples = 512, 0
        drawn(self, model, *size, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mujoco.Renderer, "__init__", rough)
        yield


Values = Mapping[Request, object]


def make_readings(values: Values, peak: Values = {}, mean: Values = {}, start: Values | None = None) -> Readings:  # noqa: B006
    """Readings of any leading shape from arrays (..., k) for each sensor and (...) for each contact force."""
    slices, width, arrays = {}, 0, [np.asarray(v, float) for v in values.values()]
    for request, array in zip(values, arrays):
        slices[request.name] = slice(width, width + array.shape[-1])
        width += array.shape[-1]
    forces = [np.asarray(v, float) for v in peak.values()]
    lead = arrays[0].shape[:-1] if arrays else forces[0].shape
    layout = Layout(
        width,
        slices,
        {name: part.start for name, part in slices.items()},
        np.ones(width, bool),
        tuple(r.name for r in peak),
        slice(0, 0),
        np.arange(len(peak)),
    )
    value = np.concatenate(arrays, axis=-1) if arrays else np.zeros((*lead, 0))
    empty = np.zeros((*lead, 0))
    return Readings(
        value,
        np.stack(forces, axis=-1) if forces else empty,
        np.stack([np.asarray(v, float) for v in mean.values()], axis=-1) if mean else empty,
        value if start is None else np.concatenate([np.asarray(start[r], float) for r in values], axis=-1),
        layout,
    )


@pytest.fixture(scope="session")
def readings() -> Callable[..., Readings]:
    return make_readings


def strip_to_towel(scene: Scene, values: Mapping[str, float]) -> mujoco.MjSpec:
    """The table and the towel of a scene alone, to be compiled with what meets them."""
    spec = scene.spec(values)
    for kind in ("sensors", "actuators", "equalities", "excludes", "tendons", "keys", "cameras"):
        for one in list(getattr(spec, kind)):
            spec.delete(one)
    for body in list(spec.worldbody.bodies):
        if not body.name.startswith(("table/", "towel/")):
            spec.delete(body)
    return spec


@pytest.fixture(scope="session")
def towel_alone() -> Callable[..., mujoco.MjSpec]:
    return strip_to_towel


TABLE_TOP = """\
title: {en: Table, zh: 桌面}
version: 1
time_limit: 4 s
robot: {stands_at: {x: 0 mm, y: 0 mm, yaw: 0 deg}, pose: ready}
parts:
  room: {part: fixtures/room}
  counter: {part: fixtures/counter, put: front_foot, at: {x: 300 mm}, height: 860 mm}
  bowl: {part: objects/bowl_150, stands_on: counter.top_front, put: base, at: {x: 200 mm, y: 50 mm}}
variation:
  bowl: {at: {x: {uniform: [-20 mm, 20 mm]}}}
  redraw: {unless: [no_penetration], at_most: 5 %}
goal:
  lifted: {all: [{near: {of: bowl.base, to: counter.top, within: 2 m}}, {upright: {of: bowl, within: 10 deg}}], hold: 1 s}
never:
  dropped: {below: {of: bowl.base, height: 100 mm}}
cameras:
  above: {look_at: bowl.base, from: {x: 500 mm, y: 50 mm, z: 2000 mm}, size: 160x120}
judge: {required: [integrity]}
"""


@pytest.fixture
def designer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A designer's own folder, with blanks in its name, that the test stands in: conf/scenario/table_top.yaml."""
    folder = tmp_path / "my = kitchen, new"
    (folder / "conf" / "scenario").mkdir(parents=True)
    (folder / "conf" / "scenario" / "table_top.yaml").write_text(TABLE_TOP, encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """As on a disk that has no more room: what is written beyond so many bytes fails. Bytecode, which would be cut, is not kept."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", True)
        patch.setenv("PYTHONDONTWRITEBYTECODE", "1")
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(scope="session")
def python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run Python code in a process of its own, from a folder that is not the repository."""

    def run(code: str, cwd: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code, *arguments],
            cwd=cwd,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def forked_workers() -> Iterator[None]:
    """Workers are forked from a process that has their modules. As a run begins them they are in test_line.py and test_machines.py."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["warm_worker"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
        forkserver.ensure_running()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shiliu.replay.line.pool.get_context", lambda method: context)
        yield


@contextmanager
def watch(seconds: float) -> Iterator[None]:
    """Whatever runs inside ends within so many seconds of the processor, and without a warning of a division by nothing."""

    def late(*_: object) -> None:
        raise AssertionError(f"not done after {seconds:g} s of the processor")

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)


@pytest.fixture(scope="session")
def watched() -> Callable[[float], AbstractContextManager[None]]:
    return watch
