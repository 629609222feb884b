"""What passed, as a dataset that is handed on: chosen by its verdicts, split, counted, described, and what was refused beside it."""
