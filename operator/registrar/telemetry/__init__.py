"""What operators see of the operator: metrics, logs, probes."""
