"""A robot on its own legs: what balances it, and what that remembers."""
