"""What a skill is, what words a chain has, how it is read, and why a skill gives up."""
