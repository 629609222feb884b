"""Elements that a sender names: in its own order, with others beside them, a part of them, and twice."""

from pathlib import Path

import pytest
from shiliu.replay.formats.mapping import StreamRule, TopicRule
from shiliu.replay.formats.rosbag.topic import TopicBuffer
from shiliu.scenarios.sheet.errors import EpisodeError


def named(spelled, **changes):
    known = {"fields": ("position",), "names": ("a", "b", "c"), "role": "measured", "quantity": "joint_position", "unit": "rad"}
    rule = StreamRule(**(known | {"spelled_in": "name", "spellings": (("j1", "j2", "j3"),)} | changes))
    buffer = TopicBuffer(Path("take.bag"), "/arm", TopicRule("sensor_msgs/msg/JointState", "receive", (rule,)))
    found = buffer._read_names(buffer.columns[0], spelled)
    return found.names, None if found.picked is None else found.picked.tolist(), found.part


@pytest.mark.parametrize(
    ("spelled", "wanted"),
    [
        (("a", "b", "c"), (("a", "b", "c"), None, False)),
        (("c", "a", "b"), (("c", "a", "b"), None, False)),
        (("j2", "j1", "j3"), (("b", "a", "c"), None, False)),  # by another spelling
        (("x", "c", "a", "y", "b"), (("c", "a", "b"), [1, 2, 4], False)),  # with others beside them
        (("c", "x"), (("c",), [0], True)),  # a part: another sender may give the rest
        (("x", "y"), ((), None, False)),  # another robot's
    ],
)
def test_elements_are_found_by_their_names(spelled, wanted):
    assert named(spelled) == wanted


@pytest.mark.parametrize("spelled", [("a", "b", "c", "a"), ("a", "b", "b", "c", "x")])
def test_a_name_that_stands_twice_is_none(spelled):
    with pytest.raises(EpisodeError, match="no spelling of the mapping is"):
        named(spelled)


@pytest.mark.parametrize("changes", [{"each": "joints"}, {"suffixes": ("x", "y")}])
@pytest.mark.parametrize("spelled", [("a", "b", "c", "x"), ("a", "b")])
def test_elements_of_several_values_each_come_whole_and_alone(spelled, changes):
    assert named(("b", "a", "c"), **changes)[0] == ("b", "a", "c")
    with pytest.raises(EpisodeError, match="no spelling of the mapping is"):
        named(spelled, **changes)
