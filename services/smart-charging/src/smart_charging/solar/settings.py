"""Where the weather sources are and what opens them, from the environment."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from smart_charging.prices.sources import Access
from smart_charging.solar.sources import PAID_OPEN_METEO, WEATHER_SOURCES

NO_SECRET = SecretStr("")


class WeatherSettings(BaseSettings):
    """One address per source, so that a mirror, an own instance or a test stands in."""

    model_config = SettingsConfigDict(
        env_prefix="VOLTHUS_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    weather_source: str = Field(
        "climatology", description="for sites that name none: climatology, open-meteo, ..."
    )
    weather_open_meteo_url: str = Field(
        f"{PAID_OPEN_METEO}api.open-meteo.com",
        description="Open-Meteo; the free address is for private use only",
    )
    weather_open_meteo_token: SecretStr = Field(NO_SECRET, description="its key")
    weather_bright_sky_url: str = Field("https://api.brightsky.dev", description="Bright Sky (DWD)")
    weather_forecast_solar_url: str = Field(
        "https://api.forecast.solar", description="forecast.solar"
    )
    weather_forecast_solar_token: SecretStr = Field(NO_SECRET, description="its key, if any")
    weather_solcast_url: str = Field("https://api.solcast.com.au", description="Solcast")
    weather_solcast_token: SecretStr = Field(NO_SECRET, description="its key")

    def weather_access(self, source: str) -> Access:
        """Return where a source is and its key. Raises KeyError for a name that is none."""
        values = dict(self)
        name = f"weather_{WEATHER_SOURCES[source].name.replace('-', '_')}"
        token = values.get(f"{name}_token", NO_SECRET)
        return Access(str(values[f"{name}_url"]).rstrip("/"), token.get_secret_value())

    def is_weather_open(self, source: str) -> bool:
        """Return whether this installation can ask a source: its key is there if it needs one."""
        access = self.weather_access(source)
        needs = WEATHER_SOURCES[source].needs_token or access.url.startswith(PAID_OPEN_METEO)
        return bool(access.token) or not needs
