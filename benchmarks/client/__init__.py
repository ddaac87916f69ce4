"""The client against PyPI's `model-registry` and against bare httpx, on the same work and the same server."""
