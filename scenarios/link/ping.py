"""A link fitted to what `ping` prints."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np

from ..sheet.errors import ScenarioError

_TIME = re.compile(r"(?:time|时间)\s*[=<]\s*([\d.]+)\s*ms", re.IGNORECASE)
_COUNTS = re.compile(
    r"(\d+) packets transmitted,\s*(\d+) (?:packets )?received|Sent = (\d+), Received = (\d+)|已发送 = (\d+)，已接收 = (\d+)"
)
FEW = 10  # replies, below which no spread is fitted


def fitted(file: Path) -> dict[str, Any]:
    """Keys of a link from the text output of ping (Linux, macOS, Windows).

    Assumed, and said in `source`: both ways take half of the round trip, and vary independently, so that the one-way deviation is
    that of the round trip over the square root of two; each way loses the same share, one message at a time (no drop-outs).

    Raises:
        ScenarioError: no such file, or fewer than ten replies in it.
    """
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ScenarioError(f"cannot be read: {error.strerror}.", file=file, field="link.ping") from None
    trip = 1e-3 * np.array([float(one) for one in _TIME.findall(text)])
    if len(trip) < FEW:
        raise ScenarioError(
            f"holds {len(trip)} replies with time=... ms; {FEW} are needed. Save what `ping -c 100 HOST` prints.",
            file=file,
            field="link.ping",
        )
    counts = _COUNTS.search(text)
    sent, got = (int(one) for one in counts.groups() if one) if counts else (len(trip), len(trip))
    lost = max(1.0 - got / sent, 0.0)
    delay = 0.5 * float(trip.mean())
    return {
        "delay": round(delay, 6),
        "jitter": round(min(float(trip.std()) / math.sqrt(2.0), delay), 6),
        "loss": round(1.0 - math.sqrt(1.0 - min(lost, 0.999)), 6),
        "source": f"fitted to {len(trip)} replies of {file.name}: half of the round trip each way, both ways independent, "
        f"losses single{'' if counts else ', no loss known (no summary line)'}",
    }
