"""The law of servos whose arm nobody modelled: the torque of a joint is so many times what is left of its command, less damping.

Where this holds to a tenth in most joints, a torque is a witness of its own. A joint that is pushed, loaded or blocked has the torque that
its servo gives for it: nothing is wrong there. Where it has not, the torque is wrong if the joint is on its way, else the command or the
position. A servo that is off, or gives all that it has, says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..signals.signal import runs
from ..signals.statistics import TO_SIGMA, median, median_size
from .blame import FLOOR
from .departures import WitnessedColumn, departures, joined, together
from .difference import JOIN, Difference
from .relations import Relation, follows, robust, shifted
from .table import Group, RecordedChannel

NEEDED = {"command", "measured", "effort"}
LAWFUL, GIVES = 0.1, 0.5  # of the usual torque, that the law leaves at the most, and that what is left of the command gives at the least
JOINTS, SHARE = 3, 0.5  # joints with a law at the least, and share of those with torques
SOME = 0.3  # of the usual torque: a row with less tells no share
ROWS, FEW = 200, 3  # rows that tell of a law; rows at the least in which a torque departs
SIGMAS, OF_USUAL = 8.0, 0.15  # times what the law leaves, and of the usual torque, from where on a torque departs
OFF, SPENT, LEVEL = 4.0, 0.95, 0.1  # times that noise, within which a servo is off; of its largest torque; of the spread asked for
SILENT = 0.2  # s that it is so at the least
ONE_KIND, SEEMS = 0.2, 2.0  # by which stiffnesses of one kind of servo may differ; times their noise, that a faulty column may have
AWAY, ON_ITS_WAY = 0.5, 0.25  # of what the torque says, that the joint shows of it: it is beside its way, or on it
QUICK = 0.5  # of what the torque says, that a servo would let its joint show: less is too quick for it
TELLS = 0.5  # of what a speed is off by if the other column were wrong
BOTH, LONG = 0.3, 1.0  # of the largest, that it departs to the other side as well; s for which a joint bears something
BORNE_OUT = 0.15  # of a difference, that a torque leaves which bears command and position out


@dataclass(frozen=True, eq=False)
class PlainLaw:
    """Of one joint: stiffness, damping; rest, asked: (n,) what the law leaves of the torque, and what it gives; noise: of the former; late:
    rows by which a torque answers its command; usual: the size of its torques; gives: of what is left of its command alone; share: of a
    torque, by which it scatters."""

    channel: RecordedChannel
    relation: Relation
    stiffness: float
    damping: float
    rest: np.ndarray
    asked: np.ndarray
    noise: float
    late: int
    usual: float
    gives: float
    share: float

    @property
    def limit(self) -> float:
        return max(SIGMAS * self.noise, OF_USUAL * self.usual)

    @property
    def limits(self) -> np.ndarray:
        """(n,) [Nm] the same of each row: what is measured of a current, or late, is off by a share of it."""
        return np.maximum(self.limit, SIGMAS * self.share * np.abs(self.asked))

    def says(self, dt: float) -> np.ndarray:
        """(n,) rows in which the servo is neither off for some time nor gives all that it has."""
        y, out = self.channel.columns["effort"], np.ones(len(self.rest), bool)
        off, spent = np.abs(y) <= OFF * self.noise, np.abs(y) >= SPENT * np.abs(y).max() - OFF * self.noise
        for silent, beside in ((off, 0), (spent, round(SILENT / dt))):  # what drives a servo to its largest torque is quick
            for first, last in runs(silent):
                out[max(0, first - beside) : last + 1 + beside] &= (last - first + 1) * dt < SILENT
        return out


def plain_laws(group: Group) -> list[PlainLaw]:
    """The laws of a group's joints; none where most follow none. Servos of one kind share their numbers, also where a column is faulty."""
    if group.hands or group.channels[0].unit != "rad" or not group.same_rows or group.n < ROWS:
        return []
    asked = [(c, r) for c, r in zip(group.channels, follows(group)) if r is not None and r.own and NEEDED <= set(c.columns)]
    asked = [(c, r) for c, r in asked if np.isfinite(c.columns["effort"]).all() and c.goes("effort") > 0.0]
    of = [[_law(c, r, group.dt, late) for c, r in asked] for late in (0, 1)]
    lawful = [[law for law in laws if law.noise <= LAWFUL * law.usual and law.gives >= GIVES * law.usual] for laws in of]
    late = max((0, 1), key=lambda k: (len(lawful[k]), -sum(law.noise / law.usual for law in lawful[k])))
    if len(lawful[late]) < max(JOINTS, SHARE * len(asked)):
        return []
    stiffness, damping = (float(np.median([getattr(law, what) for law in lawful[late]])) for what in ("stiffness", "damping"))
    if max(abs(law.stiffness / stiffness - 1.0) for law in lawful[late]) > ONE_KIND:
        return lawful[late]
    noise, share = (SEEMS * float(np.median([getattr(law, what) for law in lawful[late]])) for what in ("noise", "share"))
    alike = [_law(c, r, group.dt, late, (stiffness, damping)) for c, r in asked]
    return [replace(law, noise=min(law.noise, noise), share=min(law.share, share)) for law in alike]


def _law(channel: RecordedChannel, relation: Relation, dt: float, late: int, known: tuple[float, float] | None = None) -> PlainLaw:
    q, y = channel.columns["measured"], channel.columns["effort"]
    left = shifted(channel.columns["command"], -late) - q
    terms = np.column_stack([left, -channel.columns.get("velocity", np.gradient(q, dt))])
    usual = float(np.percentile(np.abs(y), 90.0))
    if known is None:
        beta, rest, noise = robust(np.column_stack([terms, np.ones(len(q))]), y, None, np.full(3, 1e-9), max(1e-3 * usual, 1e-9))
        known = float(beta[0]), float(beta[1])
    else:
        rest = y - terms @ np.array(known)
        rest = rest - median(rest)
        noise = max(TO_SIGMA * median_size(rest), 1e-3 * usual)
    grain = float(np.diff(np.unique(np.round(y / max(usual, 1e-9), 6))).min(initial=1.0)) * usual  # what it is rounded to leaves no less
    noise = max(noise, 0.5 * grain)
    gives = known[0] * float(np.percentile(np.abs(left), 90.0))
    size = np.abs(y - rest)
    some = size > SOME * usual
    share = TO_SIGMA * median_size(rest[some] / size[some]) if some.any() else 0.0
    return PlainLaw(channel, relation, *known, rest, y - rest, noise, late, usual, gives, share)


def with_torques(lawful: Sequence[tuple[Group, Sequence[PlainLaw]]], found: Sequence[Difference]) -> list[Difference]:
    """What groups contradict themselves in, and what the torques of their joints say of it, by the laws of each."""
    out = list(found)
    for group, laws in lawful:
        by_name = {law.channel.name: law for law in laws}
        out = [_borne_out(d, by_name, group.dt) for d in out]
        sure = [d for d in together(d for law in laws for d in _contradicted(group, law)) if d.certain]
        sure = [d for d in sure if not any(o.certain and o.meets(d) for o in out)]
        out = [*(d for d in out if d.certain or not any(one.meets(d) for one in sure)), *sure]
    return out


def _borne_out(one: Difference, laws: dict[str, PlainLaw], dt: float) -> Difference:
    """The same, unsure where the torques of all its channels are those of their servos for command and position as recorded."""
    asked = one.certain and one.kind in ("command", "measured") and one.unit == "rad" and one.last - one.first >= FEW
    if not asked or one.name == "measurement_as_command" or not set(one.channels) <= set(laws):
        return one
    for law in (laws[name] for name in one.channels):
        off = np.where(law.says(dt), np.abs(law.rest), 0.0)[one.first : one.last + 1 + law.late] / law.stiffness
        if float(np.percentile(off, 90.0)) > max(BORNE_OUT * one.size, 3.0 * law.noise / law.stiffness):
            return one
    return replace(one, certain=False)


def _contradicted(group: Group, law: PlainLaw) -> Iterator[Difference]:
    """Stretches in which a torque is not what its servo gives, each with the column that is wrong there."""
    off, e = law.rest / law.stiffness, law.relation.residual
    kernel = sum(-w * shifted(off, s) for (kind, s), w in law.relation.weights.items() if kind == "command")
    bad = (np.abs(law.rest) > law.limits) & law.says(group.dt)
    for first, last in joined(bad):
        rows = slice(first, last + 1)
        if int(bad[rows].sum()) < FEW or _gives_one_value(law, rows):
            continue
        near = slice(max(0, first - JOIN), min(group.n, last + 1 + JOIN))
        given, shown, sent = off[near], e[near], np.asarray(kernel)[near]
        share = max(float(x @ shown) / max(float(x @ x), 1e-12) for x in (given, sent))
        inside = np.zeros(group.n, bool)
        inside[rows] = bad[rows]
        if share > AWAY:
            as_measured, as_command = (float(((shown - x) ** 2).sum()) for x in (given, sent))
            kind = "measured" if as_measured < as_command else "command"
            yield from _of(group, law, _by_speed(law, near, off, group.dt) or kind, inside, off)
        elif float(np.linalg.norm(sent)) < QUICK * float(np.linalg.norm(given)):
            if (rough := _rougher(law, near)) is not None:
                yield from _of(group, law, rough, inside, off)
        elif abs(share) < ON_ITS_WAY and not _is_borne(law, first, last, group.dt):
            yield from _of(group, law, "effort", inside, off)


def _by_speed(law: PlainLaw, rows: slice, off: np.ndarray, dt: float) -> str | None:
    """Whether it is the position or the command that the speed contradicts: what comes slowly to a command comes to its joint as well, and
    both look alike beside the torque. None where the speed tells neither, or there is none."""
    c = law.channel.columns
    if "velocity" not in c:
        return None
    apart = (np.gradient(c["measured"], dt) - c["velocity"])[rows]
    as_command, as_measured = (float((x**2).sum()) for x in (apart, apart - np.gradient(off, dt)[rows]))
    if as_measured < TELLS * as_command:
        return "measured"
    return "command" if as_command < TELLS * as_measured else None


def _of(group: Group, law: PlainLaw, kind: str, bad: np.ndarray, off: np.ndarray) -> Iterator[Difference]:
    c = law.channel
    if kind == "effort":
        x, unit, limit, truth = c.columns[kind], "Nm", law.limit, law.asked
    else:
        x, unit, limit = c.columns[kind], c.unit, max(law.limit / law.stiffness, FLOOR["follows", c.unit])
        truth = x - off if kind == "measured" else x + shifted(off, law.late)
        bad = shifted(bad.astype(float), law.late if kind == "command" else 0) > 0.0
        bad &= np.abs(x - truth) > 0.5 * limit
    partner = c.columns[{"command": "measured"}.get(kind, "command")] if kind != "effort" else None
    noise = law.noise if kind == "effort" else law.noise / law.stiffness
    yield from departures(WitnessedColumn(
        c.name, kind, unit, c.topics[kind], group.t, x, truth, bad, bad, limit, noise, partner=partner, bound="own_law",
    ))  # fmt: skip


def _is_borne(law: PlainLaw, first: int, last: int, dt: float) -> bool:
    """Whether a servo may give so much more for what its joint bears by then: to one side, for long."""
    low, high = next((a, b) for a, b in joined(np.abs(law.rest) > 0.5 * law.limit) if a <= first and last <= b)
    rest = law.rest[low : high + 1]
    return min(float(rest.max()), -float(rest.min())) < BOTH * float(np.abs(rest).max()) and len(rest) * dt > LONG


def _rougher(law: PlainLaw, rows: slice) -> str | None:
    """Whether it is the torque or the command that changes from row to row as what the law leaves does, where that is too quick for the
    joint to show it."""
    c = law.channel.columns
    left, sent, given = (np.diff(x[rows], 2) for x in (law.rest, shifted(c["command"], -law.late) * -law.stiffness, c["effort"]))
    power = max(float(left @ left), 1e-12)
    shares = {"effort": float(left @ given) / power, "command": float(left @ sent) / power}
    most = max(shares, key=lambda kind: shares[kind])
    return most if shares[most] > AWAY and shares[most] > 2.0 * min(shares.values()) else None


def _gives_one_value(law: PlainLaw, rows: slice) -> bool:
    """Whether a torque stays at a level while the law asks for more and less: a servo that gives all that it has at the time."""
    y = law.channel.columns["effort"][rows]
    return float(np.ptp(y)) < LEVEL * float(np.ptp(law.asked[rows]))
