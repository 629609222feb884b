"""What a mapping says of one topic."""

from __future__ import annotations

from dataclasses import dataclass

from .stream_rule import StreamRule


@dataclass(frozen=True)
class TopicRule:
    """What one channel holds, and which clocks it has.

    Attributes:
        type: the message type that the rule is for (`sensor_msgs/msg/JointState`).
        clock: the clock to judge by.
        streams: what to take out of a message.
        capture: dotted path of the sender's stamp, or None.
        device: dotted path of a further clock, or None.
        device_ns: nanoseconds in one tick of `device` where it is an integer; None for a ROS time.
    """

    type: str
    clock: str
    streams: tuple[StreamRule, ...]
    capture: str | None = None
    device: str | None = None
    device_ns: int | None = None
