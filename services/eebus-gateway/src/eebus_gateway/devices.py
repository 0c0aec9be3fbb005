"""What every paired device says of itself beside charging: abilities, meters, faults.

The chargers' side is the hub's. No bus, no disk, no timer of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from eebus.events import ConnectionChanged, ConnectionState, Event, Metered
from eebus_gateway.core import diagnosis as diagnoses
from eebus_gateway.core import metering
from eebus_gateway.core.abilities import Ability
from eebus_gateway.core.diagnosis import Diagnosis, LimitWrite
from eebus_gateway.core.metering import GridMeter, Problem, Quality
from eebus_gateway.core.trust import Paired
from volthus_kit.clock import Clock

SETTLED_AFTER_S: Final = 10.0  # by then a device has said all that it is
MGCP: Final = "mgcp"


@dataclass(frozen=True, slots=True)
class MeterView:
    """A paired grid meter with what its last reading is worth now."""

    paired: Paired
    meter: GridMeter
    quality: Quality
    age_s: float | None  # None: it never spoke, or is gone
    problem: Problem | None


class Devices:
    """One record per paired device, since our start."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._diagnoses: dict[str, Diagnosis] = {}
        self._connected_at: dict[str, float] = {}  # monotonic
        self._meters: dict[str, dict[tuple[int, ...], GridMeter]] = {}

    def hear(self, ski: str, event: Event) -> None:
        """Fold in an event about a paired device."""
        at = self._clock.now()
        if isinstance(event, ConnectionChanged):
            if event.state is not ConnectionState.CONNECTED:
                self._connected_at.pop(ski, None)
            else:
                self._connected_at.setdefault(ski, self._clock.monotonic())
        self._diagnoses[ski] = diagnoses.fold(self.diagnosis(ski), event, at)
        if isinstance(event, Metered) and event.use_case == MGCP:
            meters = self._meters.setdefault(ski, {})
            before = meters.get(event.entity, GridMeter())
            now = self._clock.monotonic()
            meters[event.entity] = metering.told(before, event.values, now, at)

    def wrote(self, ski: str, write: LimitWrite) -> None:
        """Note a limit that was written to a device."""
        self._diagnoses[ski] = diagnoses.written(self.diagnosis(ski), write)

    def reacted(self, ski: str, reaction_s: float) -> None:
        """Note how long the last accepted limit took to be followed."""
        self._diagnoses[ski] = diagnoses.reacted(self.diagnosis(ski), reaction_s)

    def forget(self, ski: str) -> None:
        """Drop the records of a device that is paired no longer."""
        self._diagnoses.pop(ski, None)
        self._meters.pop(ski, None)
        self._connected_at.pop(ski, None)

    def diagnosis(self, ski: str) -> Diagnosis:
        """Return what is known of a device; of one never heard of, nothing."""
        return self._diagnoses.get(ski, Diagnosis())

    def abilities(self, paired: Paired) -> frozenset[Ability]:
        """Return what a device can be to us.

        What it was stays until the device has had the time to say everything anew: a charger or
        a grid meter must not vanish for a moment with each connection.
        """
        told = self.diagnosis(paired.ski).tree.abilities()
        since = self._connected_at.get(paired.ski)
        if told and since is not None and self._clock.monotonic() - since >= SETTLED_AFTER_S:
            return told
        return paired.abilities | told

    def meters(self, book: Mapping[str, Paired]) -> list[MeterView]:
        """Return every paired grid meter, by SKI; those that are away too."""
        return [self.meter(paired) for _, paired in sorted(book.items()) if paired.is_grid_meter]

    def meter(self, paired: Paired) -> MeterView:
        """Return the grid meter of one device; the first where it has several."""
        known = self._meters.get(paired.ski, {})
        there = {address: each for address, each in known.items() if each.is_there} or known
        meter = there[min(there)] if there else GridMeter()
        now = self._clock.monotonic()
        is_connected = paired.ski in self._connected_at
        return MeterView(
            paired,
            meter,
            metering.quality(meter, now),
            metering.age_s(meter, now),
            metering.problem(meter, now, is_connected=is_connected),
        )
