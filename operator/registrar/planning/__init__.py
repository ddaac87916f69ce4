"""What to write: decisions about one entry, without I/O and without a clock."""
