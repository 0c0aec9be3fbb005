"""Environment to one frozen settings object, read once in main."""

from volthus_kit.settings import ServiceSettings


class Settings(ServiceSettings):
    """What smart charging reads from its environment: no more than every service does."""
