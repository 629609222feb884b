"""A Scene as Gymnasium environments: single, vector, registration."""
