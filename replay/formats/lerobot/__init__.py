"""LeRobot datasets: our own and those of others, in and out."""

from ..records import Reader, Writer

READERS = (
    Reader(
        "lerobot",
        "LeRobot datasets",
        "LeRobot dataset folder, v3.0 as shiliu writes it, and v2.0, v2.1, v3.0 of others through a mapping",
        f"{__name__}.read",
        marks=("meta/info.json",),
        parts={".parquet": "a single Parquet file; give the dataset's folder, which has meta/info.json"},
    ),
)
WRITERS = (Writer("lerobot", "LeRobot v3.0 dataset", f"{__name__}.export", format="lerobot", plain=True),)
