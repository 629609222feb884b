"""LeRobot datasets: our own and those of others, in and out."""
