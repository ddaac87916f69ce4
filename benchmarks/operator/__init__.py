"""The operator against a textbook one, on a real control plane and the same resources."""
