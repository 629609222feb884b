"""A scenario's YAML, read: composed, laid over by variant and cell, checked with every problem at once."""
