"""Move along a surface or in a vessel, with the fingertips or with what is held."""
