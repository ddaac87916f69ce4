"""``make e2e-kind``: the whole product in a kind cluster, for machines with a container engine.

The real Kubeflow Model Registry with its database, the chart with the operator's image, Argo CD with a Git server: all
in containers, as people install them. It cannot run where there is no engine; ``make test``, ``make chart`` and
``make gitops`` test the same parts without one.
"""
