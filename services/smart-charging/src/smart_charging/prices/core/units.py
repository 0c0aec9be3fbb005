"""Units of prices and of the CO2 signal. Inside there are two: currency per kWh and g per kWh."""

import re
from decimal import Decimal

from smart_charging.provider.core.errors import AnswerError

CO2 = "g/kWh"

# The most a kWh can plausibly cost, per currency: some four times the harmonised market cap. What
# is above is a mistake of units (EUR/MWh read as EUR/kWh), and no plan may be made from it.
MOST_PER_KWH = {
    "EUR": Decimal(20), "CHF": Decimal(20), "GBP": Decimal(20), "SEK": Decimal(250),
    "NOK": Decimal(250), "DKK": Decimal(150), "PLN": Decimal(100), "CZK": Decimal(500),
    "HUF": Decimal(8000), "RON": Decimal(100), "BGN": Decimal(40),
}  # fmt: skip
MOST_G_PER_KWH = Decimal(5000)

_ENERGY = {"kwh": Decimal(1), "mwh": Decimal(1000), "wh": Decimal("0.001")}
_MINOR = {"ct": "EUR", "cent": "EUR", "eurct": "EUR", "pence": "GBP", "p": "GBP"}
_MASS = {"g": Decimal(1), "gco2": Decimal(1), "gco2eq": Decimal(1), "kg": Decimal(1000)}
_SPLIT = re.compile(r"\s*([A-Za-z0-9]{1,8})\s*/\s*([A-Za-z]{2,3})\s*")


def price_unit(currency: str) -> str:
    """Return the inner unit of a currency. Raises AnswerError for one we do not know."""
    code = currency.strip().upper()
    if code not in MOST_PER_KWH:
        raise AnswerError(f"currency {currency[:20]!r} is none of {', '.join(MOST_PER_KWH)}")
    return f"{code}/kWh"


def inner(unit: str) -> tuple[str, Decimal]:
    """Return the inner unit for one a provider names, and what to multiply its values by.

    Knows `EUR/MWh`, `Eur / MWh`, `ct/kWh` (euro), `pence/kWh`, `g/kWh`, `kg/MWh` and the like.
    Raises AnswerError for any other.
    """
    match = _SPLIT.fullmatch(unit)
    energy = _ENERGY.get(match[2].lower()) if match else None
    if match is None or energy is None:
        raise AnswerError(f"unit {unit[:40]!r} is no amount per kWh or MWh")
    above = match[1].lower()
    if above in _MASS:
        return CO2, _MASS[above] / energy
    if above in _MINOR:
        return price_unit(_MINOR[above]), Decimal("0.01") / energy
    return price_unit(above), Decimal(1) / energy


def most(unit: str) -> Decimal:
    """Return the largest plausible size of a value. Raises AnswerError for no inner unit."""
    if unit == CO2:
        return MOST_G_PER_KWH
    bound = MOST_PER_KWH.get(unit.removesuffix("/kWh"))
    if bound is None or not unit.endswith("/kWh"):
        raise AnswerError(f"{unit[:40]!r} is no unit of a series")
    return bound
