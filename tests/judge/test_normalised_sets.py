"""Sets that were written normalised, each column by its own statistics: sizes are not compared, times, rows and signs are."""

import json
from dataclasses import replace

import numpy as np
import pytest
from invented_arm import COLUMNS, Take, _statistics, arrays_of, lerobot, mapping, moving
from servo_takes import claw
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.formats import read
from shiliu.replay.judge.intake import intake
from shiliu.replay.recording.normalised import kind_of
from shiliu.replay.report.text import Words

RULES = load_rules()
POSITIONS = tuple(COLUMNS)
MOST, BAD = 3, 1  # takes of a set, and the one in which something is wrong
# name -> what it does to a column of the set with these least, largest, mean and deviation, and the units of joints and gripper that
# somebody takes such numbers for
WAYS = {
    "-1..1": (lambda x, low, high, mean, std: 2.0 * (x - low) / (high - low) - 1.0, "rad", "-1..1"),
    "0..1": (lambda x, low, high, mean, std: (x - low) / (high - low), "rad", "1"),
    "std": (lambda x, low, high, mean, std: (x - mean) / std, "rad", "rad"),
}


def held_takes() -> list[Take]:
    """The gripper is stopped on its way each time, and a wrist hardly moves and has a play."""
    made = []
    for seed in range(MOST):
        take, rng = moving(100 + seed, seconds=9.0), np.random.default_rng(seed)
        data = {name: np.array(values) for name, values in take.data.items()}
        sent = 100.0 * data["grip"][:, 0]
        shut = np.flatnonzero(sent > 60.0)
        stops = [(rows[0], rows[-1] + 1, rng.uniform(28.0, 40.0)) for rows in np.split(shut, np.flatnonzero(np.diff(shut) > 1) + 1)]
        data["opening"] = claw(sent, fastest=300.0, lag=0.06, late=2, stops=stops, gives=0.03, grain=0.1)[:, None] / 100.0
        wrist = 0.05 * data["command"][:, 4]
        at, course = wrist[0], []
        for wanted in np.concatenate([np.repeat(wrist[:1], 4), wrist[:-4]]):
            at = min(max(at, wanted - 0.008), wanted + 0.008)
            course.append(at)
        data["command"][:, 4], data["measured"][:, 4] = wrist, np.array(course) - 0.01 + rng.normal(0.0, 3e-4, len(wrist))
        made.append(replace(take, data=data))
    return made


def frozen(data):
    data["measured"][100:180, 1] = data["measured"][100, 1]


def shuffled(data):
    rows = np.arange(120, 160)
    other = np.random.default_rng(7).permutation(rows)
    for name in ("measured", "opening"):
        data[name][rows] = data[name][other]


def spiked(data):
    data["measured"][150, 3] += 1.0


def late(data):
    for name in ("measured", "opening"):
        data[name] = np.concatenate([np.repeat(data[name][:1], 15, axis=0), data[name][:-15]])


def written(root, way, fault=None, sign=False, stated=True, announce=None, version="v3.0"):
    """The verdicts of a set, and how it was normalised by its statistics.

    Args:
        fault: of one take, before the set was normalised; sign: of one of its joints, afterwards.
        stated: whether the set has statistics; announce: the unit that it announces.
    """
    made = held_takes()
    if fault is not None:
        fault(made[BAD].data)
    change, joints, gripper = WAYS[way]
    for name in POSITIONS:
        every = np.concatenate([take.data[name] for take in made])
        of = every.min(axis=0), every.max(axis=0), every.mean(axis=0), every.std(axis=0)
        for take in made:
            take.data[name] = change(take.data[name], *of)
    if sign:
        made[BAD].data["measured"][:, 2] *= -1.0
    features = {}
    if announce is not None:
        for field, width in (("action", 7), ("observation.state", 7)):
            features[field] = {"dtype": "float32", "shape": [width], "unit": announce}
    lerobot(root, made, features=features, version=version)
    if stated:
        every = [arrays_of(take, COLUMNS) for take in made]
        stats = {name: _statistics(np.concatenate([one[name] for one in every])) for name in every[0]}
        (root / "meta/stats.json").write_text(json.dumps(stats), encoding="utf-8")
    columns = {name: replace(c, unit=gripper if name in ("grip", "opening") else joints) for name, c in COLUMNS.items()}
    takes = list(read(root, mapping=mapping(root.parent / "map.yaml", "lerobot", columns)))
    return list(intake(takes, RULES)), takes[0].declared.normalised


def failed(verdict):
    return {one.code: one for one in verdict.findings if one.failed}


@pytest.mark.parametrize("way", WAYS)
def test_clean_takes_are_not_refused_for_sizes_that_are_of_no_common_unit(tmp_path, way):
    verdicts, kinds = written(tmp_path / "set", way)
    assert kinds == {"action": way, "observation.state": way}
    for verdict in verdicts:
        assert not failed(verdict) and not any(one.code == "column.differs" and one.level == "WARN" for one in verdict.findings)
        by_code = {one.code: one for one in verdict.findings}
        for code in ("unit.degrees", "stream.scaled"):
            assert (by_code[code].level, by_code[code].reason) == ("NOT_CHECKED", "normalised")
        assert "normalised" in Words("en").message(by_code["unit.degrees"]) and "归一化" in Words("zh").message(by_code["unit.degrees"])


@pytest.mark.parametrize("way", ["-1..1", "std"])
def test_statistics_of_all_episodes_stand_for_those_of_the_set(tmp_path, way):
    verdicts, kinds = written(tmp_path / "set", way, stated=False, version="v2.1")
    assert kinds == {"action": way, "observation.state": way} and not any(map(failed, verdicts))


@pytest.mark.parametrize("more", [{"stated": False}, {"announce": "rad"}])
def test_without_statistics_or_with_an_announced_unit_sizes_are_compared(tmp_path, more):
    verdicts, kinds = written(tmp_path / "set", "-1..1", **more)
    assert kinds == {} and all("column.differs" in failed(verdict) for verdict in verdicts)


@pytest.mark.parametrize("way", ["-1..1", "std"])
@pytest.mark.parametrize(
    ("fault", "code", "kind", "subject"),
    [
        (frozen, "column.differs", "held", "lift"),
        (spiked, "column.differs", "single_row", "wrist_1"),
        (shuffled, "column.differs", "reordered", "pan"),
        (None, "stream.scaled", "flipped", "elbow"),
    ],
)
def test_what_needs_no_size_is_found_in_its_take_alone(tmp_path, way, fault, code, kind, subject):
    verdicts, kinds = written(tmp_path / "set", way, fault, sign=fault is None)
    assert set(kinds.values()) == {way}
    finding = failed(verdicts[BAD])[code]
    assert subject in finding.subject and finding.details["kind"].startswith(kind)
    assert not any(failed(verdict) for k, verdict in enumerate(verdicts) if k != BAD)


def test_a_measurement_that_is_half_a_second_late_is_named(tmp_path):
    verdicts, _ = written(tmp_path / "set", "-1..1", late)
    lags = [next((one for one in v.findings if one.code == "stream.lag" and one.level != "PASS"), None) for v in verdicts]
    assert lags[BAD] is not None and lags[BAD].value == pytest.approx(0.6, abs=0.05) and lags[0] is None


def stats(low, high, mean, std):
    return {name: np.array(values, float) for name, values in (("min", low), ("max", high), ("mean", mean), ("std", std))}


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [
        (stats([-1] * 5, [1] * 5, [0.3] * 5, [0.5] * 5), "-1..1"),
        (stats([-1] * 4 + [0], [1] * 4 + [0], [0.3] * 5, [0.5] * 5), "-1..1"),  # a column that stands
        (stats([-1, -1, -1, -57.3], [1, 1, 1, 57.3], [0.3] * 4, [0.5] * 4), "-1..1"),  # one in which a fault left its mark
        (stats([-1] * 3, [1] * 3, [0.3] * 3, [0.5] * 3), None),  # too few
        (stats([-1, -1, -0.6, -1.4], [1, 0.8, 0.9, 1.2], [0.3] * 4, [0.5] * 4), None),  # radians
        (stats([0] * 6, [1] * 6, [0.4] * 6, [0.3] * 6), "0..1"),
        (stats([-2.1] * 4, [1.7] * 4, [1e-7] * 4, [1 - 1e-6] * 4), "std"),
        (stats([-2.1] * 4, [1.7] * 4, [0.1] * 4, [1.0] * 4), None),
        (stats([-0.95] * 4, [0.9] * 4, [0.05] * 4, [0.6] * 4), None),  # radians of joints that go as far either way, or a tanh
        ({"min": np.zeros(4)}, None),
    ],
)
def test_what_statistics_say_of_how_a_feature_was_normalised(numbers, kind):
    assert kind_of(numbers) == kind
