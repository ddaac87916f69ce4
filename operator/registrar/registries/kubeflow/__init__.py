"""Kubeflow's Model Registry as a backend: everything that is peculiar to its API."""
