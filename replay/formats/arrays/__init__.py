"""Files with a row a sample: NumPy, HDF5, Minari, robomimic, DAPG."""
