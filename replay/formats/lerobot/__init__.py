"""LeRobot datasets: our own and those of others, in and out."""

from ..records import PageRow, Reader, Writer

READERS = (
    Reader(
        "lerobot",
        "LeRobot datasets",
        "LeRobot dataset folder, v3.0 as shiliu writes it, and v2.0, v2.1, v3.0 of others through a mapping",
        f"{__name__}.read",
        marks=("meta/info.json",),
        numbered=True,
        parts={".parquet": "a single Parquet file; give the dataset's folder, which has meta/info.json"},
        rows=(
            PageRow(
                "LeRobot v3.0, by shiliu",
                "describes itself",
                "`shiliu record`, `shiliu import`",
                "simulation episodes to the bit; imported values to the bit where nothing was resampled",
                "one episode",
                "opened frame by frame by the stock `lerobot` 0.4.4: sets imported from fourteen folders of "
                "real recordings",
            ),
            PageRow(
                "LeRobot v2.0, v2.1, v3.0 of others",
                "through a mapping",
                "no",
                "numbers as stored; pictures in the tables and videos are named, not read; `shiliu import` "
                "copies videos",
                "one row group and one episode",
                "five real sets: a file an episode, eight episodes in a file, and a set with two layouts",
            ),
        ),
    ),
)
WRITERS = (Writer("lerobot", "LeRobot v3.0 dataset", f"{__name__}.export", format="lerobot", plain=True),)
