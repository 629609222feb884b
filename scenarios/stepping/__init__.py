"""The core that steps n copies by one control period."""
