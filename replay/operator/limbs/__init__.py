"""What the operator moves: the hand, as its sheet says."""
