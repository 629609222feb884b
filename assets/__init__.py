"""MJCF parts: what things are."""
