"""What is usual among takes of one device: faults that are too smooth to show by themselves, and what a push is not."""

from dataclasses import replace

import numpy as np
import pytest
from following import ENOUGH, learnt, taken
from shiliu.replay.residual.difference import Difference
from shiliu.replay.residual.habits import habits
from shiliu.replay.residual.table import Group, RecordedChannel
from shiliu.replay.residual.usual import FOLDER, beside_usual, known, unusual

RATE, ROWS, JOINTS = 30.0, 400, 6
LATE = 4  # rows that each joint is behind
REST = slice(250, 330)


def group(seed: int, late: int = LATE) -> Group:
    """Joints that a person commands, with a tremor, and that servos of some friction follow; they rest in `REST`."""
    rng = np.random.default_rng(seed)
    t = np.arange(ROWS) / RATE
    moving = np.where((np.arange(ROWS) >= REST.start) & (np.arange(ROWS) < REST.stop), 0.0, 1.0)
    clock = np.cumsum(moving) / RATE
    channels = []
    for j in range(JOINTS):
        f, g, phase = 0.25 + 0.1 * rng.random(), 0.7 + 0.3 * rng.random(), rng.random() * 6.0
        c = 0.4 * np.sin(2.0 * np.pi * f * clock + phase) + 0.15 * np.sin(2.0 * np.pi * g * clock + phase)
        c += 0.008 * rng.standard_normal(ROWS) * moving
        back = np.concatenate([np.full(late + 2, c[0]), c])
        q = (back[:ROWS] + back[1 : ROWS + 1] + back[2 : ROWS + 2]) / 3.0 + 0.006 * np.sin(3.0 * c + j) + 2e-4 * rng.standard_normal(ROWS)
        names = {"command": "action", "measured": "state"}
        channels.append(RecordedChannel(f"joint_{j}", {"command": c, "measured": q}, names, names, "rad"))
    return Group(t, 1.0 / RATE, tuple(channels))


def changed(of: Group, joint: int, kind: str, change) -> Group:
    channels = list(of.channels)
    columns = dict(channels[joint].columns)
    columns[kind] = change(columns[kind].copy())
    channels[joint] = replace(channels[joint], columns=columns)
    return replace(of, channels=tuple(channels))


def habits_of(seeds) -> list:
    return [taken([group(seed)]) for seed in seeds]


@pytest.fixture(scope="module")
def usual():
    found = learnt(habits_of(range(20)))
    assert found is not None and found.takes == 20
    return found


@pytest.mark.parametrize("seed", range(100, 106))
def test_another_take_of_the_device_is_usual(usual, seed):
    assert unusual([group(seed)], usual) == []


def sparse(of: Group, every: int) -> Group:
    """The take as a sender of fewer commands gives them: each stands for so many rows, and is carried out once it is there."""
    channels = []
    for one in of.channels:
        c, q = one.columns["command"], one.columns["measured"]
        columns = {"command": np.repeat(c[::every], every)[: of.n], "measured": np.concatenate([np.repeat(q[:1], every), q[:-every]])}
        channels.append(replace(one, columns=columns))
    return replace(of, channels=tuple(channels))


@pytest.mark.parametrize("every", [2, 3, 5])
def test_commands_at_a_lower_rate_are_no_matter_of_single_rows(usual, every):
    """All joints are sent new values together."""
    assert not [d for d in unusual([sparse(group(100), every)], usual) if d.certain]


def slowed(of: Group, times: float) -> Group:
    """The take in slow motion, so many times as long."""
    n = round((of.n - 1) * times) + 1
    rows = np.arange(n) / times
    channels = (replace(c, columns={kind: np.interp(rows, np.arange(of.n), x) for kind, x in c.columns.items()}) for c in of.channels)
    return replace(of, t=np.arange(n) * of.dt, channels=tuple(channels))


@pytest.mark.parametrize(("times", "sure"), [(1.0, True), (2.0, False)])
def test_a_distance_is_unsure_where_all_joints_are_later(usual, times, sure):
    """What is left of a slow way looks like a rest beside the command."""
    beside = changed(slowed(group(100), times), 2, "measured", lambda x: x + 0.2 * np.exp(-(((np.arange(len(x)) / times - 290) / 25) ** 4)))
    found = [d for d in unusual([beside], usual) if d.channels == ("joint_2",)]
    assert [d.certain for d in found] == [sure] and not [d for d in unusual([slowed(group(100), times)], usual) if d.certain]

def lined(of: Group, times: float, line: slice) -> Group:
    """The take in slow motion; joint 2 is commanded along a straight line between two rows of the slow take."""
    slow = slowed(of, times)

    def drawn(x):
        x[line] = np.interp(np.arange(line.start, line.stop), [line.start, line.stop - 1], [x[line.start], x[line.start] + 0.3])
        return x

    return changed(slow, 2, "command", drawn)


@pytest.mark.parametrize("times", [2.0, 3.0])
def test_in_slow_motion_lines_are_longer_and_motion_is_smoother(usual, times):
    """Between two rows of the device, as many more rows lie on one line; no more than that is usual."""
    drawn = changed(group(100), 2, "command", lambda x: np.concatenate([x[:100], np.linspace(x[100], x[103], 4), x[104:]]))
    assert not [d for d in unusual([slowed(drawn, times)], usual) if d.certain]
    found = [d for d in unusual([lined(group(100), times, slice(300, 300 + round(20 * times)))], usual) if d.certain]
    assert [(d.channels, d.kind) for d in found] == [(("joint_2",), "command")]


def behind(of: Group, joints, rows: int) -> Group:
    """Some joints so many rows later."""
    for j in joints:
        of = changed(of, j, "measured", lambda x: np.concatenate([np.full(rows, x[0]), x[:-rows]]))
    return of


def of_two_kinds(seed: int) -> Group:
    """Three joints are two rows behind, and three of them five."""
    return behind(group(seed, 1), (3, 4, 5), 3)


@pytest.fixture(scope="module")
def uneven():
    found = learnt([taken([of_two_kinds(seed)]) for seed in range(20)])
    assert found is not None
    return found


@pytest.mark.parametrize("seed", [102, 103])
def test_one_joint_is_later_than_others_that_are_all_late(uneven, seed):
    """A chain of devices delays all joints by as much, which is no slow motion: delays differ by no more than usual. In slow motion they do
    by as many times more, of each joint."""
    late, slow = behind(of_two_kinds(seed), range(JOINTS), 4), slowed(of_two_kinds(seed), 1.8)
    for take, cases in ((late, ((0, False), (2, False), (4, True))), (slow, ((0, False), (4, False), (6, True)))):
        for more, named in cases:
            of = [d for d in unusual([behind(take, (1,), more) if more else take], uneven) if d.certain]
            assert [(d.channels, d.name) for d in of] == [(("joint_1",), "lag")] * named, (more, named)


@pytest.mark.parametrize(("seed", "more", "named"), [(101, 5, True), (101, 2, False)])
def test_delays_differ_by_more_in_slow_motion(usual, seed, more, named):
    """As the take is, five rows more are a delay of one joint; twice as long, as many are not."""
    for times, seen in ((1.0, named), (2.0, False)):
        slow = slowed(group(seed), times)
        late = changed(slow, 2, "measured", lambda x: np.concatenate([np.full(more, x[0]), x[:-more]]))
        of = [d for d in unusual([late], usual) if d.channels == ("joint_2",) and d.name == "lag" and d.certain]
        assert bool(of) == seen, times
    late = changed(slowed(group(seed), 2.0), 2, "measured", lambda x: np.concatenate([np.full(2 * more, x[0]), x[: -2 * more]]))
    assert named == any(d.channels == ("joint_2",) and d.certain for d in unusual([late], usual))


def low_pass(x: np.ndarray, rows: int) -> np.ndarray:
    return np.convolve(np.pad(x, rows, mode="edge"), np.ones(2 * rows + 1) / (2 * rows + 1), mode="valid")


def offset(x: np.ndarray) -> np.ndarray:
    x[60:240] += 0.12
    return x


def straight(x: np.ndarray) -> np.ndarray:
    rows = np.arange(0, len(x), 12)
    return np.interp(np.arange(len(x)), rows, x[rows])


@pytest.mark.parametrize(
    ("kind", "change", "reasons"),
    [
        ("command", lambda x: low_pass(x, 2), ("smoothed", "lag")),
        ("command", straight, ("straight", "smoothed")),
        ("measured", lambda x: np.concatenate([np.full(5, x[0]), x[:-5]]), ("lag",)),
        ("measured", offset, ("offset", "drift")),
        ("measured", lambda x: x + 0.01 * np.random.default_rng(0).standard_normal(len(x)), ("burst",)),
    ],
)  # fmt: skip
def test_a_smooth_fault_of_one_joint_is_refused_with_its_reason(usual, kind, change, reasons):
    (found,) = unusual([changed(group(100), 2, kind, change)], usual)
    assert found.channels == ("joint_2",) and found.certain and found.name in reasons


def test_a_push_at_rest_is_none(usual):
    """A resting joint that is held 0.1 rad from where it is sent for two seconds: further than in any other take, and no fault."""

    def pushed(x: np.ndarray) -> np.ndarray:
        x[265:325] += 0.1 * np.hanning(60)
        return x

    found = unusual([changed(group(100), 2, "measured", pushed)], usual)
    assert [d.certain for d in found] == [False]


def test_a_device_that_is_set_up_otherwise_is_a_warning(usual):
    (found,) = unusual([group(100, late=LATE + 6)], usual)
    assert not found.certain and found.name == "lag" and len(found.channels) > JOINTS // 2
    assert found.numbers["late"] == pytest.approx(6 / RATE, abs=0.5 / RATE)


@pytest.mark.parametrize(("first", "sure"), [(30, False), (130, True)])
def test_a_joint_may_begin_a_take_anywhere(usual, first, sure):
    """A second and a half in which it is 0.12 rad beside its usual way."""

    def away(x: np.ndarray) -> np.ndarray:
        x[first : first + 45] += 0.12
        return x

    found = unusual([changed(group(100), 2, "measured", away)], usual)
    assert found and any(d.certain for d in found) is sure


HONEST = {
    "rounded": lambda kind, x: np.round(x, 2),
    "short floats": lambda kind, x: x.astype(np.float16).astype(float),
    "a row late": lambda kind, x: np.concatenate([x[:1], x[:-1]]) if kind == "measured" else x,
    "other encoders": lambda kind, x: x + (kind == "measured") * np.random.default_rng(1).normal(0.0, 4e-3, len(x)),
    "a part": lambda kind, x: x[80:220],
    "the end": lambda kind, x: x[150:],
}


@pytest.mark.parametrize("change", HONEST)
@pytest.mark.parametrize("seed", [100, 101, 102])
def test_what_is_done_to_all_of_a_take_is_no_fault_of_a_column(usual, change, seed):
    take = group(seed)
    channels = [replace(c, columns={kind: HONEST[change](kind, x) for kind, x in c.columns.items()}) for c in take.channels]
    n = len(channels[0].columns["command"])
    assert not any(d.certain for d in unusual([replace(take, t=take.t[:n], channels=tuple(channels))], usual))


def test_rows_of_another_rate_are_not_compared(usual):
    every_second = group(100)
    every_second = replace(
        every_second, t=every_second.t[::2], dt=2.0 * every_second.dt,
        channels=tuple(replace(c, columns={k: x[::2] for k, x in c.columns.items()}) for c in every_second.channels),
    )  # fmt: skip
    assert unusual([every_second], usual) == []


def test_too_few_takes_teach_nothing():
    assert learnt(habits_of(range(ENOUGH - 1))) is None
    assert learnt(habits_of(range(ENOUGH))) is not None


def test_what_contradicts_itself_unsurely_is_sure_by_it():
    t = np.arange(100) / RATE
    slow = Difference.over(t, ("a",), "measured", (10, 40), 0.1, "rad", "offset", certain=False)
    blocked = replace(slow, name="blocked", channels=("b",))
    far = [Difference.over(t, (name,), "measured", (20, 30), 0.1, "rad", None, certain=True) for name in "ab"]
    found = beside_usual([slow, blocked], far)
    assert [(d.channels, d.name, d.certain) for d in found] == [(("a",), "offset", True), (("b",), None, True)]


@pytest.mark.parametrize("mapping", sorted(path.stem for path in FOLDER.glob("*.yaml")))
def test_devices_that_were_measured_are_read(mapping):
    sheet = known(mapping)
    assert sheet is not None and sheet.takes >= ENOUGH and sheet.of
    words = {word for own in sheet.of.values() for word in own}
    assert words == {word for one in habits(group(0)) for word in one.of}
    assert known("nobody") is None and known(None) is None
