"""Files with a row a sample: NumPy, HDF5, Minari, robomimic, DAPG."""

from ..records import Reader, Writer

READERS = (
    Reader(
        "npz",
        "NumPy archives",
        "NumPy archive or array (*.npz, *.npy), through a mapping",
        f"{__name__}.npz",
        endings=(".npz", ".npy"),
    ),
    Reader(
        "hdf5",
        "HDF5 files",
        "robomimic or robosuite HDF5 (*.hdf5, *.h5), through a mapping",
        f"{__name__}.hdf5",
        endings=(".hdf5", ".h5"),
    ),
    Reader(
        "minari",
        "Minari datasets",
        "Minari dataset folder (HDF5), through a mapping",
        f"{__name__}.minari",
        marks=("data/main_data.hdf5", "data/metadata.json"),
    ),
    Reader(
        "dapg",
        "DAPG demonstrations",
        "DAPG demonstrations (*.pickle, *.pkl), through a mapping",
        f"{__name__}.dapg",
        endings=(".pickle", ".pkl"),
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
    Writer("robomimic", "robomimic HDF5 file", f"{__name__}.robomimic_write", format="hdf5", needs=("h5py",)),
)
