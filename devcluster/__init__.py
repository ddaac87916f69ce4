"""A real control plane and the project's own servers on one machine, for the tests and the demo.

It belongs to the repository and is not distributed. ``controlplane.start`` runs etcd and kube-apiserver,
``embedded_registry.start`` runs a registry, and ``demo`` is the guided tour behind ``make demo``.
"""
