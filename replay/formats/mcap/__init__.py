"""MCAP files, in and out."""

from ..records import PageRow, Reader, Writer

READERS = (
    Reader(
        "mcap",
        "MCAP files",
        "MCAP file (*.mcap), our own or a ROS 2 recording through a mapping",
        f"{__name__}.read",
        endings=(".mcap",),
        magic=b"\x89MCAP0\r\n",
        messages=True,
        rows=(
            PageRow(
                "MCAP (`*.mcap`)",
                "our own describes itself, ROS 2 ones through a mapping",
                "`export to=mcap`, any recording; `import` keeps the raw streams so",
                "equal in every field and bit",
                "one recording",
                "the five Kuavo bags and a demonstration, there and back; messages decoded by `mcap_ros2`",
            ),
        ),
    ),
)
WRITERS = (
    Writer("mcap", "MCAP files, one a recording, every bit of it", f"{__name__}.write", format="mcap", pictures=False),
)
