"""The composition root: builds everything, starts it, reloads it, stops it."""
