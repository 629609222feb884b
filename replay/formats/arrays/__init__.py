"""Files with a row a sample: NumPy, HDF5, Minari, robomimic, DAPG."""

from ..records import PageRow, Reader, Writer

READERS = (
    Reader(
        "npz",
        "NumPy archives",
        "NumPy archive or array (*.npz, *.npy), through a mapping",
        f"{__name__}.npz",
        endings=(".npz", ".npy"),
        rows=(
            PageRow(
                "NumPy archive and array (`*.npz`, `*.npy`)",
                "through a mapping",
                "no",
                "numbers as stored; objects are named, not read",
                "one file, 2 GiB at most",
                "nineteen files of six real sets, and arm exoskeletons that the benchmarks make",
            ),
        ),
    ),
    Reader(
        "hdf5",
        "HDF5 files",
        "robomimic or robosuite HDF5 (*.hdf5, *.h5), through a mapping",
        f"{__name__}.hdf5",
        endings=(".hdf5", ".h5"),
        rows=(
            PageRow(
                "HDF5 of robosuite, robomimic and others (`*.hdf5`, `*.h5`)",
                "by the model that it carries, any robot, task and number of objects; without one through a mapping, and so files"
                " of one episode at the root (ALOHA)",
                "no",
                "numbers as stored; links to other files, virtual and external datasets, pictures are named, not read",
                "one episode, 2 GiB at most",
                "three real robosuite files of 2018 and 2022; files that the tests write of other robots, two"
                " arms, other tasks and with `obs/`, and our own export; no robomimic file of others",
            ),
        ),
    ),
    Reader(
        "minari",
        "Minari datasets",
        "Minari dataset folder (HDF5), through a mapping",
        f"{__name__}.minari",
        marks=("data/main_data.hdf5", "data/metadata.json"),
        rows=(
            PageRow(
                "Minari (HDF5)",
                "through a mapping; ours has one",
                "`export to=minari`, episodes of the simulation",
                "numbers exact; the observation after the last action goes into the metadata",
                "one episode",
                "loaded by the stock `minari`, environment recovered and stepped; read back by us",
            ),
        ),
    ),
    Reader(
        "dapg",
        "DAPG demonstrations",
        "DAPG demonstrations (*.pickle, *.pkl), through a mapping",
        f"{__name__}.dapg",
        endings=(".pickle", ".pkl"),
        rows=(
            PageRow(
                "DAPG (`*.pickle`, `*.pkl`)",
                "through a mapping",
                "no",
                "numbers as stored",
                "one file, 1 GiB at most",
                "files of that form that the tests write, in pickle protocols 0 to 5; no original",
            ),
        ),
    ),
)
WRITERS = (
    Writer(
        "minari",
        "Minari dataset",
        f"{__name__}.minari_write",
        format="minari",
        pictures=False,
        needs=("minari", "h5py"),
    ),
    Writer(
        "robomimic",
        "robomimic HDF5 file",
        f"{__name__}.robomimic_write",
        format="hdf5",
        needs=("h5py",),
        rows=(
            PageRow(
                "robomimic HDF5",
                "as HDF5, above",
                "`export to=robomimic`, episodes of the simulation",
                "numbers exact",
                "one episode",
                "read back with `h5py`; `robomimic` itself was not at hand",
            ),
        ),
    ),
)
