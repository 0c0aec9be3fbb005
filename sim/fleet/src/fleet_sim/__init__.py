"""Speaks for thousands of sites on the bus; knows the messages of the product and nothing else."""
