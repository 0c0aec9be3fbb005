"""Environment to one frozen settings object, read once in main."""

from smart_charging.prices.settings import PriceSettings
from smart_charging.solar.settings import WeatherSettings
from volthus_kit.settings import ServiceSettings


class Settings(PriceSettings, WeatherSettings, ServiceSettings):
    """What smart charging reads from its environment: what every service does, and the sources."""
