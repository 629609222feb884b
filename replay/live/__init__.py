"""A live page: a scene as its file says it, hands that perform in it, a verdict to look at."""
