"""What the gateway counts. One site, few chargers: still no SKI in a label."""

from prometheus_client import Counter, Gauge, Histogram

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
UNSAVED = Gauge("volthus_eebus_unsaved", "Devices whose facts the database did not take yet")
REFUSED_CALLERS = Gauge(
    "volthus_eebus_callers_refused",
    "Connections since the start that were refused: no SHIP peer was behind them",
)
