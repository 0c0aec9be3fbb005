"""Profiles of the load and what is learned of them. Pure."""
