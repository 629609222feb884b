"""`shiliu studio verdict=`: a judged take on the page, its findings as marks, a jump to a moment, the camera on its contact or joint."""

from __future__ import annotations

import json
import struct
import threading
from types import SimpleNamespace

import numpy as np
import pytest
import shiliu
from browser import CHROMIUM, browsing
from shiliu.cli import main
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.live.player import Player, index_of
from shiliu.replay.live.replayed import bodies_of, replayed
from shiliu.replay.live.server import Message, PageServer
from shiliu.replay.report.lines import files_of, lines_of
from shiliu.replay.report.text import Words
from shiliu.scenarios.sheet.errors import EpisodeError


def found(level, code, t0, subject):
    return {"level": level, "code": code, "t0": t0, "t1": t0, "subject": subject, "message": f"about {subject[0]}"}


@pytest.fixture(scope="module")
def judged(scene, demonstration, tmp_path_factory):
    """A set of one demonstration, its verdict with three findings, and the take played."""
    folder = tmp_path_factory.mktemp("judged")
    rate = round(1 / scene.control_timestep)
    write_lerobot(folder / "own", [demonstration], scene.schema.lerobot_features(), rate)
    (recording,) = shiliu.read(folder / "own")
    findings = [
        found("WARN", "joint.velocity", 2.0, ["zarm_r4_joint"]),
        found("PASS", "set.fps", None, ["fps"]),
        found("FAIL", "collision.unexpected", 1.0, ["bowl", "counter"]),
    ]
    line = {"episode": "e", "source": "own#0", "sha256": recording.sha256, "scenario": "microwave", "verdict": "INFEASIBLE"}
    gone = {"episode": "e", "source": "gone#0", "sha256": "0" * 64, "scenario": "microwave", "verdict": "FEASIBLE"}
    lines = [line | {"findings": findings}, gone]
    (folder / "verdict").mkdir()
    (folder / "verdict" / "verdicts.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    read = list(lines_of(files_of(folder / "verdict")))
    return SimpleNamespace(folder=folder, lines=read, take=replayed(read[0], Words("en")), episode=demonstration)


@pytest.fixture
def served(judged):
    page, words = PageServer(), Words("en")
    player = Player(page, judged.lines, lambda line: replayed(line, words), words, 0, judged.take)
    running = threading.Thread(target=player.run, daemon=True)
    running.start()
    yield page
    page.inbox.put(Message({"do": "end"}))
    running.join(20)
    page.close()
    assert not running.is_alive()


def test_it_is_played_as_it_was_made(judged):
    take = judged.take
    assert take.own and take.starts == 1 and take.begin == 0.0 and len(take.rollout.qpos) == judged.episode.n_steps + 1
    assert len(judged.episode.checkpoints) > 2
    for step, state in judged.episode.checkpoints.items():
        if step in take.rollout.states:
            assert np.array_equal(take.rollout.states[step], state)  # to the bit


def test_the_ghost_is_the_robot_where_it_is_commanded_and_the_world_where_it_was(judged):
    take, names = judged.take, judged.take.scene.schema.action.names
    speeds = np.abs(np.diff(take.rollout.actions, axis=0)) * [name.startswith("zarm") for name in names]
    step, column = np.unravel_index(np.argmax(speeds), speeds.shape)  # where an arm's joint is asked to move fastest
    joint = names[column]
    qpos, was = take.commanded(step), take.rollout.qpos[step]
    at = int(take.draw.model.joint(joint).qposadr[0])
    assert qpos[at] == take.rollout.actions[step][column] and 1e-4 < abs(qpos[at] - was[at]) < 0.5
    robot = bodies_of(take.draw.model, take.scene.robot.root)
    others = [j for j in range(take.draw.model.njnt) if int(take.draw.model.jnt_bodyid[j]) not in robot]
    assert others and all(qpos[take.draw.model.jnt_qposadr[j]] == was[take.draw.model.jnt_qposadr[j]] for j in others)


def test_a_finding_is_looked_for_at_its_contact_or_joint(judged):
    take, model = judged.take, judged.take.draw.model
    step, point = take.place(["zarm_r4_joint"], 2.0)
    assert step == take.step_at(2.0) and point == pytest.approx(take._at(step).joint("zarm_r4_joint").xanchor)
    step, point = take.place(["bowl", "counter"], 1.0)
    met = [one for one in take.forces(step) if any("bowl" in model.body(b).name for b in one["bodies"])]
    assert point in [one["pos"] for one in met]
    counter = bodies_of(model, "counter")
    borne = sum(abs(one["force"][2]) for one in met if counter & set(one["bodies"]))
    assert borne == pytest.approx(9.81 * sum(model.body(b).mass[0] for b in bodies_of(model, "bowl") | bodies_of(model, "food")), rel=0.2)
    assert take.place(["nothing"], 1.0) == (take.step_at(1.0), None)
    assert take.step_at(-5.0) == 0 and take.step_at(1e6) == len(take.rollout.qpos) - 1


def test_the_page_seeks_jumps_and_aims(served, judged):
    from websockets.sync.client import connect

    with connect(served.url.replace("http", "ws") + "socket", max_size=None) as talk:

        def until(kind):
            while True:
                message = talk.recv(timeout=60)
                if isinstance(message, bytes):
                    if kind == {2: "frame", 3: "ghost"}.get(struct.unpack_from("<I", message)[0]):
                        return struct.unpack_from("<f", message, 4)[0]
                elif json.loads(message)["kind"] == kind:
                    return json.loads(message)

        take = until("take")
        assert take["names"] == ["own#0: INFEASIBLE", "gone#0: FEASIBLE"] and take["end"] == pytest.approx(judged.take.end)
        shown = [(one["level"], one["code"], one["t0"], one["text"]) for one in take["findings"]]
        assert shown[1] == ("FAIL", "collision.unexpected", 1.0, "about bowl") and len(shown) == 2
        assert until("frame") == 0.0
        talk.send(json.dumps({"do": "seek", "t": 1.51}))
        assert until("frame") == pytest.approx(1.5, abs=1 / 30)
        talk.send(json.dumps({"do": "finding", "index": 0}))
        assert until("frame") == pytest.approx(2.0, abs=1e-4)
        assert until("ghost") == pytest.approx(2.0, abs=1e-4)
        assert until("forces")["forces"]
        assert until("aim")["point"] == pytest.approx(judged.take.place(["zarm_r4_joint"], 2.0)[1])
        for wrong in ({"do": "open", "index": 9}, {"do": "finding", "index": -1}, {"do": "seek", "t": "1"}, {"do": "seek"}):
            talk.send(json.dumps(wrong))
        talk.send(json.dumps({"do": "open", "index": 1}))
        until("take")
        assert "not there any more" in until("take")["how"]


def test_what_cannot_be_shown_is_one_clear_error(judged, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    folder = judged.folder / "verdict"
    for words, says in (
        ([f"verdict={tmp_path / 'empty'}"], "holds no verdicts.jsonl"),
        ([f"verdict={folder}", "take=gone#0"], "not there any more"),
        ([f"verdict={folder}", "take=7"], "There is no take '7' among 2"),
        ([f"verdict={folder}", "scenario=microwave"], "Leave scenario= out"),
        (["take=0"], "belongs to verdict="),
    ):
        assert main(["studio", *words]) == 2
        assert says in capsys.readouterr().err
    assert index_of(judged.lines, "gone#0") == 1 and index_of(judged.lines, "1") == 1 and index_of(judged.lines, None) == 0
    with pytest.raises(EpisodeError, match="bytes of gone#0"):
        replayed(judged.lines[1], Words("en"), judged.folder / "own")


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here")
def test_in_a_browser(served, tmp_path):
    """A click on a mark goes to its moment; the time line follows."""
    with browsing(served.url, tmp_path / "profile") as browser:
        browser.until("shiliu.frames > 0 && document.querySelectorAll('#marks i').length === 2")
        browser.ask("document.querySelectorAll('#marks i')[1].click(); 0")
        browser.until("shiliu.aim && Math.abs(+document.getElementById('time').value - 1.0) < 0.1")
        assert "collision.unexpected" in browser.ask("document.getElementById('findings').textContent")
        browser.ask("document.getElementById('ghost').click(); 0")
        assert browser.ask("shiliu.ghosts.filter(one => one.visible).length === shiliu.take.robot.length && shiliu.take.robot.length > 20")
        browser.picture(tmp_path / "player.png")
