"""Where the price sources are and what opens them, from the environment."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from smart_charging.prices.sources import Access

NO_SECRET = SecretStr("")


class PriceSettings(BaseSettings):
    """One address per source, so that a mirror or a test stands in; tokens where needed."""

    model_config = SettingsConfigDict(
        env_prefix="VOLTHUS_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    prices_entsoe_url: str = Field(
        "https://web-api.tp.entsoe.eu/api", description="ENTSO-E transparency platform"
    )
    prices_entsoe_token: SecretStr = Field(NO_SECRET, description="its security token")
    prices_energy_charts_url: str = Field(
        "https://api.energy-charts.info", description="Energy-Charts"
    )
    prices_awattar_at_url: str = Field("https://api.awattar.at", description="aWATTar Austria")
    prices_awattar_de_url: str = Field("https://api.awattar.de", description="aWATTar Germany")
    prices_nord_pool_url: str = Field(
        "https://dataportal-api.nordpoolgroup.com", description="Nord Pool's data portal"
    )
    prices_elprisetjustnu_url: str = Field(
        "https://www.elprisetjustnu.se", description="elprisetjustnu"
    )
    prices_tibber_url: str = Field(
        "https://api.tibber.com/v1-beta/gql", description="Tibber's GraphQL address"
    )
    prices_tibber_token: SecretStr = Field(NO_SECRET, description="token of the Tibber account")
    prices_octopus_url: str = Field("https://api.octopus.energy", description="Octopus Energy (GB)")
    prices_electricity_maps_url: str = Field(
        "https://api.electricitymaps.com/v3", description="Electricity Maps (CO2)"
    )
    prices_electricity_maps_token: SecretStr = Field(NO_SECRET, description="its token")
    prices_gb_carbon_url: str = Field(
        "https://api.carbonintensity.org.uk", description="Carbon Intensity API (GB)"
    )
    prices_web_file_url: str = Field("", description="a price-series/1 document on the web")
    prices_web_file_token: SecretStr = Field(NO_SECRET, description="bearer token for it, if any")

    def access(self, source: str) -> Access:
        """Return where a source is and its token. Raises KeyError for a name that is none."""
        values = dict(self)
        name = f"prices_{source.replace('-', '_')}"
        token = values.get(f"{name}_token", NO_SECRET)
        return Access(str(values[f"{name}_url"]).rstrip("/"), token.get_secret_value())
