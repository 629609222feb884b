"""An own episode that was made on another kind of machine: its last bits are others, and that is no fault of it."""

import dataclasses

import numpy as np
import pytest
from shiliu.replay.judge.explanation.changed_commands import changed_in_seconds
from shiliu.replay.judge.judge import judge
from shiliu.replay.report.text import Words
from shiliu.replay.rollout import machine_kind
from shiliu.replay.rollout.between_states import _Compared, play_between_states
from shiliu.replay.rollout.episode import as_recording, checkpoints_of, episode_of
from shiliu.replay.rollout.machine_kind import differing, machine
from shiliu.replay.rollout.observers import FullStates, Observations
from shiliu.replay.rollout.reproduce import played_again, start_of
from shiliu.replay.rollout.rollout import RecordedPolicy, roll_out

ELBOW = "zarm_l4_joint"
OTHER = next(kind for kind in ("GenuineIntel 6 85", "AuthenticAMD 25 1") if machine()["processor"] != kind)


class OtherBits:
    """Another unit in the last place of a third of all speeds at each control step, as another processor may leave it."""

    def __init__(self):
        self.rng = np.random.default_rng(77)

    def note(self, now):
        speeds = now.simulation.live("qvel")
        away = np.where(self.rng.random(speeds.shape) < 0.5, -np.inf, np.inf)
        speeds[:] = np.where(self.rng.random(speeds.shape) < 1 / 3, np.nextafter(speeds, away), speeds)

    def of(self, i, steps):
        return {}


def made_there(scene, draw, actions, begin):
    """What another machine would have recorded of these commands."""
    n = len(actions)
    observers = [Observations(scene, 1, n), FullStates.at([checkpoints_of(scene, n)]), OtherBits()]
    (played,) = roll_out(scene, [draw], RecordedPolicy([actions]), observers)
    made = episode_of(scene, played, begin.seed, begin.segments, begin.provenance)
    return dataclasses.replace(made, made_on={**machine(), "processor": OTHER})


@pytest.fixture(scope="module")
def elsewhere(table, served):
    """The demonstration, of another machine."""
    return made_there(table, start_of(table, served.episode), served.episode.actions, served.episode)


@pytest.fixture(scope="module")
def short(elsewhere):
    """As far as the robot has taken hold of something."""
    n, kept = 150, elsewhere.checkpoints
    rows = {name: values[: n + 1] for name, values in elsewhere.states.items()}
    states = {k: state for k, state in kept.items() if k <= n}
    return dataclasses.replace(elsewhere, actions=elsewhere.actions[:n], states=rows, checkpoints=states)


@pytest.fixture(scope="module")
def followed(table, short):
    return between(table, short)


def judged(table, episode):
    (verdict,) = judge([as_recording("take", episode, table)], table, threads=1)
    return verdict, next(one for one in verdict.findings if one.code == "reproduces")


def between(table, episode):
    return play_between_states(table, episode, start_of(table, episode))


def changed(table, episode):
    """What is found to be otherwise in it."""
    recording = as_recording("take", episode, table)
    return changed_in_seconds(table, recording, played_again(table, recording), between(table, episode))


def with_state(episode, k, number, by):
    state = episode.checkpoints[k].copy()
    state[number] += by
    return dataclasses.replace(episode, checkpoints={**episode.checkpoints, k: state})


def test_an_episode_of_another_machine_is_judged_second_by_second(table, elsewhere):
    verdict, finding = judged(table, elsewhere)
    assert (verdict.verdict, verdict.outcome["success"]) == ("FEASIBLE", True)
    assert (finding.level, finding.details["kind"]) == ("WARN", "rounding")
    assert f"processor {OTHER} → " in finding.details["machine"]
    assert 0.0 < finding.details["apart"] < 1e-6 and finding.details["share_of_rounding"] < 0.5
    assert Words("en").message(finding).startswith("the replay from the start departs from the record by rounding alone, from step ")


@pytest.mark.slow
def test_where_the_machine_was_not_kept_it_may_have_been_another_one(table, elsewhere):
    verdict, finding = judged(table, dataclasses.replace(elsewhere, made_on={}))
    assert (verdict.verdict, finding.level, finding.details["made_with"]) == ("FEASIBLE", "WARN", elsewhere.engine)


@pytest.mark.slow
def test_on_the_same_kind_of_machine_an_episode_has_to_come_out_to_the_bit(table, elsewhere):
    verdict, finding = judged(table, dataclasses.replace(elsewhere, made_on=dict(machine())))
    assert (verdict.verdict, verdict.findings[verdict.root].code, finding.level) == ("INFEASIBLE", "reproduces", "FAIL")


@pytest.mark.slow
@pytest.mark.parametrize(("by", "as_found"), [(0.03, ("UNSOUND", "column.differs")), (0.001, ("INFEASIBLE", "reproduces"))])
def test_a_true_change_is_judged_as_on_the_machine_that_made_it(table, served, elsewhere, by, as_found):
    for episode in (served.episode, elsewhere):
        actions = episode.actions.copy()
        actions[100:105, table.schema.action.names.index(ELBOW)] += by
        verdict, finding = judged(table, dataclasses.replace(episode, actions=actions))
        root = verdict.findings[verdict.root]
        assert (verdict.verdict, root.code, root.subject) == (*as_found, (ELBOW,))
        assert (finding.level, finding.details["likely"]) == ("FAIL", "action_edited")
        assert finding.value == pytest.approx(by, abs=2e-5)


def test_a_command_that_was_changed_is_named_on_another_machine_too(table, short):
    actions = short.actions.copy()
    actions[100:105, table.schema.action.names.index(ELBOW)] += 0.03
    found = changed(table, dataclasses.replace(short, actions=actions))
    assert (found["subject"], found["column"], found["rows"]) == ((ELBOW,), "command", [100, 104])
    assert found["size"] == pytest.approx(0.03, abs=1e-4)


def test_a_column_that_was_changed_is_named_on_another_machine_too(table, short):
    states = {name: rows.copy() for name, rows in short.states.items()}
    states["observation.state"][95:110, table.schema.observations["observation.state"].names.index(ELBOW)] += 0.05
    found = changed(table, dataclasses.replace(short, states=states))
    assert (found["subject"], found["column"], found["rows"]) == ((ELBOW,), "measured", [95, 109])


def test_a_full_state_that_is_another_one_by_little_is_found(table, short, followed):
    joint = 1 + int(start_of(table, short).model.joint(ELBOW).qposadr[0])
    found = between(table, with_state(short, 90, joint, 1e-9))
    assert followed.follows and followed.known.all() and followed.share < 0.5
    assert not found.follows and not found.known[61:91].any()
    assert found.known[1:61].all() and found.known[91:].all()  # servos bring it back within a second


def test_a_command_in_a_full_state_is_exact(table, short):
    number = int(np.flatnonzero(short.checkpoints[90] == float(short.actions[89, 3]))[-1])
    found = between(table, with_state(short, 90, number, 1e-12))
    assert not found.known[61:91].any() and found.known[1:61].all()


def test_what_a_machine_is():
    here = machine()
    assert here is machine() and differing(here, here) == ""
    assert differing({**here, "library": "glibc 2.31"}, here) == f"library glibc 2.31 → {here['library']}"
    older = {name: word for name, word in here.items() if name != "arithmetic"}
    assert differing(older, here) == ""  # it was not kept then
    assert f"arithmetic None → {here['arithmetic']}" in differing({}, here)


def test_a_processor_is_named_by_its_kind_alone(tmp_path, monkeypatch):
    info = tmp_path / "cpuinfo"
    monkeypatch.setattr(machine_kind, "CPUINFO", info)
    info.write_text("processor\t: 0\nFeatures\t: fp asimd sve\nCPU implementer\t: 0x41\nCPU part\t: 0xd40\n\nprocessor\t: 1\n")
    assert machine_kind._processor() == ("0x41 0xd40", "asimd sve")
    info.write_text("vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\nmodel name\t: Xeon\nflags\t\t: fpu fma avx avx2\n")
    assert machine_kind._processor() == ("GenuineIntel 6 85", "fma avx avx2")


@pytest.mark.parametrize("cut", [lambda x: x[:-1], lambda x: np.vstack([x, x[-1:]]), lambda x: x[:, 1:]], ids=["rows", "more", "columns"])
def test_a_column_of_another_size_is_no_rounding(table, short, cut):
    """Rows that are missing at the end, or stand behind it, are compared with nothing."""
    states = {**short.states, "observation.state": cut(short.states["observation.state"])}
    assert between(table, dataclasses.replace(short, states=states)) is None


OTHER = {"fingerprint": "0" * 64}  # in its last bits, or a scene that was changed since


@pytest.mark.parametrize(
    ("other", "tells"),
    [({}, True), ({"engine": "mujoco 0.0"}, False), (OTHER, True), (OTHER | {"made_on": {}}, False),
     (OTHER | {"scenario_version": 0}, False), (OTHER | {"provenance": {"shiliu": "0.0"}}, False)],
)  # fmt: skip
def test_what_another_engine_or_scene_does_is_no_change_of_commands(followed, short, other, tells):
    found = dataclasses.replace(followed, episode=dataclasses.replace(short, **other))
    assert (found.played is not None) == tells


def test_copies_that_come_to_no_number_excuse_nothing(table, short, followed):
    (second, *_) = followed.stretches
    one = _Compared(table, followed.rollout.draw, short, followed.rollout, list(followed.rows))
    nothing = {name: np.full_like(rows, np.nan) for name, rows in followed.rollout.observations.items()}
    one.copies = [dataclasses.replace(followed.rollout, observations=nothing)]
    assert second.follows and not one.compared(second).follows
