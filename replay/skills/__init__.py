"""Skills of the scripted operator, named in the words of the field."""
