"""Tariffs both ways, series of prices, price sources and feeds."""

import math
from datetime import timedelta
from itertools import pairwise

from volthus_wire.convert import to_timestamp
from volthus_wire.v1 import planning_pb2 as planning
from volthus_wire.v1 import tariff_pb2 as wire
from web.messages.clock import clock, minute_of
from web.messages.plain import instant_in, number_in, positive, text
from web.messages.series import series, slots
from web.models.tariff import (
    FeedInTariff,
    FeedPrice,
    FeedWanted,
    ImportTariff,
    ImportTariffWanted,
    PlanInput,
    Prices,
    PriceSlot,
    PriceSource,
    PriceSources,
    Rate,
    Rates,
    RatesWanted,
    Tariff,
    TariffWanted,
)


def tariff(message: wire.Tariff) -> Tariff:
    """Return a tariff; its token is never told."""
    bought, fed_in = message.bought, message.fed_in
    return Tariff(
        source=text(message.source),
        zone=text(message.zone),
        has_token=message.has_token,
        currency=text(message.currency),
        bought=ImportTariff(
            energy=_rates(bought.energy) if bought.HasField("energy") else None,
            markup_per_kwh=bought.markup_per_kwh,
            grid_fee=_rates(bought.grid_fee) if bought.HasField("grid_fee") else None,
            levies_per_kwh=bought.levies_per_kwh,
            tax_percent=bought.tax_percent,
            billed_minutes=positive(bought.billed_minutes),
        ),
        fed_in=FeedInTariff(
            fixed_per_kwh=fed_in.fixed_per_kwh,
            market_percent=fed_in.market_percent,
            deduction_per_kwh=fed_in.deduction_per_kwh,
            nothing_when_negative=fed_in.nothing_when_negative,
        ),
        co2_source=text(message.co2_source),
        co2_zone=text(message.co2_zone),
        revision=message.revision,
    )


def _rates(message: wire.Rates) -> Rates:
    return Rates(
        windows=[
            Rate(
                per_kwh=one.per_kwh,
                start=clock(one.from_minute),
                end=clock(one.until_minute),
                months=list(one.months),
                weekdays=list(one.weekdays),
            )
            for one in message.windows
        ],
        otherwise=number_in(message, "otherwise"),
    )


def to_tariff(wanted: TariffWanted, revision: int) -> wire.Tariff:
    """Return the message that asks for a tariff in place of `revision` (0: of any)."""
    return wire.Tariff(
        source=wanted.source or "",
        zone=wanted.zone or "",
        token=wanted.token or "",
        has_token=wanted.token != "",
        currency=wanted.currency,
        bought=_to_bought(wanted.bought),
        fed_in=wire.FeedInTariff(**wanted.fed_in.model_dump()),
        co2_source=wanted.co2_source or "",
        co2_zone=wanted.co2_zone or "",
        revision=revision,
    )


def _to_bought(wanted: ImportTariffWanted) -> wire.ImportTariff:
    return wire.ImportTariff(
        energy=_to_rates(wanted.energy),
        markup_per_kwh=wanted.markup_per_kwh,
        grid_fee=_to_rates(wanted.grid_fee),
        levies_per_kwh=wanted.levies_per_kwh,
        tax_percent=wanted.tax_percent,
        billed_minutes=wanted.billed_minutes or 0,
    )


def _to_rates(wanted: RatesWanted | None) -> wire.Rates | None:
    if wanted is None:
        return None
    windows = [
        wire.Rate(
            per_kwh=one.per_kwh,
            from_minute=minute_of(one.start),
            until_minute=minute_of(one.end),
            months=one.months,
            weekdays=one.weekdays,
        )
        for one in wanted.windows
    ]
    return wire.Rates(windows=windows, otherwise=wanted.otherwise)


def plan_input(message: planning.PlanInput) -> PlanInput:
    """Return how far an input may be trusted."""
    return PlanInput(
        input=message.input,
        source=text(message.source),
        freshness=message.freshness or "missing",
        known_until=instant_in(message, "known_until"),
        problem=text(message.problem),
    )


def prices(message: planning.PriceSeries) -> Prices:
    """Return a series of prices. Raises NotUnderstoodError for impossible slots."""
    spans = slots(message.start, message.slot_s)
    columns = (
        series(values, len(spans))
        for values in (message.import_price, message.export_price, message.co2_g_per_kwh)
    )
    return Prices(
        currency=text(message.currency),
        slots=[
            PriceSlot(
                start=span.start,
                end=span.end,
                import_price_per_kwh=bought,
                export_price_per_kwh=sold,
                co2_g_per_kwh=co2_g,
            )
            for span, bought, sold, co2_g in zip(spans, *columns, strict=True)
        ],
        price=plan_input(message.price) if message.HasField("price") else None,
        co2=plan_input(message.co2) if message.HasField("co2") else None,
    )


def price_sources(message: planning.CatalogueReply) -> PriceSources:
    """Return what this installation can ask."""
    return PriceSources(
        price=[_source(one) for one in message.price_sources],
        co2=[_source(one) for one in message.co2_sources],
        weather=[_source(one) for one in message.weather_sources],
    )


def _source(message: planning.SourceInfo) -> PriceSource:
    return PriceSource(
        name=message.name,
        about=message.about,
        zones=list(message.zones),
        needs_token=message.needs_token,
        available=message.available,
    )


def to_feed(wanted: FeedWanted, zone: str) -> planning.PushPricesRequest:
    """Return the message of a push: slots without gaps, what is not known is NaN.

    Takes prices in order and without overlaps, as `in_order` gives them.
    """
    ordered = in_order(wanted.prices)
    message = planning.PushPricesRequest(
        zone=zone,
        currency=wanted.currency,
        start=to_timestamp(ordered[0].start),
        all_in=wanted.all_in,
    )
    at = ordered[0].start
    for one in ordered:
        if one.start > at:
            message.slot_s.append(_seconds(one.start - at))
            message.per_kwh.append(math.nan)
        message.slot_s.append(_seconds(one.end - one.start))
        message.per_kwh.append(math.nan if one.per_kwh is None else one.per_kwh)
        at = one.end
    return message


def in_order(prices_wanted: list[FeedPrice]) -> list[FeedPrice]:
    """Return prices by their start. Raises ValueError for what overlaps, ends early or is odd."""
    ordered = sorted(prices_wanted, key=lambda one: one.start)
    for one in ordered:
        if one.end <= one.start:
            raise ValueError(f"a price ends ({one.end}) before it starts ({one.start})")
        if one.start.microsecond or one.end.microsecond:
            raise ValueError(f"{one.start} to {one.end} are no whole seconds")
    for before, after in pairwise(ordered):
        if after.start < before.end:
            raise ValueError(f"two prices are given from {after.start} on")
    return ordered


def _seconds(span: timedelta) -> int:
    return round(span.total_seconds())
