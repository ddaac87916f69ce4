"""The operator with many registries, some of which accept requests and never answer."""
