"""``make e2e-kind``: the whole product in a kind cluster, for machines with a container engine.

It runs the real Kubeflow Model Registry with its database, the chart with the operator's image, and Argo CD with a Git
server, all in containers, as people install them. Without an engine it cannot run: ``make test``, ``make chart`` and
``make gitops`` test the same parts without containers.
"""
