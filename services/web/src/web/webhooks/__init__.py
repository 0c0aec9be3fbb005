"""Webhooks: events told to other programs, signed, at least once."""
