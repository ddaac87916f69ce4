"""The operator against a textbook operator, on a real control plane and the same resources."""
