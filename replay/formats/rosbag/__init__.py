"""ROS bags, in and out."""

from ..records import Reader, Writer

READERS = (
    Reader(
        "rosbag1",
        "ROS 1 bags",
        "ROS 1 bag v2.0 (*.bag), through a mapping",
        f"{__name__}.bag1",
        endings=(".bag",),
        magic=b"#ROSBAG V",
        messages=True,
        broken={".active": "a bag whose recording was cut off; `rosbag reindex` mends it"},
    ),
    Reader(
        "rosbag2",
        "ROS 2 bags",
        "ROS 2 bag in SQLite (*.db3), through a mapping",
        f"{__name__}.bag2",
        endings=(".db3",),
        messages=True,
        mapped=False,
    ),
)
WRITERS = (
    Writer("rosbag", "ROS 1 bags of the maker's topics, one an episode", f"{__name__}.export", format="rosbag1"),
)
