"""What the repository needs to build and check itself; it is not distributed."""
