"""A model registry in one process: the Kubeflow Model Registry's REST API on SQLite.

It is for laptops, demonstrations and tests, **not for production**: no authentication, no TLS, one process, one request
at a time. It keeps registered models, their versions and the artifacts of these, and answers as the real server does,
which recorded exchanges hold it to (``tests/contract/``). See ``docs/local-registry.md``.
"""
