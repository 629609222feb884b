"""Quaternions and matrices of poses, and data of a model that is put somewhere."""

import mujoco
import numpy as np
import pytest
from shiliu.scenarios.parts.pose import matrix_of, posed, quat_of, turned_by

HALF = np.deg2rad(15.0)
ABOUT_Z = np.array([np.cos(HALF), 0.0, 0.0, np.sin(HALF)])  # by 30 deg
ABOUT_X = np.array([np.cos(HALF), np.sin(HALF), 0.0, 0.0])


def test_a_matrix_turns_as_its_quaternion_does():
    c, s = np.cos(2 * HALF), np.sin(2 * HALF)
    assert matrix_of(ABOUT_Z) == pytest.approx(np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]), abs=1e-12)
    assert quat_of(matrix_of(ABOUT_X)) == pytest.approx(ABOUT_X, abs=1e-12)
    assert quat_of(matrix_of(ABOUT_X).T) == pytest.approx(ABOUT_X * [1, -1, -1, -1], abs=1e-12), "a view is read by its rows"


def test_the_first_turn_comes_after_the_second():
    both = matrix_of(ABOUT_Z) @ matrix_of(ABOUT_X)
    assert matrix_of(turned_by(ABOUT_Z, ABOUT_X)) == pytest.approx(both, abs=1e-12)
    assert np.abs(matrix_of(turned_by(ABOUT_X, ABOUT_Z)) - both).max() > 0.1


def test_a_model_is_looked_at_where_it_is_put():
    model = mujoco.MjModel.from_xml_string(
        '<mujoco><worldbody><body pos="0.1 0 0.2"><joint type="slide" axis="0 1 0"/><geom size="0.01"/></body></worldbody></mujoco>'
    )
    assert posed(model).xpos[1] == pytest.approx([0.1, 0.0, 0.2])
    assert posed(model, [0.3]).xpos[1] == pytest.approx([0.1, 0.3, 0.2])
