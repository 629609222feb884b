"""What a report says of a person's motion beside its findings: how near the hands came, and what the person's own object did.

The object's own motion is evidence of the person, not of the robot: where it breaks a rule of the scene that is a warning on what
was measured, and where its door opens and the replayed one does not, `door.followed` says by how much and how far the person's
hand was from where our handle would have been.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import mujoco
import numpy as np

from ....scenarios.scene.scene import Scene
from ....scenarios.sensing.predicate import MovedAway
from ...checks.finding import Fact, Finding, Plot, Table
from ...retarget.carry_over import Carried
from ...retarget.objects import Hinged, first_grip
from ...retarget.overlay import ring
from ...signals.signal import run_around
from .results import Judged, Motions, Rollouts, Subject

AFTER = 0.3  # s, by which a replayed door may come later than the person's hand: the servos' lag, and a little swing
APART = 0.3  # s, pictures nearer than this show the same
FOLLOWED = 0.5  # share of a recorded rise from which on the replayed door counts as having followed it


def check_object(subject: Subject, motions: Motions, rollouts: Rollouts) -> list[Finding]:
    """What the recorded object did against the scene's rules, and the recorded door against the replayed one."""
    carried = motions.carried
    if carried is None or carried.thing is None or not carried.placed.part:
        return []
    thing, part = carried.thing, carried.placed.part
    return [*_forbidden(subject, thing, part), *_followed(subject, carried, rollouts, thing, part)]


def _forbidden(subject: Subject, thing: Hinged, part: str) -> Iterator[Finding]:
    """`scenario.<never>` on the recorded object, where a failure mode asks how far the part that it stands for has moved."""
    rule = subject.rules["scenario"]
    for never in subject.scene.course.nevers:
        predicate = never.predicate
        if (
            not isinstance(predicate, MovedAway)
            or predicate.position.of.partition("/")[0] != part
            or never.since is not None
        ):
            continue
        moved, limit = thing.moved, predicate.more_than
        row, over = int(moved.argmax()), moved > limit
        first, last = run_around(over, row)
        known: dict[str, Any] = {
            "signal": "measured",
            "subject": (part,),
            "value": float(moved[row]),
            "limit": limit,
            "margin": limit - float(moved[row]),
            "unit": "m",
        }
        details = {
            "event": never.name,
            "kind": "recorded",
            "lifted": float((thing.position[:, 2] - thing.position[0, 2]).max()),
            "tilted": float(thing.tilted.max()),
            "turned": float(np.ptp(thing.turned)),
        }
        if not over.any():
            yield rule.passed(**known, details=details).with_(code=f"scenario.{never.name}")
            continue
        yield rule.finding(
            level="WARN",
            t0=float(thing.t[int(over.argmax())]),
            t1=float(thing.t[last]),
            excess=(float(moved[row]) - limit) / limit,
            share=float(over.mean()),
            **known,
            details=details | {"t_peak": float(thing.t[row]), "first_run": float(thing.t[first])},
        ).with_(code=f"scenario.{never.name}")


def _followed(subject: Subject, carried: Carried, rollouts: Rollouts, thing: Hinged, part: str) -> Iterator[Finding]:
    """`door.followed`: over each time that the person opened the door, how far the replayed one is behind."""
    rule, spans = subject.rules["door.followed"], door_spans(subject.scene, carried, rollouts, thing, part)
    if not spans:
        if rollouts.shown is None:
            yield rule.not_checked("not_run", subject=(f"{part}/door",))
        return
    worst = max(spans, key=lambda s: s["recorded"] - s["replayed"])
    behind = max(0.0, worst["recorded"] - worst["replayed"])
    yield rule.finding(
        subject=(f"{part}/door",),
        t0=worst["t0"],
        t1=worst["t1"],
        **rule.grade_value(behind),
        details={
            "recorded": worst["recorded"],
            "replayed": worst["replayed"],
            "openings": len(spans),
            "followed": sum(s["replayed"] >= FOLLOWED * s["recorded"] for s in spans),
            "hand_off": worst["hand_off"],
            "from_handle": worst["from_handle"],
            "across": spans[0]["across"],
        },
    )


def door_spans(scene: Scene, carried: Carried, rollouts: Rollouts, thing: Hinged, part: str) -> list[dict[str, float]]:
    """Each opening of the recorded door beside the replayed one.

    Returns:
        t0, t1 [s] on the recording's clock; recorded, replayed: largest angle [rad] in it; hand_off: largest distance [m] of the
        hand that held the handle from where the person's was; from_handle: at t1, of the person's hand from where our handle would
        be with our door as far open as the person's; across: angle [rad] at t0 between the way in which the claw closes and the bar
        of our handle, a right angle where it grips best. Empty without a replay.
    """
    shown, draw = rollouts.shown, rollouts.draw
    if shown is None or draw is None:
        return []
    model = draw.model
    interface = next(p for p in scene.config.parts if p.name == part).part.interface
    door = model.joint(f"{part}/{interface['door']['joint']}")
    replayed = shown.qpos[:, int(door.qposadr[0])]
    clock = rollouts.offset + np.arange(len(replayed)) * scene.control_timestep
    data = mujoco.MjData(model)
    grip = first_grip(carried.source.targets.position, thing)
    hand = grip.hand if grip is not None else next(iter(carried.result.hands))
    track, spans = carried.result.hands[hand], []
    for low, high in thing.openings:
        t0, t1 = float(thing.t[low]), float(thing.t[high])
        there = (clock >= t0) & (clock <= t1 + AFTER)
        rows = (carried.result.t >= t0) & (carried.result.t <= t1)
        data.qpos[:] = shown.qpos[0]
        data.qpos[int(door.qposadr[0])] = thing.angle[high]
        mujoco.mj_kinematics(model, data)
        handle = data.site(f"{part}/{interface['handle']['site']}").xpos
        begin, end = (int(np.abs(carried.result.t - t).argmin()) for t in (t0, t1))
        bar = data.geom(f"{part}/{interface['handle']['geoms'][0]}").xmat.reshape(3, 3)[:, 2]
        spans.append(
            {
                "t0": t0,
                "t1": t1,
                "recorded": float(thing.angle[high]),
                "replayed": float(replayed[there].max()) if there.any() else 0.0,
                "hand_off": float(np.nanmax(track.off[rows])) if np.isfinite(track.off[rows]).any() else float("nan"),
                "from_handle": float(np.linalg.norm(track.target[end] - handle)),
                "across": float(np.arccos(np.clip(abs(track.rotation[begin][:, 1] @ bar), 0.0, 1.0))),
            }
        )
    return spans


# -- evidence -----------------------------------------------------------------------------------------------------------


def facts(judged: Judged) -> Iterator[Fact]:
    """Measured of the person: how fast the hands were, what the object did."""
    carried = judged.motions.carried
    if carried is None:
        return
    module = carried.source.module
    wrists = module.wrists(judged.recording) if hasattr(module, "wrists") else {}
    for hand, p in carried.source.targets.position.items():
        speed = np.linalg.norm(np.diff(p, axis=0), axis=1) / np.diff(carried.result.t)
        if not np.isfinite(speed).any():
            continue
        row = int(np.nanargmax(speed))
        values = {"hand": f"{hand}_hand", "speed": float(speed[row]), "t": float(carried.result.t[row])}
        if hand in wrists:
            wrist = np.linalg.norm(np.diff(wrists[hand], axis=0), axis=1) / np.diff(carried.result.t)
            values["wrist"] = float(np.nanmax(wrist))
        yield Fact("hand_speed", values | {"p95": float(np.nanpercentile(speed, 95))})
    thing = carried.thing
    if thing is None:
        return
    what = carried.placed.part or "object"
    opened = int(thing.angle.argmax())
    yield Fact(
        "hinged_opened",
        {
            "what": what,
            "largest": float(thing.angle[opened]),
            "t": float(thing.t[opened]),
            "openings": len(thing.openings),
            "ajar": len(thing.ajar),
        },
    )
    row = int(thing.moved.argmax())
    yield Fact(
        "hinged_moved",
        {
            "what": what,
            "moved": float(thing.moved[row]),
            "t": float(thing.t[row]),
            "lifted": float((thing.position[:, 2] - thing.position[0, 2]).max()),
            "turned": float(np.ptp(thing.turned)),
            "tilted": float(thing.tilted.max()),
        },
    )


def tables(judged: Judged) -> Iterator[Table]:
    """How near the hands came, of place and turn; and each opening of the door."""
    carried = judged.motions.carried
    if carried is None:
        return
    rows: list[list[Any]] = []
    for hand, track in carried.result.hands.items():
        for x, unit, factor in ((track.off, "mm", 1e3), (track.turned, "°", np.rad2deg(1.0))):
            if np.isfinite(x).any():
                figures = (np.nanmedian(x), np.nanpercentile(x, 95), np.nanmax(x))
                rows.append([f"{hand}_hand", *(round(float(factor * v), 1) for v in figures), unit])
    yield Table("carried", ["hand", "p50", "p95", "max", "unit"], rows)
    if carried.thing is not None and carried.placed.part:
        spans = door_spans(judged.scene, carried, judged.rollouts, carried.thing, carried.placed.part)
        if spans:
            yield Table(
                "openings",
                ["from_s", "to_s", "recorded_deg", "replayed_deg", "hand_off_mm", "from_handle_mm"],
                [
                    [
                        round(s["t0"], 2),
                        round(s["t1"], 2),
                        round(float(np.rad2deg(s["recorded"])), 1),
                        round(float(np.rad2deg(s["replayed"])), 1) + 0.0,  # no minus zero
                        round(1e3 * s["hand_off"]),
                        round(1e3 * s["from_handle"]),
                    ]
                    for s in spans
                ],
            )


def plots(judged: Judged) -> Iterator[Plot]:
    """How far the hands are off over time, and the door as recorded and as replayed."""
    carried = judged.motions.carried
    if carried is None:
        return
    rule = judged.rules["retarget.error"]
    marks = [
        {"t0": f.t0, "t1": f.t1, "code": f.code}
        for f in judged.findings
        if f.code in ("reach", "retarget.error") and f.level in ("WARN", "FAIL") and f.details.get("kind") != "turn"
    ]
    traces = [
        {"name": f"{hand}_hand", "t": carried.result.t, "y": track.off} for hand, track in carried.result.hands.items()
    ]
    bounds = [{"name": "warn", "value": rule.bound("warn")}, {"name": "fail", "value": rule.bound("fail")}]
    yield Plot("hand_off", "", "m", traces, bounds, marks)
    shown, draw, part = judged.rollouts.shown, judged.rollouts.draw, carried.placed.part
    if carried.thing is not None and part and shown is not None and draw is not None:
        scene = judged.scene
        interface = next(p for p in scene.config.parts if p.name == part).part.interface
        joint = draw.model.joint(f"{part}/{interface['door']['joint']}")
        replayed = shown.qpos[:, int(joint.qposadr[0])]
        clock = judged.rollouts.offset + np.arange(len(replayed)) * scene.control_timestep
        yield Plot(
            "door_angle",
            f"{part}/door",
            "rad",
            [
                {"name": "recorded", "t": carried.thing.t, "y": carried.thing.angle},
                {"name": "replayed", "t": clock, "y": replayed},
            ],
        )


def with_hands(
    judged: Judged, image: np.ndarray, model: mujoco.MjModel, qpos: np.ndarray, camera: str, t: float
) -> np.ndarray:
    """A picture of the replay at t [s of the recording] with rings where the person's hands were then.

    Args:
        model: that was painted, with its cameras; qpos: where everything in it is.
    """
    assert judged.motions.carried is not None
    result = judged.motions.carried.result
    row = int(np.abs(result.t - t).argmin())
    places = {hand: track.target[row] for hand, track in result.hands.items()}
    return ring(image, model, qpos, camera, places)


def moments(judged: Judged) -> dict[str, float]:
    """Caption -> [s] of pictures that show what the person did: how it begins, the hand at the handle, the door open, the worst."""
    carried = judged.motions.carried
    if carried is None:
        return {}
    t = carried.result.t
    found = {"start_person": float(t[0]), "end": float(t[-1])}
    if carried.thing is not None and carried.thing.openings:
        low, high = carried.thing.openings[0]
        found |= {"gripped": float(carried.thing.t[low]), "opened": float(carried.thing.t[high])}
    else:
        found["middle"] = float(t[len(t) // 2])
    worst = np.nanmax([np.nan_to_num(track.off) for track in carried.result.hands.values()], axis=0)
    furthest = float(t[int(worst.argmax())])
    if min(abs(furthest - other) for other in found.values()) > APART:
        found["furthest"] = furthest
    return found
