"""What `shiliu drift` holds against today: takes that were kept with their actions, what came of them, and the verdict."""
