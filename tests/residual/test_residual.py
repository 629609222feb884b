"""Recorded columns held against one another: which column, where, by how much, and what explains it; and what a push is not."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import lfilter
from servo_takes import NAMES, RATE, REVERSED, ROWS, RULES, changed, found, grid_ns, motion, taken
from shiliu.replay.checks.witnesses import CHECKS, check_alone, check_differs
from shiliu.replay.recording.recording import Recording, Stream
from shiliu.replay.report.text import Words
from shiliu.replay.residual.bodies import ComparedColumns
from shiliu.replay.residual.difference import Difference
from shiliu.replay.residual.engine import of_begin
from shiliu.replay.residual.relations import relations_of
from shiliu.replay.residual.whole_takes import beside_commands, parameters


@pytest.mark.parametrize("seed", range(3, 9))
def test_columns_of_a_sound_take_agree(seed):
    assert found(motion(seed)).level == "PASS"
    assert found(motion(seed), without=("velocity",)).level == "PASS"


@pytest.mark.parametrize(
    ("column", "joint", "rows", "change", "kind"),
    [
        ("state", 2, slice(200, 260), lambda x: x + 0.3, "offset"),
        ("state", 4, slice(150, 151), lambda x: x - 0.5, "single_row"),
        ("action", 1, slice(100, 160), lambda x: x + 0.25, "offset"),
        ("action", 3, slice(80, 140), lambda x: np.full_like(x, x[0] + 0.3), "held_value"),
        ("state", 0, slice(90, 200), lambda x: -x, "mirrored"),
        ("state", 5, slice(60, 300), lambda x: np.round(x / 0.2) * 0.2, "quantised"),
        ("state", 1, slice(REVERSED, REVERSED + 90), lambda x: x[::-1], "reordered"),
        ("velocity", 1, slice(50, 330), lambda x: 57.29578 * x, "factor"),
        ("state", 3, slice(180, 210), lambda x: x + 2.0 * np.pi, "offset"),
    ],
)
def test_the_column_the_rows_and_the_reason_are_named(column, joint, rows, change, kind):
    finding = found(changed(column, joint, rows, change))
    assert finding.level == "FAIL" and finding.subject == (NAMES[joint],)
    assert finding.details["column"] == {"action": "command", "state": "measured"}.get(column, column)
    assert finding.details["kind"] == kind
    assert finding.t0 == pytest.approx(rows.start / RATE, abs=0.5) and finding.t1 == pytest.approx((rows.stop - 1) / RATE, abs=0.5)
    assert finding.details["undone"] > 0.5
    for lang in ("en", "zh"):
        assert "{" not in Words(lang).message(finding)


def test_what_is_below_the_bounds_is_not_found():
    assert found(changed("state", 2, slice(200, 260), lambda x: x + 0.01)).level == "PASS"


def test_a_push_is_a_warning_and_no_fault_of_the_recorder():
    """A joint that is pushed by 60 mrad for two seconds, and whose speed says so, too: a body can do that."""
    columns = motion()
    push = 0.06 * np.hanning(60)
    columns["state"][200:260, 2] += push
    columns["velocity"][200:260, 2] += 0.9 * np.gradient(push, 1.0 / RATE)
    finding = found(columns)
    assert finding.level == "WARN" and finding.subject == ("joint_3",) and finding.value == pytest.approx(0.06, abs=0.02)


def test_rows_that_are_gone_from_all_columns_are_one_finding():
    columns = {name: np.delete(x, slice(140, 165), axis=0) for name, x in motion(5).items()}
    finding = found(columns)
    assert finding.level == "FAIL" and finding.details["kind"] == "cut"
    assert finding.t1 == pytest.approx(140 / RATE, abs=1e-6)


@pytest.mark.parametrize("seed", [3, 4])
@pytest.mark.parametrize(("column", "rows"), [("state", 6), ("action", 6), ("state", 3)])
def test_a_half_of_a_take_that_is_late_is_one_finding(seed, column, rows):
    """From the middle on all joints are `rows` later, or all commands: no body does that, and the rest of the take is sound."""
    columns = motion(seed)
    columns[column][210:] = columns[column][210 - rows : -rows]
    finding = found(columns)
    assert finding.level == "FAIL" and finding.details["kind"] == "lag" and len(finding.subject) >= 3
    assert finding.value == pytest.approx(rows / RATE, abs=1.5 / RATE) and abs(finding.details["rows"][0] - 210) <= 6
    assert finding.details.get("count", 1) == 1 or finding.details["column"] in ("command", "measured")
    assert column == "action" or finding.details["column"] == "measured", "its speeds stay where they were"
    columns = motion(seed)  # one row is within what a chain of devices may do
    columns[column][210:] = columns[column][209:-1]
    assert found(columns).details.get("kind") != "lag" or found(columns).level != "FAIL"


def test_a_measurement_written_as_the_command_is_named():
    columns = motion()
    for j in (1, 4):
        columns["action"][:-1, j] = columns["state"][1:, j]
    finding = found(columns)
    assert finding.level == "FAIL" and finding.subject == ("joint_2", "joint_5")
    assert finding.details["kind"] == "measurement_as_command"
    columns["action"] = columns["state"].copy()  # no command was ever recorded: that is another kind of set
    assert found(columns).level == "WARN"


@pytest.mark.parametrize(("late", "level"), [(1, "FAIL"), (4, "WARN")])
def test_an_arm_of_pure_delay_that_homes_once_is_no_column_of_another(late, level):
    """What is measured in the next row nobody commands and reaches so soon; some rows later a robot may well be where it was sent."""
    columns = motion()
    for j in (1, 4):
        home = np.full(ROWS, 0.3)
        home[:45] = 0.3 * (1.0 - np.cos(np.pi * np.arange(45) / 45.0)) / 2.0
        columns["action"][:, j], columns["state"][:, j] = home, np.concatenate([np.zeros(late), home[:-late]])
    finding = found(columns, without=("velocity",))
    assert (finding.level, finding.subject, finding.details["kind"]) == (level, ("joint_2", "joint_5"), "measurement_as_command")


@pytest.mark.parametrize("seed", [9, 17, 22, 33, 34, 38])
def test_noise_of_all_encoders_is_no_cut(seed):
    """16 mrad in every row, while commands leap now and then: what noise adds up to in one of the rows is no leap of the joints."""
    columns = motion(seed)
    for row in range(60, 400, 40):
        columns["action"][row:, :3] += 0.05 * (-1) ** (row // 40)
    columns["state"] += np.random.default_rng(seed).normal(0.0, 0.016, columns["state"].shape)
    assert found(columns, without=("velocity",)).level != "FAIL"


def test_a_cut_is_counted_from_its_own_bound():
    finding = found({name: np.delete(x, slice(140, 165), axis=0) for name, x in motion(5).items()})
    assert finding.value >= finding.limit and finding.details["kind"] == "cut"


def test_a_measurement_written_as_the_command_in_a_part_is_named():
    columns = motion()
    columns["action"][60:220, 2] = columns["state"][60:220, 2]
    finding = found(columns, without=("velocity",))
    assert finding.level == "FAIL" and finding.subject == ("joint_3",) and finding.details["kind"] == "measurement_as_command"
    assert finding.details["rows"] == [60, 219]


@pytest.mark.parametrize("step", [0.002, 0.005, 0.01])
def test_equal_numbers_on_a_grid_prove_nothing_of_slow_joints(step):
    """A joint that a servo of its own brings a row late, at a step of the grid in three rows, has the numbers of its command."""
    for joint in (None, 1):
        columns = motion()
        slow = 0.12 * np.sin(2.0 * np.pi * np.arange(len(columns["action"])) / 300.0)
        columns["action"][:, 5], columns["state"][:, 5] = slow, np.concatenate([slow[:2][[0, 0]], slow[:-2]]) + 1e-4
        rounded = {name: np.round(x / step) * step for name, x in columns.items() if name != "velocity"}
        if joint is not None:
            rounded["action"][:-1, joint] = rounded["state"][1:, joint]
        finding = found(rounded)
        assert finding.level == ("FAIL" if joint else "PASS")
        assert joint is None or (finding.subject == (NAMES[joint],) and finding.details["kind"] == "measurement_as_command")


@pytest.mark.parametrize("order", [[1, 0], [2, 1, 0], [0, 0], [1, 2, 0]])
@pytest.mark.parametrize("seed", [3, 5])
def test_speeds_in_the_column_of_another_joint_are_named_with_it(order, seed):
    columns, names = motion(seed), list(NAMES)
    columns["velocity"][:, : len(order)] = columns["velocity"][:, order]
    finding = found(columns)
    wrong = [names[j] for j, k in enumerate(order) if j != k]
    assert (finding.level, finding.details["column"], finding.details["kind"]) == ("FAIL", "velocity", "copied")
    assert set(finding.subject) <= set(wrong) and finding.details["other"] == names[order[names.index(finding.subject[0])]]


def test_speeds_in_degrees_are_one_finding_of_all_joints():
    columns = motion()
    columns["velocity"] = columns["velocity"] * 57.29578
    finding = found(columns)
    assert finding.level == "FAIL" and finding.details["kind"] == "factor" and set(finding.subject) == set(NAMES)
    assert finding.details["factor"] == pytest.approx(51.6, rel=0.05)


def test_a_constant_offset_of_a_whole_take_is_found_by_the_other_joints():
    columns = motion()
    columns["state"][:, 1] += 0.4
    finding = found(columns)
    assert finding.level == "FAIL" and finding.subject == ("joint_2",) and finding.details["kind"] == "offset"
    assert finding.details["by"] == pytest.approx(0.4, abs=0.02) and (finding.t0, finding.t1) == pytest.approx((0.0, (ROWS - 1) / RATE))


def test_a_hand_that_stops_at_what_it_holds_agrees_and_one_that_goes_the_other_way_does_not():
    closing = np.interp(np.arange(ROWS), [0, 90, 130, 250, 290, ROWS], [5, 5, 90, 90, 5, 5])
    at = np.minimum(lfilter([0.1], [1.0, -0.9], closing - 5.0) + 5.0, 55.0)
    hands = {"claw": closing[:, None], "claw_at": at[:, None]}
    assert found({**motion(), **hands}).level == "PASS"
    hands["claw_at"] = 60.0 - at[:, None]
    (one,) = ComparedColumns(taken({**motion(), **hands})).differences
    assert one.certain and (one.channels, one.name, one.kind) == (("left_claw",), "mirrored", "measured")
    assert found({**motion(), **hands}).level == "PASS", "unit.polarity has it"
    hands["claw_at"] = np.where(np.arange(ROWS) < 200, 60.0 - at, at)[:, None]  # for half of the take
    finding = found({**motion(), **hands})
    assert finding.level == "FAIL" and finding.subject == ("left_claw",)


def test_columns_that_nothing_else_tells_of_are_named():
    columns = motion()
    (finding,) = check_alone(ComparedColumns(taken(columns, without=("action", "velocity"))), RULES)
    assert finding.level == "PASS"  # a group of one column
    pose = Stream("hand", "measured", "hand_pose", "m", ("x", "y"), np.zeros((ROWS, 2)), grid_ns(ROWS, RATE), clock="grid")
    take = taken(columns)
    take.streams["hand"] = pose
    (finding,) = check_alone(ComparedColumns(take), RULES)
    assert finding.level == "NOT_CHECKED" and finding.subject == ("hand/x", "hand/y")


def test_a_joint_that_rests_for_most_of_a_take_and_then_goes_evenly_agrees():
    columns = motion()
    columns["state"][:, 2] = columns["action"][:, 2] = np.interp(np.arange(ROWS), [0, 300, 380, ROWS], [-0.7, -0.7, -1.2, -1.2])
    columns["velocity"][:, 2] = 0.9 * np.gradient(columns["state"][:, 2], 1.0 / RATE)
    assert found(columns, without=("action",)).level == "PASS"


def test_a_speed_that_was_never_filled_is_a_warning():
    columns = motion()
    columns["velocity"][:, 3] = 0.0
    finding = found(columns)
    assert (finding.level, finding.subject, finding.details["column"]) == ("WARN", ("joint_4",), "velocity")


@pytest.mark.parametrize("still, level", [((0, 2, 3, 4, 5), "FAIL"), ((5,), "WARN")])
def test_speeds_that_are_commanded_to_stand_while_joints_go_are_named(still, level):
    columns = motion()
    take = taken(columns, without=("action", "velocity"))
    speeds = columns["velocity"].copy()
    speeds[:, list(still)] = 0.0
    take.streams["speeds"] = Stream(
        "speeds", "command", "joint_velocity", "rad/s", NAMES, speeds, grid_ns(ROWS, RATE), clock="grid"
    )
    (finding,) = check_differs(ComparedColumns(take), RULES)
    assert finding.level == level and finding.details["kind"] == "held_value"
    assert "joint_2" not in finding.subject and "joint_6" in finding.subject


@pytest.mark.parametrize("noise", [2e-5, 2e-3, 0.02])
@pytest.mark.parametrize("unit", ["1", "0..1000", "%", "count"])
def test_a_hand_that_rests_and_is_measured_with_noise_agrees(noise, unit):
    rng = np.random.default_rng(4)
    scale = {"1": 1.0, "0..1000": 1000.0, "%": 100.0, "count": 255.0}[unit]
    take = taken(motion())
    for name, role, x in (("g", "command", np.full((ROWS, 1), 0.5)), ("g_at", "measured", 0.52 + rng.normal(0.0, noise, (ROWS, 1)))):
        take.streams[name] = Stream(name, role, "gripper", unit, ("gripper",), scale * x, grid_ns(ROWS, RATE), clock="grid")
    (finding,) = check_differs(ComparedColumns(take), RULES)
    assert finding.level == "PASS"


def test_speeds_that_were_never_filled_at_all_are_refused():
    columns = motion()
    columns["velocity"][:] = 0.0
    finding = found(columns)
    assert finding.level == "FAIL" and finding.details["kind"] == "held_value" and len(finding.subject) == len(NAMES)


def test_a_joint_that_hangs_under_its_weight_is_a_warning_and_a_zero_that_is_off_as_far_a_fault():
    columns = motion()
    columns["state"][:, 5] += 0.1 * np.cos(2.0 * columns["state"][:, 5])
    hangs = found(columns, without=("velocity",))
    assert hangs.level in ("PASS", "WARN")
    columns = motion()
    columns["state"][:, 5] += 0.1
    assert found(columns, without=("velocity",)).level == "FAIL"


@pytest.mark.parametrize("way", [1.0, 0.04])
@pytest.mark.parametrize("pole", [0.9, 0.97])
@pytest.mark.parametrize("values", [(0.0, 1.0), (1.0, 0.0), (0.0, 1.0, 0.5)])
def test_a_gripper_that_is_commanded_open_or_closed_and_follows_slowly_agrees(way, pole, values):
    """Its command is a switch, and its measured gap counts in metres: 40 mm, of a time constant of 0.3 and 1.1 s."""
    command = np.array(values)[(np.arange(ROWS) // 110) % len(values)]
    gap = way * (lfilter([1.0 - pole], [1.0, -pole], command - command[0]) + command[0])
    columns = motion()
    for name, more in (("action", command), ("state", gap), ("velocity", np.gradient(gap, 1.0 / RATE))):
        columns[name] = np.column_stack([columns[name], more])
    for without in ((), ("velocity",)):
        assert found(columns, names=(*NAMES, "gripper"), without=without).level == "PASS"


def finer(columns, times=2):
    """The columns on a grid that is so many times as fine: commands stand, measurements go straight from row to row."""
    rows = np.arange(times * (ROWS - 1) + 1) / times
    out = {"action": columns["action"][np.floor(rows).astype(int)]}
    for name in ("state", "velocity"):
        out[name] = np.column_stack([np.interp(rows, np.arange(ROWS), x) for x in columns[name].T])
    return out


@pytest.mark.parametrize("seed", range(3, 7))
@pytest.mark.parametrize(("late", "level"), [(0.0, "PASS"), (2.5, "PASS"), (6.0, "WARN")])
def test_a_grid_that_is_finer_than_its_rows_makes_no_joint_late(seed, late, level):
    """One joint follows so many rows of 30 Hz later than the others, all with 6 mrad of noise: on either grid the answer is the same."""
    columns, rows = motion(seed), np.arange(ROWS)
    columns["state"] += np.random.default_rng(seed).normal(0.0, 6e-3, columns["state"].shape)
    columns["state"][:, 1] = np.interp(rows - late, rows, columns["state"][:, 1])
    levels = ("PASS",) if level == "PASS" else ("WARN", "FAIL")
    assert found(columns, without=("velocity",)).level in levels
    assert found(finer(columns), without=("velocity",), rate=2 * RATE).level in levels


@pytest.mark.parametrize("unit", ["rad", "-100..100"])
def test_a_command_that_leaps_away_and_back_while_the_joint_knows_nothing_of_it(unit):
    """No speeds: a joint that stands while its command goes on smoothly may be blocked; who leads an arm does not leap."""
    scale = 1.0 if unit == "rad" else 60.0

    def judged(change):
        columns = motion()
        columns["action"][150:190, 2] = change(columns["action"][150:190, 2])
        take = taken({name: scale * columns[name] for name in ("action", "state")})
        for name, one in list(take.streams.items()):
            take.streams[name] = Stream(name, one.role, one.quantity, unit, one.names, one.values, grid_ns(ROWS, RATE), clock="grid")
        (finding,) = check_differs(ComparedColumns(take), RULES)
        return finding

    leap = judged(lambda x: x - 0.7)
    assert leap.level == "FAIL" and leap.subject == (NAMES[2],) and leap.details["column"] == "command"
    assert leap.t0 == pytest.approx(150 / RATE, abs=0.1) and leap.t1 == pytest.approx(189 / RATE, abs=0.1)
    assert judged(lambda x: x + 0.7 * np.sin(np.linspace(0.0, np.pi, 40)) ** 2).level == "WARN"
    assert judged(lambda x: x).level == "PASS"


def shares(columns, rate=RATE):
    """A small arm, whose joints are counted from -100 to 100."""
    streams = taken({name: 60.0 * columns[name] for name in ("action", "state")}).streams
    streams = {n: Stream(n, s.role, s.quantity, "-100..100", s.names, s.values, s.capture_ns) for n, s in streams.items()}
    return ComparedColumns(Recording("take", "set#0", "0" * 64, "robot", streams))


def test_a_small_arm_is_held_against_the_way_that_its_servos_plan():
    """Joints that speed up evenly and go no faster than they may are nearly 0.1 of their way behind, and agree; 0.1 more is found."""
    columns, dt = motion(), 1.0 / RATE
    course, speed = columns["action"][:1].repeat(ROWS, axis=0), np.zeros(6)
    for k in range(1, ROWS):
        left = columns["action"][k - 1] - course[k - 1]
        wanted = np.sign(left) * np.minimum(0.3, np.minimum(np.sqrt(2.0 * 0.5 * np.abs(left)), np.abs(left) / dt))
        speed = speed + np.clip(wanted - speed, -0.5 * dt, 0.5 * dt)
        course[k] = course[k - 1] + speed * dt
    columns["state"] = course + np.random.default_rng(0).normal(0.0, 1e-3, course.shape)
    behind = 0.3 * np.abs(columns["action"][: ROWS - 4] - columns["state"][4:]).max(axis=0)
    assert behind.max() > 0.08
    (sound,) = check_differs(shares(columns), RULES)
    assert sound.level == "PASS"
    stated = {one["channel"]: one for one in sound.details["resolution"]}
    assert set(stated) == set(NAMES) and 0.05 < stated["joint_3"]["slow"] < 0.1
    columns["state"][200:260, 2] += 0.1 / 0.3 * np.hanning(60)
    (finding,) = check_differs(shares(columns), RULES)
    assert finding.level in ("WARN", "FAIL") and finding.subject == ("joint_3",) and 190 < finding.details["rows"][0] < 230


@pytest.mark.parametrize(("size", "level"), [(0.02, "PASS"), (0.3, "FAIL")])
def test_commands_that_are_elsewhere_for_single_rows_in_all_joints_at_once_and_nothing_answers(size, level):
    columns = motion()
    columns["action"][60:300:6] += size
    assert found(columns, without=("velocity",)).level == level


def test_a_hand_that_leaves_is_found_within_its_own_delay():
    """It closes when it is commanded to open, 0.6 s after it was commanded to close: for a slow hand that is on its way."""
    rows = np.arange(ROWS)
    command = np.interp(rows, [0, 60, 75, 140, 155, 220, 235, 300, 315, ROWS], [5, 5, 90, 90, 5, 5, 90, 90, 5, 5])
    at = np.concatenate([command[:1].repeat(6), command[:-6]])
    columns = {**motion(), "claw": command[:, None], "claw_at": at[:, None]}
    assert found(columns).level == "PASS"
    columns["claw_at"] = np.where((rows > 325) & (rows < 345), 45.0, at)[:, None]
    finding = found(columns)
    assert finding.level == "FAIL" and finding.subject == ("left_claw",)
    assert finding.details["rows"][0] in range(324, 334)


@pytest.mark.parametrize(("far", "level"), [(0.3, "WARN"), (0.9, "FAIL")])
def test_a_joint_that_goes_far_away_from_all_that_it_was_commanded_is_not_pushed(far, level):
    """Slowly, and by no function of its command: whoever pushes an arm with a servo so far takes longer, or breaks it."""
    rows = np.arange(100)
    away = far * np.sin(np.pi * rows / 100.0) ** 2 * (1.0 + 0.3 * np.sin(0.31 * rows))
    columns = changed("state", 2, slice(200, 300), lambda x: x + away)
    finding = found(columns, without=("velocity",))
    assert finding.level == level and finding.subject == ("joint_3",)
    assert abs(finding.details["rows"][0] - 200) < 25 and abs(finding.details["rows"][1] - 300) < 25


def test_joints_that_are_counted_in_shares_of_their_way_stay_near_its_ends():
    columns = motion()
    streams = taken(columns, without=("velocity",)).streams
    for past, level in ((10.0, "PASS"), (400.0, "FAIL")):
        shares = {n: Stream(n, s.role, s.quantity, "-100..100", s.names, 100.0 * s.values, s.capture_ns) for n, s in streams.items()}
        for one in shares.values():
            one.values[350:, 4] += past * np.linspace(0.0, 1.0, ROWS - 350)
        (finding,) = check_differs(ComparedColumns(Recording("take", "set#0", "0" * 64, "robot", shares)), RULES)
        assert finding.level == level
        assert level == "PASS" or (finding.subject == ("joint_5",) and finding.details["rows"][1] == ROWS - 1)


def test_a_joint_whose_zero_alone_is_far_off_is_found_where_it_hardly_moves():
    columns = motion()
    columns["action"][:, 3] = 0.7 + 0.01 * columns["action"][:, 3]
    columns["state"][:, 3] = columns["action"][:, 3]
    columns["velocity"][:, 3] = 0.0
    assert found(columns, without=("velocity",)).level == "PASS"
    columns["state"][:, 3] += 0.15
    finding = found(columns, without=("velocity",))
    assert finding.level == "FAIL" and finding.subject == ("joint_4",) and finding.details["kind"] == "offset"
    assert finding.details["by"] == pytest.approx(0.15, abs=0.01)


def test_what_is_added_to_a_factor_is_no_shift():
    columns = motion()
    columns["velocity"][50:330, 1] = 57.29578 * columns["velocity"][50:330, 1] + 0.3
    finding = found(columns)
    words = Words("en").message(finding)
    assert finding.details["kind"] == "factor" and "zero" in finding.details
    assert "times 57" in words and ", by " not in words.partition("likeliest")[2]


def test_a_speed_is_drawn_beside_the_slope_of_the_positions():
    columns = motion()
    columns["velocity"][:, 2] *= -1.0
    finding = found(columns)
    assert (finding.subject[0], finding.details["column"]) == ("joint_3", "velocity")
    (curve,) = (check.curve for check in CHECKS if check.code == "column.differs")
    plot = curve(taken(columns), finding, RULES)
    assert (plot.unit, [trace["name"] for trace in plot.traces]) == ("rad/s", ["recorded", "slope"])
    slope = np.interp(plot.traces[0]["t"], plot.traces[1]["t"], plot.traces[1]["y"])
    assert np.corrcoef(slope, plot.traces[0]["y"])[0, 1] < -0.9
    assert {Words("zh").signal(name) for name in ("recorded", "slope")} == {"录制", "位置的变化率"}


@pytest.mark.parametrize(("mixed", "kind"), [(("action", "state", "velocity"), "rows"), (("action",), "command"), (("state",), "measured")])
def test_rows_in_no_order(mixed, kind):
    columns, order = motion(), np.random.default_rng(1).permutation(ROWS)
    finding = found({name: x[order] if name in mixed else x for name, x in columns.items()}, without=("velocity",))
    assert finding.level == "FAIL" and finding.details["kind"] == "reordered" and finding.details["column"] == kind
    assert set(finding.subject) == set(NAMES) and finding.t0 == 0.0


def test_a_slow_recorder_is_no_mixer():
    """A row every two seconds of joints that go far meanwhile: steps as large as any, and no faster than joints are."""
    rng = np.random.default_rng(2)
    command = rng.uniform(-1.0, 1.0, (80, 6))
    columns = {"action": command, "state": np.vstack([command[:1], command[:-1]]) + rng.normal(0.0, 1e-3, command.shape)}
    take = taken(columns)
    take = replace(take, streams={k: replace(s, capture_ns=grid_ns(80, 0.5)) for k, s in take.streams.items()})
    (finding,) = check_differs(ComparedColumns(take), RULES)
    assert finding.details.get("kind") != "reordered"


def test_the_speed_of_one_joint_moves_no_rows():
    """The fastest joint's speed is written as another one's for half a second: the other joints go on from row to row as theirs say."""
    columns = motion()
    fastest = int(np.abs(columns["velocity"][100:330]).max(axis=0).argmax())
    at = 100 + int(np.abs(columns["velocity"][100:330, fastest]).argmax())
    columns["velocity"][at - 7 : at + 8, fastest] -= np.sign(columns["velocity"][at, fastest]) * 1.6
    finding = found(columns)
    assert finding.level == "FAIL" and finding.subject == (NAMES[fastest],) and finding.details["column"] == "velocity"


MOMENTS = [("state", 40, "measured"), ("velocity", 40, "velocity"), ("velocity", 14, "velocity")]


@pytest.mark.parametrize(("column", "rows", "kind"), MOMENTS)
def test_positions_and_speeds_of_two_moments(column, rows, kind):
    columns = motion()
    columns[column] = np.vstack([columns[column][:1]] * rows + [columns[column][:-rows]])
    finding = found(columns)
    assert finding.level == "FAIL" and finding.details["kind"] == "lag" and finding.details["column"] == kind
    assert finding.value == pytest.approx(rows / RATE, abs=1.5 / RATE) and len(finding.subject) >= 3


@pytest.mark.parametrize("delay", [0.1, float("nan")])
def test_a_joint_that_follows_its_command_nowhere_has_no_delay_and_is_judged(delay):
    columns = motion()
    columns["state"][:, 4] += 0.4
    (group,) = ComparedColumns(taken(columns)).table.groups
    relations = [[replace(r, delay=delay) for r in own] for own in relations_of(group)]
    (one,) = parameters(group, group.channels[4], relations[4], relations, beside_commands(group, relations))
    assert (one.name, one.kind) == ("offset", "measured") and one.size == pytest.approx(0.4, abs=0.05)


@pytest.mark.parametrize(("rows", "size", "sure"), [((0, 0), 0.1, False), ((0, 0), 0.6, True), ((0, 1), 0.1, True), ((7, 7), 0.1, True)])
def test_a_first_row_that_is_beside_the_motion_is_unsure_unless_it_is_far(rows, size, sure):
    one = Difference.over(np.arange(50) / RATE, ("a",), "command", rows, size, "rad", "single_row", certain=True)
    assert of_begin(one).certain is sure
