"""What drivers set, as messages and back: modes, cars, goals."""

from cem.core.driving import Car, ChargingMode, Goal, Mode, SmartSwitches, WeeklyDeparture
from volthus_wire.convert import from_timestamp, to_timestamp
from volthus_wire.v1 import operating_pb2


def mode_of(message: operating_pb2.ChargingMode, revision: int) -> ChargingMode:
    """Return a charging mode. Raises ValueError for a word that names none."""
    smart = message.smart
    switches = SmartSwitches(smart.forecast, smart.surplus, smart.price)
    return ChargingMode(Mode(message.mode), switches, revision)


def mode_message(mode: ChargingMode) -> operating_pb2.ChargingMode:
    """Return the message of a charging mode."""
    smart = mode.smart
    return operating_pb2.ChargingMode(
        mode=mode.mode.value,
        smart={"forecast": smart.forecast, "surplus": smart.surplus, "price": smart.price},
        revision=mode.revision,
    )


def car_of(message: operating_pb2.Car, id_: str, revision: int) -> Car:
    """Return a car."""
    return Car(
        id_,
        message.name.strip(),
        message.battery_wh if message.HasField("battery_wh") else None,
        message.max_a if message.HasField("max_a") else None,
        message.phases if message.HasField("phases") else None,
        message.min_soc_percent if message.HasField("min_soc_percent") else None,
        message.ev_id.strip(),
        message.charger,
        revision,
    )


def car_message(car: Car) -> operating_pb2.Car:
    """Return the message of a car."""
    return operating_pb2.Car(
        car=car.id,
        name=car.name,
        battery_wh=car.battery_wh,
        max_a=car.max_a,
        phases=car.phases,
        min_soc_percent=car.min_soc_percent,
        ev_id=car.ev_id,
        charger=car.charger,
        revision=car.revision,
    )


def goal_of(message: operating_pb2.Goal, revision: int) -> Goal | None:
    """Return a goal; None = it is given up."""
    has_soc, has_energy = message.HasField("soc_percent"), message.HasField("energy_wh")
    if not (has_soc or has_energy):
        return None
    return Goal(
        message.ski,
        message.soc_percent if has_soc else None,
        message.energy_wh if has_energy else None,
        from_timestamp(message.departure) if message.HasField("departure") else None,
        tuple(WeeklyDeparture(at.weekday, at.minute) for at in message.weekly),
        message.car,
        revision,
    )


def goal_message(goal: Goal) -> operating_pb2.Goal:
    """Return the message of a goal."""
    departure = None if goal.departure is None else to_timestamp(goal.departure)
    return operating_pb2.Goal(
        ski=goal.ski,
        soc_percent=goal.soc_percent,
        energy_wh=goal.energy_wh,
        departure=departure,
        weekly=[{"weekday": at.weekday, "minute": at.minute} for at in goal.weekly],
        car=goal.car,
        revision=goal.revision,
    )
