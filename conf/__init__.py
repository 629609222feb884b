"""Hydra configuration: what a run is."""
