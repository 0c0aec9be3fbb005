"""Environment to settings."""

from pydantic import Field

from meter_reader.core.record import FROZEN_SAMPLES
from volthus_kit.settings import SiteSettings


class Settings(SiteSettings):
    """What the meter reader reads from its environment."""

    poll_interval_s: float = Field(1.0, ge=0.1, le=1.0, description="time between two polls, s")
    tcp_timeout_s: float = Field(1.0, ge=0.1, le=5.0, description="wait for a TCP answer, s")
    frozen_samples: int = Field(
        FROZEN_SAMPLES, ge=2, le=1000, description="identical samples that mean a frozen meter"
    )
    rtu_timeout_s: float = Field(2.0, ge=0.2, le=5.0, description="wait for a serial answer, s")
    remote_meter: bool = Field(
        default=False,
        description="let commands from afar set up or change a meter that guards a fuse",
    )
