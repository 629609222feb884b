"""What answers between two control steps: switches, counters, liquids, stains, belts."""
