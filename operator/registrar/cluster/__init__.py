"""The rim towards the API server: kopf watches, our own calls write."""
