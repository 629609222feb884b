"""A take that has ended outlives its server, also before it is an episode; one that cannot be written waits in memory."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from shiliu import load_scenario, read
from shiliu.replay.live import teleop
from shiliu.replay.live.device_session import SessionHands
from shiliu.replay.live.session_file import PART, SessionFile
from shiliu.replay.live.teleop import DEVICE, NoHands, Teleop
from shiliu.replay.report.lines import TAKES
from shiliu.scenarios.sheet.errors import EpisodeError

STEPS = 20


@pytest.fixture(scope="module")
def bare():
    return load_scenario("bare")


def line(k: int, seconds: float = 1 / 30) -> dict:
    still = {"p": [0.0, 0.0, 0.0], "q": [1.0, 0.0, 0.0, 0.0], "clutch": True, "grip": 0.0}
    moved = still | {"p": [0.0, 0.002 * k, 0.001 * k], "grip": 0.02 * k}
    return {"do": "device", "t": 1000.0 * seconds * k, "device": "test", "left": still, "right": moved, "base": [0, 0, 0], "squat": 0}


@pytest.fixture
def session(tmp_path):
    """A file with one take of `STEPS` control steps."""
    file = tmp_path / "session.jsonl"
    lines = [{"do": "take", "t": 0}, *(line(k) for k in range(STEPS)), {"do": "take", "t": 1000.0 * STEPS / 30}]
    file.write_text("".join(json.dumps(one) + "\n" for one in lines))
    return file


def hands(file, scene):
    return SessionHands(file, scene.control_timestep)


class Killed(BaseException):
    """The server is killed."""


def killed_in(monkeypatch, method, file, scene, out, seed=0):
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(Teleop, method, lambda *_: (_ for _ in ()).throw(Killed))
        Teleop(scene, hands(file, scene), out, None, seed, "en").run()


@pytest.mark.parametrize("method", ["_keep", "_add"])
def test_a_take_that_had_ended_is_performed_again_to_the_bit(bare, session, tmp_path, monkeypatch, capsys, method):
    reference, out = tmp_path / "reference", tmp_path / "killed"
    Teleop(bare, hands(session, bare), reference, None, 7, "en").run()
    killed_in(monkeypatch, method, session, bare, out, 7)
    assert (out / DEVICE / PART).is_file() and not (out / "set").exists()
    capsys.readouterr()
    (verdict,) = Teleop(bare, NoHands(), out, None, 0, "en").run()
    assert "seed 7" in capsys.readouterr().out and verdict.source == "set#0"
    (one,), (other,) = (list(read(folder / "set")) for folder in (reference, out))
    assert np.array_equal(one.episode.actions, other.episode.actions) and other.episode.seed == 7
    names = sorted(path.name for path in (out / DEVICE).iterdir())
    assert names == ["episode_000000.jsonl"]
    mine, theirs = ((folder / DEVICE / names[0]).read_text() for folder in (out, reference))
    assert mine == theirs
    assert Teleop(bare, NoHands(), out, None, 0, "en").run() == []


def test_a_take_that_had_not_ended_is_put_aside(bare, session, tmp_path, monkeypatch, capsys):
    out = tmp_path / "out"
    killed_in(monkeypatch, "over", session, bare, out)
    assert Teleop(bare, NoHands(), out, None, 0, "en").run() == []
    assert "unfinished_000000.jsonl" in capsys.readouterr().out
    assert [path.name for path in (out / DEVICE).iterdir()] == ["unfinished_000000.jsonl"]
    (verdict,) = Teleop(bare, hands(out / DEVICE / "unfinished_000000.jsonl", bare), tmp_path / "again", None, 0, "en").run()
    assert verdict.verdict is not None


class Page:
    """Keeps what would be shown."""

    def __init__(self):
        self.seen = []

    def keep(self, what, message):
        self.seen.append((what, message))

    send = keep


def test_a_take_that_cannot_be_written_waits_and_the_page_says_why(bare, session, tmp_path, monkeypatch):
    """Twice the disk is full when the episode is added, and once when the verdict is kept."""
    out, page, left = tmp_path / "out", Page(), {"add": 2, "tell": 1}
    monkeypatch.setattr(teleop, "AGAIN", 0.0)
    add, tell = Teleop._add, teleop.Slips.tell

    def full(name, then):
        def write(*words):
            if left[name]:
                left[name] -= 1
                raise OSError(28, "No space left on device")
            return then(*words)

        return write

    monkeypatch.setattr(Teleop, "_add", full("add", add))
    monkeypatch.setattr(teleop.Slips, "tell", full("tell", tell))
    (verdict,) = Teleop(bare, hands(session, bare), out, page, 0, "en").run()
    why = [message for what, message in page.seen if what == "refused"]
    assert "No space left on device" in why[0]["why"] and why[1] is None and len(why) == 4
    assert len(list(read(out / "set"))) == 1 and (out / DEVICE / "episode_000000.jsonl").is_file()
    assert verdict.verdict is not None and left == {"add": 0, "tell": 0}


def test_messages_that_do_not_fit_are_written_at_the_end(tmp_path, monkeypatch):
    file, lines = SessionFile(tmp_path), [line(k) for k in range(4)]
    file.begin(3, "print")
    monkeypatch.setattr(SessionFile, "_flush", lambda self, through: self._give_up())
    file.add(lines)
    monkeypatch.undo()
    file.end(lines, 4)
    file.keep(2, lines, 4)
    there = [json.loads(text) for text in (tmp_path / "episode_000002.jsonl").read_text().splitlines()]
    assert there[0]["seed"] == 3 and there[1:-1] == lines and there[-1]["step"] == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["episode_000002.jsonl"]
    assert file.left() is None


@pytest.mark.parametrize("text", ["", "[1]\n", '{"do": "take"', '{"do": "take", "t": 0, "seed": true}\n'])
def test_what_is_no_take_is_put_aside(bare, tmp_path, text, capsys):
    (tmp_path / DEVICE).mkdir()
    (tmp_path / DEVICE / PART).write_text(text)
    assert Teleop(bare, NoHands(), tmp_path, None, 0, "zh").run() == []
    assert "unfinished_000000.jsonl" in capsys.readouterr().out


def test_an_ended_take_that_cannot_be_performed_is_put_aside(bare, session, tmp_path, monkeypatch, capsys):
    out = tmp_path / "out"
    killed_in(monkeypatch, "_keep", session, bare, out)
    first, second, *others = (out / DEVICE / PART).read_text().splitlines(True)
    (out / DEVICE / PART).write_text("".join([first, second, "no message\n", *others]))
    capsys.readouterr()
    (verdict,) = Teleop(bare, hands(session, bare), out, None, 0, "en").run()  # goes on with its own take
    assert verdict.source == "set#0" and "device/unfinished_000000.jsonl" in (shown := capsys.readouterr().out) and "take.part:3" in shown
    assert sorted(path.name for path in (out / DEVICE).iterdir()) == ["episode_000000.jsonl", "unfinished_000000.jsonl"]


def test_an_empty_line_of_a_session_is_no_message(bare, session, tmp_path):
    reference, spaced = tmp_path / "reference", tmp_path / "spaced.jsonl"
    spaced.write_text("\n" + session.read_text().replace("\n", "\n\n"))
    for file, out in ((session, reference), (spaced, tmp_path / "other")):
        Teleop(bare, hands(file, bare), out, None, 0, "en").run()
    (one,), (other,) = (list(read(folder / "set")) for folder in (reference, tmp_path / "other"))
    assert np.array_equal(one.episode.actions, other.episode.actions)


@pytest.mark.parametrize("stays", [DEVICE, TAKES])
def test_the_folder_of_a_set_that_was_moved_away_is_refused(bare, session, tmp_path, stays):
    out = tmp_path / "out"
    Teleop(bare, hands(session, bare), out, None, 0, "en").run()
    kept = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    Teleop(bare, NoHands(), out, None, 0, "en")  # which goes on
    (out / "set").rename(tmp_path / "delivered")
    if stays == TAKES:
        (out / DEVICE).rename(tmp_path / "messages")
    with pytest.raises(EpisodeError, match="which has 0") as raised:
        Teleop(bare, hands(session, bare), out, None, 0, "en")
    assert Path(raised.value.file).parent == out / stays
    assert all(path.read_bytes() == data for path, data in kept.items() if path.is_relative_to(out / stays))
