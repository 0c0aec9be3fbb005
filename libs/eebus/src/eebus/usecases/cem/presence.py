"""Whether a car is really there: chargers say so in two ways, in any order (usecases.md, EVCC)."""

from typing import Final

UNPLUG_GRACE_S: Final = 2.0  # use cases may flicker while a charger rebuilds them
STANDARD_GRACE_S: Final = 10.0  # how long a pause waits for a fresh car's standard


class CarPresence:
    """What use cases and time say of the car whose entity is in the tree."""

    def __init__(self) -> None:
        self.is_gone = False  # its use cases vanished for good, though the entity stayed
        self._had_use_cases = False
        self._without_since: float | None = None
        self._since = 0.0

    def plugged(self, now: float) -> None:
        """Note a new car entity."""
        self.is_gone = self._had_use_cases = False
        self._without_since = None
        self._since = now

    def use_cases_told(self, *, has_cars: bool, now: float) -> None:
        """Note whether the device announces any use case of a car."""
        if has_cars:
            self._had_use_cases, self.is_gone = True, False
            self._without_since = None
        elif self._had_use_cases and self._without_since is None:
            self._without_since = now

    @property
    def is_in_doubt(self) -> bool:
        """Whether its use cases just vanished: most chargers remove the entity right after."""
        return self._without_since is not None and not self.is_gone

    def is_newly_gone(self, now: float) -> bool:
        """Whether the car left by its use cases since the last look."""
        since = self._without_since
        if self.is_gone or since is None or now - since < UNPLUG_GRACE_S:
            return False
        self.is_gone = True
        return True

    def is_settled(self, now: float) -> bool:
        """Whether a communication standard not told by now will hardly come."""
        return now - self._since >= STANDARD_GRACE_S
