"""A column that contradicts the others of its take, and is that of another take of the set."""

import time

import numpy as np
import pytest
from joint_streams import RATE, recording, stream
from shiliu.replay.checks.integrity import check_integrity
from shiliu.replay.checks.other_columns import KEPT, columns_of
from shiliu.replay.judge.facts.results import Integrity
from shiliu.replay.judge.intake import rules_of
from shiliu.replay.judge.judge import _among_takes
from shiliu.replay.judge.set_comparison import Company, take_facts
from shiliu.replay.robots.limits import Limits
from shiliu.replay.signals.joint_motion import zero_order_hold

NAMES = tuple(f"zarm_{side}{k}_joint" for side in "lr" for k in range(1, 8))
ROWS, LATE = 600, 0.1  # s by which the joints follow
RULES = rules_of()


def motion(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(ROWS, 14) commands of wandering arms, and what is measured of it."""
    rng = np.random.default_rng(seed)
    t = np.arange(ROWS) / RATE
    pace, phase = rng.uniform(0.2, 2.0, (5, 14)), rng.uniform(0.0, 6.0, (5, 14))

    def at(moment: np.ndarray) -> np.ndarray:
        return (0.15 * np.sin(moment[:, None, None] * pace + phase)).sum(axis=1)

    return at(t), at(t - LATE) + rng.normal(scale=2e-4, size=(ROWS, 14))


def take(number: int, command: np.ndarray, measured: np.ndarray):
    return recording(stream("command", command, NAMES), stream("measured", measured, NAMES), source=f"demos#{number}")


def held(*takes):
    """The `column.differs` of the last take, among all."""
    found = [check_integrity(one, Limits({}, {}), RULES) for one in takes]
    facts = [(take_facts(one, own), RULES) for one, own in zip(takes, found)]
    given = Company().hold(facts)
    among = _among_takes(Integrity(tuple(found[-1])), given[-1])
    return next(f for f in among.findings if f.code == "column.differs")


@pytest.mark.parametrize(
    ("columns", "rows"), [((2,), slice(None)), ((2,), slice(200, 420)), (tuple(range(7)), slice(200, 420))], ids=["all", "a part", "an arm"]
)
@pytest.mark.parametrize("before", [True, False])
def test_a_column_of_another_take_is_named_with_that_take(columns, rows, before):
    (c0, m0), (c1, m1), (c2, m2) = (motion(seed) for seed in range(3))
    pasted = m2.copy()
    pasted[rows, list(columns)] = m0[rows, list(columns)]
    others = [take(0, c0, m0), take(1, c1, m1)]
    mine = take(2, c2, pasted)
    company, found = Company(), {}
    order = [*others, mine] if before else [mine, *others]
    facts = [take_facts(one, check_integrity(one, Limits({}, {}), RULES)) for one in order]
    found = dict(zip((one.source for one in order), company.hold([(one, RULES) for one in facts])))
    of = found["demos#2"]["column.differs"]
    assert (of.level, of.details["kind"], of.details["of"]) == ("FAIL", "other_take", "demos#0")
    assert of.details["column"] == "measured"
    assert set(of.subject) == {NAMES[j] for j in columns}
    assert "column.differs" not in found["demos#0"] and "column.differs" not in found["demos#1"]


def test_the_finding_of_the_take_names_it():
    (c0, m0), (c2, m2) = motion(0), motion(2)
    m2[:, 2] = m0[:, 2]
    found = held(take(0, c0, m0), take(2, c2, m2))
    assert found.failed and found.subject == (NAMES[2],)
    assert found.details["kind"] == "other_take" and found.details["other"] == "demos#0" and found.t0 == 0.0


def test_a_column_of_no_take_of_the_set_keeps_its_own_cause():
    (c0, m0), (c2, m2), (_, m9) = motion(0), motion(2), motion(9)
    m2[:, 2] = m9[:, 2]
    found = held(take(0, c0, m0), take(2, c2, m2))
    assert found.failed and found.subject == (NAMES[2],) and found.details["kind"] != "other_take"


def test_takes_that_share_a_column_and_agree_with_themselves_are_let_be():
    """As where a head is moved by a script: the same commands in each take, and joints that follow."""
    (c0, m0), (c2, m2) = motion(0), motion(2)
    c2[:, 0], m2[:, 0] = c0[:, 0], m0[:, 0]
    assert held(take(0, c0, m0), take(2, c2, m2)).level == "PASS"


def test_it_costs_a_hundredth_of_a_second_and_keeps_little():
    command = np.tile(motion(0)[0], (3, 5))
    one = recording(stream("command", command, tuple(f"j{k}" for k in range(70))))
    start = time.process_time()
    columns = columns_of(one)
    assert time.process_time() - start < 0.2  # 0.02 s on an idle machine
    assert len(columns) == 70 and all(len(column.rows) <= KEPT for column in columns)


def test_the_hold_of_rows_keeps_no_run():
    t = np.arange(ROWS) / RATE
    stands = zero_order_hold(t[::20], np.sin(t[::20])[:, None], t)
    assert not columns_of(recording(stream("command", stands, ("a",))))
