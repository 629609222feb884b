"""A person's motion carried over to the robot: where the hands were, and what joint motion puts the robot's there."""
