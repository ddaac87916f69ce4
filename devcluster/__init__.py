"""A real control plane and the project's own servers on one machine, for the tests and the demo.

Belongs to the repository and is not distributed. ``controlplane.start`` gives a running etcd and kube-apiserver,
``embedded_registry.start`` a registry, ``demo`` the guided tour behind ``make demo``.
"""
