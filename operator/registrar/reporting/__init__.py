"""What to report: outcomes become statuses and Events, without I/O."""
