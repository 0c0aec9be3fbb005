"""Starts and supervises a whole site on one machine, for trying and testing."""
