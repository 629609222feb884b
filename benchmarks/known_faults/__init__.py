"""Known faults put into good demonstrations, to see whether the judge finds them. One idea a module."""
