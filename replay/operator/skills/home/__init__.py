"""Take a hand out of the way."""
