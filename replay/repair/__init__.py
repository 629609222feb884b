"""The nearest feasible copy of a demonstration whose fault lies in its command; the original stays untouched."""
