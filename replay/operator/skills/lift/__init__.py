"""Raise what is held."""
