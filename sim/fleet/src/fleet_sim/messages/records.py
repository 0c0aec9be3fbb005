"""Sessions, energy and facts of a simulated site."""

from fleet_sim.core.houses import House
from fleet_sim.core.looks import MINUTE_S, Minute, minute
from fleet_sim.core.stays import Stay
from fleet_sim.messages.pictures import stamp
from volthus_wire.v1 import records_pb2

PRICE_PER_KWH = 0.27
SUN_SHARE = 0.3  # of a session's energy at a site with a roof


def session(
    house: House, stay: Stay, at_s: float, *, is_priced: bool = True
) -> records_pb2.ChargingSession:
    """Return a session as it stands at a moment."""
    energy_wh = stay.charged_wh(at_s)
    sun_wh = energy_wh * (SUN_SHARE if house.peak_w else 0.0)
    has_ended = at_s >= stay.leaves_s
    made = records_pb2.ChargingSession(
        session=stay.session,
        ski=stay.ski,
        charger_name=next(box.name for box in house.wallboxes if box.ski == stay.ski),
        car=stay.car,
        started=stamp(stay.plugged_s),
        state="ended" if has_ended else "open",
        energy_wh=energy_wh,
        sun_wh=sun_wh,
        grid_wh=energy_wh - sun_wh,
        charging_s=max(0.0, min(at_s, stay.full_s) - stay.starts_s),
        highest_w=stay.power_w,
        currency=house.currency,
        mode="smart",
        revision=1 + int(has_ended),
    )
    if has_ended:
        made.ended.CopyFrom(stamp(stay.leaves_s))
    if has_ended and is_priced:
        made.cost = round((energy_wh - sun_wh) / 1000 * PRICE_PER_KWH, 4)
        made.at_once_cost = round(energy_wh / 1000 * PRICE_PER_KWH, 4)
        made.co2_g = round((energy_wh - sun_wh) * 0.36, 1)
        made.price_series = "sim/1"
    return made


def span(told: Minute, seconds: int = MINUTE_S) -> records_pb2.EnergySpan:
    """Return a minute's energy as a message."""
    return records_pb2.EnergySpan(
        start=stamp(told.start_s),
        end=stamp(told.start_s + seconds),
        import_wh=told.import_wh,
        export_wh=told.export_wh,
        sun_wh=told.sun_wh,
        charging_wh=sum(told.charging.values()),
        charger_wh=told.charging,
        revision=1,
    )


def summed(house: House, start_s: int, seconds: int) -> records_pb2.EnergySpan:
    """Return the energy of a longer span: of some of its minutes, for the whole of it."""
    looks = range(start_s, start_s + seconds, max(MINUTE_S, seconds // 4 // MINUTE_S * MINUTE_S))
    parts = [minute(house, at_s) for at_s in looks]
    weight = seconds / MINUTE_S / len(parts)
    skis = [box.ski for box in house.wallboxes]
    total = Minute(
        start_s,
        weight * sum(one.import_wh for one in parts),
        weight * sum(one.export_wh for one in parts),
        weight * sum(one.sun_wh for one in parts),
        {ski: weight * sum(one.charging[ski] for one in parts) for ski in skis},
    )
    return span(total, seconds)
