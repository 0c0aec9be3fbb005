"""What a garage of the library `carconnectivity` says of batteries. Pure; knows its shapes only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Level(Protocol):
    """A charge level (%). last_updated: when the car said so, None = not known."""

    value: float | None
    last_updated: datetime | None


class Kind(Protocol):
    """What drives a drive; `value` is a member of an enumeration, or None."""

    value: object


class DriveLike(Protocol):
    """A drive: electric or not."""

    type: Kind
    level: Level


class DrivesLike(Protocol):
    """All drives of a vehicle by their ids."""

    drives: Mapping[str, DriveLike]


class Name(Protocol):
    """A text that may be missing."""

    value: str | None


class VehicleLike(Protocol):
    """A vehicle."""

    vin: Name
    drives: DrivesLike


class GarageLike(Protocol):
    """A garage."""

    def list_vehicles(self) -> Iterable[VehicleLike]:
        """Return its vehicles."""
        ...


@dataclass(frozen=True, slots=True)
class Word:
    """What one of our cars holds. at: when the car said so (UTC), None = not known."""

    car: str
    soc_percent: float
    at: datetime | None


def words(garage: GarageLike, cars: Mapping[str, str]) -> list[Word]:
    """Return what is known of our cars' batteries. cars: our id by VIN (in capitals).

    A drive that is not electric has a tank: its level is none of ours.
    """
    found = []
    for vehicle in garage.list_vehicles():
        car = cars.get((vehicle.vin.value or "").upper())
        if car is None:
            continue
        for drive in vehicle.drives.drives.values():
            word = _word(car, drive)
            if word is not None:
                found.append(word)
                break
    return found


def _word(car: str, drive: DriveLike) -> Word | None:
    kind = getattr(drive.type.value, "value", drive.type.value)
    level = drive.level.value
    if kind != "electric" or level is None or not 0.0 <= level <= 100.0:
        return None
    told = drive.level.last_updated
    return Word(car, float(level), None if told is None else told.astimezone(UTC))
