"""What differs from kind to kind, and nothing else: see `registrar.kinds.base` for the contract."""
