"""`shiliu check` of a scenario, its task and its parts."""
