"""Commands behind a filter: the torques say which ones the servos had."""

from __future__ import annotations

import numpy as np
import pytest
from body_takes import RATE, N, behind, body_take, heaviest_of_all, modelled, motion, with_column
from shiliu.replay.recording.recording import Recording
from shiliu.replay.residual.arm_chain import own_chains


@pytest.fixture(scope="module")
def take() -> Recording:
    return with_column(body_take(), "effort", modelled(*motion()[1:]))


@pytest.mark.parametrize(("seconds", "seen"), [(0.15, True), (0.4, True), (0.02, False)])
def test_commands_behind_a_low_pass(take, seconds, seen):
    assert heaviest_of_all(take) is None
    c = motion()[0]
    smooth = behind(c, seconds)
    found = heaviest_of_all(with_column(take, "action", smooth))
    if not seen:
        assert found is None or not found.certain
        return
    assert (found.kind, found.name, found.certain, len(found.channels)) == ("command", "smoothed", True, 14)
    assert found.numbers["seconds"] == pytest.approx(seconds, rel=0.03)
    assert found.size == pytest.approx(float(np.abs(smooth - c)[:, :14].max()), abs=0.005)


def test_commands_that_are_means_over_more_than_a_second_about_each_row(take):
    c = motion()[0]
    half = 18
    padded = np.pad(c, ((half, half), (0, 0)), mode="edge")
    means = np.stack([padded[row : row + 2 * half + 1].mean(axis=0) for row in range(N)])
    found = heaviest_of_all(with_column(take, "action", means))
    assert (found.kind, found.name, found.certain) == ("command", "smoothed", True)
    assert found.numbers["seconds"] == pytest.approx(1.2, abs=0.1)


def test_a_servo_that_is_given_speeds_as_well_is_no_filter(take):
    """Damping over stiffness times the speed of the command is what a low-pass of so many seconds takes away."""
    gains = np.array([link.gains for chain in own_chains().values() for link in chain.links])
    c = motion()[0]
    ahead = np.diff(c, axis=0, prepend=c[:1]) * RATE
    effort = take.streams["effort"].values + gains[:, 1] * np.concatenate([ahead[:1], ahead[:-1]])
    found = heaviest_of_all(with_column(take, "effort", effort))
    assert found is None or (found.kind, found.certain) != ("command", True)
