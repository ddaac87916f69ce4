"""How fast the project is, measured; belongs to the repository and is not distributed."""
