"""How a release goes from ring to ring, and what stops it. Pure."""
