"""Sensors, readings, and what is asked of them over time."""
