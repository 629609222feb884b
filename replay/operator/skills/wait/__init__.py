"""Keep still."""
