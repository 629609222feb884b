"""A base whose columns are wrong in all of a take: its stream is late, two places are exchanged, or places are elsewhere than the
commands alone would have taken them. What is wrong in some rows is for `moving_base`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from ..recording.recording import Recording
from .difference import Difference
from .moving_base import (
    COMMANDS,
    HEIGHT,
    PLACE,
    PLACES,
    SPEED,
    SPEEDS,
    UNITS,
    Columns,
    base_columns,
    between,
    check_base,
    check_height,
    places_by,
    rises_of,
    speeds_asked_for,
    table_of_base,
    within_commands,
)  # fmt: skip
from .table import Group

SHIFTS = range(-30, 31)  # rows by which a stream may be late
LATE, ROWS, ANSWERED = 2, 15, 0.02  # rows from where on it is; rows that disagree; share of them that still do, once it is put right
GONE = 0.1  # of a difference, that is left once exchanged places are put right
ANSWER = 0.03  # s, of the drives, see `scenarios.robots.mobile`
EXACT = 0.008  # m/s or rad/s, left then in nine of ten rows that move: a real base answers later, but not as exactly
FAR = 5.0  # limits, root mean square, that exchanged places are apart at least
GOES = 0.1  # m or rad that the commands ask for
ALIKE = 0.9  # correlation of the rises of a place with those that the commands ask for
ONE = (0.3, 3.0)  # times these rises, within which a base may slip or be held up
STRANGE, MOST = 0.5, 0.3  # correlation, and share of the rows that move in which they disagree, of a place that is somewhere else
LEAP, ALONE = 0.1, 5.0  # m or rad within one row, and times any other step, that no base goes: nor does an estimate correct itself so
TURNED = 0.03  # rad by which a heading is off all along: less leaves the ways on the floor where they are
FLOOR = PLACES[:3]
EVERY = 9.0  # weight of a row that contradicts all that it is held against, as in `departures`


def check_bases(recording: Recording, group: Group) -> tuple[list[Difference], set[str]]:
    """What is recorded of a base and contradicts itself; and its columns, by the device's channel, that were held against others."""
    columns = base_columns(recording, group)
    found, held = _checked(columns, group, recording.episode is not None)
    return found, {f"{columns[key][1]}/{key.partition('/')[2]}" for key in held}


def _checked(columns: Columns, group: Group, exact: bool) -> tuple[list[Difference], set[str]]:
    """Differences, and the keys of the columns that were compared."""
    late = list(_late(columns, group)) or list(_exchanged(columns, group))
    if late:
        return late, set(columns)
    heading = _heading(columns, group)
    if heading is not None:
        columns = {**columns, f"measured/{PLACES[2]}": (heading[1], columns[f"measured/{PLACES[2]}"][1])}
    found = check_base(columns, group, exact)
    if heading is None and found and any(set(d.channels) & set(PLACES[:2]) for d in found):
        heading, found = _turned(columns, group, exact, found)
    if found is not None or heading is not None:
        return [*([] if heading is None else [heading[0]]), *(found or ())], set(columns)
    if table_of_base(columns, SPEEDS) is not None:
        return [], set()
    return _by_commands(columns, group)


def _heading(columns: Columns, group: Group) -> tuple[Difference, np.ndarray] | None:
    """The heading in another unit, or turned round, beside its speeds, and (n,) what it should be [rad]; None where it is as they say, or
    they are not as they are commanded. Ways on the floor are computed by it, so it comes before them."""
    place, speed = table_of_base(columns, PLACES), table_of_base(columns, SPEEDS)
    if place is None or speed is None:
        return None
    dt, yaw = np.diff(group.t), place[:, 2]
    turns = 0.5 * (speed[1:, 2] + speed[:-1, 2])
    if float(np.ptp(np.cumsum(turns * dt))) < GOES:
        return None
    why = _why(np.diff(yaw) / dt, turns)
    asked = _asked(columns, group, speed)
    if why is None or why[0] == "held_value" or asked is None:
        return None
    factor = why[1].get("factor", -1.0)
    wanted = 0.5 * (asked[1:, 2] + asked[:-1, 2])
    pushed = float((turns * wanted).sum()) / max(float((wanted**2).sum()), 1e-12)
    if not ONE[0] < pushed < ONE[1] or _alike(turns, wanted) < ALIKE:
        return None
    way = np.concatenate([[0.0], np.cumsum(turns * dt)])
    size = float(np.abs(yaw - yaw[0] - way).max())
    if np.abs((yaw - yaw[0]) / factor - way).max() > GONE * size:
        return None
    return _of_all(columns, group, PLACES[2:3], "measured", size, UNITS[2], why[0], PLACE, why[1]), yaw / factor


def _turned(
    columns: Columns, group: Group, exact: bool, found: list[Difference]
) -> tuple[tuple[Difference, np.ndarray] | None, list[Difference]]:
    """A heading that is off by one angle from the first row to the last, and what is found beside it once it is put right: the ways on the
    floor are by that angle from where its speeds lead. As it was found, where no angle puts them right."""
    place, speed = table_of_base(columns, PLACES), table_of_base(columns, SPEEDS)
    if place is None or speed is None:
        return None, found
    went = (place[1:, 0] - place[:-1, 0]) + 1j * (place[1:, 1] - place[:-1, 1])
    led = 0.5 * ((speed[1:, 0] + speed[:-1, 0]) + 1j * (speed[1:, 1] + speed[:-1, 1])) * np.diff(group.t)
    turns = went * np.conj(led * np.exp(0.5j * (place[1:, 2] + place[:-1, 2])))
    by = -float(np.angle(turns.sum()))
    if abs(by) < TURNED or abs(turns.sum()) < ALIKE * float(np.abs(turns).sum()):
        return None, found
    yaw = place[:, 2] - by
    rest = check_base({**columns, f"measured/{PLACES[2]}": (yaw, columns[f"measured/{PLACES[2]}"][1])}, group, exact)
    if rest is None or any(set(d.channels) & set(FLOOR) for d in rest):
        return None, found
    one = _of_all(columns, group, PLACES[2:3], "measured", abs(by), UNITS[2], "offset", PLACE, {"by": by})
    return (one, yaw), rest


def _asked(columns: Columns, group: Group, speed: np.ndarray) -> np.ndarray | None:
    """(n, 3) speeds that the commands ask for; None where one of them is not recorded."""
    if any(f"command/{name}" not in columns for name in COMMANDS[:3]):
        return None
    return speeds_asked_for(columns, speed, group.dt)[:, :3]


def _of_all(
    columns: Columns, group: Group, names: tuple[str, ...], kind: str, size: float, unit: str, name: str | None, limit: float,
    numbers: Mapping[str, float | str], certain: bool = True,
) -> Difference:  # fmt: skip
    """A difference in all rows."""
    return Difference.over(
        group.t, names, kind, None, size, unit, name, certain=certain, numbers=numbers, stream=columns[f"measured/{names[0]}"][1],
        limit=limit, weight=EVERY * group.n * len(names),
    )  # fmt: skip


def _late(columns: Columns, group: Group) -> Iterator[Difference]:
    """Places, and speeds where they are recorded, answer the commands of some rows before, or after, and not of their own."""
    place, speed = table_of_base(columns, PLACES), table_of_base(columns, SPEEDS)
    if place is None or group.n < 4 * SHIFTS[-1]:
        return
    rises = rises_of(place, np.diff(group.t))
    asked = _asked(columns, group, np.column_stack([between(rises[:, k]) for k in range(4)]) if speed is None else speed)
    if asked is None:
        return
    asked = _taken_on(asked, group.dt)
    inner = np.arange(SHIFTS[-1], group.n - SHIFTS[-1])

    def left(late: int) -> tuple[int, float]:
        """Rows that disagree, and what is left in nine of ten rows that move."""
        there = asked[inner - late]
        means = [there - nearest_of(there, rises, inner)] + ([] if speed is None else [speed[inner, :3] - there])
        worst = np.abs(np.concatenate(means, axis=1)).max(axis=1)
        moves = (np.abs(there) > SPEED).any(axis=1)
        return int((worst > SPEED).sum()), float(np.percentile(worst[moves], 90.0)) if int(moves.sum()) > ROWS else np.inf

    before, _ = left(0)
    if before < ROWS:
        return
    late = min(SHIFTS, key=lambda rows: (*left(rows), abs(rows)))
    after, rest = left(late)
    if abs(late) >= LATE and after <= ANSWERED * before and rest < EXACT:
        names = tuple(name for name in (*PLACES, *SPEEDS) if f"measured/{name}" in columns)
        seconds = late * group.dt
        yield _of_all(columns, group, names, "base", abs(seconds), "s", "lag", group.dt, {"rows": float(late), "late": seconds})


def _taken_on(asked: np.ndarray, dt: float) -> np.ndarray:
    """(n, 3) speeds as the drives answer them."""
    share, out = 1.0 - float(np.exp(-dt / ANSWER)), np.empty(asked.shape)
    for k in range(asked.shape[1]):
        course, now = [], float(asked[0, k])
        for wanted in asked[:, k].tolist():  # numbers of Python, one after the other, are some ten times as quick as rows
            now = now + share * (wanted - now)
            course.append(now)
        out[:, k] = course
    return out


def nearest_of(speed: np.ndarray, rises: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(k, 3) of what the places rise by about these rows, what is nearest to the speed (k, 3)."""
    before, after = rises[np.maximum(rows - 1, 0), :3], rises[np.minimum(rows, len(rises) - 1), :3]
    return np.clip(speed, np.minimum(before, after), np.maximum(before, after))


def _exchanged(columns: Columns, group: Group) -> Iterator[Difference]:
    """Each of the two places goes where the other one should: by the speeds, or by the commands where no speeds are recorded."""
    place, speed = table_of_base(columns, PLACES), table_of_base(columns, SPEEDS)
    if place is None:
        return
    if speed is None:
        asked = _asked(columns, group, np.zeros((group.n, 4)))
        if asked is None:
            return
        speed = np.column_stack([asked, between(rises_of(place, np.diff(group.t))[:, 3])])
    other = place[:, [1, 0, 2, 3]]
    left, gone = (_rms(each, speed, group) for each in (place, other))
    if bool((left > FAR * PLACE).all()) and bool((gone < GONE * left).all()):
        size = float(np.abs(place[:, 0] - place[:, 1]).max())
        yield _of_all(columns, group, PLACES[:2], "measured", size, "m", "copied", PLACE, {"other": PLACES[1]})


def _rms(place: np.ndarray, speed: np.ndarray, group: Group) -> np.ndarray:
    """(2,) [m], root mean square, between the places on the floor and what the speeds add up to."""
    truth = np.column_stack(places_by(speed, place, np.diff(group.t))[:2])
    return np.sqrt(((place[:, :2] - truth) ** 2).mean(axis=0))


def _by_commands(columns: Columns, group: Group) -> tuple[list[Difference], set[str]]:
    """Places without speeds: of each, what it rises by beside what the commands alone ask for, and what was compared so.

    A base that slips or is held up goes the same way, and less far: that is no fault of what is recorded.
    """
    place = table_of_base(columns, FLOOR)
    out: list[Difference] = []
    known: set[str] = set()
    asked = None if place is None else _asked(columns, group, np.zeros((group.n, 4)))
    if place is not None and asked is not None:
        known = {*(f"measured/{name}" for name in FLOOR), *(f"command/{name}" for name in COMMANDS[:3])}
        out += _on_the_floor(columns, group, place, asked)
    if {"measured/base_height", "command/base_height"} <= set(columns):
        known |= {"measured/base_height", "command/base_height"}
        height, command = columns["measured/base_height"][0], columns["command/base_height"][0]
        if np.abs(height - within_commands(columns, height, group.dt)).max() > HEIGHT:
            why = _why(height - height[0], command - command[0])
            if why is None:
                out += [replace(d, certain=False) for d in check_height(columns, height, group.t, group.dt)]  # either may be wrong
            else:
                out.append(_of_all(columns, group, PLACES[3:], "measured", float(np.ptp(command)), "m", why[0], HEIGHT, why[1]))
    return out, known


def _on_the_floor(columns: Columns, group: Group, place: np.ndarray, asked: np.ndarray) -> Iterator[Difference]:
    dt = np.diff(group.t)
    mean = 0.5 * (asked[1:] + asked[:-1])
    turned = place[0, 2] + np.concatenate([[0.0], np.cumsum(mean[:, 2] * dt)])
    sound = _differs(np.diff(place[:, 2]) / dt, mean[:, 2], dt) is None
    yaw = place[:, 2] if sound else turned
    middle = 0.5 * (yaw[1:] + yaw[:-1])
    c, s = np.cos(middle), np.sin(middle)
    expected = np.column_stack([c * mean[:, 0] - s * mean[:, 1], s * mean[:, 0] + c * mean[:, 1], mean[:, 2]])
    leaps = {}
    for k, name in enumerate(FLOOR):
        leap = _leap(np.diff(place[:, k]) - expected[:, k] * dt)
        if leap is not None:
            leaps[name] = leap
    for name, (row, by) in leaps.items():
        where = columns[f"measured/{name}"][1]
        numbers = {"by": by}
        yield Difference.over(
            group.t, (name,), "measured", (row + 1, group.n - 1), abs(by), UNITS[FLOOR.index(name)], "offset", certain=True,
            numbers=numbers, explained=1.0, stream=where, limit=PLACE, weight=EVERY * (group.n - row),
        )  # fmt: skip
    for k, name in enumerate(FLOOR):
        if name in leaps:
            continue
        why = _differs(np.diff(place[:, k]) / dt, expected[:, k], dt)
        if why is None or (k < 2 and not sound and why[0] != "held_value"):
            continue  # which way it went is not known where its heading is wrong
        way = np.concatenate([[0.0], np.cumsum(expected[:, k] * dt)])
        size = float(np.abs(place[:, k] - place[0, k] - way).max())
        yield _of_all(columns, group, (name,), "measured", size, UNITS[k], why[0], PLACE, why[1], why[0] is not None)


def _leap(steps: np.ndarray) -> tuple[int, float] | None:
    """(row before, by) of a single step that no base goes: what is left of the others (n - 1,) is far less. None where there is none.

    Args:
        steps: [m or rad] that a place goes from row to row beyond what the commands ask for.
    """
    size = np.abs(steps)
    row = int(size.argmax())
    rest = float(np.delete(size, row).max(initial=0.0))
    return (row, float(steps[row])) if size[row] > LEAP and size[row] > ALONE * rest else None


def _differs(rises: np.ndarray, expected: np.ndarray, dt: np.ndarray) -> tuple[str | None, dict[str, float]] | None:
    """What a place is that does not rise as the commands ask for; None where it does, or where they ask for next to nothing."""
    if float(np.ptp(np.cumsum(expected * dt))) < GOES:
        return None
    moves = np.maximum(np.abs(rises), np.abs(expected)) > SPEED
    if float((np.abs(rises - expected) > SPEED)[moves].mean()) < MOST:
        return None
    why = _why(rises, expected)
    if why is not None:
        return why
    alike = _alike(rises, expected)
    return (None, {}) if abs(alike) < STRANGE else None


def _why(rises: np.ndarray, expected: np.ndarray) -> tuple[str, dict[str, float]] | None:
    """One value, the other sign or another unit of a place, by what it rises by and should rise by; None where it is none of these."""
    if np.ptp(rises) == 0.0:
        return "held_value", {}
    factor = float((rises * expected).sum() / max(float((expected**2).sum()), 1e-12))
    if abs(_alike(rises, expected)) < ALIKE or ONE[0] < factor < ONE[1]:
        return None
    return "mirrored" if ONE[0] < -factor < ONE[1] else "factor", {"factor": factor}


def _alike(rises: np.ndarray, expected: np.ndarray) -> float:
    """Correlation of what it rises by with what it should rise by."""
    size = float(np.sqrt((rises**2).sum() * (expected**2).sum()))
    return float((rises * expected).sum()) / size if size else 0.0
