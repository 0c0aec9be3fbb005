"""What the providers of prices answer, in their shapes, for tests over real HTTP.

The shapes follow the providers' documentation; all numbers are made up.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from smart_charging.prices.readers import entsoe
from smart_charging.provider.core.days import day

CET, LONDON = ZoneInfo("Europe/Brussels"), ZoneInfo("Europe/London")
QUARTER, HALF, HOUR = timedelta(minutes=15), timedelta(minutes=30), timedelta(hours=1)
TODAY = date(2026, 2, 3)
TARIFF = "E-1R-AGILE-24-10-01-C"
WEB_PAGE = b"<!DOCTYPE html><html><body>Just a moment...</body></html>"


def z(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def steps(local: date, step: timedelta, zone: ZoneInfo = CET) -> list[datetime]:
    start, end = day(local, zone)
    return [start + n * step for n in range(int((end - start) / step))]


def price(start: datetime) -> Decimal:
    """A price per MWh that tells its time, -500 at five in the morning UTC."""
    if start.hour == 5:
        return Decimal(-500)
    return Decimal(start.hour * 10) + Decimal(start.minute) / 100 + start.day


# --- answers -------------------------------------------------------------------------------------


def entsoe_period(local: date, step: timedelta, points: dict[int, Decimal] | None = None) -> str:
    start, end = day(local, CET)
    rows = points or {n + 1: price(at) for n, at in enumerate(steps(local, step))}
    inner = "".join(
        f"<Point><position>{n}</position><price.amount>{v}</price.amount></Point>"
        for n, v in rows.items()
    )
    return (
        f"<Period><timeInterval><start>{start:%Y-%m-%dT%H:%MZ}</start>"
        f"<end>{end:%Y-%m-%dT%H:%MZ}</end></timeInterval>"
        f"<resolution>PT{int(step / timedelta(minutes=1))}M</resolution>{inner}</Period>"
    )


def entsoe_series(period: str, sequence: str = "1", curve: str = "A01", zone: str = "DE-LU") -> str:
    area = entsoe.AREAS[zone]
    position = "classificationSequence_AttributeInstanceComponent.position"
    told = f"<{position}>{sequence}</{position}>" if sequence else ""
    return (
        "<TimeSeries><mRID>1</mRID><auction.type>A01</auction.type><businessType>A62</businessType>"
        f'<in_Domain.mRID codingScheme="A01">{area}</in_Domain.mRID>'
        f'<out_Domain.mRID codingScheme="A01">{area}</out_Domain.mRID>'
        "<contract_MarketAgreement.type>A01</contract_MarketAgreement.type>"
        "<currency_Unit.name>EUR</currency_Unit.name>"
        "<price_Measure_Unit.name>MWH</price_Measure_Unit.name>"
        f"{told}<curveType>{curve}</curveType>{period}</TimeSeries>"
    )


def entsoe_document(*series: str) -> bytes:
    space = "urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3"
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<Publication_MarketDocument xmlns="{space}"><mRID>abc</mRID><type>A44</type>'
        f"{''.join(series)}</Publication_MarketDocument>"
    ).encode()


def entsoe_nothing(text: str = "No matching data found for Data item Energy Prices") -> bytes:
    space = "urn:iec62325.351:tc57wg16:451-1:acknowledgementdocument:7:0"
    return (
        f'<?xml version="1.0"?><Acknowledgement_MarketDocument xmlns="{space}"><mRID>x</mRID>'
        f"<Reason><code>999</code><text>{text}</text></Reason></Acknowledgement_MarketDocument>"
    ).encode()


def an_entsoe_day(local: date) -> bytes:
    return entsoe_document(entsoe_series(entsoe_period(local, QUARTER)))


def an_energy_charts_day(local: date) -> bytes:
    starts = steps(local, QUARTER)
    answer = {
        "license_info": "made up",
        "unix_seconds": [int(at.timestamp()) for at in starts],
        "price": [float(price(at)) for at in starts],
        "unit": "EUR / MWh",
        "deprecated": False,
    }
    return json.dumps(answer).encode()


def an_awattar_day(local: date) -> bytes:
    rows = [
        {
            "start_timestamp": int(at.timestamp() * 1000),
            "end_timestamp": int((at + HOUR).timestamp() * 1000),
            "marketprice": float(price(at)),
            "unit": "Eur/MWh",
        }
        for at in steps(local, HOUR)
    ]
    return json.dumps({"object": "list", "data": rows, "url": "/at/v1/marketdata"}).encode()


def a_nord_pool_day(local: date, currency: str = "EUR") -> bytes:
    entries = [
        {
            "deliveryStart": z(at),
            "deliveryEnd": z(at + QUARTER),
            "entryPerArea": {"SE3": float(price(at))},
        }
        for at in steps(local, QUARTER)
    ]
    answer = {
        "deliveryDateCET": str(local),
        "version": 2,
        "deliveryAreas": ["SE3"],
        "market": "DayAhead",
        "multiAreaEntries": entries,
        "currency": currency,
    }
    return json.dumps(answer).encode()


def an_elpriset_day(local: date) -> bytes:
    zone = ZoneInfo("Europe/Stockholm")
    rows = [
        {
            "SEK_per_kWh": float(price(at) / 1000),
            "EUR_per_kWh": 0.01,
            "EXR": 11.3,
            "time_start": at.astimezone(zone).isoformat(),
            "time_end": (at + QUARTER).astimezone(zone).isoformat(),
        }
        for at in steps(local, QUARTER)
    ]
    return json.dumps(rows).encode()


def tibber_rows(local: date) -> list[dict[str, object]]:
    zone = ZoneInfo("Europe/Oslo")
    return [
        {
            "total": float(price(at) / 1000),
            "energy": 0.01,
            "tax": 0.01,
            "startsAt": at.astimezone(zone).isoformat(timespec="milliseconds"),
            "currency": "NOK",
        }
        for at in steps(local, QUARTER)
    ]


def tibber_answer(today: object, tomorrow: object) -> bytes:
    info = {"today": today, "tomorrow": tomorrow}
    home = {"currentSubscription": {"priceInfo": info}}
    return json.dumps({"data": {"viewer": {"home": home}}}).encode()


def a_tibber_day(local: date) -> bytes:
    return tibber_answer(tibber_rows(local), [])


def an_octopus_day(local: date) -> bytes:
    rows = [
        {
            "value_exc_vat": 1.0,
            "value_inc_vat": float(price(at) / 10 * factor),
            "valid_from": z(at),
            "valid_to": z(at + HALF),
            "payment_method": method,
        }
        for at in reversed(steps(local, HALF, LONDON))
        for factor, method in ((1, "DIRECT_DEBIT"), (Decimal("1.1"), "NON_DIRECT_DEBIT"))
    ]
    return json.dumps({"count": 96, "next": None, "previous": None, "results": rows}).encode()


def a_maps_day(local: date) -> bytes:
    rows = [
        {"carbonIntensity": 300 + at.hour, "datetime": f"{at:%Y-%m-%dT%H:%M:%S}.000Z"}
        for at in steps(local, HOUR, ZoneInfo("UTC"))
    ]
    return json.dumps({"zone": "DE", "forecast": rows, "updatedAt": "x"}).encode()


def a_gb_carbon_day(local: date) -> bytes:
    rows = [
        {
            "from": f"{at:%Y-%m-%dT%H:%MZ}",
            "to": f"{at + HALF:%Y-%m-%dT%H:%MZ}",
            "intensity": {"forecast": 200 + at.hour, "actual": None, "index": "moderate"},
        }
        for at in steps(local, HALF, ZoneInfo("UTC"))
    ]
    return json.dumps({"data": rows}).encode()


@dataclass(frozen=True, slots=True)
class Shape:
    source: str
    zone: str
    answer: Callable[[date], bytes]
    step: timedelta
    local: ZoneInfo = CET
    per_mwh: int = 1000  # what a price per MWh is divided by; 0 = CO2
    unit: str = "EUR/kWh"


SHAPES = (
    Shape("entsoe", "DE-LU", an_entsoe_day, QUARTER),
    Shape("energy-charts", "DE-LU", an_energy_charts_day, QUARTER),
    Shape("awattar-de", "DE-LU", an_awattar_day, HOUR),
    Shape("awattar-at", "AT", an_awattar_day, HOUR),
    Shape("nord-pool", "SE3", a_nord_pool_day, QUARTER),
    Shape("elprisetjustnu", "SE3", an_elpriset_day, QUARTER, unit="SEK/kWh"),
    Shape("tibber", "home-1", a_tibber_day, QUARTER, unit="NOK/kWh"),
    Shape("octopus", TARIFF, an_octopus_day, HALF, LONDON, unit="GBP/kWh"),
    Shape("electricity-maps", "DE", a_maps_day, HOUR, ZoneInfo("UTC"), 0, "g/kWh"),
    Shape("gb-carbon", "GB", a_gb_carbon_day, HALF, ZoneInfo("UTC"), 0, "g/kWh"),
)
PRICES = tuple(shape for shape in SHAPES if shape.per_mwh)
