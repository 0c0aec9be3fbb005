"""All sites together: their registry, lists, sums and metrics."""
