"""The robot with hands and base: its folder, model, postures, and what it stands on."""
