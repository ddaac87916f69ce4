"""Which key runs next, and when a key runs again."""
