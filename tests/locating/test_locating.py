"""Poses by markers: what is claimed is true to within what is claimed, through lens, blur, glare and covers; what is not is said."""

from __future__ import annotations

import os

import numpy as np
import pytest
from shiliu.replay.locating.estimation import ANGLE, POSITION, Carrier, estimate
from shiliu.replay.locating.markers import Marker, MarkerSet
from shiliu.replay.locating.places import difference
from shiliu.scenarios.parts.pose import Pose
from shiliu.scenarios.sheet.errors import EpisodeError, ScenarioError

pytest.importorskip("cv2")
from marked_bench import MARKERS, SIZE, THINGS, bench, lens_of, pasted, seen_from, true_poses
from rendered import Lens, looking, sketch
from shiliu.replay.locating.calibrated_camera import CalibratedCamera, read_camera
from shiliu.replay.locating.detection import detect
from shiliu.replay.locating.locating import read_pictures


def errors(seeds: range) -> list[tuple[float, float, float, float]]:
    """Of every claim: errors of place and turn, and the bounds that were claimed."""
    found = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        true = true_poses(rng)
        lens, calibrated = lens_of(rng, seed % 5)
        picture = sketch(pasted(true, rng), seen_from(rng), lens, rng)
        seen = detect(picture, calibrated, set(MARKERS.by_id())).seen
        for on, placed in estimate(seen, MARKERS, bench(), calibrated).placed.items():
            off = difference(true[on], placed.pose)
            if on in THINGS:
                found.append((np.linalg.norm(off[:3]), np.linalg.norm(off[3:]), placed.position, placed.angle))
    return found


def check(found: list[tuple[float, float, float, float]], least: int) -> None:
    place, turn, position, angle = np.array(found).T
    assert len(found) >= least
    assert place.max() <= POSITION and turn.max() <= ANGLE
    assert position.max() <= POSITION and angle.max() <= ANGLE
    assert np.mean((place <= position) & (turn <= angle)) >= 0.95
    assert np.median(place / position) > 0.1  # no bound so wide that it says nothing


def test_what_is_claimed_is_true():
    check(errors(range(15)), 12)


@pytest.mark.slow
def test_what_is_claimed_is_true_over_many_pictures():
    check(errors(range(100, 400)), 300)


def one_picture(rng: np.random.Generator, change=None) -> tuple[dict[str, Pose], np.ndarray, CalibratedCamera]:
    true = true_poses(rng)
    if change is not None:
        change(true)
    camera = CalibratedCamera(SIZE, (540.0, 540.0, 320.0, 240.0), (-0.1, 0.02, 0, 0, 0), (0.4, 0.4))
    view = looking(np.array([-0.15, 0.1, 1.6]), np.array([0.45, 0.0, 0.8]))
    return true, sketch(pasted(true, rng), view, Lens(camera, blur=0.4), rng), camera


def test_a_thing_that_does_not_stand_on_the_table_is_not_claimed():
    def raised(true):
        true["tray"] = Pose.of((0.0, 0.0, 0.03)) @ true["tray"]

    rng = np.random.default_rng(3)
    _, picture, camera = one_picture(rng, raised)
    found = estimate(detect(picture, camera, set(range(10))).seen, MARKERS, bench(), camera)
    assert "tray" not in found.placed and {"bowl", "box"} <= set(found.placed)


def test_a_marker_pasted_elsewhere_is_left_out():
    rng = np.random.default_rng(4)
    true, picture, camera = one_picture(rng)
    markers = tuple(
        Marker(m.id, m.on, m.size, (m.at[0] + 0.03, *m.at[1:])) if m.id == 4 else m for m in MARKERS.markers
    )
    given = MarkerSet("bench", markers)
    found = estimate(detect(picture, camera, set(range(10))).seen, given, bench(), camera)
    assert found.left_out == (4,)
    assert np.linalg.norm(difference(true["bowl"], found.placed["bowl"].pose)[:3]) <= found.placed["bowl"].position


def test_an_unknown_table_without_the_cells_markers_is_no_anchor():
    _, picture, camera = one_picture(np.random.default_rng(5))
    carriers = bench()
    sigma = np.array([1e-3, 1e-3, np.inf, 1e-3, 1e-3, 1e-3])
    carriers["table.top"] = Carrier(carriers["table.top"].guess, sigma)
    found = estimate(detect(picture, camera, set(range(10))).seen, MARKERS, carriers, camera)
    assert not found.placed and set(found.unknown.values()) == {"no_anchor"}


@pytest.mark.parametrize(("share", "why"), [(0.0, None), (0.35, {"hidden", None}), (0.8, {"hidden", "unseen"})])
def test_a_marker_that_is_partly_hidden_is_measured_truly_or_refused(share, why):
    camera = CalibratedCamera(SIZE, (540.0, 540.0, 320.0, 240.0), within=(0.4, 0.4))
    view = looking(np.array([0.0, -0.02, 1.0]), np.array([0.0, 0.0, 0.0]))
    marker, middle = Marker(8, "tray", 0.1, (0, 0, 0)), Pose.of((0.01, 0.02, 0.0), 0.4)
    clear = detect(sketch([(marker, middle)], view, Lens(camera), np.random.default_rng(1)), camera, {8}).seen[0]
    low, high = clear.outline.min(axis=0), clear.outline.max(axis=0)
    edge = low[0] + share * (high[0] - low[0]) - 12 * (share == 0.0)
    cover = ((low[0] - 60, low[1] - 30), (edge, low[1] - 30), (edge, high[1] + 30), (low[0] - 60, high[1] + 30))
    found = detect(
        sketch([(marker, middle)], view, Lens(camera, covers=(cover,)), np.random.default_rng(1)), camera, {8}
    )
    if why is None:
        assert len(found.seen) == 1 and np.abs(found.seen[0].corners - clear.corners).max() < 0.3
    else:
        assert not found.seen and found.refused.get(8, "unseen") in why | {"unseen"}


def test_a_blurred_square_keeps_its_size():
    """The corner of a blurred square moves inwards; its sides do not."""
    camera = CalibratedCamera(SIZE, (540.0, 540.0, 320.0, 240.0))
    view = looking(np.array([0.0, -0.02, 1.0]), np.array([0.0, 0.0, 0.0]))
    marker, middle = Marker(8, "tray", 0.1, (0, 0, 0)), Pose.of((0.01, 0.02, 0.0), 0.4)
    sizes = []
    for blur in (0.3, 2.0):
        seen = detect(
            sketch([(marker, middle)], view, Lens(camera, blur=blur), np.random.default_rng(1)), camera, {8}
        ).seen
        corners = seen[0].corners
        sizes.append(np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1).mean())
    assert sizes[0] == pytest.approx(54.0, abs=0.3)  # 0.1 m at 1 m by 540 px
    assert sizes[1] == pytest.approx(sizes[0], abs=0.15)


def test_a_camera_without_distortion_is_read_and_what_is_wrong_is_named_once(tmp_path):
    file = tmp_path / "camera.yaml"
    file.write_text("size: 640x480\nmatrix: {fx: 500, fy: 510, cx: 321, cy: 242}\n")
    assert read_camera(file).distortion == (0.0,) * 5
    file.write_text("size: 640x480\nmatrix: {fx: 500, fy: 510, cx: 321}\nwithin: {f: -1, c: 2}\n")
    with pytest.raises(ScenarioError) as error:
        read_camera(file)
    assert "cy" in str(error.value) and "standard deviations" in str(error.value) and "distortion" not in str(error.value)


@pytest.mark.parametrize("fy", ["-500", "0", "50000"])
def test_both_focal_lengths_must_fit_the_picture(tmp_path, fy):
    file = tmp_path / "camera.yaml"
    file.write_text(f"size: 640x480\nmatrix: {{fx: 500, fy: {fy}, cx: 321, cy: 242}}\n")
    with pytest.raises(ScenarioError, match=r"camera\.yaml:2: matrix: does not fit pictures of this size"):
        read_camera(file)


def test_what_a_file_calls_exact_is_taken_so():
    true, picture, camera = one_picture(np.random.default_rng(4))
    exact = CalibratedCamera(camera.size, camera.matrix, camera.distortion, (0.0, 0.0))
    markers = MarkerSet("bench", MARKERS.markers, (0.0, 0.0))
    found = estimate(detect(picture, camera, set(range(10))).seen, MARKERS, bench(), exact).placed["bowl"]
    assert np.linalg.norm(difference(true["bowl"], found.pose)[:3]) <= found.position
    strict = estimate(detect(picture, camera, set(range(10))).seen, markers, bench(), exact)
    assert all(np.isfinite(one.position) for one in strict.placed.values())


def test_a_pipe_among_pictures_is_reported_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(EpisodeError, match="is a pipe"):
        read_pictures([tmp_path])
    with pytest.raises(EpisodeError, match="there is no such file"):
        read_pictures([tmp_path / "b.jpg"])
