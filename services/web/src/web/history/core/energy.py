"""Energy added up over time; what nobody measured stays unknown. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

MINUTE_S, QUARTER_S, HOUR_S, DAY_S = 60, 900, 3600, 86_400
STEPS_S = (MINUTE_S, QUARTER_S, HOUR_S, DAY_S)


@dataclass(frozen=True, slots=True)
class Since:
    """From when on minutes and hours are kept; Unix seconds, starts of an hour and of a day."""

    minutes_s: int
    hours_s: int


@dataclass(frozen=True, slots=True)
class Energy:
    """Energy of one span in Wh. chargers: SKI -> (energy, part of it from the sun)."""

    import_wh: float | None = None  # None = not measured
    export_wh: float | None = None
    sun_wh: float | None = None
    chargers: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    minutes: int = 0  # how many minutes it was made of

    @property
    def charging_wh(self) -> float:
        """What all chargers took."""
        return sum(energy_wh for energy_wh, _ in self.chargers.values())

    @property
    def charging_sun_wh(self) -> float:
        """What of that came from the sun."""
        return sum(sun_wh for _, sun_wh in self.chargers.values())


def total(parts: Iterable[Energy]) -> Energy:
    """Return the sum; a value is unknown only where it is in all parts."""
    import_wh = export_wh = sun_wh = None
    chargers: dict[str, tuple[float, float]] = {}
    minutes = 0
    for part in parts:
        import_wh = _plus(import_wh, part.import_wh)
        export_wh = _plus(export_wh, part.export_wh)
        sun_wh = _plus(sun_wh, part.sun_wh)
        minutes += part.minutes
        for ski, (energy, sun) in part.chargers.items():
            before = chargers.get(ski, (0.0, 0.0))
            chargers[ski] = (before[0] + energy, before[1] + sun)
    return Energy(import_wh, export_wh, sun_wh, chargers, minutes)


def packed(chargers: Mapping[str, tuple[float, float]]) -> str:
    """Return what chargers took as it stands in a row: JSON {ski: [energy_wh, sun_wh]}."""
    return json.dumps(chargers, separators=(",", ":"), sort_keys=True)


def unpacked(chargers: str) -> dict[str, tuple[float, float]]:
    """Return what chargers took: the inverse of `packed`."""
    return {ski: (float(one[0]), float(one[1])) for ski, one in json.loads(chargers).items()}


def _plus(first: float | None, second: float | None) -> float | None:
    if first is None or second is None:
        return second if first is None else first
    return first + second
