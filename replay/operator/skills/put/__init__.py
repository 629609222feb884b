"""Bring what is held to its place, and let go of it there."""
