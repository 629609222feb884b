"""What stands on the page: names that lie beside one another, a picture of hands and work, verdicts in three colours, a list of keys."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import threading
from collections.abc import Iterator

import pytest
from browser import CHROMIUM, Browser, browsing, performing
from shiliu import load_scenario
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
