"""What a real device makes of a clean demonstration, so that it can be judged as one that was recorded."""
