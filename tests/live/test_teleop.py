"""Takes performed by hands: sessions of a device in place of a person, and a page that is driven."""

from __future__ import annotations

import json
import threading
import time

import numpy as np
import pytest
from device_lines import device, session
from shiliu import judge, load_scenario, read
from shiliu.cli import main
from shiliu.replay.live.device_session import SessionHands
from shiliu.replay.live.server import Message, PageServer
from shiliu.replay.live.teleop import LEFT, SILENT, PageHands, Teleop
from shiliu.replay.report.text import Words
from shiliu.scenarios.sheet.errors import EpisodeError, ScenarioError


@pytest.fixture(scope="module")
def oven():
    return load_scenario("microwave")


@pytest.fixture(scope="module")
def taken(oven, tmp_path_factory):
    """Two takes of a session, and what they were answered."""
    out = tmp_path_factory.mktemp("takes")
    file = session(out / "session.jsonl", takes=2)
    verdicts = Teleop(oven, SessionHands(file, oven.control_timestep), out, None, 0, "en").run()
    return out, verdicts


def test_a_session_becomes_episodes_of_the_one_schema(taken, oven):
    out, verdicts = taken
    recordings = list(read(out / "set"))
    assert len(recordings) == len(verdicts) == 2
    one, other = (recording.episode for recording in recordings)
    assert one.n_steps == 45 and one.action_names == oven.schema.action.names
    assert (one.seed, other.seed) == (0, 1) and one.draw != other.draw
    assert one.provenance["made_by"] == "page take" and one.provenance["device"] == ["test"]
    assert not one.label["success"]


def test_the_answer_from_what_was_just_simulated_is_that_of_replay(taken):
    """Of the set as it was when the take ended: in every finding."""
    out, verdicts = taken
    recordings = list(read(out / "set"))
    for k, here in enumerate(verdicts):
        there = judge(recordings[: k + 1])[k]
        assert here.verdict == there.verdict
        mine, theirs = (one.to_dict(Words("en").telling(one.titles).message) for one in (here, there))
        for what in ("findings", "stages", "root", "owner", "outcome", "source", "sha256"):
            assert mine[what] == theirs[what], what
        assert any(f.code == "reproduces" and f.level == "PASS" for f in here.findings)


def test_a_take_that_came_to_its_time_limit_is_one_take(tmp_path):
    hands = SessionHands(session(tmp_path / "session.jsonl", takes=2), 1 / 30)
    assert hands.begin() and len(hands.until(10)[0]) > 5  # and nobody asks further: its limit has come
    assert hands.begin() and hands.until(0)[0][0]["t"] == 10_000.0
    assert not hands.begin()


def test_what_a_page_sends_without_its_time_is_dropped():
    odd = (float("nan"), float("inf"), -float("inf"), 10**400, 1e300, [40], None)

    class Page:
        def received(self, wait=0.0):
            return [Message({"do": "device"} | more) for more in ({}, {"t": "x"}, {"t": True}, *({"t": t} for t in odd), {"t": 2.5})]

    hands = PageHands(Page(), 1 / 30)
    hands._begun = time.monotonic()
    assert [line["t"] for line in hands.until(0)[0]] == [2.5]


def test_a_page_that_is_opened_within_a_take_performs_the_same_again(oven, tmp_path):
    """Its clock begins anew; numbers that are none, and a name that is no text, come among what it says."""
    odd = {"left": {"p": [float("nan"), float("inf"), 10**400], "q": [1, 0, 0, 0], "clutch": True, "grip": -float("inf")}}
    more = {"squat": float("nan"), "device": "x\ud800y", "raw": {"axes": [float("nan")]}}
    kept = []
    first = [Message(device(5000.0 + 20 * k, k / 60), 1) for k in range(30)]
    other = [Message(device(20.0 * k, 0.5 + k / 60) | (odd | more if k % 2 else {}), 2) for k in range(30)]
    came = [[Message({"do": "take"}, 1, 2**62)], *([one] for one in first), [Message({"do": "gone"}, 1)], *([one] for one in other)]
    came.append([Message({"do": "take"}, 2)])

    class Page:
        def received(self, wait=0.0):
            return came.pop(0) if came else [Message({"do": "end"})]

        def keep(self, kind, content):
            kept.append((kind, content))

    hands = PageHands(Page(), oven.control_timestep)
    Teleop(oven, hands, tmp_path / "live", None, 0, "en").run()
    assert kept == [("hands", {"left": {"grip": 0.0}, "right": {"grip": 29 / 60}, "squat": 0.0}), ("hands", None)]
    file = tmp_path / "live" / "device" / "episode_000000.jsonl"
    lines = [json.loads(line, parse_constant=pytest.fail) for line in file.read_text().splitlines()]
    assert [line["t"] for line in lines] == sorted(line["t"] for line in lines)
    assert [line["own_t"] for line in lines if "own_t" in line] == [20.0 * k for k in range(30)]
    Teleop(oven, SessionHands(file, oven.control_timestep), tmp_path / "again", None, 0, "en").run()
    (live,), (again,) = (read(tmp_path / name / "set") for name in ("live", "again"))
    assert live.episode.n_steps > 55 and np.array_equal(live.episode.actions, again.episode.actions)


class Impatient:
    """A page whose person asks for the next take while the last is judged, once; `seen`: its progress."""

    def __init__(self, takes: int):
        self.takes, self.seen, self.kinds = takes, [], []
        self.inbox, self.asked = [], False

    def received(self, wait=0.0):
        if wait >= 0.25 and not self.inbox:  # before a take
            self.takes -= 1
            return [Message({"do": "take" if self.takes >= 0 else "end"})]
        came, self.inbox = self.inbox, []
        return came or [Message({"do": "take"})]  # which ends it

    def keep(self, kind, content):
        if kind == "verdict" and content is not None and content["check"] == "intake":
            assert self.seen[-1]["judging"] and not self.seen[-1]["recording"]
            self.inbox.append(Message({"do": "take"}))
        self.send(kind, content)

    def send(self, kind, content):
        self.seen += [dict(content)] if kind == "progress" else []


def test_who_wishes_to_begin_while_a_take_is_judged_begins_none(tmp_path):
    page, bare = Impatient(2), load_scenario("bare")
    Teleop(bare, PageHands(page, bare.control_timestep), tmp_path, page, 0, "en").run()
    assert len(list(read(tmp_path / "set"))) == 2
    assert not page.seen[-1]["judging"]  # the next draw is shown


def test_two_pages_do_not_pull_at_one_pair_of_hands():
    came: list[list[Message]] = []

    class Page:
        def received(self, wait=0.0):
            return came.pop(0) if came else []

    def sent(page: int, t: float) -> Message:
        return Message({"do": "device", "t": t}, page)

    hands = PageHands(Page(), 1 / 30)
    came += [[Message({"do": "take"}, 2)], [sent(1, 1.0), sent(2, 2.0)], [Message({"do": "gone"}, 2), sent(1, 3.0), sent(3, 4.0)]]
    assert hands.begin()
    assert [line["t"] for line in hands.until(0)[0]] == [2.0]
    assert [line["t"] for line in hands.until(1)[0]] == [3.0]  # the other one goes on where it was closed
    came += [[Message({"do": "take"}, 3)]]
    assert hands.until(2) == ([], True)


def test_a_take_whose_page_was_closed_ends(monkeypatch):
    clock, came = [100.0], [[Message({"do": "take"}, 2)], [Message({"do": "gone"}, 1)], [Message({"do": "gone"}, 2)]]

    class Page:
        def received(self, wait=0.0):
            clock[0] += wait
            return came.pop(0) if came else []

    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(time, "sleep", lambda s: None)
    hands = PageHands(Page(), 1 / 30)
    assert hands.begin()
    clock[0] += 2 * LEFT
    assert hands.until(0) == ([], False)  # another page was closed
    assert hands.until(1) == ([], False)
    clock[0] += LEFT + 0.1
    assert hands.until(2) == ([], True)


def test_the_scene_waits_for_a_page_that_lags_and_not_for_one_that_is_silent(monkeypatch):
    clock, waits, words = [100.0], [], []

    class Page:
        def received(self, wait=0.0):
            clock[0] += wait
            waits.append(wait)
            return words.pop(0) if words and wait else []

    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(time, "sleep", lambda s: None)
    hands = PageHands(Page(), 1 / 30)
    hands._begun = clock[0]
    assert hands.until(0) == ([], False) and hands.until(1) == ([], False) and not any(waits)
    words += [[], [], [Message({"do": "device", "t": 2.5})]]
    assert [line["step"] for line in hands.until(2)[0]] == [2] and sum(waits) == pytest.approx(0.15)
    assert hands.until(3) == ([], False) and sum(waits) == pytest.approx(0.15)
    assert hands.until(4) == ([], False) and sum(waits) == pytest.approx(0.15 + SILENT, abs=0.11)
    assert hands.until(5) == ([], False) and sum(waits) == pytest.approx(0.15 + SILENT, abs=0.11)


def test_hands_perform_without_a_link(oven, tmp_path):
    with pytest.raises(ScenarioError, match=r"link.*Write link=local"):
        Teleop(oven.linked({"delay": 0.1}), SessionHands(session(tmp_path / "s.jsonl"), 1 / 30), tmp_path, None, 0, "en")


def test_what_the_device_sent_is_kept_and_performs_the_same_again(taken, oven, tmp_path):
    out, _ = taken
    kept = [json.loads(line) for line in (out / "device" / "episode_000000.jsonl").read_text().splitlines()]
    assert kept[0]["do"] == kept[-1]["do"] == "take" and kept[5]["right"]["clutch"] is True
    assert [line["t"] for line in kept[1:4]] == [0.0, 20.0, 40.0]  # the device's own clock, not the grid's
    hands = SessionHands(out / "device" / "episode_000000.jsonl", oven.control_timestep)
    Teleop(oven, hands, tmp_path, None, 0, "en").run()
    (again,) = read(tmp_path / "set")
    first = next(iter(read(out / "set")))
    assert np.array_equal(again.episode.actions, first.episode.actions)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no json\n", r"session.jsonl:1: from: no message of a device"),
        ('{"do": "take", "t": 5}\n{"do": "take", "t": 1}\n', r"session.jsonl:2: from: its time goes back"),
        ('{"do": "dance", "t": 5}\n', r"session.jsonl:1"),
        ('{"do": "take", "t": null}\n', r"session.jsonl:1"),
        ('{"do": "take", "t": 0}\n{"do": "device", "t": [40]}\n', r"session.jsonl:2: from: no message of a device"),
        ('{"do": "take", "t": NaN}\n', r"session.jsonl:1"),
        ('{"do": "take", "t": 1e999}\n', r"session.jsonl:1"),
        ("", r"session.jsonl: from: There is no take in this session"),
        ('{"do": "device", "t": 40}\n', r"session.jsonl: from: There is no take in this session"),
    ],
)
def test_a_session_that_is_none_is_refused_with_its_line(tmp_path, text, says):
    file = tmp_path / "session.jsonl"
    file.write_text(text)
    with pytest.raises(EpisodeError, match=says):
        SessionHands(file, 1 / 30)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no json\n", 'session.jsonl:1: from: 不是设备消息：应为 {"do": "device" 或 "take", "t": 毫秒}。'),
        ('{"do": "take", "t": 5}\n{"do": "take", "t": 1}\n', "session.jsonl:2: from: 时间倒退。"),
    ],
)
def test_a_session_is_refused_in_chinese(tmp_path, capsys, text, says):
    file = tmp_path / "session.jsonl"
    file.write_text(text)
    assert main(["teleop", "scenario=bare", f"out={tmp_path / 'out'}", f"from={file}", "lang=zh"]) == 2
    assert says in capsys.readouterr().err


def test_a_clock_that_goes_back_is_no_fault_where_steps_are_known(tmp_path):
    lines = [{"do": "take", "t": 900, "step": 0}, device(920, 0.0, step=1), device(20, 0.0, step=2), {"do": "take", "t": 40, "step": 3}]
    file = tmp_path / "session.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    hands = SessionHands(file, 1 / 30)
    assert hands.begin() and [[line["t"] for line in hands.until(t)[0]] for t in range(3)] == [[], [920], [20]]
    assert hands.until(3) == ([], True)


def test_a_session_that_is_missing_is_refused(tmp_path, capsys):
    assert main(["teleop", "scenario=microwave", f"out={tmp_path / 'out'}", f"from={tmp_path / 'none'}"]) == 2
    assert "this session cannot be read" in capsys.readouterr().err


def test_takes_are_added_to_those_that_are_there(taken, oven):
    out, _ = taken
    more = Teleop(oven, SessionHands(out / "session.jsonl", oven.control_timestep), out, None, 0, "zh")
    assert more._seed == 2


@pytest.mark.parametrize(("lang", "says"), [("en", "have no verdict, and are judged now: set#0"), ("zh", "现在补判：set#0")])
def test_a_take_that_nobody_judged_to_the_end_is_judged_at_the_next_start(tmp_path, capsys, monkeypatch, lang, says):
    bare, out = load_scenario("bare"), tmp_path / "out"
    file = session(tmp_path / "session.jsonl")
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(Teleop, "_judge", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        Teleop(bare, SessionHands(file, bare.control_timestep), out, None, 0, lang).run()
    verdict = out / "takes" / "set#0.json"
    assert not verdict.exists() and not list((out / "takes").iterdir())
    assert len(Teleop(bare, SessionHands(file, bare.control_timestep), out, None, 0, lang).run()) == 1
    assert says in capsys.readouterr().out
    found = json.loads(verdict.read_text())["verdict"]
    assert found["verdict"] == judge(list(read(out / "set"))[:1])[0].verdict
    Teleop(bare, SessionHands(file, bare.control_timestep), out, None, 0, lang)._judge_unjudged()
    assert not capsys.readouterr().out


def test_a_take_on_a_page_in_real_time(oven, tmp_path):
    """Begun, performed, ended and answered over the page's socket; the take is on disk before it is judged."""
    connect = pytest.importorskip("websockets.sync.client").connect
    page = PageServer()
    teleop = Teleop(oven, PageHands(page, oven.control_timestep), tmp_path, page, 7, "zh")
    running = threading.Thread(target=teleop.run, daemon=True)
    running.start()
    seen: dict[str, list[dict]] = {}
    try:
        with connect(
            f"ws://127.0.0.1:{page.port}/socket", origin=f"http://127.0.0.1:{page.port}", max_size=2**24
        ) as socket:
            while json.loads(text) if isinstance(text := socket.recv(timeout=60), str) else True:
                if isinstance(text, str) and json.loads(text).get("recording") is False:
                    break  # the scene stands
            socket.send(json.dumps({"do": "take"}))
            for k in range(30):
                socket.send(json.dumps(device(20.0 * k, k / 60)))
                time.sleep(0.02)
            socket.send(json.dumps({"do": "take"}))
            end = time.monotonic() + 60
            while time.monotonic() < end and not any(m["check"] == "gate" for m in seen.get("verdict", [])):
                text = socket.recv(timeout=60)
                if isinstance(text, str):
                    message = json.loads(text)
                    seen.setdefault(message["kind"], []).append(message)
                    if message["kind"] == "verdict" and message["check"] == "intake":
                        assert (tmp_path / "set" / "meta" / "info.json").is_file()
    finally:
        page.inbox.put(Message({"do": "end"}))
        running.join(20)
        page.close()
    intake, gate = seen["verdict"][-2:]
    assert intake["check"] == "intake" and intake["verdict"] == "cleared"
    assert intake["took"] < 20.0  # 2 s on a machine that has nothing else to do
    assert gate["verdict"] == "FEASIBLE" and "可行" in gate["lines"][0]
    assert any(m["recording"] and m["t"] > 0 for m in seen["progress"])
    (recording,) = read(tmp_path / "set")
    assert recording.episode.seed == 7 and recording.episode.n_steps >= 10


ODD = [float("nan"), float("inf"), -float("inf"), 10**400, 1e308, 1e6, "0.3", None, [0.1], True]


def test_numbers_of_a_headset_that_are_none_move_nothing(tmp_path):
    """Over the page's socket, among sound ones: the take is as if they had not come."""
    connect = pytest.importorskip("websockets.sync.client").connect
    bare, page = load_scenario("bare"), PageServer()
    teleop = Teleop(bare, PageHands(page, bare.control_timestep), tmp_path, page, 0, "en")
    running = threading.Thread(target=teleop.run, daemon=True)
    running.start()

    def odd(value) -> dict:
        hand = {"p": [value, 0.0, value], "q": [1.0, value, 0.0, 0.0], "clutch": True, "grip": value}
        raw = {"right": {"kind": "controller", "p": [value] * 3, "buttons": [value], "axes": [value]}}
        return {"do": "device", "device": "xr", "left": hand, "right": hand, "base": [value, 0.0, value], "squat": value, "raw": raw}

    try:
        with connect(f"ws://127.0.0.1:{page.port}/socket", origin=f"http://127.0.0.1:{page.port}", max_size=2**24) as socket:
            for text in socket:
                if isinstance(text, str) and json.loads(text).get("recording") is False:
                    break
            socket.send(json.dumps({"do": "take"}))
            for k in range(2 * len(ODD)):
                socket.send(json.dumps(device(40.0 * k, k / 40)))
                socket.send(json.dumps(odd(ODD[k % len(ODD)]) | {"t": 40.0 * k + 20}))
                socket.send(json.dumps(odd(ODD[k % len(ODD)]) | {"t": ODD[k % len(ODD)] if k % len(ODD) < 4 else 40.0 * k + 30}))
                time.sleep(0.03)
            socket.send(json.dumps({"do": "take"}))
            for text in socket:
                if isinstance(text, str) and json.loads(text).get("check") == "gate":
                    break
    finally:
        page.inbox.put(Message({"do": "end"}))
        running.join(20)
        page.close()
    assert not running.is_alive()
    file = tmp_path / "device" / "episode_000000.jsonl"
    lines = [json.loads(line, parse_constant=pytest.fail) for line in file.read_text().splitlines()]
    assert sum(line.get("device") == "xr" for line in lines) > len(ODD)  # they came, and are kept
    file.write_text("".join(json.dumps(line) + "\n" for line in lines if line.get("device") != "xr"))
    Teleop(bare, SessionHands(file, bare.control_timestep), tmp_path / "without", None, 0, "en").run()
    ((one,), (other,)) = (read(folder / "set") for folder in (tmp_path, tmp_path / "without"))
    assert one.episode.n_steps >= 10 and np.isfinite(one.episode.actions).all() and np.ptp(one.episode.actions) > 0
    assert np.array_equal(one.episode.actions, other.episode.actions)
