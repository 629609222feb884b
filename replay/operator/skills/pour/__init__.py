"""Pour from what is held."""
