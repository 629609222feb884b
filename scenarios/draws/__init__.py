"""One draw of a scene: its values, made a little different, or inferred from where things were found."""
