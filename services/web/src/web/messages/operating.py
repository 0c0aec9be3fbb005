"""Modes, goals and cars, both ways."""

from typing import get_args

from volthus_wire.convert import to_timestamp
from volthus_wire.v1 import operating_pb2 as wire
from web.messages.clock import clock, minute_of
from web.messages.plain import NotUnderstoodError, instant_in, number_in, positive, text
from web.models.operating import (
    Car,
    CarWanted,
    ChargingMode,
    Goal,
    GoalWanted,
    ModeName,
    ModeWanted,
    SmartSwitches,
    WeeklyDeparture,
)

MODES: dict[str, ModeName] = {mode: mode for mode in get_args(ModeName)}
ALL_ON = wire.SmartSwitches(forecast=True, surplus=True, price=True)


def charging_mode(message: wire.ChargingMode) -> ChargingMode:
    """Return how a charger charges. Raises NotUnderstoodError for an unknown mode."""
    if message.mode not in MODES:
        raise NotUnderstoodError(f"{message.mode!r} is no mode")
    smart = message.smart
    return ChargingMode(
        mode=MODES[message.mode],
        smart=SmartSwitches(forecast=smart.forecast, surplus=smart.surplus, price=smart.price),
        revision=message.revision,
    )


def to_mode(
    wanted: ModeWanted, revision: int, before: wire.SmartSwitches | None
) -> wire.ChargingMode:
    """Return the message that asks for a mode.

    Switches left out stay as `before`; where that leaves Smart blind, all go on.
    """
    smart = before or ALL_ON
    if wanted.mode == "smart" and not (smart.forecast or smart.surplus or smart.price):
        smart = ALL_ON
    if wanted.smart is not None:
        smart = wire.SmartSwitches(
            forecast=wanted.smart.forecast,
            surplus=wanted.smart.surplus,
            price=wanted.smart.price,
        )
    return wire.ChargingMode(mode=wanted.mode, smart=smart, revision=revision)


def goal(message: wire.Goal) -> Goal | None:
    """Return a goal, None where it aims at nothing."""
    if not message.HasField("soc_percent") and not message.HasField("energy_wh"):
        return None
    return Goal(
        soc_percent=number_in(message, "soc_percent"),
        energy_wh=number_in(message, "energy_wh"),
        departure=instant_in(message, "departure"),
        weekly=[
            WeeklyDeparture(weekday=one.weekday, time=clock(one.minute)) for one in message.weekly
        ],
        car=text(message.car),
        revision=message.revision,
    )


def to_goal(wanted: GoalWanted, ski: str, revision: int) -> wire.Goal:
    """Return the message that asks for a goal in place of `revision` (0: of any)."""
    weekly = [
        wire.WeeklyDeparture(weekday=one.weekday, minute=minute_of(one.time))
        for one in wanted.weekly
    ]
    return wire.Goal(
        ski=ski,
        soc_percent=wanted.soc_percent,
        energy_wh=wanted.energy_wh,
        departure=None if wanted.departure is None else to_timestamp(wanted.departure),
        weekly=weekly,
        car=wanted.car or "",
        revision=revision,
    )


def car(message: wire.Car) -> Car:
    """Return a car."""
    return Car(
        id=message.car,
        name=message.name,
        battery_wh=number_in(message, "battery_wh"),
        max_a=number_in(message, "max_a"),
        phases=positive(message.phases),
        min_soc_percent=number_in(message, "min_soc_percent"),
        ev_id=text(message.ev_id),
        charger=text(message.charger),
        revision=message.revision,
    )


def to_car(wanted: CarWanted, car_id: str = "", revision: int = 0) -> wire.Car:
    """Return the message that asks for a car; without an id it is a new one."""
    return wire.Car(
        car=car_id,
        name=wanted.name,
        battery_wh=wanted.battery_wh,
        max_a=wanted.max_a,
        phases=wanted.phases,
        min_soc_percent=wanted.min_soc_percent,
        ev_id=wanted.ev_id or "",
        charger=wanted.charger or "",
        revision=revision,
    )
