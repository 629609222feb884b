"""Recordings in, verdicts out: formats, scripted operator, checks, judge, report."""
