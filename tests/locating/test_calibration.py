"""A camera from pictures of the board: true to within what it says, and refused where the pictures do not tell."""

from __future__ import annotations

import numpy as np
import pytest
from shiliu.scenarios.sheet.errors import ScenarioError

pytest.importorskip("cv2")
import cv2
from shiliu.replay.locating.calibrated_camera import SQUARE, SQUARES, board, calibrated

F, MIDDLE = 800.0, (480.0, 360.0)
PIXELS = 0.0005  # m, of the picture of the board


def picture(turn: np.ndarray, shift: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(720, 960, 3) uint8 of the board from a camera without distortion."""
    size = tuple(round(n * SQUARE / PIXELS) for n in SQUARES)
    flat = cv2.copyMakeBorder(board().generateImage(size), 20, 20, 20, 20, cv2.BORDER_CONSTANT, value=255)
    k = np.array([[F, 0, MIDDLE[0]], [0, F, MIDDLE[1]], [0, 0, 1.0]])
    turned = cv2.Rodrigues(turn)[0]
    middle = turned[:, :2] @ (np.array(flat.shape[::-1]) / 2 * PIXELS)
    way = k @ np.stack([turned[:, 0] * PIXELS, turned[:, 1] * PIXELS, shift - middle], axis=1)
    grey = cv2.GaussianBlur(cv2.warpPerspective(flat, way, (960, 720), borderValue=128), (0, 0), 0.6)
    noisy = np.clip(grey + rng.normal(0, 3, grey.shape), 0, 255).astype(np.uint8)
    return np.repeat(noisy[..., None], 3, axis=2)


def pictures(tilt: float) -> list[tuple[str, np.ndarray]]:
    """Nine, of a board that is tilted by up to some `tilt` rad, and is elsewhere in each."""
    rng = np.random.default_rng(2)
    sides = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (0.7, 0.7), (-0.7, 0.7), (0.7, -0.7), (-0.7, -0.7)]
    turns = tilt * np.array([(*side, 0.1 * i) for i, side in enumerate(sides)])
    shifts = [0.3, 0.3, 0.3] * rng.uniform([-0.2, -0.15, 0.9], [0.2, 0.15, 1.3], (9, 3))
    return [(f"{i}.png", picture(turn, shift, rng)) for i, (turn, shift) in enumerate(zip(turns, shifts))]


def test_a_board_that_is_tilted_gives_the_camera_to_within_what_is_said():
    camera, note = calibrated(pictures(0.5))
    assert abs(camera.matrix[0] - F) < 3 * camera.within[0] < 20
    assert np.abs(np.subtract(camera.matrix[2:], MIDDLE)).max() < 3 * camera.within[1] < 20
    assert "9 pictures" in note


@pytest.mark.parametrize("tilt", [0.0, 0.05])
def test_a_board_in_one_tilt_is_no_calibration_however_well_it_fits(tilt):
    with pytest.raises(ScenarioError, match=r"from 1 side; 4 are needed"):
        calibrated(pictures(tilt))
