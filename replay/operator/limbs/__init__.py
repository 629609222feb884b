"""What the operator moves: arms, hands and a base; turns and directions."""
