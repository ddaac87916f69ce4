"""Leader election: which replica may write."""
