"""What many verdicts say together: yield, causes, drift, coverage; one page for whoever runs a shift."""
