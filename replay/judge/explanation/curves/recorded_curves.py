"""Curves of what the recording tells together with what was read out of it: a person's hands, the pictures."""

from __future__ import annotations

import numpy as np

from ....checks.curves import MM, bounds
from ....checks.finding import Finding, Plot
from ....checks.images import joints_of
from ...facts.results import Judged


def _hand_steps(judged: Judged, finding: Finding) -> Plot | None:
    if judged.motions.carried is None:
        return None
    traces = []
    for hand, track in judged.motions.carried.result.hands.items():
        step = np.linalg.norm(np.diff(track.target, axis=0), axis=1)
        traces.append({"name": f"{hand}_hand", "t": judged.motions.carried.result.t[1:], "y": MM * step})
    return Plot("hand_step", "", "mm", traces, bounds(judged.rules[finding.code], MM))


def _brightness(judged: Judged, finding: Finding) -> Plot | None:
    seen = next((one for one in judged.integrity.brightness if one.camera in finding.subject), None)
    return (
        None
        if seen is None
        else Plot("brightness", seen.camera, "1", [{"name": "recording", "t": seen.t, "y": seen.brightness}])
    )


def _change(judged: Judged, finding: Finding) -> Plot | None:
    """How much a picture differs from the one before, and how fast the joints move, each as a share of its largest."""
    seen = next((one for one in judged.integrity.brightness if one.camera in finding.subject), None)
    joints = joints_of(judged.recording)
    if seen is None or joints is None or len(seen.t) < 3:
        return None
    t = 0.5 * (seen.t[1:] + seen.t[:-1])
    traces = []
    for name, y in (("pictures", seen.change), ("joints", joints.speed(t, 5 * float(np.median(np.diff(seen.t)))))):
        y = np.sqrt(np.convolve(y, np.full(5, 0.2), "same"))
        traces.append({"name": name, "t": t, "y": y / max(float(np.nanmax(y)), 1e-9)})
    return Plot("change", seen.camera, "1", traces)


CURVES = {
    "hand.jump": _hand_steps,
    "image.black": _brightness,
    "image.frozen": _change,
    "image.late": _change,
}
