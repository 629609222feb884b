"""What `import shiliu` offers beside classes: scenarios, demonstrations, datasets, verdicts, labels and pictures, as functions.

Everything here calls what the commands call. It stands above all rooms. A method of an environment or of a verdict that needs
what stands above it (`episode`, `plot`) therefore comes here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from .replay.checks.registry import registry
from .replay.judge import judge as judging
from .replay.judge.context import Contexts
from .replay.recording.recording import Recording, SimRecording, Unreadable
from .replay.rollout.episode import as_recording, checkpoints_of, episode_of
from .replay.rollout.rollout import Rollout, Take, play
from .scenarios.catalog.catalog import scene_from
from .scenarios.draws import variation as drawing
from .scenarios.legs.policy_file import load_policy
from .scenarios.robots.leg_policy import LegPolicy
from .scenarios.robots.robot_folder import DEFAULT_ROBOT
from .scenarios.scene.looks import largest_picture
from .scenarios.scene.scene import Scene
from .scenarios.sheet import arguments
from .scenarios.sheet.errors import EpisodeError, ScenarioError

if TYPE_CHECKING:
    from PIL import Image

    from .envs.single import ShiliuEnv
    from .replay.judge.verdict import Verdict
    from .replay.labels.labelling import Labelled
    from .replay.report.notebook import Drawing
    from .scenarios.draws.variation import Draw

Seed = int | np.integer
Recordings = Recording | Iterable[Recording | Unreadable]
SMALLEST = 8  # pixels of a picture's width
FRAMES = 100  # pictures of a strip
RECORDINGS = "recordings, which shiliu.read, shiliu.perform and env.unwrapped.episode() give"
CODES = "codes of `shiliu list checks`, such as 'joint.velocity'"


def judge(
    recordings: Recordings,
    scene: str | Scene | None = None,
    *,
    robot: str | Path | None = None,
    model: str | Path | None = None,
    device: str | None = None,
    strict: bool = False,
    threads: int = 0,
    seed: Seed = 0,
    pictures: bool = False,
    contexts: Contexts | None = None,
    full: bool = False,
    legs: bool | str | Path | LegPolicy = False,
    curves: str | Collection[str] = (),
    told: Callable[[Verdict], None] | None = None,
    performed: Mapping[str, Rollout] | None = None,
) -> list[Verdict]:
    """Judge recordings: can the robot do this, here, and if not, where, when and why not?

    Args:
        recordings: from `shiliu.read`, `shiliu.perform` or `env.unwrapped.episode()`; one, or any number. An unreadable one
            becomes a verdict with an error.
        scene: where to judge them, a name or a scene; None takes the scene that each names, else the bare floor.
        robot: whom they are judged as: a name of `shiliu list robots`, or a YAML file that describes yours; None takes the robot
            that each names.
        model: the MJCF file of a described robot.
        device: judge demonstrations of the simulation as this device would have recorded them (`shiliu list devices`).
        strict: a warning fails.
        threads: of the replay; 0 for all cores; verdicts do not depend on it.
        seed: of the likely starts that are tried where a recording does not say its start, and of the varied copies.
        pictures: draw a few pictures of each recording (`Verdict.picture`), where OpenGL exists.
        contexts: chooses the scenes, instead of `scene`, `robot` and `model`.
        full: play those that succeed in varied copies of their scene, too.
        legs: also play them by the robot on its own legs (`Verdict` keeps its answer beside the verdict); the `.onnx` file of a policy:
            with legs that it moves. An episode that was made on such legs needs that file here.
        curves: codes of checks for which `Verdict.plot(code)` has a curve though they pass.
        told: called with each verdict as it is made.
        performed: digest of a recording -> what was kept while it was performed just now; it is not played again then.

    Returns:
        One verdict for each recording, in their order.

    Raises:
        ShiliuError: an argument that cannot be taken, by its name (this and all functions of shiliu).
        ScenarioError: the robot, its model, a scene or the device cannot be built.
    """
    items = _recordings(recordings)
    arguments.flags(strict=strict, pictures=pictures, full=full)
    policy = _policy(legs) if isinstance(legs, str | Path) else legs if isinstance(legs, LegPolicy) else None
    if policy is None and not isinstance(legs, bool):
        raise arguments.refused("legs", legs, "True or False, or a policy's .onnx file")
    threads, seed = arguments.threads(threads), arguments.seed(seed)
    curves = arguments.known("curves", curves, registry(), CODES)
    if told is not None and not callable(told):
        raise arguments.refused("told", told, "a function that takes a verdict")
    if performed is not None:
        arguments.table("performed", performed, "what `judged` of an operator's run has kept, by digest")
    if contexts is None:
        where = None if scene is None else scene_from(scene, "scene")
        whom = None if robot is None else str(arguments.path("robot", robot, "a name of `shiliu list robots`, or a YAML file"))
        file = None if model is None else arguments.path("model", model, "the MJCF file of the robot")
        if file is not None and not file.is_file():
            raise ScenarioError("There is no such file. Give the MJCF file of the robot.", file=file, field="model")
        known = policy or (None if where is None else where.robot.policy)
        contexts = Contexts(where, whom, model=file, policy=known)
    elif not (scene is None and robot is None and model is None):
        raise arguments.ArgumentError("It chooses scene and robot itself. Leave scene, robot and model out.", field="contexts")
    elif not isinstance(contexts, Contexts):
        raise arguments.refused("contexts", contexts, "scene, robot and model instead")
    if device is not None:
        from .replay.evaluation.device import recorded_by

        items = recorded_by(items, contexts, arguments.word("device", device, "a name of `shiliu list devices`"))
    return judging.judge(
        items, strict=strict, threads=threads, seed=seed, pictures=pictures, contexts=contexts, full=full, legs=policy or bool(legs),
        curves=curves, told=told, performed=performed,
    )  # fmt: skip


def judge_commands(
    scenario: str | Scene,
    actions: np.ndarray | Sequence[Sequence[float]],
    *,
    seed: Seed | None = None,
    values: Mapping[str, float] | None = None,
    strict: bool = False,
    pictures: bool = False,
    full: bool = False,
    legs: bool | str | Path | LegPolicy = False,
    curves: str | Collection[str] = (),
) -> Verdict:
    """Play commands in a scenario and judge what happens: array in, verdict out.

    Args:
        scenario: a name, or what `shiliu.load_scenario` gave.
        actions: (T, nu) one row for each control period, one column for each name of `scene.schema.action.names`, in its unit
            (rad, %). They are played as float32, as a dataset holds them.
        seed: the draw in which they are played, that of `env.reset(seed=…)` and of `shiliu.perform(…, seed)`; None for the scene as
            its YAML gives it.
        values: instead of a seed the values that differ from the YAML, such as `{"oven.yaw": 0.1}` (SI).
        strict, pictures, full, legs, curves: as for `shiliu.judge`.

    Returns:
        The verdict. Commands claim nothing: a task that they do not do is in `verdict.outcome`, and is no reason to refuse them.

    Raises:
        ShiliuError: `actions` is no such array of real numbers, or one is not finite as float32; or another argument cannot be taken.
        ScenarioError: there is no such scenario, or its draw cannot be made.
    """
    scene = scene_from(scenario)
    names = scene.schema.action.names
    sent = arguments.numbers("actions", actions, f"real numbers, {_rows(names)}")
    if sent.ndim != 2 or sent.shape[1] != len(names) or not len(sent):
        raise arguments.ArgumentError(f"The shape {sent.shape} is not accepted here. Give {_rows(names)}.", field="actions")
    if (odd := np.argwhere(~np.isfinite(sent))).size:
        row, column = odd[0]
        raise arguments.ArgumentError(
            f"row {row}, {names[column]} is {np.asarray(actions)[row, column]}. Commands are finite numbers that float32 holds.",
            field="actions",
        )
    if seed is not None and values is not None:
        raise arguments.ArgumentError("A seed draws all values. Give the one or the other.", field="values")
    if values is not None:
        arguments.table("values", values, "names and numbers, such as {'bowl.at.x': 0.21}")
    draw = drawing.chosen(scene, values or {}) if seed is None else drawing.draw(scene, arguments.seed(seed))
    legs = scene.robot.policy or legs if isinstance(legs, bool) else legs
    made = _performed(scene, draw, sent, int(seed or 0), "judge_commands")
    return judge(made, strict=strict, pictures=pictures, full=full, legs=legs, curves=curves)[0]


@overload
def perform(scenario: str | Scene, seeds: Seed = 0, *, mistake: str | None = None, threads: int = 0) -> SimRecording: ...
@overload
def perform(
    scenario: str | Scene, seeds: Iterable[Seed], *, mistake: str | None = None, threads: int = 0
) -> list[SimRecording]: ...
def perform(
    scenario: str | Scene, seeds: Seed | Iterable[Seed] = 0, *, mistake: str | None = None, threads: int = 0
) -> SimRecording | list[SimRecording]:
    """Demonstrations of the scripted operator.

    Args:
        scenario: a name, or what `shiliu.load_scenario` gave.
        seeds: one seed, or several; each is that of the draw and of the operator's own tremor.
        mistake: a way to go wrong on purpose (`shiliu list mistakes scenario=NAME`).
        threads: of the simulation; 0 for all cores; the demonstrations do not depend on it.

    Returns:
        One recording, or a list where several seeds are given. `recording.episode` replays to the bit; its `label` says whether the
        task was done.

    Raises:
        ScenarioError: there is no such scenario or mistake, or the scenario has no chain of skills.
    """
    scene, threads = scene_from(scenario), arguments.threads(threads)
    several = isinstance(seeds, Iterable) and not isinstance(seeds, str)
    wanted = [arguments.seed(one, "seeds") for one in (seeds if several else [seeds])]  # type: ignore[union-attr]
    if not scene.config.skills.value:
        raise ScenarioError(f"{scene.name!r} has no skills to perform. Write its chain under `skills`.", field="scenario.skills")
    from .replay.operator.demonstration import demonstrate
    from .replay.operator.mistakes import mistake_of

    named = None if mistake is None else arguments.word("mistake", mistake, f"one of `shiliu list mistakes scenario={scene.name}`")
    wrong = None if named is None else mistake_of(scene, named)
    made = [
        as_recording(f"{scene.name}-{episode.seed}", episode, scene)
        for episode in demonstrate(scene, wanted, threads, mistake=wrong)
    ]
    return made if several else made[0]


def record(
    recordings: Recordings, out: str | Path, *, images: str | Sequence[str] = (), append: bool = False
) -> Path:
    """Write episodes of the simulation as a LeRobot v3.0 dataset.

    Args:
        recordings: from `shiliu.perform`, `env.unwrapped.episode()` or `shiliu.read`; all of one scenario and robot.
        out: folder to be made; it may exist if it is empty.
        images: cameras, a name or several; their pictures are drawn and written as video, such as `["head"]`.
        append: add to the dataset at `out`, if there is one.

    Returns:
        The folder, for `shiliu.read`.

    Raises:
        EpisodeError: there is no recording, one is no episode of the simulation, they do not fit into one dataset, or `out` is a file
            or a folder that is not empty, or cannot be written. Nothing is written then.
        ScenarioError: there is no such camera.
    """
    from .replay.formats.atomic_folder import refuse_unwritable
    from .replay.formats.lerobot.write import DatasetWriter
    from .replay.rollout.camera_frames import cameras_of, pictures

    out, wanted = arguments.path("out", out, "the folder to be made"), arguments.words("images", images, "names of cameras")
    arguments.flags(append=append)
    refuse_unwritable(out)
    items = [(one, *_simulated(one, "recordings")) for one in _recordings(recordings)]
    if not items:
        raise EpisodeError("There is nothing to write. Give at least one recording.", field="recordings")
    _, first, _ = items[0]
    cameras = cameras_of(first, wanted)
    features = first.schema.lerobot_features(tuple(cameras))
    for recording, scene, _ in items:
        if scene.schema.lerobot_features(tuple(cameras)) != features or scene.robot.name != first.robot.name:
            raise EpisodeError(
                f"has other columns than {items[0][0].source}. Write a dataset for each scenario.",
                file=recording.source,
                field="recordings",
            )
    rate = round(1.0 / first.control_timestep)
    with DatasetWriter(out, features, rate, first.robot.name, {"made_by": "shiliu.record"}, append=append) as writer:
        for _, scene, episode in items:
            writer.add(episode, episode.states, pictures(scene, episode, cameras))
    return writer.out


def labels(
    recordings: Recordings, scene: str | Scene | None = None, *, threads: int = 0, legs: str | Path | None = None
) -> list[Labelled | Unreadable]:
    """Which skill of the scenario's chain when: proposed from the replay of each recording.

    Args:
        recordings: episodes of the simulation, as for `shiliu.record`.
        scene: where they are replayed, a name or a scene; None takes the scene that each was made in.
        threads: of the replay; 0 for all cores.
        legs: the `.onnx` file of the policy that moved the legs of these episodes, where one did.

    Returns:
        One item for each. `segments` of a `Labelled` have the skill, its times [s], the hand, the thing and the confidence. An
        `Unreadable` has the reason in `error`.
    """
    from .replay.labels.labelling import labelling

    items, threads = _recordings(recordings), arguments.threads(threads)
    contexts = Contexts(None if scene is None else scene_from(scene, "scene"), policy=_policy(legs))
    return list(labelling(items, contexts, threads))


def render(
    what: str | Scene | Recording,
    *,
    camera: str | None = None,
    seed: Seed | None = None,
    at: float | None = None,
    frames: int = 8,
    width: int | None = None,
    legs: str | Path | None = None,
) -> Image.Image:
    """A picture of a scenario, or of an episode of the simulation.

    Args:
        what: a scenario's name or scene, or a recording from `shiliu.perform`, `env.unwrapped.episode()` or `shiliu.read`.
        camera: one of the scenario's; `overview`, or else its first one, where None is given.
        seed: of a scenario, the draw that is shown; None for the scene as its YAML gives it.
        at: of a recording, the moment [s]; None for a strip of up to `frames` moments, each with its skill and time.
        frames: pictures of a strip, 1 to 100.
        width: pixels of each picture, up to 1920 or what the scenario's cameras have; None for the camera's own, and 320 in a strip.
        legs: of a recording, the `.onnx` file of the policy that moved its legs, where one did.

    Returns:
        A Pillow image: a notebook shows it, `save("a.png")` keeps it, `numpy.asarray` gives (h, w, 3) uint8.

    Raises:
        ShiliuError: there is no OpenGL here, with what to install. ScenarioError: no such scenario or camera.
        EpisodeError: the recording is no episode of the simulation, or has no such moment.
    """
    from PIL import Image

    from .envs.rendering import Painter
    from .replay.rollout.camera_frames import cameras_of
    from .replay.rollout.filmstrip import moments, strip

    if camera is not None:
        arguments.word("camera", camera, "the name of a camera")
    frames = arguments.whole("frames", frames, 1, FRAMES)
    if at is not None:
        at = arguments.number("at", at, "a moment in seconds, such as 2.0", low=0.0)
    policy = _policy(legs)
    if isinstance(what, Recording | Unreadable):
        if seed is not None:
            raise arguments.ArgumentError("A recording has its own draw. Leave seed out.", field="seed")
        scene, episode = _simulated(what, "what", policy)
        draw = drawing.of_episode(scene, episode)
        if draw is None:
            raise EpisodeError("was made in a scene of other sizes than it has today.", file=what.source)
        if at is not None and at > episode.duration_s:
            raise EpisodeError(f"has no moment {at:g} s: it lasts {episode.duration_s:.1f} s.", file=what.source, field="at")
        played = next(play(scene, [Take(draw, episode.actions)], threads=1))
        qpos, kept = played.qpos, played.kept
    else:
        if not isinstance(what, str | Scene):
            raise arguments.refused("what", what, "a scenario's name or scene, or one recording")
        scene = scene_from(what, "what")
        if policy is not None:
            raise arguments.ArgumentError("A scenario is drawn without a policy. Give a recording, or leave legs out.", field="legs")
        if at is not None:
            raise arguments.ArgumentError("A scenario has no moments. Give a recording, or leave at out.", field="at")
        draw = drawing.nominal(scene) if seed is None else drawing.draw(scene, arguments.seed(seed))
        qpos = draw.start_state[None, 1 : 1 + scene.model.nq]
        kept = scene.start_ctrl(draw.values)[None, scene.n_actions :]
        at = 0.0
    known = [name.removeprefix("observation.images.") for name in scene.schema.cameras]
    (feature,) = cameras_of(scene, [camera or ("overview" if "overview" in known else (known or [""])[0])], "camera").values()
    if width is not None:
        most, high = largest_picture(scene.config)
        width = arguments.whole("width", width, SMALLEST, min(most, int(high * feature.width / feature.height)))
    with Painter(scene) as painter:
        if at is None:
            shots = moments(episode, frames)
            return Image.fromarray(strip(painter, draw, qpos, feature, shots, width=width or 320, kept=kept))
        step, wide = min(round(at / scene.control_timestep), len(qpos) - 1), width or feature.width
        size = wide, round(wide * feature.height / feature.width)
        return Image.fromarray(painter.picture(draw.values, qpos[step], feature.camera, *size, kept=kept[step]))


def episode_of_env(env: ShiliuEnv, draw: Draw | None, sent: Sequence[np.ndarray], seed: int | None) -> SimRecording:
    """See `ShiliuEnv.episode`: its commands, played again from its start, as a recording."""
    if draw is None or not sent:
        raise EpisodeError("No step has been taken in this episode. Call reset, then step.", field="episode")
    made = _performed(env.scene, draw, np.stack(sent), seed or 0, "environment", end=env.state)
    return replace(made, name=f"{made.scenario}-rollout", source=f"{made.scenario}-rollout")


def plot(verdict: Verdict, code: str | None, lang: str) -> Drawing:
    """See `Verdict.plot`."""
    from .replay.report.notebook import plot

    return plot(verdict, code, lang)


def card(verdict: Verdict, lang: str) -> str:
    """See `Verdict._repr_html_`."""
    from .replay.report.notebook import card

    return card(verdict, lang)


def _performed(
    scene: Scene, draw: Draw, actions: np.ndarray, seed: int, who: str, end: np.ndarray | None = None
) -> SimRecording:
    """What commands (T, nu) float32 do from a start, as a recording.

    Raises:
        EpisodeError: it ends in another state than `end` (nstate,).
    """
    n = len(actions)
    played = next(play(scene, [Take(draw, actions)], [sorted({*checkpoints_of(scene, n), n})]))
    if end is not None and not np.array_equal(played.states[n], end):
        raise EpisodeError(
            "The commands alone do not lead where this episode is: forces were written (live()). "
            "Make the episode without them.",
            field="episode",
        )
    kept = {step: played.states[step] for step in checkpoints_of(scene, n)}
    episode = episode_of(scene, replace(played, states=kept), seed, [], {"performed_by": who})
    return as_recording(f"{scene.name}-commands", episode, scene)


def _rows(names: Sequence[str]) -> str:
    return f"(T, {len(names)}): a row for each control period, with the columns {', '.join(names)}"


def _recordings(recordings: Recordings) -> Iterator[Recording | Unreadable]:
    """One or several recordings, one by one.

    Raises:
        ArgumentError: at once where what is given is nothing of the kind; while iterating, at an item that is none.
    """
    if isinstance(recordings, Recording | Unreadable):
        return iter([recordings])
    if isinstance(recordings, str | Path):
        raise arguments.refused("recordings", str(recordings), f"shiliu.read({str(recordings)!r})")
    if hasattr(recordings, "dtype"):
        raise arguments.refused("recordings", recordings, f"{RECORDINGS}; an array of commands goes to shiliu.judge_commands")
    if not isinstance(recordings, Iterable):
        raise arguments.refused("recordings", recordings, RECORDINGS)
    return _each(recordings)


def _each(recordings: Iterable[Recording | Unreadable]) -> Iterator[Recording | Unreadable]:
    for one in recordings:
        if not isinstance(one, Recording | Unreadable):
            raise arguments.refused("recordings", one, RECORDINGS)
        yield one


def _policy(legs: str | Path | None) -> LegPolicy | None:
    return None if legs is None else load_policy(arguments.path("legs", legs, "a policy's .onnx file"), DEFAULT_ROBOT)


def _simulated(recording: Recording | Unreadable, field: str, policy: LegPolicy | None = None) -> tuple[Scene, Any]:
    """The scene of an episode of the simulation, and the episode.

    Raises:
        ShiliuError: it could not be read. EpisodeError: it is no episode of the simulation.
    """
    if isinstance(recording, Unreadable):
        raise recording.error
    if recording.episode is None:
        raise EpisodeError(
            "is no episode of the simulation: its start is not known, so that it cannot be played again.",
            file=recording.source,
            field=field,
        )
    return Contexts(policy=policy).of(recording).scene, recording.episode


