"""Solcast: power of a registered plant; each row names the end of its period. Pure."""

import re

from smart_charging.provider.core import decoding
from smart_charging.provider.core.errors import AnswerError
from smart_charging.solar.core.series import Quantity, Series
from smart_charging.solar.readers import columns

NAME = "solcast"
PERIOD = re.compile(r"PT(\d{1,2})M")


def read(body: bytes, peak_w: float) -> Series:
    """Return the power as share of the plant's peak. Raises AnswerError."""
    answer = decoding.mapping(decoding.parsed(body), "the answer")
    rows = []
    for row in decoding.rows(answer.get("forecasts"), "forecasts"):
        period = decoding.mapping(row, "a forecast")
        length = PERIOD.fullmatch(decoding.text(period.get("period"), "period"))
        if length is None:
            raise AnswerError(f"the period {str(period.get('period'))[:20]!r} is none of minutes")
        end = columns.seconds(decoding.instant(period.get("period_end"), "period_end"))
        power_w = 1000 * columns.number(period.get("pv_estimate"), "pv_estimate")
        share = {Quantity.SHARE: power_w / peak_w}
        rows.append((end - 60 * int(length[1]), end, share))
    if not rows:
        raise AnswerError("the answer has no forecasts")
    return columns.series(NAME, rows)
