"""`shiliu studio scenario=`: a page that follows the files of a scene, and in which its variation and its operator can be tried."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import mujoco
import numpy as np

from ...scenarios.draws.variation import Draw, draw, nominal, of_values
from ...scenarios.parts.pose import Pose, posed, quat_of
from ...scenarios.reading.config import nominal_values, tasks_of
from ...scenarios.robots.postures import arm_facts
from ...scenarios.scene.scene import Scene
from ...scenarios.sheet.errors import ShiliuError
from ...scenarios.sheet.quantity import shown_unit
from ..report.text import Words
from ..report.translation import translated
from .page_shapes import PosedModel, meshes, shapes, standing_view
from .performing import Performance, in_words, nevers_of, words_of
from .server import Message, PageServer, finite

IDLE = 0.25  # s, that is waited for a message where nothing moves
HIGHEST = 2**31 - 1  # seed
FAR = 1e6  # m, within which a point is somewhere
TICK = 500  # ms, after which it is looked whether the folders are still the same
ROWS = {"ok  ": "PASS", "warn": "WARN", "FAIL": "FAIL"}  # how a line of `shiliu check` begins
ROW = re.compile(r"(ok  |warn|FAIL) (.+?) {2,}(.*)")
TOLD = 6  # control steps between two reports of progress


class Studio:
    """A scene on a page.

    Args:
        page: which shows it; load: reads the scene's files anew, and raises ShiliuError with all that is wrong there.
        lang: of sentences, en or zh; seed: of the first draw, None for the scene as the YAML gives it.
        files: folders with the files of the scene.
        check: the command of `shiliu check` about the same scene, asked anew whenever the scene is read; none where empty.
    """

    def __init__(
        self,
        page: PageServer,
        load: Callable[[], Scene],
        lang: str = "en",
        seed: int | None = None,
        files: Iterable[Path] = (),
        check: Sequence[str] = (),
    ):
        self.page, self._load, self._words, self._seed = page, load, Words(lang), seed
        self.scene: Scene | None = None
        self._base = seed  # of the draw from which sliders moved away
        self._under: tuple[Scene, int | None, Draw] | None = None
        self._moved: dict[str, float] = {}  # by them, as they were put
        self._meshes = ""  # digest of those that were sent
        self._check = list(check)
        self._asking: subprocess.Popen[str] | None = None
        self._performance: Performance | None = None
        self._playing, self._until, self._due = False, 0, 0.0
        self._gone = threading.Event()
        self._files = list(files)
        page.keep("mode", {"mode": "studio", "lang": lang, "words": self._words.book["page"]})

    # -- the scene --------------------------------------------------------------------------------------------------

    def read(self) -> None:
        """Read the files and show the scene; where they are wrong, say what and where, and keep showing the last one."""
        begun = time.perf_counter()
        try:
            scene = self._load()
            self._show(scene, self._drawn(scene))
        except Exception as error:  # a file that is being edited may be anything; the page stays
            self.page.keep("problems", {"problems": problems_of(error, self._words.lang)})
            return
        self.page.keep("problems", {"problems": []})
        self.page.keep("scene", self._about(scene, time.perf_counter() - begun))
        self._ask()

    def _drawn(self, scene: Scene) -> Draw:
        """What is shown of a scene: the draw of the seed, or what is written; a slider that moved stays where it is still drawn."""
        if self._under is None or self._under[:2] != (scene, self._base):  # a slider on its way asks often
            self._under = (scene, self._base, nominal(scene) if self._base is None else draw(scene, self._base))
        drawn = self._under[2]
        known = nominal_values(scene.config)
        ends = {vary.key: _ends(vary, known) for vary in scene.config.variation if vary.key in known}
        moved = {key: value for key, value in self._moved.items() if key in ends and ends[key][0] <= value <= ends[key][1]}
        if moved:
            values = {**drawn.values, **moved}
            tasks = tasks_of(scene.config, values)
            drawn = of_values(scene, values, drawn.task if drawn.task in tasks else tasks[0])
        return drawn

    def _show(self, scene: Scene, drawn: Draw) -> None:
        values = dict(drawn.values)
        model = scene.compile(values, looks=True)
        digest, message = meshes(model)
        self.scene, self._draw, self._shown = scene, drawn, PosedModel(model)
        self._performance, self._playing = None, False
        if digest != self._meshes:
            self._meshes = digest
            self.page.keep("meshes", message)
        self.page.keep("shapes", shapes(model))
        data = drawn.data()
        mujoco.mj_kinematics(drawn.model, data)
        self._frame(data.qpos, 0.0)
        self.page.keep("eye", standing_view(model, self._shown.posed_cameras()) or {})
        reach = float(arm_facts(scene.robot.name)["reach"])
        spheres = [{"pos": data.site(f"{side}_shoulder").xpos.tolist(), "radius": reach} for side in ("left", "right")]
        self.page.keep("reach", {"reach": spheres})
        self.page.keep("values", {"values": values, "seed": self._seed, "redraws": list(drawn.redraws)})
        nothing = {"goal": [[step.name, None] for step in scene.goal], "chain": [], "t": 0.0, "limits": [], "plays": False}
        self.page.keep("progress", in_words(words_of(scene, self._words), nothing))

    def _frame(self, qpos: np.ndarray, at: float) -> None:
        message = self._shown.frame(qpos, at)
        if self._playing:
            self.page.send("frame", message)
        else:
            self.page.keep("frame", message)

    def _about(self, scene: Scene, took: float) -> dict[str, Any]:
        sliders = [
            {"key": vary.key, "low": low, "high": high, "unit": unit, "factor": factor}
            for vary in scene.config.variation
            for low, high in [_ends(vary, nominal_values(scene.config))]
            for unit, factor in [shown_unit(vary.dimension)]
        ]
        title = {key: scene.config.title.get(key) for key in ("en", "zh")}
        parts = [placed.name for placed in scene.config.parts]
        nevers = nevers_of(scene, words_of(scene, self._words))
        return {"name": scene.name, "title": title, "sliders": sliders, "parts": parts, "nevers": nevers, "took": took}

    def _ask(self) -> None:
        """Let `shiliu check` answer about what was read, in a process of its own: it would halt what plays."""
        if self._asking is not None:
            self._asking.kill()
        if not self._check:
            return
        self._asking = asking = subprocess.Popen(
            self._check, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

        def listen() -> None:
            answers = answers_of(asking.communicate()[0].splitlines(), self._words)
            if asking is self._asking:
                self.page.keep("answers", {"answers": answers, "asking": False})

        self.page.keep("answers", {"answers": [], "asking": True})
        threading.Thread(target=listen, daemon=True).start()

    # -- what the page asks for -------------------------------------------------------------------------------------

    def take(self, message: Message) -> None:
        """Do what a page asks for; what is no wish of these is left, and one that cannot be granted is answered."""
        asked = message.what
        try:
            match asked:
                case {"do": "saved"}:
                    self.read()
                case _ if self.scene is None:
                    return
                case {"do": "seed", "seed": None}:
                    self._seed, self._base, self._moved = None, None, {}
                    self._again()
                case {"do": "seed", "seed": seed}:
                    if type(seed) is not int or not 0 <= seed <= HIGHEST:
                        raise ShiliuError(f"A seed is a whole number from 0 to {HIGHEST}, not {str(seed)[:40]}.", field="seed")
                    self._seed, self._base, self._moved = seed, seed, {}
                    self._again()
                case {"do": "value", "key": str(key), "value": value}:
                    self._set(key, value)
                case {"do": "click", "part": str(part), "point": [x, y, z]}:
                    place = [finite(v) for v in (x, y, z)]
                    point = np.array([np.nan if v is None else v for v in place])
                    line, below = at_of(self.scene, self._draw, part, point)
                    cell = self.scene.config.cell
                    placed = cell.id if cell is not None and any(key.startswith(f"{part}.at.") for key in cell.measured) else None
                    self.page.send("at", {"part": part, "at": line, "stands_on": below, "point": point.tolist(), "cell": placed})
                case {"do": "play" | "skill" as how}:
                    self._play(how)
                case {"do": "stop"}:
                    self._playing = False
                    self._report()
                case {"do": "restart"}:
                    self._again()
        except Exception as error:
            self._playing = False
            why = "\n".join(problems_of(error, self._words.lang))
            self.page.send("refused", {"why": why, "do": asked["do"]})

    def _again(self) -> None:
        assert self.scene is not None
        self._show(self.scene, self._drawn(self.scene))

    def _set(self, key: str, value: Any) -> None:
        """A slider: the others stay as they are shown, until the file or the seed says otherwise."""
        assert self.scene is not None
        varied = {vary.key: vary for vary in self.scene.config.variation}
        if key not in varied:
            raise ShiliuError(f"{key[:60]!r} does not vary here.", field="value")
        low, high = _ends(varied[key], nominal_values(self.scene.config))
        wanted = finite(value)
        if wanted is None:
            unit, factor = shown_unit(varied[key].dimension)
            ends = [f"{end / factor:.4g} {unit}".strip() for end in (low, high)]
            raise ShiliuError(f"{key} is a number from {ends[0]} to {ends[1]}, not {json.dumps(value)[:40]}.")
        self._moved[key] = min(max(wanted, low), high)
        self._seed = None
        self._again()

    def _play(self, how: str) -> None:
        """Go on with the operator: to its end, or to where it begins its next skill."""
        assert self.scene is not None
        if self._performance is None or self._performance.over:
            seed = 0 if self._seed is None else self._seed
            self._performance = Performance(self.scene, self._draw, seed, self._say)
        self._until = self._performance.begun + 1 if how == "skill" else 10**9
        self._playing, self._due = True, time.monotonic()

    def _report(self) -> None:
        if self._performance is not None and self.scene is not None:
            known = in_words(words_of(self.scene, self._words), self._performance.progress())
            self.page.send("progress", known | {"plays": self._playing})

    def _say(self, gave_up: dict[str, Any]) -> str:
        return f"{gave_up['skill']} ({gave_up['number']}): {self._words.gave_up(gave_up, plain=False)}"

    def _move(self) -> None:
        """One control step of what plays, when it is due."""
        assert self._performance is not None and self.scene is not None
        performance = self._performance
        performance.step()
        if performance.over or performance.begun > self._until:
            self._playing = False
        if not self._playing or performance.t % TOLD == 0:
            self._report()
        self._frame(performance.qpos, performance.t * self.scene.control_timestep)
        self._due = max(self._due + self.scene.control_timestep, time.monotonic() - 0.2)

    def turn(self) -> bool:
        """Take what has come, and move what plays; False once the page was asked to end."""
        wait = max(self._due - time.monotonic(), 0.0) if self._playing else IDLE
        came = self.page.received(wait)
        came = [m for m in came if m.what["do"] != "value" or isinstance(m.what.get("key"), str)]
        latest = {m.what.get("key"): m for m in came if m.what["do"] == "value"}
        saved = False
        for message in came:
            if message.what["do"] == "end":
                return False
            if message.what["do"] == "value" and latest[message.what.get("key")] is not message:
                continue  # a slider that went on meanwhile
            if message.what["do"] == "saved":
                if saved:
                    continue
                saved = True
            self.take(message)
        if self._playing and time.monotonic() >= self._due:
            self._move()
        return True

    def run(self) -> None:
        """Show the scene, follow its files, until it is interrupted."""
        follow(self._files, self.page, self._gone)
        self.read()
        try:
            while self.turn():
                pass
        finally:
            self._gone.set()
            if self._asking is not None:
                self._asking.kill()


def follow(folders: Iterable[Path], page: PageServer, gone: threading.Event) -> None:
    """Put `{"do": "saved"}` into the page's inbox whenever a file in these folders has changed, from a thread of its own.

    A folder that is removed and made again is followed again. Of a symbolic link, the file that it means is looked at every `TICK`.
    """
    from watchfiles import Change, watch

    known = list(folders)

    def look() -> None:
        again = False
        meant = _meant(known)
        while not gone.is_set():
            there = _standing(known)
            try:
                for changes in watch(
                    *there, stop_event=gone, debounce=150, step=50, rust_timeout=TICK, yield_on_timeout=True, raise_interrupt=False
                ):
                    before, meant = meant, _meant(known) if changes else {link: _state(link) for link in meant}
                    if changes or again or meant != before:
                        page.inbox.put(Message({"do": "saved"}))
                    again = False
                    # a folder made again may have the number of the one that was removed
                    if _standing(known) != there or any(kind is Change.deleted and Path(path) in there for kind, path in changes):
                        break
            except FileNotFoundError:
                pass  # it went between the two
            again = True
            gone.wait(0.1)

    if _standing(known):
        threading.Thread(target=look, daemon=True).start()


def _standing(folders: Iterable[Path]) -> dict[Path, int]:
    """The folders that are there, with the numbers of the file system."""
    found = {}
    for folder in folders:
        with suppress(OSError):
            if folder.is_dir():
                found[folder] = folder.stat().st_ino
    return found


def _meant(folders: Iterable[Path]) -> dict[Path, tuple[int, int] | None]:
    """The files in these folders that are symbolic links, with the state of what they mean."""
    files = (Path(root, name) for folder in folders for root, _, names in os.walk(folder) for name in names)
    return {file: _state(file) for file in files if file.is_symlink()}


def _state(file: Path) -> tuple[int, int] | None:
    """Number and time [ns] of a file; None where there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def answers_of(lines: Iterable[str], words: Words) -> list[dict[str, str]]:
    """What `shiliu check` has printed, an entry for each question: `level` (PASS, WARN, FAIL), `label` of it, `question`, `answer`.

    Lines that answer no question, such as the result, have a `question` alone; what is set in belongs to the answer before.
    """
    found: list[dict[str, str]] = []
    for line in lines:
        if (row := ROW.fullmatch(line)) is not None:
            level = ROWS[row[1]]
            found.append({"level": level, "label": words.level(level), "question": row[2], "answer": row[3]})
        elif line.startswith(" ") and found:
            found[-1]["answer"] = f"{found[-1]['answer']}\n{line.strip()}".strip()
        elif line.strip():
            found.append({"level": "", "label": "", "question": line.strip(), "answer": ""})
    return found


def problems_of(error: Exception, lang: str) -> list[str]:
    """What is wrong, a line each, with file and line where they are known; in a language as far as it has words."""
    text = translated(str(error), lang) if isinstance(error, ShiliuError) else f"{type(error).__name__}: {error}"
    return [line.strip() for line in text.splitlines() if line.strip()]


def _ends(vary: Any, known: dict[str, float]) -> tuple[float, float]:
    """Lowest and highest value that is drawn, as a value of the scene."""
    if vary.choices:
        return min(vary.choices), max(vary.choices)
    base = 0.0 if vary.replace else known.get(vary.key, 0.0)
    return base + vary.low, base + vary.high


def at_of(scene: Scene, drawn: Draw, part: str, point: np.ndarray) -> tuple[str, str]:
    """The line `at:` that brings a part to a point, and what it is relative to.

    Args:
        part: instance of the scenario; point: (3,) [m] in the world, as the draw stands.

    Returns:
        `at: {x: 142 mm, y: -95 mm}` in whole millimetres, and its `stands_on`, "" where the part stands in the world.

    Raises:
        ShiliuError: there is no such part, or the point is nowhere.
    """
    placed = next((one for one in scene.config.parts if one.name == part), None)
    if placed is None:
        raise ShiliuError(f"There is no part {part[:60]!r} here.", field="part")
    if not (np.abs(point) < FAR).all():  # NaN is not below anything
        raise ShiliuError("The point is nowhere: click on a surface.", field="point")
    base, below = Pose.identity(), ""
    if placed.stands_on is not None:
        data = posed(drawn.model, scene.start_qpos(drawn.model))
        site = data.site("/".join(placed.stands_on))
        base, below = Pose(site.xpos.copy(), quat_of(site.xmat)), ".".join(placed.stands_on)
    x, y, z = (round(1e3 * float(v)) for v in base.inverse().matrix @ (point - base.pos))
    return f"at: {{x: {x} mm, y: {y} mm{f', z: {z} mm' if z else ''}}}", below
