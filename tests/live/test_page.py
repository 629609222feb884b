"""What stands on the page: names that lie beside one another, a picture of hands and work, verdicts in three colours, a list of keys."""

from __future__ import annotations

import json
import math
import shutil
import struct
import subprocess
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from browser import CHROMIUM, Browser, browsing, performing
from shiliu import load_scenario
from shiliu.replay.live.page_shapes import FRAME
from shiliu.replay.live.server import PAGE, Message, PageServer
from shiliu.replay.live.studio import Studio
from shiliu.replay.report.text import Words

NODE = shutil.which("node")
slow, chromium = pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
BOXES = "[...document.querySelectorAll('#labels span:not(.tip):not([hidden])')].map(one => one.getBoundingClientRect().toJSON())"


def overlapping(boxes: list[dict]) -> list[tuple[int, int]]:
    def apart(a: dict, b: dict) -> bool:
        return any(a[low] + a[size] <= b[low] or b[low] + b[size] <= a[low] for low, size in (("x", "width"), ("y", "height")))

    return [(i, k) for k, b in enumerate(boxes) for i, a in enumerate(boxes[:k]) if not apart(a, b)]


@pytest.mark.skipif(NODE is None, reason="there is no node here")
def test_the_nearest_name_is_laid_out_first_and_one_without_room_is_left_out():
    places = [(100, 100, 0.9), (104, 101, 0.2), (102, 103, 0.5), (101, 99, 0.95), (103, 100, 0.96), (102, 100, 0.97)]
    places += [(995, 50, 0.3), (50, 50, 1.5)]
    dots = [{"x": x, "y": y, "depth": depth, "width": 60, "height": 14} for x, y, depth in places]
    script = (PAGE / "site_names.js").read_text() + f"\nconsole.log(JSON.stringify(layOut({json.dumps(dots)}, 1000, 700)))"
    done = subprocess.run([NODE, "--input-type=module", "-"], input=script, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found[1] == [110, 94] and found[2] == [36, 96]  # the nearest beside its dot, the next on the other side of its own
    assert found[7] is None and found[6] == [995 - 6 - 60, 43]  # behind the camera; at the right edge
    laid = [{"x": x, "y": y, "width": 60, "height": 14} for x, y in filter(None, found)]
    assert not overlapping(laid) and None in found[3:6]


@pytest.mark.skipif(NODE is None, reason="there is no node here")
@pytest.mark.parametrize("many", [1, 40])
def test_marks_of_times_do_not_overlap(many):
    times = [(0.5, 0.5), (0.2, 2.0), (0.51, 0.53), (-5.0, -5.0), (2.0, 2.0)] * many
    script = (PAGE / "marks.js").read_text() + (
        f"\nconst box = {{ style: {{}}, replaceChildren() {{}} }}, marks = {json.dumps(times)}.map(() => ({{ style: {{}} }}));"
        f"\nplaceMarks(box, marks, {json.dumps(times)}, 0, 2); console.log(JSON.stringify([box, ...marks].map(one => one.style)))"
    )
    done = subprocess.run([NODE, "--input-type=module", "-"], input=script, capture_output=True, text=True, check=True)
    whole, *found = [{key: float(value.rstrip("%px")) for key, value in one.items()} for one in json.loads(done.stdout)]
    drawn = [{"x": one["left"], "width": max(one["width"], 1.5), "y": one["top"], "height": one["height"]} for one in found]
    assert not overlapping(drawn) and min(one["height"] for one in drawn) >= 3
    assert all(one["x"] + one["width"] <= 100 and one["y"] + one["height"] <= whole["height"] for one in drawn)
    assert (found[0]["left"], found[1]["left"], found[1]["width"], found[3]["left"]) == (25, 10, 90, 0)
    if many == 1:
        assert [one["top"] for one in found] == [12, 0, 24, 0, 12]  # the failure first, the warnings below it
        assert whole["height"] == 36


@pytest.fixture
def empty(tmp_path) -> Iterator[tuple[PageServer, Browser]]:
    """A page of teleop that has no scene."""
    page = PageServer()
    page.keep("mode", {"mode": "teleop", "lang": "en", "words": Words("en").book["page"], "stands": "base_link"})
    try:
        with browsing(page.url, tmp_path / "profile", "1280,720") as browser:
            browser.until("window.shiliu && shiliu.sent")
            yield page, browser
    finally:
        page.close()


@slow
@chromium
def test_a_verdict_has_its_colour_and_its_word(empty):
    page, browser = empty
    words, colours = Words("en"), set()
    for verdict, look in (("FEASIBLE", "good"), ("INCONCLUSIVE", "warn"), ("INFEASIBLE", "bad"), ("UNSOUND", "bad")):
        word = words.verdict(verdict)
        found = {"check": "gate", "verdict": verdict, "word": word, "outcome": "The goal is reached.", "lines": [word, "why"], "took": 1.0}
        page.keep("verdict", found)
        browser.until(f"document.querySelector('#verdict .tag').textContent === {json.dumps(word)}")
        assert browser.ask("document.querySelector('#verdict .tag').className") == f"tag {look}"
        lines = browser.ask("[...document.querySelectorAll('#verdict p')].map(one => one.textContent)")
        assert lines == [word, "The goal is reached.", "why"]
        colours.add((look, browser.ask("getComputedStyle(document.querySelector('#verdict .tag')).backgroundColor")))
    assert len(colours) == len({colour for _, colour in colours}) == 3
    keys = browser.ask("[...document.querySelectorAll('#keys dt')].map(one => one.textContent)")
    assert keys[:2] == ["Enter", "Tab"] and len(keys) == browser.ask("document.querySelectorAll('#keys dd').length") == 14


RED, GREY = "rgb(163, 21, 21)", "rgb(81, 96, 109)"


@slow
@chromium
def test_what_went_wrong_is_red_and_without_a_server_no_take_begins(empty):
    page, browser = empty
    state, take = ("document.getElementById('state')", "document.getElementById('take')")
    page.send("refused", {"why": "No.", "do": "seed"})
    browser.until(f"{state}.textContent === 'No.'")
    assert browser.ask(f"getComputedStyle({state}).color") == RED
    page.keep("progress", {"goal": [], "limits": [], "recording": True, "judging": False, "t": 1.0})
    browser.until(f"{state}.textContent.startsWith('1.0 s')")
    assert browser.ask(f"[getComputedStyle({state}).color, {take}.textContent, {take}.disabled]") == [GREY, "end take", False]
    page.close()
    browser.until(f"{state}.textContent.startsWith('The server has ended')")
    assert browser.ask(f"[getComputedStyle({state}).color, {take}.textContent, {take}.disabled]") == [RED, "begin take", True]


def ball_around_a_box(page: PageServer) -> None:
    """A draw: the robot is a black ball, and its work a red box in the middle of it."""
    shape = {"pos": [0, 0, 0], "quat": [1, 0, 0, 0]}
    ball = shape | {"type": "sphere", "size": [0.3, 0, 0], "rgba": [0, 0, 0, 1], "body": 1}
    box = shape | {"type": "box", "size": [0.1, 0.1, 0.1], "rgba": [1, 0, 0, 1], "body": 2}
    page.keep("shapes", {"bodies": ["world", "base_link", "box"], "geoms": [ball, box], "sites": [], "flexes": []})
    page.keep("frame", struct.pack("<If", FRAME, 0.0) + np.array([[0, 0, 0, 1, 0, 0, 0]] * 3, np.float32).tobytes())


MIDDLE = """(() => {
  const gl = shiliu.renderer.getContext(), pixel = new Uint8Array(4), at = shiliu.bodies[2].position.clone().project(shiliu.camera);
  shiliu.stale = true;
  shiliu.render();
  const [x, y] = [at.x, at.y].map((v, i) => Math.round((v + 1) / 2 * [gl.drawingBufferWidth, gl.drawingBufferHeight][i]));
  gl.readPixels(x, y, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
  return [...pixel];
})()"""


@slow
@chromium
def test_work_is_seen_through_the_robot_in_each_draw_and_after_a_reload(empty):
    page, browser = empty
    drawn = "shiliu.frames > (window.was ?? 0) && shiliu.renderer.info.render.frame > 0 && !shiliu.stale"
    corners = [[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)]
    ball_around_a_box(page)
    browser.until(drawn)
    assert max(browser.ask(MIDDLE)[:3]) < 60  # it was drawn once before it is known what hides the work
    pixels = []
    for k in range(3):
        if k:
            browser.ask("window.was = shiliu.frames, 0")
            ball_around_a_box(page)
            browser.until(drawn)
            pixels.append(browser.ask(MIDDLE))
        page.keep("eye", {"ahead": [1, 0, -1], "points": corners, "veils": ["base_link"], "k": k})
        browser.until(f"shiliu.eye?.k === {k} && !shiliu.stale")
        pixels.append(browser.ask(MIDDLE))
    browser.call("Page.reload")
    browser.until("!('was' in window) && shiliu.frames && shiliu.eye && !shiliu.stale")
    pixels.append(browser.ask(MIDDLE))
    assert all(red > 120 and green < 60 and blue < 60 for red, green, blue, _ in pixels), pixels


@slow
@chromium
def test_no_mark_of_a_take_hides_another_and_none_is_played_while_it_loads(empty):
    page, browser = empty
    page.keep("mode", {"mode": "verdict", "lang": "en", "words": Words("en").book["page"]})
    times = [("FAIL", 0.2, 2.0), ("WARN", 0.5, 0.5), ("WARN", 0.53, 0.53), ("WARN", -5.0, -5.0), ("FAIL", None, None), ("FAIL", 1.99, 2.0)]
    found = [{"level": level, "label": level, "code": "a", "text": "why", "t0": t0, "t1": t1} for level, t0, t1 in times]
    take = {"name": "a", "verdict": "INFEASIBLE", "word": "not feasible", "names": ["a"], "index": 0, "how": "", "robot": []}
    take["findings"] = found
    parts = "['time', 'play', 'stop'].map(id => document.getElementById(id).disabled)"
    state = "document.getElementById('state').textContent"
    page.keep("take", take | {"begin": 0.0, "end": 0.0, "loading": "Loading"})
    browser.until(f"{state} === 'Loading'")
    assert browser.ask(parts) == [True] * 3 and browser.ask("document.querySelectorAll('#marks i').length") == 0
    page.keep("take", take | {"begin": 0.0, "end": 2.0, "loading": ""})
    browser.until("document.querySelectorAll('#marks i').length === 5")
    assert browser.ask(parts) == [False] * 3 and browser.ask(state) == ""
    on_top = (
        "[...document.querySelectorAll('#marks i')].map(one => { const { x, y, width, height } = one.getBoundingClientRect();"
        " return width >= 4 && height >= 3 && [0.2, 0.8].every(k => document.elementFromPoint(x + k * width, y + k * height) === one); })"
    )
    assert browser.ask(on_top) == [True] * 5
    for mark, index in enumerate((0, 1, 2, 3, 5)):
        x, y = browser.ask(f"(({{ x, y }}) => [x + 2, y + 2])(document.querySelectorAll('#marks i')[{mark}].getBoundingClientRect())")
        browser.click(x, y)
        while True:
            if (asked := page.inbox.get(timeout=20).what)["do"] == "finding":
                break
        assert asked["index"] == index


ODD = """(async () => {
  const { reader } = await import('./headset.js');
  const { position, quaternion } = shiliu.camera;
  const hand = () => ({ p: new position.constructor(), q: new quaternion.constructor(), grip: 0, clutch: false });
  const hands = { left: hand(), right: hand() }, raw = {}, read = reader(hands, () => false), bad = VALUE;
  const frame = place => ({
    session: { inputSources: ['left', 'right'].map(handedness => ({ handedness, gripSpace: {},
      gamepad: { buttons: [{ value: bad }, { value: 1 }], axes: [bad, bad, bad, bad] } })) },
    getPose: () => ({ transform: { position: place, orientation: { x: 0, y: 0, z: 0, w: 1 } } }),
  });
  read(frame({ x: 0.1, y: 1.1, z: -0.3 }), null, {}, 0);
  const { base } = read(frame({ x: bad, y: 1.2, z: -0.3 }), null, raw, 20);
  return [...hands.left.p.toArray(), hands.left.grip, hands.right.grip, ...base].map(one => Number.isFinite(one) ? one : String(one));
})()"""


@slow
@chromium
def test_a_pose_and_a_stick_of_a_headset_that_are_no_numbers_move_nothing(empty):
    for value in ("NaN", "Infinity", "-Infinity", "undefined"):
        assert empty[1].ask(ODD.replace("VALUE", value)) == pytest.approx([0.3, -0.1, 1.1, 0, 0, 0, 0, 0]), value


ROWS = """(() => {
  const aside = document.querySelector('aside'), right = aside.getBoundingClientRect().left + aside.clientWidth;
  return [...document.querySelectorAll('#sliders label')].map(one => {
    const [input, shown] = one.children, range = document.createRange();
    range.selectNodeContents(shown);
    const text = range.getBoundingClientRect();
    return [text.right <= right, text.left >= input.getBoundingClientRect().right, range.getClientRects().length, input.clientWidth >= 60];
  });
})()"""


def sliders_are_whole(browser: Browser) -> None:
    """Each value is beside its slider, in one line, within the panel; and the right end of a slider is what it may be at the most."""
    browser.ask("(one => { one.value = 3; one.onchange(); })(document.getElementById('seed'))")
    browser.until("shiliu.values.seed === 3")  # whose values have four digits
    assert set(map(tuple, browser.ask(ROWS))) == {(True, True, 1, True)}
    for key, text in (("counter.height", "900 mm"), ("bowl.at.x", "172 mm"), ("oven.yaw", "15 deg")):
        slider = f"document.querySelector('[data-key=\"{key}\"]')"
        box = f"(({{ x, y, width, height }}) => [x, y + height / 2, width])({slider}.getBoundingClientRect())"
        x, y, width = browser.ask(f"({slider}.scrollIntoView(), {box})")
        for kind, share in (("mousePressed", 0.5), ("mouseMoved", 0.8), ("mouseMoved", 1.1), ("mouseReleased", 1.1)):
            browser.call("Input.dispatchMouseEvent", type=kind, x=x + share * width, y=y, button="left", buttons=1, clickCount=1)
        browser.until(f"shiliu.values.values['{key}'] === shiliu.about.sliders.find(one => one.key === '{key}').high")
        assert browser.ask(f"{slider}.nextSibling.textContent") == text


@slow
@chromium
def test_names_of_sites_do_not_overlap_and_a_dot_says_its_name(tmp_path):
    page, scene = PageServer(), load_scenario("microwave")
    running = threading.Thread(target=Studio(page, lambda: scene).run, daemon=True)
    running.start()
    try:
        with browsing(page.url, tmp_path / "profile", "1280,720") as browser:
            browser.until("shiliu.frames > 0 && shiliu.about")
            browser.ask("document.getElementById('sites').click(), 0")
            browser.until("!document.getElementById('labels').hidden && shiliu.sites.some(one => one.label.hidden)")
            boxes = browser.ask(BOXES)
            assert not overlapping(boxes) and len(boxes) < browser.ask("shiliu.sites.length")
            x, y, name = browser.ask(
                "shiliu.sites.filter(one => one.label.hidden && !one.dot.hidden).map(one => [one.dot.getBoundingClientRect(), one.name])"
                ".filter(([box]) => box.x > 9 && box.y > 9 && box.x < innerWidth - 360 && box.y < innerHeight - 20)"
                ".map(([box, name]) => [box.x + 3, box.y + 3, name])[0]"
            )
            browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
            browser.until(f"document.querySelector('#labels .tip').textContent.split('\\n').includes({json.dumps(name)})")
            browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=2, y=2)
            browser.until("document.querySelector('#labels .tip').hidden")
            sliders_are_whole(browser)
            heading = "document.querySelector('#skills h2')"
            assert browser.ask(f"{heading}.textContent") == "Skills" and not browser.ask(f"{heading}.clientHeight")
            browser.ask("document.getElementById('skill').click(), 0")
            browser.until(f"document.getElementById('chain').children.length && {heading}.clientHeight")
    finally:
        page.inbox.put(Message({"do": "end"}))
        running.join(10)
        page.close()


@pytest.mark.parametrize("yaw", [0, 30])
@slow
@chromium
def test_hands_and_the_work_are_in_the_picture_until_the_person_turns_it(tmp_path, yaw):
    scene = load_scenario("microwave", overrides=[f"robot.stands_at.yaw={yaw} deg"])
    seen = (
        "['left_tcp', 'right_tcp', 'bowl.base', 'oven.turntable', 'oven.start'].map(name => {"
        " const site = shiliu.sites.find(one => one.name === name), at = shiliu.camera.position.clone().set(...site.pos);"
        " return shiliu.bodies[site.body].localToWorld(at).project(shiliu.camera).toArray(); })"
    )
    with performing(scene, tmp_path, 0, "en") as browser:
        browser.until("shiliu.frames > 0 && shiliu.eye && shiliu.start")
        for width, height in ((1280, 720), (800, 900), (480, 720)):
            browser.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
            browser.until(f"shiliu.width === {width - 340 if width > 600 else width} && !shiliu.stale")
            places = browser.ask(seen)
            assert all(abs(v) < 0.95 for place in places for v in place[:2]) and max(abs(v) for place in places for v in place[:2]) > 0.4
        ahead = browser.ask("shiliu.orbit.target.clone().sub(shiliu.camera.position).toArray()")
        assert math.degrees(math.atan2(ahead[1], ahead[0])) == pytest.approx(yaw, abs=1.0)
        before = browser.ask("shiliu.camera.position.toArray()")
        for kind, x in (("mousePressed", 200), ("mouseMoved", 260), ("mouseReleased", 260)):
            browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=200, button="left", buttons=1, clickCount=1)
        browser.until(f"Math.hypot(...shiliu.camera.position.toArray().map((v, i) => v - {before}[i])) > 0.05")
        turned = browser.ask("shiliu.camera.position.toArray()")
        browser.call("Emulation.setDeviceMetricsOverride", width=1280, height=720, deviceScaleFactor=1, mobile=False)
        browser.until("shiliu.width === 940")
        assert browser.ask("shiliu.camera.position.toArray()") == pytest.approx(turned, abs=0.05)
