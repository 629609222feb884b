"""Cloth in a scene: how it comes to lie, and how hands meet it."""
