"""The moments of a strip differ from one another."""

import numpy as np
from shiliu.replay.operator.skill_strip import differing, unlike


def test_a_robot_that_stands_still_is_not_drawn_twice():
    qpos = np.zeros((600, 3))
    qpos[:100, 1] = np.linspace(0.0, 0.5, 100)  # moves for 100 rows, and stands for 500
    qpos[100:, 1] = 0.5
    rows = differing(qpos, 8)
    assert rows[0] == 0 and len(rows) == 8 and max(rows) <= 100
    steps = np.diff(qpos[rows, 1])
    assert (steps > 0.05).all()


def test_what_moves_at_the_end_is_drawn_at_the_end():
    qpos = np.zeros((50, 2))
    qpos[40:, 0] = np.linspace(0.0, 0.4, 10)
    assert differing(qpos, 8)[-1] == 49
    assert differing(np.zeros((50, 2)), 8) == [0]
    assert differing(np.zeros((1, 2)), 8) == [0]


def test_rows_that_are_alike_are_left_out():
    assert unlike(np.array([[0.0], [0.001], [0.3], [0.302], [0.0]])) == [0, 2, 4]
