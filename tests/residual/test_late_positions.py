"""Positions behind a filter, of which speeds and hands tell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from body_takes import JOINTS, N, behind, body_take, heaviest_of_all, with_column
from shiliu.replay.residual.bodies import ComparedColumns

REST = 250  # rows before and after which the arms rest


@pytest.fixture(scope="module")
def take():
    """Commands, positions, speeds and poses of a body that rests, swings, and rests again: at rest a hand is where its joints put it."""
    at = np.clip(np.arange(N), REST, N - 100)
    moves = (at == np.arange(N))[:, None]
    kept = ("action", "state", "velocity", "hand_pose")
    streams = {name: replace(body_take().streams[name], values=body_take().streams[name].values[at]) for name in kept}
    streams["velocity"] = replace(streams["velocity"], values=streams["velocity"].values * moves)
    trembles = 1e-6 * np.sin(np.arange(N))[:, None]  # it was measured to the end, and not padded
    streams["state"] = replace(streams["state"], values=streams["state"].values + trembles)
    return replace(body_take(), streams=streams)


@pytest.mark.parametrize(("seconds", "seen"), [(0.2, True), (0.4, True), (0.0, False)])
def test_positions_behind_a_low_pass(take, seconds, seen):
    q = take.streams["state"].values
    slow = behind(q, seconds) if seconds else q
    found = heaviest_of_all(with_column(take, "state", slow))
    if not seen:
        assert found is None or not found.certain
        return
    assert (found.kind, found.name, found.certain) == ("measured", "smoothed", True) and set(found.channels) == set(JOINTS[:14])
    assert found.numbers["seconds"] == pytest.approx(seconds, rel=0.25)
    assert found.size == pytest.approx(float(np.abs(slow - q)[:, :14].max()), rel=0.2)


def smooth(x, half=15):
    """A moving mean to both sides, as a filter that is run forwards and backwards: nothing is late."""
    kernel = np.hanning(2 * half + 3)[1:-1]
    wide = np.pad(x, ((half, half), (0, 0)), mode="edge")
    return np.stack([np.convolve(column, kernel / kernel.sum(), mode="valid") for column in wide.T], axis=1)


@pytest.mark.parametrize(("speeds_too", "kind"), [(False, "measured"), (True, "pose")])
def test_positions_that_were_smoothed_to_both_sides(take, speeds_too, kind):
    """The hand moves as the speeds say, or as the positions do: that side is right."""
    slow = with_column(take, "state", smooth(take.streams["state"].values))
    if speeds_too:
        slow = with_column(slow, "velocity", smooth(take.streams["velocity"].values))
    certain = [d for d in ComparedColumns(slow).differences if d.certain]
    assert {d.kind for d in certain} == {kind}
    assert kind == "pose" or set(JOINTS[:14]) == {name for d in certain for name in d.channels}


def test_positions_that_are_early(take):
    """Commands written as measurements: the poses seem late by as much, and the speeds tell."""
    q = take.streams["state"].values
    found = heaviest_of_all(with_column(take, "state", np.concatenate([q[4:], np.repeat(q[-1:], 4, axis=0)])))
    assert found.certain and found.kind == "measured" and set(found.channels) <= set(JOINTS[:14])
    assert found.numbers["late"] == pytest.approx(-4 / 30.0, abs=0.01)


def test_a_pose_that_is_late_by_itself_is_the_hand_s(take):
    pose = take.streams["hand_pose"].values
    late = np.concatenate([np.repeat(pose[:1], 6, axis=0), pose[:-6]])
    certain = [d for d in ComparedColumns(with_column(take, "hand_pose", late)).differences if d.certain]
    assert certain and {d.kind for d in certain} == {"pose"}
