"""One operator process: the registries that it serves, and its parts from start to end."""
