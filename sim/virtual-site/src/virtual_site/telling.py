"""One conversation of a charger with its energy manager: tells what changed, nothing twice."""

from collections import deque

from eebus.charger import Charger as EebusCharger
from eebus.charger import EvProfile
from virtual_site.announced import Measurement, ev_profile, ev_state, measurement
from virtual_site.core.charger import Charger

FAILURE_CODE = "E042"


class Telling:
    """What was told over one EEBUS facade. A new facade begins anew, with nothing told."""

    def __init__(self, facade: EebusCharger) -> None:
        self._facade = facade
        self._profile: EvProfile | None = None
        self._state: str | None = None
        self._measurement: Measurement | None = None
        self._measured_second = -1
        self._waiting: deque[tuple[float, Measurement]] = deque()
        self._has_failed = False

    def sync(self, charger: Charger, t_s: float, voltage_v: float) -> None:
        """Tell what changed at the charger since the last call."""
        self._tell_car(ev_profile(charger))
        if charger.car is not None:
            self._tell_state(ev_state(charger))
        self._tell_measurement(charger, t_s, voltage_v)

    def fail(self, *, failed: bool) -> None:
        """Report a failure of the charger, or its end."""
        if failed is not self._has_failed:
            self._has_failed = failed
            state, code = ("failure", FAILURE_CODE) if failed else ("normalOperation", None)
            self._facade.set_evse_state(state, code)

    def _tell_car(self, profile: EvProfile | None) -> None:
        told, self._profile = self._profile, profile
        if profile == told:
            return
        self._measurement = self._state = None
        if profile is None:
            self._waiting.clear()
            self._facade.unplug()
        elif told is None:
            self._facade.plug(profile)
        else:
            self._facade.update_ev(profile)

    def _tell_state(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self._facade.set_ev_state(state)

    def _tell_measurement(self, charger: Charger, t_s: float, voltage_v: float) -> None:
        """Measure once a second of the scenario and tell it as late as the scenario wants."""
        picture = measurement(charger, voltage_v)
        if picture is None:
            return
        if int(t_s) != self._measured_second or self._measurement is None:
            self._measured_second = int(t_s)
            self._waiting.append((t_s + charger.model.measurement_latency_s, picture))
        while self._waiting and self._waiting[0][0] <= t_s:
            due = self._waiting.popleft()[1]
            if due != self._measurement:
                self._measurement = due
                self._facade.measure(due.current_a, due.power_w, due.energy_wh, due.soc_percent)
