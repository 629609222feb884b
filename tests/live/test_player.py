"""`shiliu studio verdict=`: a judged take on the page, its findings as marks, a jump to a moment, the camera on its contact or joint."""

from __future__ import annotations

import gzip
import json
import struct
import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import shiliu
from browser import CHROMIUM, browsing
from known_faults.injecting import beginning
from shiliu.cli import main
from shiliu.replay.formats.lerobot.write import write_lerobot
from shiliu.replay.live import film as films
from shiliu.replay.live.player import Player, index_of
from shiliu.replay.live.replayed import bodies_of, replayed
from shiliu.replay.live.server import Message, PageServer
from shiliu.replay.report.html import render
from shiliu.replay.report.lines import files_of, lines_of
from shiliu.replay.report.text import Words
from shiliu.scenarios.sheet.errors import EpisodeError


def found(level, code, t0, subject):
    return {"level": level, "code": code, "t0": t0, "t1": t0, "subject": subject, "message": f"about {subject[0]}"}


@pytest.fixture(scope="module")
def judged(scene, demonstration, tmp_path_factory):
    """A set of the beginning of a demonstration, its verdict with three findings, and the take played."""
    folder, episode = tmp_path_factory.mktemp("judged"), beginning(demonstration, 8.0)
    rate = round(1 / scene.control_timestep)
    write_lerobot(folder / "own", [episode], scene.schema.lerobot_features(), rate)
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
    free = threading.Event()  # a take may be loaded
    free.set()
    return SimpleNamespace(folder=folder, lines=read, take=replayed(read[0], Words("en")), episode=episode, free=free)


@pytest.fixture
def served(judged):
    page, words = PageServer(), Words("en")
    player = Player(page, judged.lines, lambda line: judged.free.wait(60) and replayed(line, words), words, 0, judged.take)
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
    step, point = take.place(["zero_moment_point"], 1.0)
    feet = np.array([take._at(step).body(f"leg_{side}6_link").xpos for side in "lr"])
    assert step == take.step_at(1.0) and point[2] == pytest.approx(0.0, abs=5e-3)  # on the floor, between the feet
    assert point[1] == pytest.approx(feet[:, 1].mean(), abs=5e-3) and abs(point[0] - feet[:, 0].mean()) < 0.1
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
        assert take["names"] == ["own#0: not feasible", "gone#0: feasible"] and take["end"] == pytest.approx(judged.take.end)
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
        odd = [{"do": "seek", "t": t} for t in ("1", float("nan"), float("inf"), 10**400, True, [1])]
        for wrong in ({"do": "open", "index": 9}, {"do": "finding", "index": -1}, {"do": "seek"}, *odd):
            talk.send(json.dumps(wrong))
        talk.send(json.dumps({"do": "seek", "t": 1.7e308}))
        assert until("frame") == pytest.approx(judged.take.end, abs=1e-4)  # of those, the only one that moves it
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


def unpacked(packed):
    """The head of a film, and its rows: poses (T, k, 7) and cloth of what is drawn, then of the ghost, then contacts (n, 6)."""
    flat = gzip.decompress(packed)
    (length,) = struct.unpack_from("<I", flat)
    head, at, rows = json.loads(flat[4 : 4 + length]), 4 + length, []
    for columns in (7 * len(head["bodies"]), 7 * len(head["robot"]), 3 * head["soft"]):
        n = len(head["t"]) * columns
        halves = np.frombuffer(flat, np.uint8, 2 * n, at).reshape(2, n)
        changes = np.ascontiguousarray(halves.T).view("<i2").reshape(columns, len(head["t"]))
        rows.append(np.cumsum(changes.astype(np.int64), axis=1).astype(np.int16).T)
        at += 2 * n
    unit = [head["place"]] * 3 + [1 / 32767] * 4
    poses, ghosts = (one.reshape(len(head["t"]), -1, 7) * unit for one in rows[:2])
    return head, poses, ghosts, np.frombuffer(flat, "<i2", offset=at).reshape(-1, 6) * ([head["place"]] * 3 + [head["force"]] * 3)


def with_text(*found):
    return [one | {"text": one["message"]} for one in found]


def test_a_film_holds_what_was_played_its_ghost_its_forces_and_where_to_look(judged):
    take = judged.take
    packed, _, _ = films.film(take, with_text(found("FAIL", "collision.unexpected", 1.0, ["bowl", "counter"])))
    head, poses, ghosts, contacts = unpacked(packed)
    posed = films.PosedModel(take.scene.compile(take.draw.values, looks=True))
    steps = [take.step_at(t) for t in head["t"]]
    assert steps[0] == 0 and steps[-1] == len(take.rollout.qpos) - 1 and max(np.diff(steps)) * take.scene.control_timestep < 0.08
    for k in (0, len(steps) // 2, len(steps) - 1):
        for qpos, rows, ids in ((take.rollout.qpos[steps[k]], poses, "bodies"), (take.commanded(steps[k]), ghosts, "robot")):
            flat = np.frombuffer(posed.frame(qpos), np.float32, offset=8)[: 7 * posed.model.nbody].reshape(-1, 7)
            assert rows[k] == pytest.approx(flat[head[ids]], abs=head["place"])
        first, n = sum(head["forces"][:k]), head["forces"][k]
        met = [[*one["pos"], *one["force"]] for one in take.forces(steps[k])]
        assert len(met) == n and contacts[first : first + n] == pytest.approx(np.array(met).reshape(-1, 6), abs=head["force"])
    (mark,) = head["findings"]
    assert head["t"][mark["frame"]] == pytest.approx(1.0, abs=0.1) and mark["point"] == take.place(["bowl", "counter"], 1.0)[1]


def test_a_film_that_is_too_large_has_fewer_frames_and_each_moment_of_a_finding(judged, monkeypatch):
    marks = [found("FAIL", "collision.unexpected", 1.0333, ["bowl", "counter"]), found("WARN", "joint.velocity", 2.9, ["zarm_r4_joint"])]
    large = films.film(judged.take, with_text(*marks))[0]
    whole, most = unpacked(large)[0], len(large) * 3 // 5
    monkeypatch.setattr(films, "LARGEST", most + len(films._meshes(judged.take.scene.compile(judged.take.draw.values, looks=True))[1]))
    packed, _, _ = films.film(judged.take, with_text(*marks))
    head = unpacked(packed)[0]
    assert len(packed) <= most and 10 < len(head["t"]) < len(whole["t"]) / 2
    assert [head["t"][one["frame"]] for one in head["findings"]] == [whole["t"][one["frame"]] for one in whole["findings"]]


def test_a_limit_is_looked_for_at_the_contact_that_it_looks_at(judged):
    take = judged.take
    pull = next(one for one in take.scene.safety if one.name == "door_pull")
    worst = int(np.argmax(take.rollout.safety["door_pull"]))
    t = worst * take.scene.control_timestep
    step, point = take.place([pull.name], t)
    handle = take._at(step).site("oven/handle").xpos
    assert abs(step - worst) <= 2 and np.linalg.norm(point - handle) < 0.15
    assert take.place(["spilt"], 1.0)[1] is not None and take.place(["loaded"], 1.0)[1] is not None


@pytest.fixture(scope="module")
def reported(judged):
    """The report of that set: a page with a player."""
    assert main(["replay", f"data={judged.folder / 'own'}", f"out={judged.folder / 'out'}", "quiet=true"]) in (0, 1, 3)
    return judged.folder / "out" / "report.html"


def test_a_report_carries_its_player_and_nothing_from_elsewhere(reported, judged):
    text = reported.read_text()
    assert text.count('<figure class="player"') == 1 and 'id="film-0"' in text and "src=" not in text.replace('src="data:', "")
    assert "<link" not in text and "//cdn" not in text
    drawn_by = sum(len(text.partition(f'id="{name}">')[2].partition("<")[0]) for name in films.MODULES)
    assert drawn_by + 5 * films.LARGEST * 4 / 3 < 9.7e6  # what is left is for words and pictures
    short = beginning(judged.episode, 2.0)
    write_lerobot(judged.folder / "short", [short], judged.take.scene.schema.lerobot_features(), round(1 / short.control_timestep))
    assert main(["replay", f"data={judged.folder / 'short'}", f"out={judged.folder / 'out0'}", "quiet=true", "players=0"]) in (0, 1, 3)
    assert "<script" not in (judged.folder / "out0" / "report.html").read_text()


@pytest.mark.parametrize("wrong", ["players=6", "players=-1", "players=some"])
def test_players_that_a_report_cannot_hold_are_refused(wrong, judged, tmp_path, capsys):
    assert main(["replay", f"data={judged.folder / 'own'}", f"out={tmp_path / 'out'}", wrong]) == 2
    assert "players" in capsys.readouterr().err and not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here")
def test_a_report_plays_in_a_browser_without_a_server(judged, tmp_path):
    player, words, file = "document.querySelector('figure.player').player", Words("en"), tmp_path / "report.html"
    verdicts = shiliu.judge(shiliu.read(judged.folder / "own"))
    marks = [found("WARN", "balance", 2.0, ["nothing"]), found("FAIL", "collision.unexpected", 1.0, ["bowl", "counter"]) | {"t1": 6.0}]
    film = films.film(judged.take, with_text(*marks))
    file.write_text(render(verdicts, words, "", players=films.players({verdicts[0].source: film}, words)))
    with browsing(file.as_uri(), tmp_path / "profile") as browser:
        browser.until("document.querySelector('figure.player button:not([disabled])')")
        browser.ask("document.querySelector('figure.player button').click(), 0")
        browser.until(f"{player} && {player}.frame === 0")
        on_top = (
            "[...document.querySelectorAll('figure.player .marks i')].map(one => {"
            " const { x, y, width, height } = one.getBoundingClientRect();"
            " return width >= 4 && height >= 3 && document.elementFromPoint(x + width / 2, y + height / 2) === one; })"
        )
        browser.ask("document.querySelector('figure.player .line').scrollIntoView({ block: 'center', behavior: 'instant' }), 0")
        assert browser.ask(on_top) == [True, True]
        browser.ask("document.querySelector('figure.player .keys button').click(), 0")
        browser.until(f"{player}.frame > 3")
        browser.ask("document.querySelectorAll('figure.player .marks i')[1].click(), 0")
        browser.until(f"{player}.aim && !{player}.playing && {player}.frame === {player}.head.findings[1].frame")
        point = judged.take.place(["bowl", "counter"], 1.0)[1]
        assert browser.ask(f"{player}.picture.orbit.target.toArray()") == pytest.approx(point)
        browser.ask("document.querySelectorAll('figure.player .found button')[0].click(), 0")
        browser.until(f"Math.abs({player}.head.t[{player}.frame] - 2) < 0.05")
        browser.ask("document.querySelector('figure.player input[type=checkbox]').click(), 0")
        assert browser.ask(f"{player}.picture.ghosts.filter(one => one.visible).length === {player}.head.robot.length")
        browser.picture(tmp_path / "report.png")


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here")
def test_five_players_are_one_file_below_10_mb_and_two_play_together(judged, tmp_path):
    players, words, file = "[...document.querySelectorAll('figure.player')]", Words("en"), tmp_path / "report.html"
    (verdict,) = shiliu.judge(shiliu.read(judged.folder / "own"))
    verdicts = [replace(verdict, source=f"own#{k}") for k in range(5)]
    film = films.film(judged.take, with_text(found("FAIL", "collision.unexpected", 1.0, ["bowl", "counter"])))
    shown = films.players({one.source: film for one in verdicts}, words)
    file.write_text(render(verdicts, words, "", players=shown))
    assert file.stat().st_size + 5 * 4 / 3 * (films.LARGEST - len(film[0]) - len(film[1])) <= 10e6  # were each as large as it may be
    with browsing(file.as_uri(), tmp_path / "profile") as browser:
        browser.until(f"{players}.filter(one => one.querySelector('button:not([disabled])')).length === 5")
        browser.ask(f"{players}.slice(1, 3).forEach(one => one.querySelector('button').click()), 0")
        browser.until(f"{players}.filter(one => one.player).length === 2")
        browser.ask(f"{players}.slice(1, 3).forEach(one => one.querySelector('.keys button').click()), 0")
        browser.until(f"{players}.slice(1, 3).every(one => one.player.playing && one.player.frame > 3)")
        assert not browser.ask(f"!!{players}[0].player")


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here")
def test_in_a_browser(served, judged, tmp_path):
    """A click on a mark goes to its moment; the time line follows."""
    with browsing(served.url, tmp_path / "profile") as browser:
        browser.until("shiliu.frames > 0 && document.querySelectorAll('#marks i').length === 2")
        browser.ask("document.querySelectorAll('#marks i')[1].click(); 0")
        browser.until("shiliu.aim && Math.abs(+document.getElementById('time').value - 1.0) < 0.1")
        assert "collision.unexpected" in browser.ask("document.getElementById('findings').textContent")
        drawn = "shiliu.renderer.info.render.frame"
        browser.until(f"(window.before === {drawn}) || (window.before = {drawn}, false)")  # nothing changes: nothing is drawn
        browser.ask("document.getElementById('ghost').click(); 0")
        browser.until(f"{drawn} > window.before")
        assert browser.ask("shiliu.ghosts.filter(one => one.visible).length === shiliu.take.robot.length && shiliu.take.robot.length > 20")
        browser.picture(tmp_path / "player.png")
        judged.free.clear()
        state, line = "document.getElementById('state').textContent", "document.getElementById('time')"
        for index, shown in ((1, ""), (0, "0.00 s")):  # one that is gone, and one that is there
            browser.ask(f"(one => {{ one.value = {index}; one.onchange(); }})(document.getElementById('episodes'))")
            browser.until(f"{line}.disabled && {state} === 'Loading: the take is played again…'")
            judged.free.set()
            browser.until(f"{state} === '{shown}'")
            judged.free.clear()
            assert browser.ask(f"{line}.disabled") == (not shown) and browser.ask(f"+{line}.max > 7") == bool(shown)
        judged.free.set()
