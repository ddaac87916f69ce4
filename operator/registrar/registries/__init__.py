"""The rim towards the registry: one object for each registry."""
