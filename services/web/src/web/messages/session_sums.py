"""Sessions added up, to what the API gives."""

from volthus_wire.v1 import records_pb2 as wire
from web.messages.plain import instant_in, number_in, text
from web.models.session_sums import SessionSums, SessionTotals


def session_sums(message: wire.SummarizeSessionsReply) -> SessionSums:
    """Return sessions added up."""
    return SessionSums(
        time_zone=message.time_zone,
        start=instant_in(message, "from"),
        end=instant_in(message, "to"),
        items=[_totals(one) for one in message.totals],
    )


def _totals(message: wire.SessionTotals) -> SessionTotals:
    energy_wh = message.energy_wh
    return SessionTotals(
        month=text(message.month),
        ski=text(message.ski),
        charger_name=text(message.charger_name),
        car=text(message.car),
        count=message.count,
        energy_wh=energy_wh,
        sun_wh=message.sun_wh,
        grid_wh=message.grid_wh,
        sun_share=min(1.0, message.sun_wh / energy_wh) if energy_wh > 0 else None,
        charging_s=message.charging_s,
        cost=number_in(message, "cost"),
        currency=text(message.currency),
        unpriced_count=message.unpriced,
        co2_g=number_in(message, "co2_g"),
        unweighed_count=message.unweighed,
    )
