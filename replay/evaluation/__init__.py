"""The judge judged: known faults, a real device's ways, the demo."""
