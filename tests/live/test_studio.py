"""The studio: a scene that follows its file, its sliders, its places, its operator."""

from __future__ import annotations

import json
import queue
import shutil
import struct
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import mujoco
import numpy as np
import pytest
from browser import CHROMIUM, browsing
from shiliu import load_scenario
from shiliu.cli import main, parse
from shiliu.replay.commands import studio as command
from shiliu.replay.live import page_shapes as shapes
from shiliu.replay.live.server import Message, PageServer
from shiliu.replay.live.studio import Studio, answers_of, at_of, follow
from shiliu.replay.report.text import Words
from shiliu.scenarios.draws.variation import chosen, draw, nominal
from shiliu.scenarios.reading.config import nominal_values
from shiliu.scenarios.sheet.errors import ShiliuError

FILE = Path(__file__).resolve().parents[2] / "conf" / "scenario" / "microwave.yaml"


class Paper:
    """A page that keeps what it is shown."""

    def __init__(self) -> None:
        self.shown: dict = {}
        self.frames: list[bytes] = []
        self.came: list[Message] = []

    def keep(self, kind, content):
        self.shown[kind] = content
        if kind == "frame":
            self.frames.append(content)

    send = keep

    def received(self, wait=0.0):
        came, self.came = self.came, []
        return came


@pytest.fixture(scope="module")
def oven():
    return load_scenario("microwave")


@pytest.fixture
def studio(oven) -> tuple[Studio, Paper]:
    paper = Paper()
    made = Studio(paper, lambda: oven)
    made.read()
    return made, paper


def wish(studio, **what) -> None:
    studio.take(Message(what))


def test_what_is_shown_stands_where_the_engine_has_it(studio):
    made, paper = studio
    head, t, body = paper.frames[-1][:4], paper.frames[-1][4:8], np.frombuffer(paper.frames[-1][8:], np.float32)
    assert struct.unpack("<I", head)[0] == shapes.FRAME and struct.unpack("<f", t)[0] == 0.0
    data = mujoco.MjData(made._draw.model)
    data.qpos[:] = mujoco_qpos(made)
    mujoco.mj_kinematics(made._draw.model, data)
    names = paper.shown["shapes"]["bodies"]
    poses = body.reshape(len(names), 7)
    for name in ("bowl/bowl", "zarm_r7_link"):
        if name in names:
            assert poses[names.index(name)][:3] == pytest.approx(data.body(name).xpos, abs=1e-6)
    meshes = paper.shown["meshes"]
    count = struct.unpack_from("<I", meshes, 4)[0]
    corners = struct.unpack_from(f"<{count}I", meshes, 8)
    assert len(meshes) == 8 + 4 * count + 12 * sum(corners) and not [n for n in corners if n % 3]
    used = {g["mesh"] for g in paper.shown["shapes"]["geoms"] if g["type"] == "mesh"}
    assert used and max(used) < count


def mujoco_qpos(made):
    data = mujoco.MjData(made._draw.model)
    mujoco.mj_setState(made._draw.model, data, made._draw.start_state, mujoco.mjtState.mjSTATE_INTEGRATION)
    return data.qpos


def test_a_slider_changes_that_value_alone(studio, oven):
    made, paper = studio
    before = dict(paper.shown["values"]["values"])
    wish(made, do="value", key="counter.height", value=0.885)
    after = paper.shown["values"]["values"]
    assert after == before | {"counter.height": 0.885} and "refused" not in paper.shown
    assert made._draw.values == chosen(oven, {"counter.height": 0.885}).values
    wish(made, do="value", key="counter.height", value=99)  # beyond what is drawn
    assert paper.shown["values"]["values"]["counter.height"] == pytest.approx(0.90)
    wish(made, do="value", key="counter.heigth", value=0.9)
    assert "'counter.heigth' does not vary here" in paper.shown["refused"]["why"]


@pytest.mark.parametrize("seed", [None, 5])
def test_what_is_saved_is_shown_beside_a_slider_that_moved(studio, oven, seed):
    made, paper = studio
    wish(made, do="seed", seed=seed)
    wish(made, do="value", key="food.mass", value=0.2)
    saved = load_scenario("microwave", ["parts.bowl.at.x=180 mm", "parts.counter.height=880 mm"])
    made._load = lambda: saved
    wish(made, do="saved")
    drawn = nominal(saved) if seed is None else draw(saved, seed)
    assert drawn.values["bowl.at.x"] != (nominal(oven) if seed is None else draw(oven, seed)).values["bowl.at.x"]
    assert paper.shown["values"]["values"] == dict(drawn.values) | {"food.mass": 0.2}
    wish(made, do="value", key="counter.height", value=0.905)
    made._load = lambda: oven  # 905 mm is no longer drawn
    wish(made, do="saved")
    drawn = nominal(oven) if seed is None else draw(oven, seed)
    assert paper.shown["values"]["values"] == dict(drawn.values) | {"food.mass": 0.2}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_value_that_is_no_number_is_refused_in_one_sentence(oven, lang):
    paper = Paper()
    made = Studio(paper, lambda: oven, lang=lang)
    made.read()
    before = dict(paper.shown["values"])
    odd = {"NaN": float("nan"), "Infinity": float("inf"), "1" + 39 * "0": 10**400, '"5"': "5", "true": True, "null": None, "[1]": [1]}
    for shown, value in odd.items():
        paper.shown.pop("refused", None)
        wish(made, do="value", key="counter.height", value=value)
        says = f"counter.height is a number from 850 mm to 900 mm, not {shown}."
        chinese = f"counter.height 应是 850 mm 到 900 mm 之间的数，不能是 {shown}。"
        assert paper.shown["refused"]["why"] == (says if lang == "en" else chinese)
        assert paper.shown["refused"]["do"] == "value" and paper.shown["values"] == before
    wish(made, do="value", key="counter.height", value=1e308)  # a number all the same: beyond what is drawn
    assert paper.shown["values"]["values"]["counter.height"] == pytest.approx(0.90)


@pytest.mark.parametrize("point", [[float("nan"), 0, 0], [0, 10**400, 0], [0, 0, 1e308], ["1", 0, 0], [None, 0, 0], [True, 0, 0]])
def test_a_click_on_no_place_is_refused(studio, point):
    made, paper = studio
    wish(made, do="click", part="bowl", point=point)
    assert paper.shown["refused"]["why"] == "point: The point is nowhere: click on a surface." and "at" not in paper.shown


def test_answers_of_the_check_are_an_entry_each():
    lines = ["no scenario= is given; this is microwave", "ok   comes to rest   within 1 s", "warn goal            none", "  at all", ""]
    found = answers_of([*lines, "FAIL 初始没有重叠  碗 与 台面 重叠", "microwave v5: 1 of 3 questions fail"], Words("zh"))
    assert [one["question"] for one in found[:4]] == [lines[0], "comes to rest", "goal", "初始没有重叠"]
    assert found[4]["question"] == "microwave v5: 1 of 3 questions fail"
    assert [(one["level"], one["label"]) for one in found[1:4]] == [("PASS", "通过"), ("WARN", "警告"), ("FAIL", "不通过")]
    assert [one["answer"] for one in found] == ["", "within 1 s", "none\nat all", "碗 与 台面 重叠", ""]


@pytest.mark.parametrize("begins", ["[1", "defaults: [nothing_such]", ""])
def test_what_cannot_be_read_at_the_start_is_shown_and_the_scene_once_it_is_right(tmp_path, monkeypatch, begins):
    monkeypatch.chdir(tmp_path)
    text = FILE.with_name("bare.yaml").read_text(encoding="utf-8")
    file = tmp_path / "conf" / "scenario" / "mine.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(f"{begins}\n{text if begins else ''}", encoding="utf-8")
    page = PageServer()
    monkeypatch.setattr(command, "opened", lambda listen, port: page)
    monkeypatch.setattr(command, "check_command", lambda request: [])
    request = parse(["studio", "scenario=mine", "seed=3", "scenario.time_limit=9 s"])
    running = threading.Thread(target=command.run, args=(request,), daemon=True)
    running.start()
    try:
        until(lambda: page._kept.get("problems"))
        (problem,) = json.loads(page._kept["problems"])["problems"]
        assert "scene" not in page._kept and ("mine.yaml" in problem or "nothing_such" in problem)
        assert begins != "[1" or (problem.startswith("conf/scenario/mine.yaml:4: This is no valid YAML") and "in line 1" in problem)
        time.sleep(0.3)  # the folders are followed
        file.write_text(text, encoding="utf-8")
        until(lambda: "scene" in page._kept)
        assert not json.loads(page._kept["problems"])["problems"] and json.loads(page._kept["values"])["seed"] == 3
    finally:
        page.inbox.put(Message({"do": "end"}))
        running.join(10)
    assert not running.is_alive()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["scenario=mien"], "There is no scenario 'mien'. Did you mean mine?"),
        (["scenario=mine", "sede=3"], "There is no setting 'sede' for `shiliu studio`. Did you mean seed?"),
        (["scenario=mine", "cell=nowhere"], "There is no cell 'nowhere'"),
        (["scenario=bare", "scenario.time_limt=3 s"], "There is no setting 'scenario.time_limt' for `shiliu studio`."),
    ],
)
def test_a_command_that_is_wrong_ends_whatever_its_files_hold(tmp_path, monkeypatch, capsys, words, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf" / "scenario").mkdir(parents=True)
    (tmp_path / "conf" / "scenario" / "mine.yaml").write_text("parts: [\n", encoding="utf-8")
    monkeypatch.setattr(command, "opened", lambda listen, port: pytest.fail("a page was opened"))
    assert main(["studio", *words]) == 2
    shown = capsys.readouterr()
    assert says in shown.err and shown.err.count("\n") == 1 and not shown.out


@pytest.mark.parametrize("key", [{"a": 1}, [1], None, 3])
def test_a_value_that_no_slider_has_changes_nothing(studio, key):
    made, paper = studio
    paper.came = [Message({"do": "value", "key": key, "value": 1.0})]
    before = dict(paper.shown["values"])
    assert made.turn() and paper.shown["values"] == before and not made._moved


def test_a_seed_shows_its_draw_and_none_the_scene_as_written(studio, oven):
    made, paper = studio
    wish(made, do="seed", seed=5)
    assert paper.shown["values"]["values"] == dict(draw(oven, 5).values) and paper.shown["values"]["seed"] == 5
    wish(made, do="seed", seed=None)
    assert paper.shown["values"]["values"] == nominal_values(oven.config)
    for before in (None, 5):
        wish(made, do="seed", seed=before)
        for wrong in (-1, "5", 2**31, 2.7, 1e300, True, [1]):
            paper.shown.pop("refused", None)
            wish(made, do="seed", seed=wrong)
            assert paper.shown["values"]["seed"] == before and paper.shown["refused"]["do"] == "seed"
            assert paper.shown["refused"]["why"] == f"seed: A seed is a whole number from 0 to 2147483647, not {wrong}."


def test_a_wrong_seed_is_refused_in_the_language_of_the_page(oven):
    paper = Paper()
    made = Studio(paper, lambda: oven, lang="zh")
    made.read()
    wish(made, do="seed", seed=-3)
    assert "种子是从 0 到 2147483647 的整数，不能是 -3。" in paper.shown["refused"]["why"]


def test_a_click_gives_the_line_that_brings_the_part_there(oven):
    drawn = chosen(oven, {"counter.height": 0.9})
    data = mujoco.MjData(drawn.model)
    data.qpos[:] = oven.start_qpos(drawn.model)
    mujoco.mj_kinematics(drawn.model, data)
    base = data.site("counter/top_front")
    point = base.xpos + base.xmat.reshape(3, 3) @ [0.142, -0.095, 0.0]
    assert at_of(oven, drawn, "bowl", point) == ("at: {x: 142 mm, y: -95 mm}", "counter.top_front")
    assert at_of(oven, drawn, "counter", np.array([0.2, 0.01, 0.03])) == ("at: {x: 200 mm, y: 10 mm, z: 30 mm}", "")
    for part, where in (("cup", point), ("bowl", np.array([np.nan, 0, 0]))):
        with pytest.raises(ShiliuError):
            at_of(oven, drawn, part, where)


def test_a_click_holds_where_what_it_stands_on_is_turned():
    """What the line says is what the reader makes of it: put back into the YAML it brings the part to the point."""
    scene = load_scenario("microwave", ["+parts.counter.yaw=30 deg", "parts.counter.at.y=-150 mm"])
    drawn = nominal(scene)
    data = mujoco.MjData(drawn.model)
    data.qpos[:] = scene.start_qpos(drawn.model)
    mujoco.mj_kinematics(drawn.model, data)
    point = data.site("counter/top_front").xpos + np.array([0.2, 0.07, 0.0])
    line, _ = at_of(scene, drawn, "bowl", point)
    x, y = (line.partition(f"{axis}: ")[2].partition(" mm")[0] for axis in "xy")
    again = load_scenario(
        "microwave",
        [
            "+parts.counter.yaw=30 deg",
            "parts.counter.at.y=-150 mm",
            f"parts.bowl.at.x={x} mm",
            f"parts.bowl.at.y={y} mm",
        ],
    )
    there = mujoco.MjData(again.model)
    there.qpos[:] = again.start_qpos(again.model)
    mujoco.mj_kinematics(again.model, there)
    assert there.site("bowl/base").xpos == pytest.approx(point, abs=1e-3)


def test_the_operator_plays_stops_and_goes_on_by_skill(studio):
    made, paper = studio
    wish(made, do="skill")
    while made._playing:
        made._due = 0.0
        made.turn()
    progress = paper.shown["progress"]
    assert progress["begun"] == 2 and progress["chain"][0].startswith("look") and not progress["over"]
    limits = {one["name"]: (one["limit"], one["bound"]) for one in progress["limits"]}
    assert limits == {"door_pull": (40.0, pytest.approx(48.0)), "door_pinch": (100.0, 100.0)}  # what is allowed, and what breaks it
    assert progress["t"] > 0 and paper.shown["frame"] == paper.frames[-1]
    wish(made, do="play")
    made._due = 0.0
    made.turn()
    assert made._performance.t > round(progress["t"] / made.scene.control_timestep)
    wish(made, do="stop")
    assert not made._playing and paper.shown["progress"]["plays"] is False
    wish(made, do="restart")
    assert made._performance is None and struct.unpack("<f", paper.frames[-1][4:8])[0] == 0.0


def test_the_reason_is_shown_where_it_gives_up():
    scene = load_scenario("microwave", ["parts.bowl.at.x=560 mm", "parts.bowl.at.y=-620 mm"])
    paper = Paper()
    made = Studio(paper, lambda: scene)
    made.read()
    wish(made, do="play")
    for _ in range(3000):
        if not made._playing:
            break
        made._due = 0.0
        made.turn()
    assert paper.shown["progress"]["gave_up"] and "mm" in paper.shown["progress"]["gave_up"]


def test_a_file_that_is_wrong_leaves_the_last_scene_and_says_where(tmp_path, monkeypatch):
    (tmp_path / "conf" / "scenario").mkdir(parents=True)
    file = tmp_path / "conf" / "scenario" / "mine.yaml"
    text = FILE.read_text(encoding="utf-8")
    file.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    page = PageServer()
    made = Studio(page, lambda: load_scenario("mine"), files=[tmp_path / "conf"])
    running = threading.Thread(target=made.run, daemon=True)
    running.start()

    def kept(kind: str):
        return page._kept.get(kind)

    try:
        until(lambda: kept("scene"))
        first = kept("shapes")
        line = next(i for i, one in enumerate(text.splitlines(), 1) if "fixtures/counter" in one)
        file.write_text(text.replace("fixtures/counter,", "fixtures/countre,"), encoding="utf-8")
        until(lambda: "countre" in kept("problems"))
        assert f"mine.yaml:{line}:" in kept("problems") and kept("shapes") == first
        begun = time.monotonic()
        file.write_text(text.replace("x: 142 mm", "x: 152 mm"), encoding="utf-8")
        until(lambda: "countre" not in kept("problems"))
        until(lambda: made.scene.config.parts[3].at[0] == pytest.approx(0.152))
        assert time.monotonic() - begun < 20  # 2 s on a machine that has nothing else to do
    finally:
        page.inbox.put(Message({"do": "end"}))
        running.join(10)
        page.close()
    assert not running.is_alive()


def test_a_folder_that_is_removed_and_made_again_is_followed(tmp_path):
    class Inbox:
        inbox: queue.Queue[Message] = queue.Queue()

    conf, gone = tmp_path / "conf", threading.Event()
    (conf / "scenario").mkdir(parents=True)
    file = conf / "scenario" / "mine.yaml"
    file.write_text("0")
    follow([tmp_path / "never", conf], Inbox, gone)
    time.sleep(0.3)

    def reported() -> None:
        """Something is, and then nothing more."""
        until(lambda: not Inbox.inbox.empty(), 10)
        with suppress(queue.Empty):
            while True:
                Inbox.inbox.get(timeout=0.9)

    try:
        file.write_text("1")
        reported()
        for pause in (0.0, 0.8):
            shutil.rmtree(conf)
            time.sleep(pause)
            (conf / "scenario").mkdir(parents=True)
            file.write_text("2")
            reported()
            file.write_text("3")
            reported()
        shutil.rmtree(conf / "scenario")
        (conf / "scenario").mkdir()
        file.write_text("4")
        reported()
        file.write_text("5")
        reported()
    finally:
        gone.set()


def test_what_a_symbolic_link_means_is_followed(tmp_path):
    gone, page = threading.Event(), SimpleNamespace(inbox=queue.Queue())
    link, real = tmp_path / "conf" / "mine.yaml", tmp_path / "elsewhere.yaml"
    link.parent.mkdir()
    real.write_text("0")
    follow([link.parent], page, gone)
    time.sleep(0.5)

    def reported() -> None:
        until(lambda: not page.inbox.empty(), 10)
        time.sleep(0.9)
        while not page.inbox.empty():
            page.inbox.get_nowait()

    try:
        link.symlink_to(real)
        reported()
        for write in (lambda: real.write_text("1"), lambda: (other := real.with_suffix(".new")).write_text("2") and other.replace(real)):
            write()
            reported()
        time.sleep(0.8)
        assert page.inbox.empty()  # nothing is written any more
    finally:
        gone.set()


def test_folders_that_are_made_later_are_followed(tmp_path, monkeypatch):
    """Of the folders that the command gives: `conf` and `assets` where it was started, and those of the package."""
    seen: list = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "opened", lambda listen, port: None)
    monkeypatch.setattr(command, "serve", lambda page, run: run(page) or 0)
    monkeypatch.setattr(command, "check_command", lambda request: [])

    class Made:
        def __init__(self, page, load, lang, seed, files, check):
            seen.extend(files)

        def run(self):
            pass

    monkeypatch.setattr("shiliu.replay.live.studio.Studio", Made)
    assert main(["studio", "scenario=microwave"]) == 0
    assert seen[0] == tmp_path / "conf" and tmp_path / "assets" in seen and len(seen) == 4
    gone, page = threading.Event(), SimpleNamespace(inbox=queue.Queue())
    (tmp_path / "package").mkdir()
    follow([*seen[:1], tmp_path / "assets", tmp_path / "package"], page, gone)
    time.sleep(0.5)
    try:
        for folder in ("conf/scenario", "assets/objects/bowl_150"):
            (tmp_path / folder).mkdir(parents=True)
            (tmp_path / folder / "part.yaml").write_text("a: 1")
            until(lambda: not page.inbox.empty(), 10)
            time.sleep(0.9)
            with suppress(queue.Empty):
                while True:
                    page.inbox.get_nowait()
            (tmp_path / folder / "part.yaml").write_text("a: 2")
            until(lambda: not page.inbox.empty(), 10)
            page.inbox.get_nowait()
    finally:
        gone.set()


def until(holds, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here")
def test_in_a_browser(tmp_path, monkeypatch):
    """Saved is shown, a slider moves the scene, a click gives `at:`."""
    (tmp_path / "conf" / "scenario").mkdir(parents=True)
    file = tmp_path / "conf" / "scenario" / "mine.yaml"
    shutil.copy(FILE, file)
    monkeypatch.chdir(tmp_path)
    page = PageServer()
    made = Studio(page, lambda: load_scenario("mine"), files=[tmp_path / "conf"])
    running = threading.Thread(target=made.run, daemon=True)
    running.start()
    try:
        with browsing(page.url, tmp_path / "profile") as browser:
            browser.until("shiliu.frames > 0 && shiliu.about")
            browser.ask("window.before = shiliu.shapes; 0")
            file.write_text(file.read_text().replace("x: 142 mm", "x: 152 mm"))
            browser.until("shiliu.shapes !== window.before")
            height = "document.querySelector('[data-key=\"counter.height\"]')"
            browser.ask(f"{height}.value = 0.9; {height}.oninput(); 0")
            browser.until("shiliu.values.values['counter.height'] > 0.89")
            field = "document.getElementById('seed')"
            for wrong in ("-3", "2.7", "9999999999"):
                browser.ask(f"{field}.focus(), {field}.value = '{wrong}', {field}.onchange(), 0")
                browser.until(f"{field}.value === '' && document.getElementById('state').textContent.includes('not {wrong}')")
            for width, seen in ((480, [480, 360]), (330, [330, 360]), (1000, [660, 720])):  # px, of the window and of the picture
                browser.call("Emulation.setDeviceMetricsOverride", width=width, height=720, deviceScaleFactor=1, mobile=False)
                browser.until(f"[shiliu.width, shiliu.height].join() === '{seen[0]},{seen[1]}'")
                beside = browser.ask("(({left, top}) => [left, top])(document.querySelector('aside').getBoundingClientRect())")
                assert beside == ([0, 360] if width < 600 else [660, 0])
            browser.call("Emulation.clearDeviceMetricsOverride")
            browser.ask("document.getElementById('part').value = 'bowl'; 0")
            browser.click(330, 380)
            browser.until("document.getElementById('at').value")
            assert browser.ask("document.getElementById('at').value").startswith("at: {x: ")
            file.write_text(file.read_text().replace("fixtures/counter,", "fixtures/countre,"))
            browser.until("!document.getElementById('wrong').hidden")
            assert "mine.yaml:" in browser.ask("document.getElementById('problems').textContent")
    finally:
        page.inbox.put(Message({"do": "end"}))
        running.join(10)
        page.close()
