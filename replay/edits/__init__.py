"""The smallest change of a command: slower, back into range, a step spread."""
