"""Columns and takes with nothing in them: NaN in every row, a single row, a hand in metres where percent is meant."""

from __future__ import annotations

import numpy as np
import pytest
from joint_streams import ELBOW, RATE, SHOULDER, stream
from shiliu.replay.checks.ranges import check_range
from shiliu.replay.checks.rules import load_rules
from shiliu.replay.checks.streams import check_missing
from shiliu.replay.judge.intake import judged
from shiliu.replay.recording.recording import Recording

RULES = load_rules()
T = np.arange(150) / RATE
WAY = np.clip((T - 1.0) / 0.5, 0.0, 1.0) - np.clip((T - 3.0) / 0.5, 0.0, 1.0)  # a hand closes and opens again


def take(rows=slice(None), **broken):
    """A take of two joints; `broken`: roles of which one joint is no number."""
    streams = {}
    for role, late in (("command", 0), ("measured", 3)):
        x = np.stack([-0.5 - 0.3 * np.sin(T - late / RATE), 0.2 * np.sin(2.0 * T - late / RATE)], axis=1)
        if role in broken:
            x[:, 0] = np.nan
        streams[role] = stream(role, x[rows], (ELBOW, SHOULDER), "joint_position", "rad")
    return Recording("a", "set#0", "", "robot", streams, metadata={"robot": "kuafu"})


def failed(recording):
    return {finding.code: finding for finding in judged(recording, RULES).findings if finding.failed}


@pytest.mark.parametrize("broken", [("command",), ("measured",), ("command", "measured")])
def test_a_joint_without_a_number_in_any_column_is_a_finding_and_no_crash(broken):
    found = failed(take(**dict.fromkeys(broken, True)))
    assert set(found) == {"value.nonfinite"} and ELBOW in found["value.nonfinite"].subject


def test_a_take_of_one_row_shows_nothing_and_one_of_two_is_no_matter_of_this():
    assert failed(take(slice(0, 1)))["stream.missing"].details["kind"] == "single"
    for rows in (slice(0, 2), slice(None)):
        (finding,) = check_missing(take(rows), RULES, 0)
        assert finding.level == "PASS"


@pytest.mark.parametrize(
    ("command", "measured", "kind"),
    [
        (0.085 * WAY, 0.08 * np.roll(WAY, 4), "length"),
        (0.085 * WAY, None, None),  # nothing shows that a hand moves
        (0.085 * WAY, np.zeros(150), None),
        (85.0 * WAY, 80.0 * np.roll(WAY, 4), None),
        (WAY, np.roll(WAY, 4), "share"),
        (0.04 + 0.04 * T / 5.0, np.full(150, 0.04), None),  # a trigger drifts
        (0.05 * np.random.default_rng(0).random(150), 0.05 * np.random.default_rng(1).random(150), None),
    ],
)
def test_a_hand_in_metres_is_in_another_unit(command, measured, kind):
    streams = [stream(role, x, ("left_claw",), "claw", "%") for role, x in (("command", command), ("measured", measured)) if x is not None]
    (finding,) = check_range(streams, RULES, 0)
    assert finding.details.get("kind") == kind and finding.failed == (kind is not None)


@pytest.mark.parametrize(("other", "kind"), [(0.07, "length"), (0.0, "length"), (70.0, None)])
def test_a_hand_that_creeps_beside_one_that_counts_to_a_hundred_rests(other, kind):
    """Its trigger is let go a little late; the other hand shows that percent are percent."""
    def both(late):
        return np.stack([0.085 * np.roll(WAY, late), other * np.roll(WAY, late)], axis=1)

    streams = [stream(role, both(late), ("left_claw", "right_claw"), "claw", "%") for role, late in (("command", 0), ("measured", 4))]
    (finding,) = check_range(streams, RULES, 0)
    assert finding.details.get("kind") == kind and finding.failed == (kind is not None)
