"""MCAP files, in and out."""

from ..records import Reader, Writer

READERS = (
    Reader(
        "mcap",
        "MCAP files",
        "MCAP file (*.mcap), our own or a ROS 2 recording through a mapping",
        f"{__name__}.read",
        endings=(".mcap",),
        magic=b"\x89MCAP0\r\n",
        messages=True,
    ),
)
WRITERS = (
    Writer("mcap", "MCAP files, one a recording, every bit of it", f"{__name__}.export", format="mcap", pictures=False),
)
