"""A text becomes typed nodes: YAML with file and line, quantities with units, and the errors that a user can mend."""
