"""Move a door, a drawer, a lever, a knob: any hinge or slide, by its handle or its edge."""
