"""In which cell a recording is judged, from which starts, and what of the command it is not judged by."""
