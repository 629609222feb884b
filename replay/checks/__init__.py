"""The checks: pure functions from arrays and streams to findings, and the bounds that they compare with."""
