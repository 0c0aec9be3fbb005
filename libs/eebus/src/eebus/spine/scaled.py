"""Scaled numbers: `{"number": N, "scale": S}` means N x 10^S (spine.md section 8)."""

from decimal import ROUND_FLOOR, Decimal

from eebus.spine.values import Item, number

MAX_SCALE = 12  # far beyond any physical value; bounds what a hostile peer can make us compute
MAX_NUMBER = 10**15
PLACES = Decimal("0.0001")  # the reference uses at most four decimals


def to_float(item: Item) -> float | None:
    """Return the value, None when the number is missing or beyond any physical meaning."""
    mantissa = number(item, "number")
    scale = number(item, "scale") or 0
    if mantissa is None or abs(mantissa) > MAX_NUMBER or abs(scale) > MAX_SCALE:
        return None
    return float(Decimal(mantissa).scaleb(scale))


def from_float(value: float) -> Item:
    """Return the scaled number of a finite value, at four decimals, rounded down.

    Down, because most of what we send is a maximum.
    """
    exact = Decimal(repr(value)).quantize(PLACES, rounding=ROUND_FLOOR)
    mantissa, scale = int(exact.scaleb(4)), -4
    while scale < 0 and mantissa % 10 == 0:
        mantissa, scale = mantissa // 10, scale + 1
    return {"number": mantissa, "scale": scale}
