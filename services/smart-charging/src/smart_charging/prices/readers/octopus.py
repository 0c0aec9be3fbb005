"""Octopus Energy (GB): unit rates of a half-hourly tariff, VAT included."""

from datetime import timedelta
from decimal import Decimal

from smart_charging.prices.core.series import Interval, Scope, Series, ordered
from smart_charging.provider.core import decoding
from smart_charging.provider.core.errors import AnswerError, NotPublishedError

NAME = "octopus"
PENCE = Decimal("0.01")
LONGEST = timedelta(days=366)
OTHER_PAYMENT = "NON_DIRECT_DEBIT"  # the dearer of two rows for one time


def read(body: bytes, zone: str) -> Series:
    """Return the rates of direct-debit customers in pounds.

    zone: the tariff code. A rate without an end is left out, since nobody knows how long it
    holds. Raises AnswerError and NotPublishedError.
    """
    answer = decoding.mapping(decoding.parsed(body), "the answer")
    intervals = []
    for item in decoding.rows(answer.get("results"), "results"):
        row = decoding.mapping(item, "a rate")
        if row.get("payment_method") == OTHER_PAYMENT or row.get("valid_to") is None:
            continue
        start = decoding.instant(row.get("valid_from"), "valid_from")
        end = decoding.instant(row.get("valid_to"), "valid_to")
        if not timedelta(0) < end - start <= LONGEST:
            raise AnswerError(f"the rate from {start} ends at {end}")
        price = decoding.number(row.get("value_inc_vat"), "value_inc_vat")
        intervals.append(Interval(start, end, price * PENCE))
    if not intervals:
        raise NotPublishedError(f"Octopus has no rates for {zone} yet")
    return Series(NAME, zone, "GBP/kWh", ordered(intervals), Scope.ALL_IN)


def product(tariff: str) -> str:
    """Return the product in a tariff code: `E-1R-AGILE-24-10-01-C` -> `AGILE-24-10-01`.

    Raises ValueError for a code of another shape.
    """
    parts = tariff.split("-")
    if len(parts) < 4 or parts[0] != "E" or parts[1] not in {"1R", "2R"} or len(parts[-1]) != 1:
        raise ValueError(f"{tariff!r} is no tariff code like E-1R-AGILE-24-10-01-C")
    return "-".join(parts[2:-1])
