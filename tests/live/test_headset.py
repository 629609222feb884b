"""A headset on the page, by an emulator of one: `npm pack iwer@2.5.0` unpacked into build/iwer."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from browser import CHROMIUM, performing
from shiliu import load_scenario, read

IWER = Path(__file__).parents[2] / "build" / "iwer" / "package" / "build" / "iwer.min.js"
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
    pytest.mark.skipif(not IWER.is_file(), reason="there is no emulator: unpack `npm pack iwer@2.5.0` into build/iwer"),
]
WEAR = "window.worn = new IWER.XRDevice(IWER.metaQuest3); worn.installRuntime({forceInstall: true}); worn.stereoEnabled = false;"
PLACE = "(side, x, y, z) => worn.controllers[side].position.set(x, y, z)"


@pytest.fixture
def worn(tmp_path):
    """A page that runs a bare scene, in a browser that wears a headset; and the folder of its takes."""
    pytest.importorskip("websockets")
    scene = load_scenario("microwave", overrides=["robot.stands_at.yaw=30 deg"])
    with performing(scene, tmp_path, 7, "en") as browser:
        browser.call("Page.enable")
        browser.call("Page.addScriptToEvaluateOnNewDocument", source=IWER.read_text() + "\n" + WEAR)
        browser.call("Page.reload")
        browser.until("window.worn && shiliu.bodies.length > 5 && !document.getElementById('xr').hidden")
        yield browser, tmp_path / "out"


def sent_lines(out):
    """What the device sent in the only take."""
    lines = [json.loads(line) for line in (out / "device" / "episode_000000.jsonl").read_text().splitlines()]
    return [line for line in lines if line["do"] == "device"]


def test_controllers_perform_a_take(worn):
    browser, out = worn
    browser.ask(f"window.place = {PLACE}, worn.position.set(0, 1.6, 0), place('right', 0.2, 1.1, -0.3), place('left', -0.2, 1.1, -0.3), 0")
    browser.ask("document.getElementById('xr').click()")
    browser.until("worn.activeSession")
    browser.ask("window.press = (side, id, value) => worn.controllers[side].updateButtonValue(id, value), press('right', 'a-button', 1), 0")
    browser.until("shiliu.progress.recording === true")
    browser.ask("press('right', 'a-button', 0), press('right', 'squeeze', 1), press('right', 'trigger', 1), 0")
    browser.ask(
        "new Promise(done => { let k = 0; const step = () => { k += 1; place('right', 0.2, 1.1 + 0.004 * k, -0.3 - 0.002 * k);"
        " k < 25 ? setTimeout(step, 40) : done(0); }; step(); })"
    )
    browser.ask("press('left', 'x-button', 1), 0")
    browser.until("shiliu.verdict && shiliu.verdict.check === 'gate'")
    lines = sent_lines(out)
    assert {line["device"] for line in lines} == {"xr"} and all(a["t"] <= b["t"] for a, b in pairwise(lines))
    held = [line["right"] for line in lines if line["right"]["clutch"]]
    ahead, left, up = (b - a for a, b in zip(held[0]["p"], held[-1]["p"]))
    assert ahead > 0.02 and abs(left) < 1e-6 and up == pytest.approx(2 * ahead, rel=0.02)  # the way that the robot faces
    assert lines[-1]["raw"]["right"]["kind"] == "controller" and held[-1]["grip"] == 1.0
    (recording,) = read(out / "set")
    assert recording.episode.n_steps >= 10


def test_tracked_hands_grip_by_thumb_and_finger(worn):
    browser, out = worn
    browser.ask("worn.primaryInputMode = 'hand', worn.position.set(0, 1.6, 0), worn.hands.left.position.set(-0.2, 1.1, -0.4), 0")
    browser.ask("document.getElementById('xr').click()")
    browser.until("worn.activeSession")
    browser.ask("document.getElementById('take').click()")
    browser.until("shiliu.progress.recording === true")
    browser.ask("worn.hands.left.updatePinchValue(1), 0")
    browser.until("shiliu.progress.t > 0.5 && shiliu.sent.device === 'xr' && shiliu.sent.left.grip > 0.8")
    browser.ask("document.getElementById('take').click()")
    browser.until("shiliu.verdict && shiliu.verdict.check === 'gate'")
    last = sent_lines(out)[-1]
    assert last["raw"]["left"]["kind"] == "hand" and last["left"]["clutch"]
    assert last["left"]["grip"] > 0.8 and last["right"]["grip"] < 0.5
