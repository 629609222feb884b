"""The nearest feasible copy of a demonstration with a fault in its command; the original stays untouched."""

FOLDER = "repaired"  # of the copies, in the folder of the reports
