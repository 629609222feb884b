"""People in a scene: what they do, and their arm in closed form."""
