"""What a record of places says by itself: of the goal, and of physics."""

from types import SimpleNamespace

import numpy as np
import pytest
from known_faults.injecting import beginning
from ordinary import around, ordinary, table_setting
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.judge.conclusion import ASSUMED
from shiliu.replay.judge.context import Contexts
from shiliu.replay.judge.facts import exchanged_names, record_witness
from shiliu.replay.judge.facts.recorded_state import RecordedState
from shiliu.replay.judge.judge import judge
from shiliu.replay.judge.stages import replay_stage
from shiliu.replay.report import Words
from shiliu.replay.rollout.rollout import play

SEED = 3
LIFTED = 7.5  # s, within which the bowl is taken, lifted and carried 0.3 m; commands that leave it lying need no more of the take


@pytest.fixture(scope="module")
def scene():
    return table_setting(starts=1)


@pytest.fixture(scope="module")
def episode(demonstrated):
    return demonstrated(SEED).episode


@pytest.fixture
def judged(scene, episode, tmp_path):
    """The verdict of the take with its columns changed. One likely start is enough, unless a thing is left lying: then more are played."""

    def verdict_of(change=None, scene=scene, seconds=60.0):
        (verdict,) = judge(ordinary(scene, beginning(episode, seconds), tmp_path / "set", change), scene, threads=1)
        return verdict

    return verdict_of


@pytest.fixture
def found(judged):
    """Its findings by code."""
    return lambda *changed, **how: {finding.code: finding for finding in judged(*changed, **how).findings}


@pytest.fixture(scope="module")
def clean(scene, episode, tmp_path_factory):
    """The verdict of the take as it is: without a label, so that it claims success."""
    (verdict,) = judge(ordinary(scene, episode, tmp_path_factory.mktemp("clean") / "set"), scene, threads=1)
    return verdict


def test_a_clean_record_reaches_its_goal_and_keeps_to_physics(clean):
    by = {finding.code: finding for finding in clean.findings}
    assert by["record.goal"].level == "PASS" and by["record.goal"].value == 3.0
    assert by["record.goal"].details["unrecorded"] == {"taken": 0, "served": 1, "unspilt": 1}, (
        "forces and buns are not recorded"
    )
    for code in ("object.order", "object.jumps", "object.hovers", "object.moves", "object.diverged"):
        assert by[code].level == "PASS", code


def test_a_record_in_which_the_bowl_comes_to_stand_elsewhere_misses_the_goal(scene, found):
    def aside(columns):
        y, begin = around(scene, columns, "bowl.y"), around(scene, columns, "bowl.y")[0]
        y[:] = begin + (y - begin) * 0.7  # it is carried, and not far enough

    goal = found(aside)["record.goal"]
    assert (goal.level, goal.subject, goal.details["word"]) == ("FAIL", ("served",), "near")
    assert goal.details["best"] > goal.details["bound"] == pytest.approx(0.03)


def test_a_bowl_that_is_carried_and_that_every_replay_leaves_lying_fails_with_its_moment(scene, episode, found):
    def still(columns):
        columns["action"][:] = columns["action"][0]

    one = found(still, table_setting(), seconds=LIFTED)["object.diverged"]
    assert (one.level, one.subject, one.details["kind"], one.details["owner"]) == ("FAIL", ("bowl",), "left", "device")
    x = episode.states["observation.environment_state"][:, :3]
    begins = np.flatnonzero(np.linalg.norm(x - x[0], axis=1) > 0.01)[0] * scene.control_timestep
    assert one.t0 == pytest.approx(begins, abs=0.5)


@pytest.mark.usefixtures("one_copy")
def test_places_that_are_all_off_by_as_much_are_no_fault_of_the_operator(scene, judged):
    def aside(columns):
        for thing in ("bowl", "empty"):
            around(scene, columns, f"{thing}.x")[:] -= 0.05

    verdict = judged(aside, seconds=LIFTED)
    by = {one.code: one for one in verdict.findings}
    assert (verdict.owner, verdict.findings[verdict.root].code) == ("device", "object.diverged")
    assert by["goal"].failed and by["goal"].because_of == verdict.root


def turned_places(scene, columns, degrees, things=("bowl", "empty")):
    """The places and turns of things as a frame has them that is turned about the vertical."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    c, s = np.cos(np.radians(degrees) / 2.0), np.sin(np.radians(degrees) / 2.0)
    for thing in things:
        x, y, *quat = (around(scene, columns, f"{thing}.{axis}") for axis in ("x", "y", "qw", "qx", "qy", "qz"))
        x[:], y[:] = cos * x - sin * y, sin * x + cos * y
        w, i, j, k = (one.copy() for one in quat)
        for view, value in zip(quat, (c * w - s * k, c * i - s * j, c * j + s * i, c * k + s * w)):
            view[:] = value


@pytest.mark.usefixtures("one_copy")
def test_a_frame_that_is_turned_about_the_vertical_is_the_root_of_what_hangs_in_the_air(scene, judged):
    verdict = judged(lambda columns: turned_places(scene, columns, 90.0), seconds=2.0)
    by, root = {one.code: one for one in verdict.findings}, verdict.findings[verdict.root]
    assert by["object.hovers"].failed and by["object.hovers"].because_of == verdict.root
    assert (verdict.verdict, verdict.owner, root.code) == ("UNSOUND", "device", "object.frame")
    assert set(root.subject) == {"bowl", "empty"} and np.degrees(root.details["turn"]) == pytest.approx(90.0)
    assert "90" in Words("en").message(root) and "90" in Words("zh").slip(root)


@pytest.mark.usefixtures("one_copy")
def test_things_in_the_air_that_no_quarter_turn_lays_down_are_of_no_turned_frame(scene, judged):
    verdict = judged(lambda columns: turned_places(scene, columns, 60.0), seconds=2.0)
    assert not any(one.code == "object.frame" and one.failed for one in verdict.findings)
    assert verdict.findings[verdict.root].code == "object.hovers"


def test_starts_further_off_are_played_once_whoever_asks(judged, monkeypatch):
    """A take that fails and leaves its bowl lying asks for them twice: does it fail in each, and does any of them move the bowl?"""
    plays, happened = [], replay_stage._happened

    def played(scene, takes, **settings):
        plays.append(len(takes))
        return play(scene, takes, **settings)

    def failed(*about):
        return [one.with_(level="FAIL") if one.code == "drop" else one for one in happened(*about)]

    def still(columns):
        columns["action"][:] = columns["action"][0]

    monkeypatch.setattr(replay_stage, "play", played)
    monkeypatch.setattr(replay_stage, "_happened", failed)
    monkeypatch.setattr(replay_stage, "_left", lambda rollouts: ["bowl.mass"])  # here the record tells all
    verdict = judged(still, table_setting(), seconds=LIFTED)
    assert {"drop", "object.diverged"} <= {one.code for one in verdict.findings if one.failed}
    assert len(plays) == 1 and plays[0] > 1


def test_where_the_record_is_no_simulation_the_scene_is_asked(scene, found):
    rng = np.random.default_rng(0)

    def tracked(columns):
        columns["action"][:] = columns["action"][0]
        for name in ("bowl.x", "bowl.y", "bowl.z", "empty.x", "empty.y", "empty.z"):
            column = around(scene, columns, name)
            column[:] += rng.normal(0.0, 2e-4, len(column))

    one = found(tracked, table_setting(), seconds=LIFTED)["object.diverged"]
    assert (one.level, one.reason, one.details["owner"]) == ("NOT_CHECKED", "left_lying", "scene")


@pytest.mark.parametrize(("by", "level"), [(0.0, "NOT_CHECKED"), (-8.0, "FAIL")])
def test_states_in_place_of_commands_hold_nothing_and_are_no_fault(found, by, level):
    """A hand that is commanded where it is measured does not press. One that is commanded elsewhere, and lets go, is a fault."""

    def states(columns):
        columns["action"][:-1] = columns["observation.state"][1:, : columns["action"].shape[1]]
        columns["action"][-1] = columns["action"][-2]
        columns["action"][:, -2:] = np.maximum(columns["action"][:, -2:] + by, 0.0)

    one = found(states, table_setting(), seconds=LIFTED)["object.diverged"]
    assert (one.level, one.subject, one.details["kind"]) == (level, ("bowl",), "left")


def test_orientations_in_another_order_are_told_and_nothing_is_concluded_from_them(scene, found):
    def xyzw(columns):
        for thing in ("bowl", "empty"):
            parts = [around(scene, columns, f"{thing}.{axis}") for axis in ("qw", "qx", "qy", "qz")]
            old = np.stack(parts)
            for part, row in zip(parts, old[[1, 2, 3, 0]]):
                part[:] = row

    by = found(xyzw, seconds=LIFTED)
    assert (by["object.order"].level, by["object.order"].subject) == ("FAIL", ("bowl", "empty"))
    assert by["record.goal"].level == by["object.hovers"].level == "NOT_CHECKED"
    assert [code for code, one in by.items() if one.failed] == ["object.order"]


@pytest.mark.parametrize("up", [0.0, 0.045])
def test_a_tracker_s_noise_is_nobody_s_fault_and_hides_no_bowl_in_the_air(scene, found, up):
    rng = np.random.default_rng(11)

    def tracked(columns):
        for thing in ("bowl", "empty"):
            for axis in ("x", "y", "z", "qw", "qx", "qy", "qz"):
                column = around(scene, columns, f"{thing}.{axis}")
                column += rng.normal(0.0, 0.004, len(column))
            turn = [around(scene, columns, f"{thing}.{axis}") for axis in ("qw", "qx", "qy", "qz")]
            size = np.linalg.norm(turn, axis=0)  # a tracker writes turns
            for column in turn:
                column /= size
        around(scene, columns, "empty.z")[60:100] += up

    by = found(tracked, seconds=LIFTED if up else 60.0)  # the whole take reaches its goal
    hovers = by["object.hovers"]
    if up:
        assert (hovers.level, hovers.subject) == ("FAIL", ("empty",)) and hovers.t0 == pytest.approx(2.0, abs=0.2)
    else:
        assert not [code for code, one in by.items() if one.failed]
        assert {by[code].level for code in ("start.place", "object.hovers", "object.moves", "record.goal")} == {"PASS"}


@pytest.mark.parametrize("way", ["millimetres", "above the table"])
def test_places_in_another_unit_or_frame_are_the_recorder_s(scene, judged, way):
    def written(columns):
        for axis in "xyz":
            around(scene, columns, f"bowl.{axis}")[:] *= 1000.0 if way == "millimetres" else 1.0
        for thing in ("bowl", "empty") if way != "millimetres" else ():
            around(scene, columns, f"{thing}.z")[:] -= 0.86

    verdict = judged(written, seconds=LIFTED)
    root = verdict.findings[verdict.root]
    code = "column.differs" if way == "millimetres" else "object.frame"
    assert (verdict.verdict, verdict.owner, root.code) == ("UNSOUND", "device", code)
    assert root.subject == (("bowl.x", "bowl.y", "bowl.z") if way == "millimetres" else ("bowl", "empty"))
    assert next(one for one in verdict.findings if one.code == "object.frame").failed
    assert all(one.because_of == verdict.root for one in verdict.findings if one.failed and one is not root)
    goal = next(one for one in verdict.findings if one.code == "record.goal")
    assert goal.level == "NOT_CHECKED"


AXES = ("x", "y", "z", "qw", "qx", "qy", "qz")


def exchange(scene, columns):
    one, other = ([around(scene, columns, f"{thing}.{axis}") for axis in AXES] for thing in ("bowl", "empty"))
    for mine, theirs in zip(one, other):
        mine[:], theirs[:] = theirs.copy(), mine.copy()


@pytest.mark.usefixtures("one_copy")
def test_things_that_stand_where_only_the_other_one_is_drawn_carry_each_other_s_names(scene, judged):
    verdict = judged(lambda columns: exchange(scene, columns))
    root = verdict.findings[verdict.root]
    assert (verdict.verdict, verdict.owner, root.code, root.subject) == ("UNSOUND", "device", "object.frame", ("bowl", "empty"))
    assert root.value == pytest.approx(0.5, abs=0.1) and "exchanged" in Words("en").message(root)
    assert {one.because_of for one in verdict.findings if one.failed and one is not root} == {verdict.root}
    assert [one.code for one in verdict.findings].count("object.frame") == 1


@pytest.mark.usefixtures("one_copy")
def test_where_each_may_be_the_other_one_nothing_is_concluded(scene, judged, monkeypatch):
    wide = (np.array([0.0, -1.0, 0.7]), np.array([1.0, 1.0, 1.0]))
    monkeypatch.setattr(exchanged_names, "rooms_of", lambda scene, things: dict.fromkeys(things, wide))
    verdict = judged(lambda columns: exchange(scene, columns))
    goals = {one.code: one for one in verdict.findings if one.code in ("goal", "record.goal")}
    assert {(one.level, one.reason) for one in goals.values()} == {("NOT_CHECKED", "names_open")}
    assert (verdict.verdict, verdict.owner) == ("INCONCLUSIVE", "device")


@pytest.mark.slow  # made-up poses jump, hover and glide in test_checks_record.py
def test_a_bowl_that_is_put_up_into_the_air_jumps_and_hovers(scene, found):
    def up(columns):
        around(scene, columns, "empty.z")[60:90] += 0.07

    by = found(up)
    assert by["object.jumps"].level == "FAIL" and by["object.jumps"].value == pytest.approx(0.07, abs=2e-3)
    assert by["object.hovers"].level == "FAIL" and by["object.hovers"].subject == ("empty",)
    assert by["object.hovers"].t0 == pytest.approx(60 * scene.control_timestep, abs=0.05)


@pytest.mark.slow  # see above
def test_a_bowl_that_glides_with_no_hand_near_moves_by_itself(scene, found):
    def glide(columns):
        x = around(scene, columns, "empty.x")
        x += np.clip((np.arange(len(x)) - 45) / 30.0, 0.0, 1.0) * -0.09

    by = found(glide)
    assert by["object.moves"].level == "FAIL" and by["object.moves"].subject == ("empty",)
    assert by["object.jumps"].level == "PASS"
    assert by["record.goal"].details["failure"] == "scenario.guest_bowl_pushed"


@pytest.mark.usefixtures("one_copy")
def test_a_pose_that_leaps_is_the_recorder_s_and_what_follows_from_it_is_no_second_reason(scene, judged):
    """From the middle of the take on the served bowl stands 0.3 m aside: it leaps, misses the goal, and a replay leaves it elsewhere."""

    def aside(columns):
        y = around(scene, columns, "bowl.y")
        y[len(y) * 2 // 3 :] -= 0.3

    verdict = judged(aside)
    failed = {finding.code: finding for finding in verdict.findings if finding.failed}
    root = verdict.findings[verdict.root]
    assert (verdict.verdict, verdict.owner, root.code, root.subject) == ("UNSOUND", "device", "column.differs", ("bowl.y",))
    assert verdict.stages["integrity"].verdict == "UNSOUND"
    assert {"record.goal", "object.jumps"} <= set(failed)
    assert {one.because_of for code, one in failed.items() if code != root.code} == {verdict.root}


@pytest.mark.slow  # see above
def test_a_thing_that_hovers_while_another_one_leaps_is_a_reason_of_its_own(scene, judged):
    def both(columns):
        around(scene, columns, "bowl.y")[-20:] -= 0.3
        z = around(scene, columns, "empty.z")
        z += 0.07 * np.clip((np.arange(len(z)) - 45) / 30.0, 0.0, 1.0)

    by = {finding.code: finding for finding in judged(both).findings}
    assert by["object.jumps"].subject == ("bowl",) and by["object.hovers"].subject == ("empty",)
    assert by["object.hovers"].failed and by["object.hovers"].because_of is None


def written(columns, scene, rows):
    """The bowl's pose of so many rows before; of the first row where `rows` is None."""
    for axis in ("x", "y", "z", "qw", "qx", "qy", "qz"):
        column = around(scene, columns, f"bowl.{axis}")
        column[:] = column[np.clip(np.arange(len(column)) - rows, 0, None)] if rows is not None else column[0]


@pytest.mark.parametrize(("rows", "kind"), [(15, "lag"), (None, "held_value")])
def test_a_pose_that_is_late_or_stands_while_its_hand_carries_it_is_the_recorder_s(scene, judged, rows, kind):
    verdict = judged(lambda columns: written(columns, scene, rows))
    root = verdict.findings[verdict.root]
    subject = tuple(f"bowl.{axis}" for axis in AXES) if rows is not None else ("bowl",)
    assert (verdict.verdict, verdict.owner, root.code, root.subject) == ("UNSOUND", "device", "column.differs", subject)
    assert (root.details["column"], root.details["kind"]) == ("pose", kind)
    assert [one.code for one in verdict.findings].count("column.differs") == 1
    assert all(one.because_of == verdict.root for one in verdict.findings if one.failed and one is not root)
    words = Words("en").message(root)
    assert ("0.5 s late" in words) if rows else ("one value in all rows" in words)


def test_a_height_that_stands_while_its_hand_lifts_it_is_the_recorder_s(scene, judged):
    def flat(columns):
        z = around(scene, columns, "bowl.z")
        z[:] = z[0]

    verdict = judged(flat)
    root = verdict.findings[verdict.root]
    assert (verdict.verdict, verdict.owner, root.code, root.subject) == ("UNSOUND", "device", "column.differs", ("bowl",))
    assert root.details["other"] == "bowl.z" and "bowl.z" in Words("en").message(root) and root.value > 0.05


def unlabelled(scene, episode, tmp_path, change, way):
    (verdict,) = judge(ordinary(scene, episode, tmp_path / way, change), scene, threads=1, contexts=Contexts(scene, unlabelled=way))
    return verdict, next(one for one in verdict.findings if one.code == "goal")


@pytest.mark.usefixtures("one_copy")
def test_a_demonstration_without_a_label_claims_success_and_the_verdict_says_that_this_is_assumed(episode, tmp_path):
    """In eight starts with the bowls where they were recorded the commands of the first two seconds reach nothing in four."""
    episode, scene = beginning(episode, 4.0), table_setting(starts=8)

    def short(columns):
        columns["action"][60:] = columns["action"][60]

    verdict, goal = unlabelled(scene, episode, tmp_path, short, "success")
    assert goal.level == "FAIL" and goal.details["assumed"] == "success" and goal.details.get("label") is None
    assert verdict.stages["replay"].verdict == "INFEASIBLE" and verdict.outcome["assumed"] == "success" and verdict.outcome["label"] is None
    assert ASSUMED in verdict.provenance["notes"]
    for lang, word in (("en", "no label: success is assumed"), ("zh", "没有标注，假定为成功")):
        assert word in Words(lang).message(goal)
    verdict, goal = unlabelled(table_setting(starts=1), episode, tmp_path, short, "unknown")
    assert not goal.failed and "assumed" not in verdict.outcome and ASSUMED not in verdict.provenance["notes"]


def test_a_clean_demonstration_without_a_label_is_not_refused(scene, episode, clean, tmp_path):
    assert clean.outcome["assumed"] == "success" and not any(one.failed for one in clean.findings)
    verdict, goal = unlabelled(scene, episode, tmp_path, None, "unknown")
    assert not any(one.failed for one in verdict.findings) and goal.level in ("PASS", "NOT_CHECKED", "INFO")
    assert next(one for one in clean.findings if one.code == "goal").level == "PASS"


@pytest.mark.parametrize(("code", "check"), [("object.hovers", "check_hovers"), ("object.moves", "check_moves")])
@pytest.mark.parametrize("again", [True, False])
def test_what_moves_by_itself_does_so_wherever_nobody_measured_what_may_hold_it(monkeypatch, code, check, again):
    """A person who holds a cup may sit where the scenario draws."""
    rules = load_rules()
    wrong = rules[code].finding(level="FAIL", subject=("cup",), value=0.08, limit=0.05, t0=1.0, t1=2.0)
    start = SimpleNamespace(drawn=("chair.at.x",), further=lambda draw, n, seed: [1, 2])
    subject = SimpleNamespace(rules=rules, scene=None, context=SimpleNamespace(robot_geoms=None))
    state = RecordedState(0, np.zeros(1), np.zeros(1), np.zeros((1, 7)), np.ones(7, bool), ("cup",), True)
    monkeypatch.setattr(record_witness, "facts_of", lambda *asked: None)
    monkeypatch.setattr(record_witness, check, lambda facts, asked: wrong if again else rules[code].passed())
    found = record_witness._by_height(wrong, subject, SimpleNamespace(plan=SimpleNamespace(start=start, unsure=None)), state)
    assert (found.level, found.reason) == (("FAIL", None) if again else ("NOT_CHECKED", "unmeasured"))
