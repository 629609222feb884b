"""Skills of cloth: one closed corner, which nothing else needs."""
