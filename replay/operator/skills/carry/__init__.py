"""Bring what is held to a place, and hold it there."""
