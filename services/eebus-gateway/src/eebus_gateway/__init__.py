"""Speaks EEBUS with the chargers on behalf of the site."""
