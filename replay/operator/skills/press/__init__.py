"""Press with the closed fingertips."""
