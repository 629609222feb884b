"""MCAP files, in and out."""
