"""What the gateway counts. One site, few chargers: still no SKI in a label."""

import math
from collections.abc import Sequence

from prometheus_client import Counter, Gauge, Histogram

from eebus.events import WriteResult
from eebus.usecases.limitation.machine import SystemState
from eebus_gateway.core.metering import Quality
from eebus_gateway.core.operator_limits import KINDS, OperatorLimit
from eebus_gateway.devices import MeterView
from volthus_kit.metrics import METER_AGE, METER_QUALITY

_QUICK = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10)

PAIRING_STATE = Gauge(
    "volthus_eebus_pairing_state", "Paired devices by state of their connection", ["state"]
)
RECONNECTS = Counter(
    "volthus_eebus_reconnects_total", "Connections that came back after they had been lost"
)
WRITE_DURATION = Histogram(
    "volthus_eebus_limit_write_duration_seconds",
    "From a limit leaving us to the charger's answer",
    buckets=_QUICK,
)
DECISION_TO_WRITE = Histogram(
    "volthus_eebus_limit_delay_seconds",
    "From a limit heard on the bus to its write leaving us",
    buckets=(0.0005, 0.001, *_QUICK),
)
WRITES = Counter("volthus_eebus_limit_writes_total", "Limits written, by answer", ["result"])
OFFERS_REFUSED = Counter(
    "volthus_eebus_leases_refused_total", "Limits heard and not taken, by reason", ["reason"]
)
REACTION = Histogram(
    "volthus_eebus_reaction_seconds",
    "From a limit written to a current within 1 A of it",
    buckets=(0.5, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30),
)
AT_FALLBACK = Gauge(
    "volthus_eebus_chargers_at_fallback", "Chargers held at their fallback: the lease has ended"
)
UNSAVED = Gauge(
    "volthus_eebus_unsaved", "Devices and facts about ourselves the database did not take yet"
)
REFUSED_CALLERS = Gauge(
    "volthus_eebus_callers_refused",
    "Connections since the start that were refused: no SHIP peer was behind them",
)
DEVICES = Gauge("volthus_eebus_devices", "Paired devices by what they are to us", ["role"])
CONTROL_BOX_LIMIT = Gauge(
    "volthus_eebus_operator_limit_watts", "What a control box allows now; NaN = no limit", ["kind"]
)
CONTROL_BOX_STATE = Gauge(
    "volthus_eebus_operator_state", "1 for the state towards a control box", ["kind", "state"]
)


def tell_meter(view: MeterView, meter: str) -> None:
    """Show how a paired grid meter is."""
    METER_AGE.labels(meter).set(math.inf if view.age_s is None else view.age_s)
    for quality in Quality:
        METER_QUALITY.labels(meter, quality.value).set(view.quality is quality)


def forget_meter(meter: str) -> None:
    """Show a meter no more: it is not paired any more."""
    METER_AGE.remove_by_labels({"meter": meter})
    METER_QUALITY.remove_by_labels({"meter": meter})


def tell_operator(limits: Sequence[OperatorLimit]) -> None:
    """Show what the grid operator allows; without a control box, nothing is limited."""
    for kind in KINDS:
        limit = next((each for each in limits if each.kind == kind), None)
        limit_w = None if limit is None else limit.limit_w
        CONTROL_BOX_LIMIT.labels(kind).set(math.nan if limit_w is None else limit_w)
        for state in SystemState:
            CONTROL_BOX_STATE.labels(kind, state.value).set(
                limit is not None and limit.state == state
            )


def count_write(result: WriteResult) -> None:
    """Count a limit that was written, by its answer."""
    if result.ok:
        WRITES.labels("accepted").inc()
        WRITE_DURATION.observe(result.ms / 1000)
    else:
        WRITES.labels("unanswered" if result.error_number is None else "refused").inc()
