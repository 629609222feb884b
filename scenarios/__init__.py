"""Conf and assets become a Scene: compiled model, sensors, predicates, goals, variation, episode schema."""
