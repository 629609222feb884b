"""Policies cloned from demonstrations of the scripted operator: one task for every scenario, networks, trials, and a table.

`benchmarks/policies.py` is called; `docs/policy-figures.md` says what came of it.
"""
