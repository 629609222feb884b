"""What a robot may do: descriptions and limits, each with source and grade."""
