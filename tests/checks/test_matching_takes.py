"""Joints that follow the commands of another take of their set, and not their own."""


import numpy as np
import pytest
from servo_takes import RULES, motion, taken
from shiliu.replay.checks.matching_takes import BESIDE, check_matching, moving_joints
from shiliu.replay.checks.other_columns import KIND
from shiliu.replay.checks.takes import NOTHING, TakeShown, TakesSeen, duplicate_of
from shiliu.replay.judge.set_comparison import Company, TakeFacts
from shiliu.replay.line.kept import packed, unpacked

SEEDS = (3, 4, 5, 6)
COMMON = motion(11)  # what the takes of one task share


def alike(seed: int) -> dict:
    """A take of the task: mostly what all do, and a little of its own."""
    own = motion(seed)
    return {name: 0.75 * COMMON[name] + 0.25 * own[name] for name in ("action", "state")}


def kept(columns: dict):
    return moving_joints(taken(columns, without=("velocity",)))


def test_takes_that_follow_their_own_commands_are_found_to():
    takes = [kept(alike(seed)) for seed in SEEDS]
    for k, one in enumerate(takes):
        assert check_matching(one, [(str(j), other) for j, other in enumerate(takes) if j != k], RULES) is None


@pytest.mark.parametrize("of_the_states", [False, True])
def test_commands_of_another_take_are_named_with_it(of_the_states):
    columns = [alike(seed) for seed in SEEDS]
    mixed = {"action": columns[1]["action"], "state": columns[0]["state"]}
    others = [("b", kept(columns[1])), ("c", kept(columns[2]))]
    if of_the_states:  # the set holds the take of which the joints are, and not the one of which the commands are
        others = [("b", kept(columns[0])), ("c", kept(columns[2]))]
    finding = check_matching(kept(mixed), others, RULES)
    assert finding is not None and finding.level == "FAIL" and finding.value > BESIDE
    assert (finding.details["kind"], finding.details["of"], finding.details["column"]) == (KIND, "b", "command")
    assert check_matching(kept(mixed), others[1:], RULES) is None


def test_a_loose_robot_follows_no_other_take():
    columns = [alike(seed) for seed in SEEDS]
    for each in columns:
        each["state"] = each["state"] + 0.1 * np.sin(np.arange(len(each["state"])) / 50.0)[:, None]
    takes = [kept(each) for each in columns]
    assert check_matching(takes[0], [(str(k), one) for k, one in enumerate(takes[1:])], RULES) is None


def test_a_set_is_held_together_in_any_order():
    columns = [alike(seed) for seed in SEEDS]
    shifted = [{"action": columns[(k + 1) % 4]["action"], "state": one["state"]} for k, one in enumerate(columns)]
    key = ("set", None, None)
    facts = [(TakeFacts(f"set#{k}", key=key, moving=kept(one)), RULES) for k, one in enumerate(shifted)]
    found = [given.get("column.differs") for given in Company().hold(facts)]
    assert all(one is not None and one.failed for one in found)
    assert unpacked(packed(facts[0][0].moving)) == facts[0][0].moving


@pytest.mark.parametrize(("noise", "later", "level"), [(1e-3, 0, "FAIL"), (1e-4, 3, "FAIL"), (0.02, 0, "PASS"), (0.0, 40, "PASS")])
def test_a_take_once_more_with_noise_or_some_rows_later(noise, later, level):
    """Nobody goes the same way again, all along, where every other take is far away; what a machine repeats is no copy."""
    columns = [alike(seed) for seed in SEEDS]
    rng = np.random.default_rng(1)
    again = {name: x[later:] + rng.normal(scale=noise, size=(len(x) - later, 1)) for name, x in columns[0].items()}
    seen = TakesSeen()
    for k, one in enumerate(map(kept, columns)):
        seen.show(TakeShown(f"set#{k}", moving=one))
        seen.keep(NOTHING, f"set#{k}")
    copy = kept(again)
    seen.show(TakeShown("set#9", moving=copy))
    found = duplicate_of(NOTHING, seen, RULES, copy)
    assert (found.level, found.subject) == (level, ("set#0",) if level == "FAIL" else ())
    alone = TakesSeen()
    alone.show(TakeShown("set#0", moving=kept(columns[0])))
    alone.keep(NOTHING, "set#0")
    assert duplicate_of(NOTHING, alone, RULES, copy).level == ("WARN" if level == "FAIL" else "PASS")
    seen.show(TakeShown("set#8", moving=kept(columns[0])))
    seen.keep(NOTHING, "set#8")
    assert duplicate_of(NOTHING, seen, RULES, copy).level == "PASS", "it is done again and again"


@pytest.mark.parametrize("planned", [0.0, 2e-3])
@pytest.mark.parametrize("later", [0, 7])
def test_a_machine_that_does_it_once_more_is_not_refused(planned, later):
    """Commands that are played again are the same, and joints are measured anew; a way that is planned again is a little otherwise."""
    columns = [alike(seed) for seed in SEEDS]
    n, k = columns[0]["action"].shape
    rng = np.random.default_rng(2)
    phase, pace = rng.uniform(0.0, 6.0, (2, k)), rng.uniform(0.01, 0.05, (2, k))
    slow = np.sin(np.arange(n)[:, None, None] * pace + phase)
    again = {
        "action": columns[0]["action"] + planned * slow[:, 0],
        "state": columns[0]["state"] + planned * slow[:, 0] + 2e-3 * slow[:, 1] + rng.normal(scale=2e-4, size=(n, k)),
    }
    seen = TakesSeen()
    for name, one in enumerate(map(kept, columns)):
        seen.show(TakeShown(f"set#{name}", moving=one))
        seen.keep(NOTHING, f"set#{name}")
    found = duplicate_of(NOTHING, seen, RULES, kept({name: x[later:] for name, x in again.items()}))
    assert (found.level, found.details["kind"], found.subject) == ("WARN", "again", ("set#0",))


def test_too_little_is_not_compared():
    columns = alike(3)
    assert kept({name: x[:60] for name, x in columns.items()}) is None
    still = {name: np.where(np.arange(6) < 4, x[:1], x) for name, x in columns.items()}
    assert kept(still) is None
    assert check_matching(None, [], RULES) is None
