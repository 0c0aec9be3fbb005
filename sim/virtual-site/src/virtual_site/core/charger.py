"""A charger with or without a car: what it offers, how it talks to the car. Pure.

The ISO 15118 part follows the field: such a car arrives as IEC 61851 and becomes digital seconds
later; it then follows limits down to its own minimum. A pause written before that, and 0 A written
after it, ends the digital session: the car goes on with the pulse width (6 A and more) until it is
plugged again. Its relay is not switched while it charges digitally.

A charger that switches phases by itself reads the limits of its three conductors as a power: 4 A on
each are too little for three phases, and 12 A on one.
"""

import math
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import assert_never

from electrical import PhaseCurrents, Phases
from electrical.rotation import to_house
from virtual_site.core import car as cars
from virtual_site.core import control as controls
from virtual_site.core import relay as relays
from virtual_site.core.car import Car, CarModel, Offer, Standard
from virtual_site.core.control import Control, PerConductor
from virtual_site.core.relay import PhaseSwitching, Relay
from virtual_site.core.scenario import ChargerModel

HANDSHAKE_S = 3.0  # from the plug to the digital session
SMALLEST_A = 0.05  # a digital limit below this is the 0 A that ends the session
REFUSALS = {
    "no-relay": "{name} has no relay to switch phases with",
    "automatic": "{name} changes phases by itself",
    "iso15118-session": "an ISO 15118 session fixes the phases until the car is unplugged",
}


class RelayRefusedError(Exception):
    """The charger does not switch its relay now; the text says why, `reason` as a code."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class Talk(StrEnum):
    """How charger and car talk at this moment."""

    PULSE_WIDTH = "pulse-width"
    ARRIVING = "arriving"  # still pulse width, the digital session is being set up
    DIGITAL = "digital"
    LOST = "lost"  # pulse width until the car is plugged again


@dataclass(frozen=True, slots=True)
class Charger:
    """One charger at one instant."""

    model: ChargerModel
    control: Control = field(default_factory=Control)
    plc: bool = False  # power line communication, needed for ISO 15118; off from the factory
    car: Car | None = None
    talk: Talk = Talk.PULSE_WIDTH
    digital_at_s: float = 0.0  # age of the car at which an arriving session is up
    session: int | None = None  # which session of the scenario brought the car
    relay: Relay = field(default_factory=Relay)
    offer_a: float = 0.0

    @property
    def conductors(self) -> int:
        """Return the relay's position."""
        return self.relay.conductors

    @property
    def is_digital(self) -> bool:
        """Return whether the car charges by ISO 15118 now."""
        return self.car is not None and self.talk is Talk.DIGITAL

    @property
    def standard(self) -> Standard:
        """Return the standard the charger announces for its car."""
        if self.car is None or not self.is_digital:
            return Standard.IEC61851
        return self.car.model.standard

    @property
    def min_a(self) -> float:
        """Return the least current with which the car can charge now."""
        if self.car is not None and self.is_digital:
            return self.car.model.min_digital_a
        return self.model.min_a

    @property
    def least_limit_a(self) -> float:
        """Return the least limit on each conductor with which the car charges."""
        return self.min_a / 3 if self.decides_phases else self.min_a

    @property
    def decides_phases(self) -> bool:
        """Return whether the charger would change the number of phases by itself now."""
        is_automatic = self.model.phase_switching is PhaseSwitching.AUTOMATIC
        return is_automatic and self.uses_all and not self.is_digital

    @property
    def uses_all(self) -> bool:
        """Return whether its car would use three conductors."""
        return self.car is not None and self.car.model.phases == 3

    @property
    def max_a(self) -> float:
        """Return the most the charger announces: the car's own range only if it can tell it."""
        if self.car is not None and self.is_digital:
            return min(self.model.max_a, self.car.model.max_a)
        return self.model.max_a

    @property
    def conductors_in_use(self) -> int:
        """Return how many conductors the car can draw from, 0 without a car."""
        return 0 if self.car is None else min(self.conductors, self.car.model.phases)

    @property
    def current_a(self) -> PhaseCurrents:
        """Return the car's current by conductor of the charger."""
        amperes = 0.0 if self.car is None else self.car.current_a
        drawn = 0 if self.car is None else self.car.conductors
        return Phases(*(amperes if index < drawn else 0.0 for index in range(3)))

    @property
    def house_current_a(self) -> PhaseCurrents:
        """Return the car's current by phase of the house."""
        return to_house(self.model.wiring, self.current_a)


def plug(charger: Charger, car: CarModel, session: int | None = None) -> Charger:
    """Plug a car; one that is there already is unplugged first."""
    charger = unplug(charger)
    return _greet(replace(charger, car=Car(car), session=session))


def unplug(charger: Charger) -> Charger:
    """Take the car away, and its limits with it."""
    return replace(
        charger,
        car=None,
        session=None,
        talk=Talk.PULSE_WIDTH,
        control=controls.new_car(charger.control),
    )


def set_plc(charger: Charger, *, on: bool) -> Charger:
    """Switch power line communication; a plugged car starts talking anew."""
    return charger if charger.plc is on else _greet(replace(charger, plc=on))


def set_failsafe(charger: Charger, *, failsafe_a: float) -> Charger:
    """Set the current offered while no energy manager leads."""
    return replace(charger, model=replace(charger.model, failsafe_a=failsafe_a))


def write_limit(charger: Charger, limit_a: PerConductor, t_s: float) -> Charger:
    """Take a limit from the energy manager; without a car there is nothing to limit."""
    if charger.car is None:
        return charger
    due_s = t_s + charger.model.command_latency_s
    return replace(charger, control=controls.write(charger.control, limit_a, due_s))


def set_phase_switching(charger: Charger, *, ability: PhaseSwitching) -> Charger:
    """Set whether, and how, the charger changes phases; without the ability all are connected."""
    model = replace(charger.model, phase_switching=ability)
    relay = Relay() if ability is PhaseSwitching.NONE else charger.relay
    return replace(charger, model=model, relay=relay)


def switch_phases(charger: Charger, conductors: int, t_s: float) -> Charger:
    """Start to switch the relay to 1 or 3 conductors. Raises RelayRefusedError."""
    reason = refusal(charger)
    if reason is not None and conductors != charger.conductors:
        raise RelayRefusedError(reason, REFUSALS[reason].format(name=charger.model.name))
    return replace(charger, relay=relays.ask(charger.relay, conductors, t_s))


def refusal(charger: Charger) -> str | None:
    """Return the code of why its relay cannot be switched from outside now, None if it can."""
    match charger.model.phase_switching:
        case PhaseSwitching.NONE:
            return "no-relay"
        case PhaseSwitching.AUTOMATIC:
            return "automatic"
        case PhaseSwitching.LOCAL_API:
            return "iso15118-session" if charger.is_digital else None
        case _:
            assert_never(charger.model.phase_switching)


def advance(  # noqa: PLR0913 - time in two clocks, voltage and two faults are all it depends on
    charger: Charger,
    dt_s: float,
    t_s: float,
    now_s: float,
    voltage_v: float,
    *,
    deaf: bool = False,
    dead: bool = False,
) -> Charger:
    """Let `dt_s` seconds of the scenario pass until `t_s`.

    deaf: the car ignores changes of the limit. dead: the charger delivers nothing (failed or
    starting).
    """
    charger = replace(charger, control=controls.at(charger.control, t_s, now_s))
    charger = _switched(_talked(charger), t_s)
    offer_a = 0.0 if dead or charger.relay.target is not None else _offer_a(charger)
    car = charger.car
    if car is not None:
        least_a = charger.min_a if charger.is_digital else max(charger.min_a, car.model.min_a)
        offer = Offer(offer_a, charger.conductors, least_a)
        car = cars.step(car, offer, dt_s, voltage_v, deaf=deaf and not dead)
    return replace(charger, offer_a=offer_a, car=car)


def shown_limit_a(charger: Charger) -> PerConductor | None:
    """Return the limit in force on each conductor, None while no car is plugged."""
    if charger.car is None:
        return None
    if charger.control.obeys_limit:
        return charger.control.limit_a
    failsafe_a = charger.model.failsafe_a
    return (failsafe_a, failsafe_a, failsafe_a)


def _greet(charger: Charger) -> Charger:
    """Begin the conversation: a car that speaks ISO 15118 does so if the charger can."""
    car = charger.car
    if car is None or not (charger.plc and car.model.standard.is_digital):
        return replace(charger, talk=Talk.PULSE_WIDTH)
    return replace(charger, talk=Talk.ARRIVING, digital_at_s=car.age_s + HANDSHAKE_S)


def _talked(charger: Charger) -> Charger:
    if charger.car is None or charger.talk not in {Talk.ARRIVING, Talk.DIGITAL}:
        return charger
    if charger.control.obeys_limit:
        limit_a = _allowed_a(charger)
        least_a = SMALLEST_A if charger.is_digital else charger.model.min_a
        if limit_a < least_a:
            return replace(charger, talk=Talk.LOST)
    if charger.talk is Talk.ARRIVING and charger.car.age_s >= charger.digital_at_s:
        return replace(charger, talk=Talk.DIGITAL)
    return charger


def _switched(charger: Charger, t_s: float) -> Charger:
    relay = charger.relay
    if charger.decides_phases and charger.control.obeys_limit:
        model = charger.model
        relay = relays.decided(relay, charger.control.limit_a, model.min_a, model.max_a, t_s)
    drawn_a = 0.0 if charger.car is None else charger.car.current_a
    return replace(charger, relay=relays.moved(relay, drawn_a, charger.model.switch_s, t_s))


def _offer_a(charger: Charger) -> float:
    allowed_a = _allowed_a(charger)
    step_a = charger.model.step_a
    if step_a > 0:
        allowed_a = math.floor(allowed_a / step_a + 1e-9) * step_a
    return allowed_a if allowed_a >= charger.min_a - 1e-9 else 0.0


def _allowed_a(charger: Charger) -> float:
    model, control = charger.model, charger.control
    if charger.decides_phases and charger.conductors == 1 and control.obeys_limit:
        each_a = relays.each_a(control.limit_a, model.max_a)
        # Enough for three phases: until the relay has moved, one carries no more than its share.
        is_enough = each_a >= model.min_a
        return each_a if is_enough else relays.summed_a(control.limit_a, model.max_a)
    return controls.allowed_a(control, charger.conductors_in_use, model.max_a, model.failsafe_a)
