"""Take hold of something."""
