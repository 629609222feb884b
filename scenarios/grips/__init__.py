"""How a part can be held: what its sheet says, and what its shapes and the claw say where the sheet is silent."""
