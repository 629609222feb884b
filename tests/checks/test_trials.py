"""Takes of an invented arm as a recorder, a converter or a person may leave them: what intake says of each, and of which it says nothing.

One line a trial: its name, what is done to clean takes, and the code that refuses it; `clean` where nothing may fail, a code with `warn:`
where it is named and not refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from invented_arm import COLUMNS, JOINTS, SERVO, SPEED, Column, Take, lerobot, mapping, moving, takes
from shiliu.replay.formats import read
from shiliu.replay.judge.intake import intake

ONE, OTHER = moving(0), moving(7)
DEGREES = 180.0 / np.pi
EXCHANGED = [1, 0, 2, 3, 4, 5]
POSITIONS = ("command", "measured")
NOISE = np.random.default_rng(5).uniform(-1.0, 1.0, 400)
Columns = Mapping[str, Column]


@dataclass(frozen=True)
class Trial:
    """A set, and the code that is to refuse it."""

    name: str
    code: str
    takes: Sequence[Take] = (ONE,)
    columns: Columns = field(default_factory=lambda: COLUMNS)
    more: Mapping[str, Any] = field(default_factory=dict)


def to(name: str, change: Callable[[np.ndarray], np.ndarray]) -> tuple[Take]:
    return (ONE.changed(name, change),)


def both(change: Callable[[np.ndarray], np.ndarray], names: Sequence[str] = POSITIONS) -> tuple[Take]:
    return (replace(ONE, data=ONE.data | {name: change(ONE.data[name]) for name in names}),)


def joint(j: int, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    def changed(values: np.ndarray) -> np.ndarray:
        values = values.copy()
        values[:, j] = change(values[:, j])
        return values

    return changed


def within(x: np.ndarray, first: int, last: int | None = None) -> np.ndarray:
    at = np.arange(len(x))
    return ((at >= first) & (at < (last or len(x)))).astype(float)


def push(n: int) -> np.ndarray:
    """A second of it."""
    return np.sin(np.pi * (np.arange(n) - 150.0).clip(0.0, 30.0) / 30.0)


def blow(n: int) -> np.ndarray:
    """An arm that gives way within 40 ms and comes back within 0.15 s."""
    t = (np.arange(n) - 150).clip(0) / 30.0
    return 1.5 * np.exp(-t / 0.15) * (1.0 - np.exp(-t / 0.04))


def rows(at: np.ndarray) -> tuple[Take]:
    return (ONE.rows(at),)


def shaken() -> Take:
    """For two seconds the command trembles by 0.12 rad at 7 Hz in all joints, and the joints answer as their servos do."""
    t = ONE.t
    return commanded_besides(np.where((t > 3.0) & (t < 5.0), 0.12 * np.sin(14.0 * np.pi * t), 0.0)[:, None])


def sent_home(row: int) -> Take:
    """From a row on all joints are commanded to 0, in one step, and go there as their servos do."""
    return commanded_besides(np.where(np.arange(len(ONE.t))[:, None] < row, 0.0, -ONE.data["command"]))


def commanded_besides(change: np.ndarray) -> Take:
    """(n, k) or (n, 1) rad added to the commands, and what the servos make of it to the measurements."""
    share = 1.0 / (1.0 + SERVO * 30.0)
    answer, first, second = [], 0.0 * change[0], 0.0 * change[0]
    for x in change:
        first = first + share * (x - first)
        second = second + share * (first - second)
        answer.append(second)
    added = {"command": change, "measured": np.array(answer)}
    return replace(ONE, data=ONE.data | {name: ONE.data[name] + x for name, x in added.items()})


def with_columns(**changed: Mapping[str, Any]) -> dict[str, Column]:
    return {name: replace(column, **changed.get(name, {})) for name, column in COLUMNS.items()}


def hands(command: Callable, measured: Callable, unit: str, other: str | None = None, quantity: str = "gripper") -> dict[str, Any]:
    take = replace(ONE, data=ONE.data | {"grip": command(ONE.data["grip"]), "opening": measured(ONE.data["opening"])})
    columns = with_columns(grip={"unit": unit, "quantity": quantity}, opening={"unit": other or unit, "quantity": quantity})
    return {"takes": (take,), "columns": columns}


def forced(by: float) -> dict[str, Any]:
    """A hand that is commanded nowhere, and opened by so much [m] where it pushes."""
    made = hands(lambda x: 0.0 * x, lambda x: by * x, "m")
    return made | {"takes": tuple(replace(take, task="Push the button.") for take in made["takes"])}


def times(change: Callable[[np.ndarray], np.ndarray]) -> dict[str, Any]:
    def mutate(k: int, columns: dict[str, np.ndarray]) -> None:
        columns["timestamp"] = change(columns["timestamp"].astype(np.float64))

    return {"mutate": mutate}


def lines(**changed: Callable[[Any], Any]) -> dict[str, Any]:
    def meta(k: int, line: dict[str, Any]) -> None:
        for name, change in changed.items():
            line[name] = change(line[name])

    return {"meta": meta}


def counted(**changed: Callable[[np.ndarray], np.ndarray]) -> dict[str, Any]:
    return {"mutate": lambda k, columns: columns.update({name: change(columns[name]) for name, change in changed.items()})}


def announced(**features: tuple[int, list[str] | None]) -> dict[str, Any]:
    return {"features": {name: {"dtype": "float32", "shape": [width], "names": names} for name, (width, names) in features.items()}}


def endless(command: bool, measured: bool) -> tuple[Take]:
    """The last joint turns without end; written within one turn where it is said."""
    wrap = lambda x: (x + np.pi) % (2.0 * np.pi) - np.pi  # noqa: E731
    went = (("command", 0.0), ("measured", 0.12))
    c, q = (joint(5, lambda x, late=late: x + 1.9 * (ONE.t - late))(ONE.data[name]) for name, late in went)
    c, q = (joint(5, wrap)(c) if command else c), (joint(5, wrap)(q) if measured else q)
    return (replace(ONE, data=ONE.data | {"command": c, "measured": q}),)


def filled(size: float, scale: Callable[[np.ndarray], np.ndarray] = lambda x: x) -> Callable[[np.ndarray], np.ndarray]:
    """A number in six rows of a column."""
    return lambda x: np.where((np.arange(len(x)) % 50 == 7)[:, None], size, scale(x))


same, hundred = (lambda x: x), (lambda x: 100.0 * x)
count, thousand = (lambda x: np.round(255.0 * x)), (lambda x: np.round(1000.0 * x))
steps = {"command": {"quantity": "joint_velocity", "unit": "rad/s"}}
speeds = lambda v: np.gradient(v, 1.0 / 30.0, axis=0)  # noqa: E731
late = lambda n: lambda v: np.vstack([np.repeat(v[:1], n, axis=0), v[:-n]])  # noqa: E731
turned = tuple(reversed(JOINTS))
switched = lambda x: (x[np.minimum(np.arange(len(x)) + 15, len(x) - 1)] > 0.5) * 1.0  # noqa: E731
five_later = lambda n: n + 5  # noqa: E731
degrees = with_columns(command={"unit": "deg"}, measured={"unit": "deg"})
thousandths = with_columns(command={"unit": "mrad"}, measured={"unit": "mrad"})

TRIALS = (
    # ------------------------------------------------------------------------------------------------------------------ clean
    Trial("as recorded, twice", "clean", takes(2)),
    Trial("as LeRobot v2.1", "clean", takes(2), more={"version": "v2.1"}),
    Trial("with speeds", "clean", columns=COLUMNS | SPEED),
    *(Trial(f"at {rate} Hz", "clean", takes(1, rate=rate), more={"fps": rate}) for rate in (5, 10, 15, 100)),
    *(Trial(f"as {dtype}", "clean", more={"dtype": dtype}) for dtype in ("float16", "float64")),
    Trial("every third row", "clean", (replace(ONE.rows(slice(None, None, 3)), t=np.arange(len(ONE.t[::3])) / 10.0),), more={"fps": 10}),
    Trial("columns in another order with their names", "clean", columns=dict(reversed(COLUMNS.items()))),
    Trial(
        "joints in another order with their names", "clean", both(lambda v: v[:, ::-1]),
        with_columns(command={"names": turned}, measured={"names": turned}),
    ),
    Trial("degrees that are declared", "clean", both(lambda v: DEGREES * v), degrees),
    Trial("thousandths of a radian that are declared", "clean", both(lambda v: 1000.0 * v), thousandths),
    Trial("mirrored arm", "clean", both(lambda v: -v)),
    Trial("encoder of 4096 steps", "clean", both(lambda v: np.round(v / 0.00153) * 0.00153)),
    Trial("joint without end", "clean", endless(False, False)),
    Trial("joint without end within one turn", "clean", endless(True, True)),
    Trial("speeds commanded as such", "clean", to("command", speeds), with_columns(**steps)),
    Trial("a column more", "clean", more={"mutate": lambda k, c: c.update(extra=np.zeros((len(c["index"]), 2), np.float32))}),
    Trial("two files", "clean", takes(2), more={"per_file": 1}),
    Trial("hand in percent", "clean", **hands(hundred, hundred, "%")),
    Trial("hand of 255", "clean", **hands(count, count, "0..255", quantity="hand")),
    Trial("hand of a thousand", "clean", **hands(thousand, thousand, "0..1000")),
    Trial("hand in metres", "clean", **hands(lambda x: 0.085 * x, lambda x: 0.085 * x, "m")),
    Trial("hand in metres that closes to nought", "clean", **hands(*[lambda x: 0.085 - 0.085 * x] * 2, "m")),
    Trial("hand in metres that is forced open by 12 mm", "clean", **forced(0.012)),
    Trial("hand in two units", "clean", **hands(lambda x: 0.085 * x, hundred, "m", "%")),
    Trial("hand in radians", "clean", **hands(lambda x: 1.2 * x, lambda x: 1.2 * x, "rad", quantity="finger_position")),
    Trial("hand that stops at what it holds", "clean", **hands(same, lambda x: np.minimum(x, 0.6), "1")),
    Trial("hand commanded as open and closed", "clean", **hands(switched, same, "1")),
    # ----------------------------------------------------------------------------------------------------------------- values
    Trial("degrees in both", "unit.degrees", both(lambda v: DEGREES * v)),
    Trial("degrees in the command", "unit.degrees", to("command", lambda v: DEGREES * v)),
    Trial("degrees in the measurement", "unit.degrees", to("measured", lambda v: DEGREES * v)),
    Trial("thousandths of a radian", "unit.degrees", both(lambda v: 1000.0 * v)),
    Trial("encoder counts", "unit.degrees", both(lambda v: np.round(2048.0 + 652.0 * v))),
    Trial("degrees in one joint of the command", "stream.scaled", to("command", joint(2, lambda x: DEGREES * x))),
    Trial("turns in the command", "stream.scaled", to("command", lambda v: v / 6.283)),
    Trial("command normalised", "stream.scaled", to("command", lambda v: (v - v.mean(0)) / v.std(0))),
    Trial("joint mirrored", "stream.scaled", to("measured", joint(3, np.negative))),
    Trial("two joints exchanged", "stream.swapped", to("measured", lambda v: v[:, EXCHANGED])),
    Trial("all joints exchanged", "stream.swapped", to("command", lambda v: v[:, ::-1])),
    Trial("steps as places", "column.differs", to("command", lambda v: np.diff(v, axis=0, prepend=v[:1]))),
    Trial("steps as places, the last one nought", "column.differs", to("command", lambda v: np.vstack([np.diff(v, axis=0), 0.0 * v[:1]]))),
    Trial("steps from the measurement as places", "column.differs", to("command", lambda v: v - ONE.data["measured"])),
    Trial("command of another take", "column.differs", to("command", lambda v: OTHER.data["command"][: len(v)])),
    Trial("measurement of another take", "column.differs", to("measured", lambda v: OTHER.data["measured"][: len(v)])),
    Trial("five of six commands stand", "column.differs", to("command", lambda v: np.where(np.arange(6) > 0, v[:1], v))),
    Trial("measurement as command", "warn:column.differs", to("command", lambda v: ONE.data["measured"])),
    Trial("next measurement as command", "warn:column.differs", to("command", lambda v: np.vstack([ONE.data["measured"][1:], v[-1:]]))),
    Trial(
        "measurement five rows later as command", "warn:column.differs",
        to("command", lambda v: ONE.data["measured"][np.minimum(np.arange(len(v)) + 5, len(v) - 1)]),
    ),
    *(
        Trial(f"measurement {n} before as command", "column.differs", to("command", lambda v, n=n: late(n)(ONE.data["measured"])))
        for n in (1, 4)
    ),
    Trial("an arm without power", "column.differs", to("measured", lambda v: v[:1] + 2e-4 * NOISE[: len(v), None])),
    Trial("encoder stands", "column.differs", to("measured", joint(4, lambda x: 0.0 * x))),
    Trial("offset of 0.1 rad", "column.differs", to("measured", joint(1, lambda x: x + 0.1))),
    Trial("whole turn in all joints", "column.differs", to("measured", lambda v: v + 2.0 * np.pi)),
    Trial("gain of 0.8", "column.differs", to("measured", joint(1, lambda x: x[0] + 0.8 * (x - x[0])))),
    Trial("measurement alone within one turn", "column.differs", endless(False, True)),
    *(
        Trial(f"command of {name} from 0 to a turn", "column.differs", to("command", joint(j, lambda x: x % (2.0 * np.pi))))
        for j, name in enumerate(JOINTS)
        if (ONE.data["command"][:, j] < 0.0).any()
    ),
    Trial("speeds commanded in degrees", "column.differs", to("command", lambda v: DEGREES * speeds(v)), with_columns(**steps)),
    Trial("speeds commanded backwards", "column.differs", to("command", lambda v: -speeds(v)), with_columns(**steps)),
    Trial("speeds commanded to another joint", "column.differs", to("command", lambda v: speeds(v[:, EXCHANGED])), with_columns(**steps)),
    Trial("places commanded as speeds", "column.differs", columns=with_columns(**steps)),
    Trial("measured speeds in degrees", "column.differs", to("speed", lambda v: DEGREES * v), COLUMNS | SPEED),
    Trial("measured speeds of another take", "column.differs", to("speed", lambda v: OTHER.data["speed"][: len(v)]), COLUMNS | SPEED),
    # ------------------------------------------------------------------------------------------------------------------ hands
    Trial("hand measured the other way", "unit.polarity", **hands(same, lambda x: 1.0 - x, "1")),
    Trial("hand of 255 measured the other way", "unit.polarity", **hands(count, lambda x: 255.0 - count(x), "0..255", quantity="hand")),
    Trial("hand in two units measured the other way", "unit.polarity", **hands(lambda x: 0.085 * x, lambda x: 100.0 - 100.0 * x, "m", "%")),
    Trial("switch measured the other way", "unit.polarity", **hands(lambda x: (x < 0.5) * 1.0, same, "1")),
    Trial("command of 100 as a share", "column.differs", **hands(hundred, same, "1")),
    Trial("hand of 255 as a share", "value.range", **hands(count, count, "1")),
    Trial("share as 0..255", "value.range", **hands(same, same, "0..255", quantity="hand")),
    Trial("measured share as percent", "column.differs", **hands(hundred, same, "%")),
    Trial("millimetres as metres", "value.range", **hands(lambda x: 85.0 * x, lambda x: 85.0 * x, "m")),
    Trial("hand measured to 1000 of 255", "value.range", **hands(count, thousand, "0..255", quantity="hand")),
    Trial("hand measured at one value", "column.differs", **hands(same, lambda x: 0.0 * x + 0.3, "1")),
    Trial("hand in metres that is commanded nowhere", "column.differs", **forced(0.085)),
    Trial("hand reads -1", "column.differs", **hands(same, filled(-1.0), "1")),
    Trial("hand reads 999", "value.sentinel", **hands(same, filled(999.0), "1")),
    Trial("hand reads 65535", "value.sentinel", **hands(thousand, filled(65535.0, thousand), "0..1000", quantity="hand")),
    # ------------------------------------------------------------------------------------------------------------------- rows
    Trial("a second is cut out", "column.differs", rows(np.r_[0:100, 130:270])),
    Trial("a second is there twice", "column.differs", rows(np.r_[0:130, 100:240])),
    Trial("two rows exchanged", "column.differs", rows(np.r_[0:100, 105, 101:105, 100, 106:270])),
    Trial("an arm that is shaken", "clean", (shaken(),)),
    Trial("rows shuffled", "column.differs", rows(np.r_[0:100, np.random.default_rng(0).permutation(np.arange(100, 120)), 120:270])),
    Trial("rows exchanged two by two", "column.differs", rows(np.r_[0:100, np.arange(100, 124).reshape(-1, 2)[:, ::-1].ravel(), 124:270])),
    *(
        Trial(f"each {size} rows turned round", "column.differs", rows(np.arange(270).reshape(-1, size)[:, ::-1].ravel()))
        for size in (2, 3, 6)
    ),
    Trial("rows that run backwards", "column.differs", rows(np.r_[0:100, 114:99:-1, 115:270])),
    Trial("a row that is written twenty times", "column.differs", rows(np.r_[0:160, np.full(20, 160), 160:250])),
    Trial("rows that come again", "column.differs", rows(np.r_[0:152, 140:152, 164:270])),
    Trial("first row of another take", "column.differs", both(lambda v: np.vstack([np.full((1, v.shape[1]), 0.3), v[1:]]))),
    Trial("a joint spikes for a row", "column.differs", to("measured", joint(2, lambda x: x + 0.4 * (np.arange(len(x)) == 150)))),
    Trial("a joint is elsewhere for a second", "column.differs", to("measured", joint(2, lambda x: x + 0.08 * within(x, 150, 180)))),
    Trial("a joint slips and stays", "column.differs", to("measured", joint(4, lambda x: x - 0.08 * within(x, 150)))),
    Trial("a joint comes in steps of 0.1 rad", "column.differs", to("measured", joint(1, lambda x: np.round(x, 1)))),
    Trial("the command of one joint trembles", "column.differs", to("command", joint(1, lambda x: x + 0.2 * NOISE[: len(x)]))),
    Trial("an arm that is pushed", "clean", to("measured", joint(2, lambda x: x + 0.08 * push(len(x))))),
    Trial("an arm that is struck", "clean", to("measured", lambda v: v + 0.05 * blow(len(v))[:, None] * [0, 1, -0.5, 0.3, 0, 0])),
    *(Trial(f"rows of noughts in {name}", "value.sentinel", to(name, filled(0.0))) for name in POSITIONS),
    Trial("rows of noughts in both", "value.sentinel", both(filled(0.0))),
    Trial("sent home at once for long", "clean", (sent_home(200),)),
    Trial("filled up with noughts", "value.sentinel", both(lambda v: np.where(np.arange(len(v))[:, None] < 200, v, 0.0))),
    *(Trial(f"rows of -1 in {name}", "value.sentinel", to(name, filled(-1.0))) for name in POSITIONS),
    Trial("a take that runs backwards", "column.differs", rows(np.arange(269, -1, -1))),
    Trial("state 0.8 s late", "stream.lag", to("measured", late(25))),
    Trial("hand 0.67 s late", "warn:column.differs", **hands(same, late(20), "1")),
    Trial("one joint 0.27 s late", "column.differs", to("measured", joint(2, lambda x: np.r_[np.full(8, x[0]), x[:-8]]))),
    # ------------------------------------------------------------------------------------------------------------------- time
    *(Trial(f"times in {name}", "set.fps", more=times(lambda t, by=by: by * t)) for name, by in (("ms", 1e3), ("us", 1e6))),
    Trial("times twice as long", "set.fps", more=times(lambda t: 2.0 * t)),
    Trial("epoch in float32", "set.timestamp", more=times(lambda t: (t + 1.7643e9).astype(np.float32))),
    Trial("clock begins anew", "set.timestamp", more=times(lambda t: np.where(t > 4.0, t - 4.0, t))),
    Trial("clock leaps", "set.timestamp", more=times(lambda t: t + 1.5 * (t > 4.0))),
    Trial("times of nothing", "set.timestamp", more=times(lambda t: 0.0 * t)),
    *(Trial(f"rate {fps!r}", "set.fps", more={"fps": fps}) for fps in (25, 60, -30, 0, "30 Hz", [30], True, 1e-9)),
    Trial("epoch in float64", "clean", more=times(lambda t: t + 1.7643e9)),
    # ----------------------------------------------------------------------------------------------------------------- tables
    Trial("length too long", "set.length", takes(2), more=lines(length=lambda n: n + 20)),
    Trial("rows announced elsewhere", "set.length", takes(1), more=lines(dataset_from_index=five_later, dataset_to_index=five_later)),
    Trial("rows announced in another file", "set.length", takes(2), more=lines(**{"data/file_index": lambda n: n + 3})),
    Trial("counter leaps", "set.counter", more=counted(frame_index=lambda n: n + 25 * (n > 100))),
    Trial("task that no table knows", "set.counter", more=counted(task_index=lambda n: n + 7)),
    Trial("feature without a column", "warn:set.columns", more=announced(effort=(6, list(JOINTS)))),
    Trial("feature of another shape", "warn:set.columns", more=announced(action=(9, None))),
    Trial("feature with one name for all", "warn:set.columns", more=announced(action=(7, ["pan"] * 7))),
)  # fmt: skip


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name.replace(" ", "_"))
def test_a_trial_is_answered_as_it_is(trial, tmp_path):
    root = lerobot(tmp_path / "set", trial.takes, trial.columns, **trial.more)
    verdicts = list(intake(read(root, mapping(tmp_path / "map.yaml", "lerobot", trial.columns))))
    assert len(verdicts) == len(trial.takes)
    level, _, code = trial.code.rpartition(":")
    for verdict in verdicts:
        failed = [(f.code, f.subject, f.value) for f in verdict.findings if f.failed]
        if trial.code == "clean" or level == "warn":
            assert verdict.cleared, failed
        else:
            assert verdict.verdict == "UNSOUND" and verdict.owner == "device", failed
            assert verdict.findings[verdict.root].code == code, failed
        if level == "warn":
            assert any(f.code == code and f.level == "WARN" for f in verdict.findings)
