"""Keyboard, mouse and a gamepad on the page of `shiliu teleop`, in a browser."""

from __future__ import annotations

import json

import pytest
from browser import CHROMIUM, performing
from shiliu import load_scenario, read

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")]
PAD = """window.pad = {connected: true, axes: [0, 0, 0, 0], buttons: Array.from({length: 16}, () => ({value: 0}))};
navigator.getGamepads = () => [pad];"""


def test_keys_the_mouse_and_a_gamepad_move_a_hand(tmp_path):
    pytest.importorskip("websockets")
    scene = load_scenario("microwave")
    with performing(scene, tmp_path, 3, "zh") as browser:
        browser.until("shiliu.bodies.length > 5 && shiliu.progress.recording === false")
        browser.ask("document.getElementById('view').focus(), 0")
        browser.key("Enter", "Enter", True)
        browser.key("Enter", "Enter", False)
        browser.until("shiliu.progress.recording")
        browser.key("KeyE", "e", True)  # up
        browser.until("shiliu.progress.t > 1")
        browser.key("KeyE", "e", False)
        browser.key("Space", " ", True)
        browser.key("Space", " ", False)
        for kind, x in (("mousePressed", 300), ("mouseMoved", 360), ("mouseReleased", 360)):
            browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=300, button="left", buttons=1, modifiers=8, clickCount=1)
        browser.ask(f"{PAD} pad.buttons[4].value = 1, 0")  # the other hand
        browser.until("document.getElementById('hand').textContent.startsWith('左手')")
        browser.ask("pad.buttons[4].value = 0, pad.axes[1] = -1, pad.buttons[7].value = 0.5, 0")  # ahead, half closed
        browser.until("shiliu.progress.t > 3.5")
        browser.ask("pad.buttons[9].value = 1, 0")
        browser.until("shiliu.verdict && shiliu.verdict.check === 'gate'")
        assert browser.ask("document.getElementById('verdict').textContent").strip()
        browser.picture(tmp_path / "teleop.png")
    lines = [json.loads(line) for line in (tmp_path / "out" / "device" / "episode_000000.jsonl").read_text().splitlines()]
    sent = [line for line in lines if line["do"] == "device"]
    assert {line["device"] for line in sent} == {"keyboard", "gamepad"}
    by_key = next(line for line in sent if line["right"]["grip"] == 1)["right"]["p"]
    assert by_key[2] > 0.1 and abs(by_key[0]) < 1e-6
    assert max(abs(line["right"]["p"][1]) for line in sent) > 0.02  # by the mouse, which looks from behind: aside
    left = sent[-1]["left"]
    assert left["p"][0] > 0.1 and left["grip"] == 0.5 and "pad" in sent[-1]["raw"]
    (recording,) = read(tmp_path / "out" / "set")
    assert recording.episode.seed == 3


def test_a_trigger_that_is_released_opens_the_hand_and_the_next_take_begins_anew(tmp_path):
    pytest.importorskip("websockets")
    with performing(load_scenario("bare"), tmp_path, 0, "en") as browser:
        browser.until("shiliu.frames > 0 && shiliu.sent && shiliu.progress.recording === false")
        browser.ask(f"document.getElementById('view').focus(), {PAD} 0")
        for k in range(2):
            browser.until("shiliu.progress.recording === false && !shiliu.progress.judging")
            browser.ask("pad.buttons[9].value = 1, 0")
            browser.until("shiliu.progress.recording")
            browser.ask("pad.buttons[9].value = 0, 0")
            assert k or browser.ask("shiliu.sent.right.grip") == 0
            browser.ask("pad.buttons[7].value = 1, 0")
            browser.until("shiliu.sent.right.grip === 1")
            browser.ask("pad.buttons[7].value = 0, 0")
            browser.until("shiliu.sent.right.grip === 0")
            browser.key("Space", " ", True)  # a trigger at rest leaves the hand to the key
            browser.key("Space", " ", False)
            browser.until("shiliu.sent.right.grip === 1")
            browser.key("PageDown", "PageDown", True)
            browser.until("shiliu.sent.squat < -0.02")
            browser.key("PageDown", "PageDown", False)
            assert "squat" in browser.ask("document.getElementById('hand').textContent")
            browser.until("shiliu.progress.t > 2")
            browser.ask("pad.buttons[9].value = 1, 0")
            browser.until("shiliu.verdict && shiliu.verdict.check === 'gate'")
            browser.ask("pad.buttons[9].value = 0, 0")
    for recording in read(tmp_path / "out" / "set"):
        claw = recording.episode.actions[:, list(recording.episode.action_names).index("right_claw")]
        assert claw[0] < 10 and claw.max() > 50
    lines = [json.loads(line) for line in (tmp_path / "out" / "device" / "episode_000001.jsonl").read_text().splitlines()]
    first = next(line for line in lines if line["do"] == "device")
    assert (first["right"]["grip"], first["squat"]) == (0, 0)


def test_an_axis_that_gives_no_number_spoils_no_hand(tmp_path):
    pytest.importorskip("websockets")
    with performing(load_scenario("bare"), tmp_path, 0, "en") as browser:
        browser.until("shiliu.sent")
        odd = "[{connected: true, axes: [0.5, NaN], buttons: [,,,,,,, {value: NaN}].map(one => one)}]"
        browser.ask(f"navigator.getGamepads = () => {odd}, window.at = shiliu.sent.right.p[1], 0")
        browser.until("shiliu.sent.device === 'gamepad' && shiliu.sent.right.p[1] < window.at - 0.01")  # the sound axis moves it
        sent = browser.ask("JSON.parse(JSON.stringify(shiliu.sent.right))")
    assert None not in (*sent["p"], *sent["q"], sent["grip"])


def test_a_page_that_is_loaded_anew_within_a_take_goes_on_from_where_it_was(tmp_path):
    pytest.importorskip("websockets")
    with performing(load_scenario("bare"), tmp_path, 0, "en") as browser:
        browser.until("shiliu.frames > 0 && shiliu.sent && shiliu.progress.recording === false")
        browser.ask("document.getElementById('view').focus(), 0")
        for code, key in (("Enter", "Enter"), ("Space", " ")):
            browser.key(code, key, True)
            browser.key(code, key, False)
        browser.key("PageDown", "PageDown", True)
        browser.until("shiliu.progress.t > 0.5 && shiliu.sent.squat < -0.02")
        squat = browser.ask("shiliu.sent.squat")
        browser.ask("window.before = 1, location.reload(), 0")
        browser.until("window.before === undefined && window.shiliu?.sent?.right.grip === 1")
        assert browser.ask("shiliu.progress.recording") and browser.ask("shiliu.sent.squat") <= squat
        browser.ask("document.getElementById('take').click(), 0")
        browser.until("shiliu.verdict && shiliu.verdict.check === 'gate'")
    (recording,) = read(tmp_path / "out" / "set")
    claw = recording.episode.actions[:, list(recording.episode.action_names).index("right_claw")]
    assert (claw[1:] >= claw[:-1]).all() and claw[-1] > 50  # it never opened
    lines = [json.loads(line) for line in (tmp_path / "out" / "device" / "episode_000000.jsonl").read_text().splitlines()]
    heard = [line["squat"] for line in lines if line.get("squat") is not None]
    assert heard == sorted(heard, reverse=True)  # nor did the robot stand up
