"""The stages, and the robot that a recording is judged as."""
