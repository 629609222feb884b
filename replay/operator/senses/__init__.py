"""What a part offers a hand, and what hangs on what."""
