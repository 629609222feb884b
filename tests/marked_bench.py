"""A table with four printed markers and three things with one each, as their file has them and as they truly lie."""

from __future__ import annotations

import numpy as np
from rendered import Lens, looking
from shiliu.replay.locating.calibrated_camera import CalibratedCamera
from shiliu.replay.locating.estimation import Carrier, _moved
from shiliu.replay.locating.markers import Marker, MarkerSet
from shiliu.replay.locating.places import DRAWN, RESTS, UPRIGHT
from shiliu.scenarios.parts.pose import Pose

SIZE = (640, 480)
MARKERS = MarkerSet(
    "bench",
    (
        Marker(3, "table.top", 0.06, (-0.22, -0.32, 0)),
        Marker(4, "table.top", 0.06, (-0.22, 0.32, 0)),
        Marker(5, "table.top", 0.06, (0.22, 0.32, 0)),
        Marker(6, "table.top", 0.06, (0.22, -0.32, 0)),
        Marker(7, "bowl", 0.05, (0, 0, 0.06)),
        Marker(8, "tray", 0.08, (0.05, 0.02, 0.004)),
        Marker(9, "box", 0.06, (0, 0.01, 0.12), turned=0.3),
    ),
)
THINGS = {"bowl": (0.40, 0.20), "tray": (0.45, -0.20), "box": (0.60, 0.05)}


def bench(height: float = 0.7e-3) -> dict[str, Carrier]:
    """A table that was surveyed to `height`, and three things somewhere on it."""
    free = np.array([np.inf, np.inf, np.hypot(RESTS, height), UPRIGHT, UPRIGHT, np.inf])
    known = np.array([DRAWN[0], DRAWN[0], height, *[DRAWN[1]] * 3])
    return {"table.top": Carrier(Pose.of((0.5, 0, 0.87)), known)} | {
        thing: Carrier(Pose.of((*at, 0.87)), free) for thing, at in THINGS.items()
    }


def true_poses(rng: np.random.Generator) -> dict[str, Pose]:
    lift = rng.normal(0, 0.5e-3)
    found = {"table.top": Pose.of((0.5, 0, 0.87 + lift))}
    for thing, (x, y) in THINGS.items():
        at = Pose.of((x + rng.uniform(-0.1, 0.1), y + rng.uniform(-0.1, 0.1), 0.87 + lift), rng.uniform(-3, 3))
        found[thing] = _moved(at, np.array([0, 0, 0, *rng.normal(0, UPRIGHT / 2, 2), 0]))
    return found


def pasted(true: dict[str, Pose], rng: np.random.Generator) -> list[tuple[Marker, Pose]]:
    offset, turn = MARKERS.pasted[0] / 2, MARKERS.pasted[1] / 2
    return [
        (m, true[m.on] @ m.pose @ Pose.of((*rng.normal(0, offset, 2), 0.0), rng.normal(0, turn)))
        for m in MARKERS.markers
    ]


def lens_of(rng: np.random.Generator, mode: int) -> tuple[Lens, CalibratedCamera]:
    """What the camera does, and what its calibration says of it."""
    f, within = 640 * rng.uniform(0.75, 0.95), (0.4, 0.4)
    bent = (rng.uniform(-0.25, 0.1), rng.uniform(-0.1, 0.1), *rng.normal(0, 5e-4, 2), 0.0)
    covers = [
        tuple((x + a, y + b) for a, b in ((0, 0), (9, 2), (20, 40), (3, 44)))
        for x, y in rng.uniform((0, 0), SIZE, (25, 2))
    ]
    glare = [(x, y, rng.uniform(8, 60)) for x, y in rng.uniform((0, 0), SIZE, (10, 2))]
    lens = Lens(
        CalibratedCamera(SIZE, (f, f, 322.0, 236.0), bent),
        blur=(0.3, 0.6, 1.0, 0.4, 0.4)[mode],
        smear=(0, 0, 0, 4, 0)[mode],
        noise=rng.uniform(1, 5),
        covers=tuple(covers) if mode in (1, 4) else (),
        glare=tuple(glare) if mode == 4 else (),
    )
    off = rng.normal(0, 1, 3) * [within[0], within[1], within[1]]
    return lens, CalibratedCamera(SIZE, (f + off[0], f + off[0], 322.0 + off[1], 236.0 + off[2]), bent, within)


def seen_from(rng: np.random.Generator) -> Pose:
    eye = np.array([rng.uniform(-0.4, 0.2), rng.uniform(-0.6, 0.6), rng.uniform(1.45, 1.75)])
    return looking(eye, np.array([0.45, 0.0, 0.8]) + rng.normal(0, 0.05, 3), rng.normal(0, 0.2))
