"""Sessions, energy and decisions to what the API gives."""

from typing import get_args

from volthus_wire.convert import from_timestamp
from volthus_wire.v1 import records_pb2 as wire
from web.messages.chargers import limited_by
from web.messages.plain import NotUnderstoodError, instant_in, number_in, phases_in, text
from web.models.records import ChargerEnergy, Decision, EnergySpan, Session, SessionState, Step

STATES: dict[str, SessionState] = {state: state for state in get_args(SessionState)}
STEPS_S: dict[Step, int] = {"minute": 60, "quarter-hour": 900, "hour": 3600, "day": 86_400}


def session(message: wire.ChargingSession) -> Session:
    """Return a session. Raises NotUnderstoodError for a state without a word."""
    if message.state not in STATES:
        raise NotUnderstoodError(f"{message.state!r} is no state of a session")
    return Session(
        id=message.session,
        ski=message.ski,
        charger_name=text(message.charger_name),
        car=text(message.car),
        started=instant_in(message, "started"),
        ended=instant_in(message, "ended"),
        state=STATES[message.state],
        energy_wh=message.energy_wh,
        sun_wh=message.sun_wh,
        grid_wh=message.grid_wh,
        charging_s=message.charging_s,
        highest_w=number_in(message, "highest_w"),
        soc_start_percent=number_in(message, "soc_start_percent"),
        soc_end_percent=number_in(message, "soc_end_percent"),
        cost=number_in(message, "cost"),
        currency=text(message.currency),
        price_series=text(message.price_series),
        co2_g=number_in(message, "co2_g"),
        at_once_cost=number_in(message, "at_once_cost"),
        at_once_co2_g=number_in(message, "at_once_co2_g"),
        mode=text(message.mode),
        revision=message.revision,
    )


def energy_span(message: wire.EnergySpan) -> EnergySpan:
    """Return the energy of one span of time."""
    return EnergySpan(
        start=from_timestamp(message.start),
        end=from_timestamp(message.end),
        import_wh=number_in(message, "import_wh"),
        export_wh=number_in(message, "export_wh"),
        sun_wh=number_in(message, "sun_wh"),
        charging_wh=message.charging_wh,
        charging_sun_wh=message.charging_sun_wh,
        chargers=[
            ChargerEnergy(ski=ski, energy_wh=energy_wh, sun_wh=message.charger_sun_wh.get(ski, 0.0))
            for ski, energy_wh in sorted(message.charger_wh.items())
        ],
    )


def decision(message: wire.DecisionRecord) -> Decision:
    """Return one change of what limited a charger."""
    return Decision(
        number=message.number,
        at=instant_in(message, "at"),
        ski=message.ski,
        limit_a=phases_in(message, "limit_a"),
        limited_by=limited_by(message.limited_by) if message.HasField("limited_by") else None,
        mode=text(message.mode),
        ladder=text(message.ladder),
    )
