"""Where table, cell and things stand, seen in a picture by their printed markers."""
