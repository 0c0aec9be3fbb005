"""A real PostgreSQL for the tests of the kit."""

from postgres import postgres, postgres_url  # noqa: F401 - fixtures
