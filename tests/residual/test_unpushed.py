"""One joint beside its way, of a device whose drives nobody measured: what no push does, and what a push may do."""

import numpy as np
import pytest
from servo_takes import RATE, ROWS, found, motion

JOINT = 1


def exact(change, seed=3):
    """Joints that follow their commands a tenth of a second later, exactly; and what becomes of one of them: change(command, measured)."""
    columns = motion(seed)
    c = columns["action"]
    noise = np.random.default_rng(seed).normal(0.0, 2e-4, c.shape)
    q = np.concatenate([np.repeat(c[:1], 3, axis=0), c[:-3]]) + noise
    c[:, JOINT], q[:, JOINT] = change(c[:, JOINT].copy(), q[:, JOINT].copy())
    return found({"action": c, "state": q})


def late(x, rows):
    return np.concatenate([np.repeat(x[:1], rows), x[:-rows]])


def walked(size):
    """A walk that comes back, within rows 120 to 320."""
    rng = np.random.default_rng(8)
    steps = np.convolve(rng.normal(size=ROWS), np.hanning(30), "same")
    walk = np.cumsum(np.where((np.arange(ROWS) > 120) & (np.arange(ROWS) < 320), steps, 0.0))
    return size * walk / np.abs(walk).max()


@pytest.mark.parametrize("kind", ["command", "measured"])
def test_one_joint_that_is_later_than_all_others_there_and_back(kind):
    def change(c, q):
        t = np.arange(ROWS) / RATE
        c = 0.6 * np.sin(1.1 * t)
        q = late(c, 3) + np.random.default_rng(1).normal(0.0, 2e-4, ROWS)
        return (c, late(q, 14)) if kind == "measured" else (late(c, 14), q)

    finding = exact(change)
    assert finding.level == "FAIL" and finding.subject == ("joint_2",)


def test_one_joint_that_goes_another_way_by_itself():
    finding = exact(lambda c, q: (c, q + walked(0.45)))
    assert finding.level == "FAIL" and finding.subject == ("joint_2",)
    assert finding.t0 > 3.0


@pytest.mark.parametrize("size", [0.0, 0.02])
def test_a_small_one_passes(size):
    assert exact(lambda c, q: (c, q + walked(size))).level == "PASS"


def test_a_joint_that_is_held_back_is_no_fault_of_the_record():
    """It stays behind where it is sent, and comes when it is let go: something is in its way, or its servo is weak."""

    def held(c, q):
        t = np.arange(ROWS) / RATE
        c = 0.6 * np.sin(1.1 * t)
        q = late(c, 3)
        inside = (np.arange(ROWS) > 86) & (np.arange(ROWS) < 258)  # it passes zero as it begins and ends
        return c, np.where(inside, 0.55, 1.0) * q + np.random.default_rng(1).normal(0.0, 2e-4, ROWS)


    def sinks(c, q):
        load = np.clip(np.minimum(np.arange(ROWS) - 100, 300 - np.arange(ROWS)) / 15.0, 0.0, 1.0)
        return c, q - 0.12 * load * np.cos(q) + np.random.default_rng(1).normal(0.0, 2e-4, ROWS)

    assert exact(sinks).level != "FAIL"

    assert exact(held).level != "FAIL"


def test_an_arm_that_is_pushed_bends_in_several_joints():
    columns = motion()
    c = columns["action"]
    q = np.concatenate([np.repeat(c[:1], 3, axis=0), c[:-3]]) + np.random.default_rng(3).normal(0.0, 2e-4, c.shape)
    q += walked(0.3)[:, None] * np.array([0.7, 1.0, 0.5, 0.2, 0.3, 0.1])
    assert found({"action": c, "state": q}).level != "FAIL"


@pytest.mark.parametrize(("joints", "level"), [((1, 2, 3), "WARN"), ((1,), "FAIL")])
def test_an_arm_that_is_pushed_bends_from_its_base_on(joints, level):
    """Half of its joints, and those behind go on; one alone goes ahead of its way by nothing that touches an arm."""
    columns = motion()
    c = columns["action"]
    q = np.concatenate([np.repeat(c[:1], 3, axis=0), c[:-3]]) + np.random.default_rng(3).normal(0.0, 2e-4, c.shape)
    q[:, joints] += walked(0.45)[:, None] * np.array([1.0, 0.8, 0.7])[: len(joints)]
    assert found({"action": c, "state": q}).level == level


@pytest.mark.parametrize("rows", [0, 18])
def test_what_comes_before_its_commands_is_compared_all_the_same(rows):
    """That all of it is early is a matter of the clocks (`stream.lag`); what is wrong beside it has its own rows."""
    columns = motion(3)
    columns["action"] = np.concatenate([np.repeat(columns["action"][:1], rows, axis=0), columns["action"][: len(columns["action"]) - rows]])
    assert found(columns, without=("velocity",)).level != "FAIL"
    columns["state"][200:240, 2] += 0.3
    wrong = found(columns, without=("velocity",))
    assert wrong.level == "FAIL" and wrong.subject == ("joint_3",) and wrong.details["rows"] == [200, 239]


@pytest.mark.parametrize(("factor", "by", "name"), [(1.1, 0.0, "factor"), (1.0, 0.14, "offset"), (0.9, 0.0, "factor")])
def test_a_joint_that_works_far_from_nought_has_a_factor_or_another_zero(factor, by, name):
    """Both put it beside its command, by 0.14 rad in the middle of its way; only a factor does so by more at one end of it."""
    columns = motion()
    c = columns["action"]
    c[:, 2] += 1.4
    q = np.concatenate([np.repeat(c[:1], 3, axis=0), c[:-3]]) + np.random.default_rng(3).normal(0.0, 2e-4, c.shape)
    q[:, 2] = factor * q[:, 2] + by
    finding = found({"action": c, "state": q})
    assert finding.level == "FAIL" and finding.subject == ("joint_3",) and finding.details["kind"] == name
