"""The resources: what a user writes, what the operator answers, and the schemas that the API server enforces.

Pure: no I/O, no Kubernetes client, no registry client.
"""
