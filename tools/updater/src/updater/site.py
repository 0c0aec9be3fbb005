"""What the site's own programs tell of themselves: that the CEM decides, and whom we trust."""

from dataclasses import replace

from updater.core.job import Program, Trust, View
from volthus_kit.clock import Clock


class Site:
    """The last word of the CEM and of the gateway. All calls on the event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._cem_at: float | None = None
        self._cem_version = ""
        self._trust: Trust | None = None

    def heard_cem(self, version: str) -> None:
        """Take that the CEM decides, and which version it is."""
        self._cem_at, self._cem_version = self._clock.monotonic(), version

    def heard_trust(self, trust: Trust) -> None:
        """Take who the gateway is and whom it trusts."""
        self._trust = trust

    def forget(self) -> None:
        """Believe only what is told from now on: of before is what other programs said."""
        self._cem_at = self._trust = None
        self._cem_version = ""

    @property
    def version(self) -> str:
        """What runs here; "" = never told."""
        return self._cem_version

    @property
    def trust(self) -> Trust | None:
        """Whom the gateway trusts; None = it was not heard."""
        return self._trust

    def view(self, programs: dict[str, Program]) -> View:
        """Return the site as it is seen now."""
        age_s = None if self._cem_at is None else self._clock.monotonic() - self._cem_at
        return replace(
            View(programs), cem_age_s=age_s, cem_version=self._cem_version, trust=self._trust
        )
