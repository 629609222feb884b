"""When a thing in a hand may touch what: what is meant always may, and what it was taken from or is set down on about then."""

from __future__ import annotations

from types import SimpleNamespace

import mujoco
import numpy as np
import pytest
from shiliu.replay.judge.facts.held_contacts import AHEAD, HeldSpan, _columns, _driven, _meant

MODEL = mujoco.MjModel.from_xml_string("""
<mujoco><worldbody>
  <body name="shelf/shelf"><body name="shelf/frame"><geom type="box" size="1 1 0.1"/>
    <body name="shelf/board" pos="0 0 0.3"><geom type="box" size="1 1 0.01"/></body></body></body>
  <body name="post/post" pos="3 0 0"><geom type="box" size="0.1 0.1 1"/>
    <body name="post/hook"><geom type="box" size="0.1 0.1 1"/></body></body>
  <body name="lamp/lamp" pos="5 0 0"><geom type="box" size="0.1 0.1 0.1"/></body>
  <body name="cup/cup" pos="0 0 0.5"><freejoint/><geom type="box" size="0.05 0.05 0.05"/></body>
</worldbody></mujoco>""")
DT, N = 0.1, 100
HOLD = [HeldSpan("cup", ("left_claw",), 20, 60)]


def scene(**meant):
    """A cup that may meet these bodies, some of them at any time; beside a lamp that is held, too, and meets two."""

    def held(body, of):
        return SimpleNamespace(body=body, meetings=[SimpleNamespace(other=other.replace("__", "/"), meant=always) for other, always in of])

    lamp = held("lamp/lamp", [("post__post", False), ("shelf__frame", False)])
    return SimpleNamespace(model=MODEL, control_timestep=DT, holdable={"lamp": lamp, "cup": held("cup/cup", meant.items())})


def met(*spans):
    found = np.zeros((N, len(spans)), bool)
    for j, span in enumerate(spans):
        for first, last in span:
            found[first : last + 1, j] = True
    return found


def stretch(found):
    steps = np.flatnonzero(found)
    return (int(steps[0]), int(steps[-1])) if len(steps) else None


def test_what_is_meant_may_be_touched_at_any_time_and_what_is_not_at_none():
    of = scene(post__post=True, shelf__frame=False)
    touched = met([(40, 45)], [])
    assert _meant(of, "cup", "post/post", touched, HOLD).all()
    assert not _meant(of, "cup", "shelf/frame", touched, HOLD).any(), "it never touched it as it was taken or set down"
    assert not _meant(of, "cup", "lamp/lamp", touched, HOLD).any(), "nobody asks for that"


def test_what_hangs_on_a_top_body_is_measured_alone():
    touched = met([(0, 25)], [])
    of = scene(post__post=False)
    assert _meant(of, "cup", "post/post", touched, HOLD).any() and not _meant(of, "cup", "post/hook", touched, HOLD).any()


@pytest.mark.parametrize("other", ["shelf/frame", "shelf/board"])
@pytest.mark.parametrize(
    ("touched", "wanted"),
    [([(0, 25)], (0, 25)), ([(58, 99)], (58, 99)), ([(40, 45)], None), ([(0, 22), (40, 45)], (0, 22)), ([(0, 10)], None)],
)
def test_what_a_thing_was_taken_from_or_is_set_down_on_may_be_touched_about_then(other, touched, wanted):
    """And a body that hangs on it, half a second before and after."""
    found = _meant(scene(post__post=False, shelf__frame=False), "cup", other, met([], touched), HOLD)
    ahead = round(AHEAD / DT)
    assert stretch(found) == (None if wanted is None else (max(0, wanted[0] - ahead), min(N - 1, wanted[1] + ahead)))


def test_columns_of_what_is_met_are_a_thing_after_another():
    of = scene(post__post=False, shelf__frame=False, lamp__lamp=True)
    assert _columns(of, "lamp") == [0, 1] and _columns(of, "cup") == [2, 3, 4]
    with pytest.raises(KeyError):
        _columns(of, "jug")


@pytest.mark.parametrize(("thing", "begin"), [("lamp", 20), ("cup", 90)])
def test_a_thing_that_hangs_on_nothing_free_or_is_held_in_no_row_strikes_nothing(thing, begin):
    of = scene(post__post=False)
    held = SimpleNamespace(thing=thing, hand="left_claw", begin=begin, end=95, left=None)
    looked = SimpleNamespace(t=np.arange(60) * DT, fixtures=None, qpos=None)
    played = SimpleNamespace(met=None, qpos=None)
    assert _driven(of, SimpleNamespace(draw=SimpleNamespace(model=MODEL)), played, held, HOLD, looked, looked.t) == []
