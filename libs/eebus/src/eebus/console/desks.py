"""What each role obeys besides the commands all of them know."""

import asyncio
from typing import Final

from eebus.cem import Cem
from eebus.charger import CarDemand, Charger, EvProfile
from eebus.console.commands import DONE, PHASES, Action, Command, CommandError, Desk
from eebus.console.trust import TrustBook
from eebus.controlbox import ControlBox
from eebus.events import MeterValues, PowerSlot, PriceSlot, WriteResult
from eebus.guarding import Guarding
from eebus.meter import GridMeter
from eebus.participant import Core

VOLTAGE_V: Final = 230.0
CAR_STATES: Final = ("normalOperation", "standby", "finished", "failure")


def _guard_actions(guard: Guarding[Core]) -> dict[str, Action]:
    """Return what can be told to whoever limits others."""

    def limit(kind: str) -> Action:
        async def action(command: Command) -> WriteResult:
            """Write a limit. `w`: W, null = no limit. `duration_s`: left out = for good."""
            command.must_say("w", "no limit")
            return await guard.write_power_limit(
                command.ski(),
                command.optional_number("w"),
                kind=kind,
                duration_s=command.duration_s(),
            )

        return action

    async def failsafe(command: Command) -> WriteResult:
        return await guard.write_failsafe(
            command.ski(),
            command.optional_number("w"),
            kind=command.optional_text("kind") or "lpc",
            duration_s=command.duration_s(),
        )

    return {"lpc": limit("lpc"), "lpp": limit("lpp"), "failsafe": failsafe}


class ControlBoxDesk(Desk):
    """Obeys what a control box can be told: limits and failsafe values of systems."""

    def __init__(self, box: ControlBox, book: TrustBook | None = None) -> None:
        super().__init__(box, book)
        self.actions |= _guard_actions(box)


class MeterDesk(Desk):
    """Obeys what a grid meter can be told: its values, all of them each time."""

    def __init__(self, meter: GridMeter, book: TrustBook | None = None) -> None:
        super().__init__(meter, book)
        self._meter = meter
        self.actions |= {"measure": self._measure}

    async def _measure(self, command: Command) -> WriteResult:
        self._meter.measure(
            MeterValues(
                power_w=command.optional_number("power_w"),
                power_per_phase_w=command.per_phase("power_per_phase_w"),
                current_a=command.per_phase("current_a"),
                voltage_v=command.per_phase("voltage_v"),
                energy_consumed_wh=command.optional_number("energy_consumed_wh"),
                energy_produced_wh=command.optional_number("energy_produced_wh"),
                frequency_hz=command.optional_number("frequency_hz"),
                curtailment_factor=command.optional_number("curtailment_factor"),
            )
        )
        return DONE


class CemDesk(Desk):
    """Obeys what an energy manager can be told."""

    def __init__(self, cem: Cem, book: TrustBook | None = None) -> None:
        super().__init__(cem, book)
        self._cem = cem
        self.actions |= _guard_actions(cem) | {
            "limit": self._limit,
            "pause": self._pause,
            "curve": self._curve,
            "prices": self._prices,
        }

    async def _limit(self, command: Command) -> WriteResult:
        """Write limits. `a`: A per phase, null = leave as it is, "off" = no limit."""
        ski = command.ski()
        kind = command.optional_text("kind") or "opev"
        command.must_say("a", "as it is")
        if command.body.get("a") == "off":
            return await self._cem.write_limit(ski, (None, None, None), kind=kind)
        wanted = command.per_phase("a")
        if any(each is not None and each < 0 for each in wanted):
            raise CommandError("'a' must not be negative; pause ends the drawing")
        held = self._cem.limits(ski, kind) or (None, None, None)
        a, b, c = (old if new is None else new for new, old in zip(wanted, held, strict=True))
        return await self._cem.write_limit(ski, (a, b, c), kind=kind)

    async def _pause(self, command: Command) -> WriteResult:
        return await self._cem.write_limit(command.ski(), (0.0, 0.0, 0.0))

    async def _curve(self, command: Command) -> WriteResult:
        slots = [PowerSlot(*each) for each in command.slots()]
        return await self._cem.write_power_curve(command.ski(), slots)

    async def _prices(self, command: Command) -> WriteResult:
        slots = [PriceSlot(*each) for each in command.slots()]
        currency = command.optional_text("currency") or "EUR"
        return await self._cem.write_prices(command.ski(), slots, currency=currency)


class ChargerDesk(Desk):
    """Obeys what a charger can be told: the car, what it draws, its state."""

    def __init__(self, charger: Charger, book: TrustBook | None = None) -> None:
        super().__init__(charger, book)
        self._charger = charger
        self._energy_wh = 0.0
        self._power_w = 0.0
        self._since = 0.0
        self.actions |= {
            "plug": self._plug,
            "update": self._update,
            "unplug": self._unplug,
            "draw": self._draw,
            "state": self._state,
            "fault": self._fault,
            "demand": self._demand,
            "plan": self._plan,
        }

    async def _plug(self, command: Command) -> WriteResult:
        self._charger.plug(_profile(command, EvProfile()))
        self._energy_wh = self._power_w = 0.0
        return DONE

    async def _update(self, command: Command) -> WriteResult:
        """Change what the plugged car says, e.g. `standard` some seconds after plugging."""
        self._charger.update_ev(_profile(command, self._charger.ev or EvProfile()))
        return DONE

    async def _unplug(self, command: Command) -> WriteResult:  # noqa: ARG002
        self._charger.unplug()
        return DONE

    async def _draw(self, command: Command) -> WriteResult:
        """Tell measurements. `a`: what the car draws, A per phase or one for all its phases."""
        ev = self._car()
        command.must_say("a", "unknown")
        drawn = command.per_phase("a")
        soc = command.optional_number("soc_percent")
        a, b, c = (drawn[phase] if phase < ev.phases else None for phase in range(PHASES))
        current = (a, b, c)
        watts = [None if each is None else each * VOLTAGE_V for each in current]
        power = (watts[0], watts[1], watts[2])
        total_w = sum(each or 0.0 for each in watts)
        self._count(total_w)
        self._charger.measure(current, power, round(self._energy_wh, 3), soc)
        self._charger.meter(MeterValues(total_w, power, current))
        return DONE

    async def _state(self, command: Command) -> WriteResult:
        self._car()
        value = command.text("value")
        if value not in CAR_STATES:
            raise CommandError(f"'value' must be one of {', '.join(CAR_STATES)}")
        self._charger.set_ev_state(value)
        return DONE

    async def _fault(self, command: Command) -> WriteResult:
        """Let the charger itself fail, or work again. `code`: its error, null = none."""
        code = command.optional_text("code")
        self._charger.set_evse_state("normalOperation" if code is None else "failure", code)
        return DONE

    async def _demand(self, command: Command) -> WriteResult:
        self._charger.ask(
            CarDemand(
                command.number("optimal_wh"),
                min_wh=command.optional_number("min_wh"),
                max_wh=command.optional_number("max_wh"),
                departure_s=command.optional_number("departure_s"),
            )
        )
        return DONE

    async def _plan(self, command: Command) -> WriteResult:
        self._charger.tell_plan([PowerSlot(*each) for each in command.slots()])
        return DONE

    def _car(self) -> EvProfile:
        if self._charger.ev is None:
            raise CommandError("no car is plugged")
        return self._charger.ev

    def _count(self, power_w: float) -> None:
        """Count the energy drawn since the last command."""
        now = asyncio.get_running_loop().time()
        self._energy_wh += self._power_w * (now - self._since) / 3600
        self._power_w, self._since = power_w, now


def _profile(command: Command, known: EvProfile) -> EvProfile:
    """Read a car; what is left out stays as it is known. Raises ValueError for an odd one."""
    has_soc = "soc_percent" in command.body
    return EvProfile(
        standard=command.optional_text("standard") or known.standard,
        phases=command.whole("phases", known.phases),
        min_a=command.number("min_a", known.min_a),
        max_a=command.number("max_a", known.max_a),
        pause_a=command.number("pause_a", known.pause_a),
        soc_percent=command.optional_number("soc_percent") if has_soc else known.soc_percent,
        asymmetric=command.flag("asymmetric") if "asymmetric" in command.body else known.asymmetric,
        ev_id=command.optional_text("ev_id") or known.ev_id,
        plans=command.flag("plans") if "plans" in command.body else known.plans,
    )
