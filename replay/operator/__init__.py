"""The scripted operator: skills, mistakes, demonstrations."""
