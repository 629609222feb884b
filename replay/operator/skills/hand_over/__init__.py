"""Give what is held to a person, or to the other hand."""
