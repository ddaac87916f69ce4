"""A model registry in one process: the Kubeflow Model Registry's REST API on SQLite.

It is for laptops, demonstrations and tests, **not for production**: it has no authentication and no TLS, and handles
one request at a time in one process. It stores registered models, their versions and the versions' artifacts. It
answers like the real server, which is checked against recorded exchanges (``tests/contract/``). See
``docs/local-registry.md``.
"""
