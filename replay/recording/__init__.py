"""What came from a device, as it came; and the episode that replays exactly."""
