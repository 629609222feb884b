"""Recorded columns held against one another: what each says of the others, where they disagree, and what explains the difference."""
