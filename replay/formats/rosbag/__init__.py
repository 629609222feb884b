"""ROS bags, in and out."""

from ..records import PageRow, Reader, Writer

READERS = (
    Reader(
        "rosbag1",
        "ROS 1 bags",
        "ROS 1 bag v2.0 (*.bag), through a mapping",
        f"{__name__}.bag1",
        endings=(".bag",),
        magic=b"#ROSBAG V",
        messages=True,
        broken={".active": "the recording of this bag was cut off; `rosbag reindex` mends it"},
        rows=(
            PageRow(
                "ROS 1 bag (`*.bag`)",
                "through a mapping",
                "`export to=rosbag`, episodes of the simulation as the real robot would have recorded them",
                "values, order and all clocks as stored; own episodes to the bit",
                "values of one bag",
                "five bags of a Kuavo; types, md5 sums, definitions and field order equal those of a real session",
            ),
        ),
    ),
    Reader(
        "rosbag2",
        "ROS 2 bags",
        "ROS 2 bag in SQLite (*.db3), through a mapping",
        f"{__name__}.bag2",
        endings=(".db3",),
        messages=True,
        mapped=False,
        broken={".zstd": "the file is compressed as a whole; `zstd -d` unpacks it"},
        rows=(
            PageRow(
                "ROS 2 bag (`*.db3`)",
                "through a mapping",
                "no",
                "values, order and clocks as stored",
                "values of one bag",
                "bags that the tests write with `rosbags`",
            ),
        ),
    ),
)
WRITERS = (Writer("rosbag", "ROS 1 bags of the maker's topics, one an episode", f"{__name__}.write", format="rosbag1"),)
