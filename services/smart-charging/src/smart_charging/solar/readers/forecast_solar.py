"""forecast.solar: energy of a roof between irregular times. Pure.

`watt_hours_period` holds the energy since the time before; the first of a day (sunrise) is 0.
"""

from itertools import pairwise

from smart_charging.provider.core import decoding
from smart_charging.provider.core.errors import AnswerError
from smart_charging.solar.core.series import LONGEST_STEP_S, Quantity, Series
from smart_charging.solar.readers import columns

NAME = "forecast-solar"


def read(body: bytes, peak_w: float) -> Series:
    """Return the power of a roof as share of the peak that was asked for. Raises AnswerError."""
    answer = decoding.mapping(decoding.parsed(body), "the answer")
    result = answer.get("result")
    if not isinstance(result, dict):
        message = decoding.mapping(answer.get("message", {}), "message")
        raise AnswerError(f"forecast.solar: {str(message.get('text', 'no result'))[:120]}")
    energies = decoding.mapping(result.get("watt_hours_period"), "watt_hours_period")
    at = sorted(
        (columns.seconds(decoding.instant(time, "time")), columns.number(wh, "watt_hours_period"))
        for time, wh in energies.items()
    )
    rows = []
    for (start, _), (end, wh) in pairwise(at):
        if 0 < end - start <= LONGEST_STEP_S:
            share = wh * 3600 / (end - start) / peak_w
            rows.append((start, end, {Quantity.SHARE: share}))
    if not rows:
        raise AnswerError("watt_hours_period has no two times within an hour")
    return columns.series(NAME, rows)
