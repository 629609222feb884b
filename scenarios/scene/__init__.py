"""Parts and robot in one spec: compiled, with its sensors, goals, limits, looks and schema."""
