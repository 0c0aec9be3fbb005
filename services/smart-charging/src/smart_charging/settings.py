"""Environment to one frozen settings object, read once in main."""

from pathlib import Path

from pydantic import Field

from smart_charging.prices.settings import PriceSettings
from smart_charging.solar.settings import WeatherSettings
from volthus_kit.settings import ServiceSettings


class Settings(PriceSettings, WeatherSettings, ServiceSettings):
    """What smart charging reads from its environment: what every service does, and the sources."""

    state_dir: Path = Field(Path(".state"), description="folder for this service's own data")
    plans_kept: int = Field(5, ge=1, le=1000, description="plans of each site that are kept")
