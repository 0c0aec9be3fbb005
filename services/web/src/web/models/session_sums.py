"""Charging sessions added up (C8)."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from web.models.common import Model

SumBy = Literal["month", "charger", "car"]


class SessionTotals(Model):
    """Sessions added up. What is not known of some of them is counted, never taken for zero."""

    month: str | None = Field(
        examples=["2026-11"], description="In the site's time zone; null: not by month."
    )
    ski: str | None = Field(description="Null: not by charger.")
    charger_name: str | None = Field(description="As it was called last.")
    car: str | None = Field(description="Null: not by car, or an unknown one.")
    count: int
    energy_wh: float
    sun_wh: float = Field(description="Part of energy_wh.")
    grid_wh: float = Field(description="Part of energy_wh.")
    sun_share: float | None = Field(description="sun_wh of energy_wh, 0 to 1; null without energy.")
    charging_s: float
    cost: float | None = Field(
        description="Of the sessions whose cost is known, where all of it is in one currency; "
        "null: none."
    )
    currency: str | None
    unpriced_count: int = Field(description="How many of them are not in `cost`.")
    co2_g: float | None = Field(description="Of the sessions where it is known; null: none.")
    unweighed_count: int = Field(description="How many of them are not in `co2_g`.")


class SessionSums(Model):
    """Sessions added up, and of which time."""

    time_zone: str = Field(
        examples=["Europe/Berlin"],
        description="Of the site: its IANA name, or the offset of now where it has none.",
    )
    start: datetime | None = Field(description="Sessions that started at or after; null: all.")
    end: datetime | None = Field(description="Sessions that started before; null: all.")
    items: list[SessionTotals] = Field(
        description="Latest month first, then by charger and car. By month: only those with "
        "sessions; without `by`: one, or none without sessions."
    )
