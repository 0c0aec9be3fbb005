"""Releases of Volthus, and what was decided about them at each site (A18)."""
