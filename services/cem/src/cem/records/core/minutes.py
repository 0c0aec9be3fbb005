"""Energy by source in UTC minutes, and what of the charging the sun gave. Pure.

The formula: G is the power at the grid connection (+ = import), D what home batteries give, C what
all chargers draw, S what the sun gives (unknown without a PV meter). The house comes first, so the
sun's part of C is

    min(C, max(0, C - G - D)), and with a PV meter at most S.

In words: what the chargers draw and neither the grid nor a battery brings. Without a PV meter any
other surplus at the grid connection counts as sun. While G or D is unknown, all of C is grid.
Among the chargers it is shared in proportion to what they draw.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isfinite

MINUTE_S = 60
LONGEST_GAP_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Minute:
    """One minute (or what is to be added to one); absent = nobody measured."""

    start: int  # Unix seconds, a multiple of 60
    import_wh: float | None = None
    export_wh: float | None = None
    sun_wh: float | None = None
    charger_wh: Mapping[str, float] = field(default_factory=dict)
    charger_sun_wh: Mapping[str, float] = field(default_factory=dict)

    def plus(self, other: "Minute") -> "Minute":
        """Return both together."""
        return replace(
            self,
            import_wh=plus_known(self.import_wh, other.import_wh),
            export_wh=plus_known(self.export_wh, other.export_wh),
            sun_wh=plus_known(self.sun_wh, other.sun_wh),
            charger_wh=_merged(self.charger_wh, other.charger_wh),
            charger_sun_wh=_merged(self.charger_sun_wh, other.charger_sun_wh),
        )


def sun_part(charging_w: float | None, brought_w: float | None, sun_w: float | None) -> float:
    """Return which part (0 to 1) of the charging the sun gives; see the formula above.

    brought_w: G + D, None = one of them is unknown.
    """
    if charging_w is None or brought_w is None or not charging_w > 0:
        return 0.0
    given_w = min(charging_w, max(0.0, charging_w - brought_w))
    if sun_w is not None:
        given_w = min(given_w, max(0.0, sun_w))
    part = given_w / charging_w
    return part if isfinite(part) else 0.0


def plus_known(first: float | None, second: float | None) -> float | None:
    """Return the sum of what is known of two; None = of neither."""
    if first is None or second is None:
        return second if first is None else first
    return first + second


def spread(energy_wh: float, end: float, span_s: float) -> dict[int, float]:
    """Return the energy by minute, evenly over the span that ended at `end` (Unix seconds).

    A span longer than a day is taken for its last day; the sum is the energy, exactly.
    """
    last = _minute(end)
    span_s = min(span_s, LONGEST_GAP_S)
    start = end - span_s
    if energy_wh <= 0 or span_s <= 0 or _minute(start) == last:
        return {last: energy_wh}
    parts: dict[int, float] = {}
    for minute in range(_minute(start), last, MINUTE_S):
        seconds = min(end, minute + MINUTE_S) - max(start, minute)
        parts[minute] = energy_wh * seconds / span_s
    parts[last] = max(0.0, energy_wh - sum(parts.values()))
    return parts


def _minute(instant: float) -> int:
    return int(instant // MINUTE_S) * MINUTE_S


def _merged(first: Mapping[str, float], second: Mapping[str, float]) -> dict[str, float]:
    merged = dict(first)
    for key, value in second.items():
        merged[key] = merged.get(key, 0.0) + value
    return merged
