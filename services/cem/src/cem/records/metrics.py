"""What the records measure of themselves; names from field.md D3."""

from collections.abc import Iterable

from prometheus_client import Counter, Gauge, Histogram

from cem.records.core.minutes import Minute
from cem.records.core.sessions import Session
from cem.records.outbox import Backlog

SESSION_ENERGY = Counter(
    "volthus_session_energy_watt_hours_total", "Energy of ended sessions", ["charger", "source"]
)
GRID_ENERGY = Counter(
    "volthus_grid_energy_watt_hours_total", "Energy at the grid connection", ["direction"]
)
# Prices may be negative, counters may not: what was earned is a series of its own.
SESSION_COST = Counter(
    "volthus_session_cost_total",
    "Cost of ended sessions, once it is known",
    ["currency", "direction"],
)
AT_ONCE = Counter(
    "volthus_session_cost_at_once_total",
    "What their energy would have cost charged at once",
    ["currency", "direction"],
)
SESSION_CO2 = Counter("volthus_session_co2_grams_total", "CO2 of ended sessions, once it is known")
OPEN_SESSIONS = Gauge("volthus_sessions_open", "Sessions that are open or unknown")
LOST = Counter("volthus_records_lost_total", "Records that were lost, by kind", ["kind"])
PENDING = Gauge("volthus_records_pending", "Records that wait in memory for the database")
WRITE_DURATION = Histogram(
    "volthus_records_write_duration_seconds",
    "One transaction of records",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2.0, 5.0),
)
OUTBOX_WAITING = Gauge("volthus_outbox_waiting", "Facts that the cloud did not acknowledge yet")
OUTBOX_AGE = Gauge("volthus_outbox_oldest_age_seconds", "Age of the oldest fact that waits")
OUTBOX_SENT = Counter("volthus_outbox_sent_total", "Facts that the cloud acknowledged")
OUTBOX_RESENT = Counter("volthus_outbox_resent_total", "Facts that the cloud asked for again")
OUTBOX_TOO_LONG = Counter(
    "volthus_outbox_too_long_total", "Facts of which the cloud was told only that they are too long"
)

for _kind in ("queue", "minute", "decision", "evidence", "outbox", "recording", "fault"):
    LOST.labels(_kind)  # a counter at 0 says more than none


def session_ended(session: Session) -> None:
    """Count the energy of a session that ended."""
    grid_wh = max(0.0, session.energy_wh - session.sun_wh)
    SESSION_ENERGY.labels(session.ski, "grid").inc(grid_wh)
    SESSION_ENERGY.labels(session.ski, "solar").inc(session.sun_wh)


def expect(ski: str) -> None:
    """Begin the series of a charger at 0: what a counter first shows is no increase of it."""
    for source in ("grid", "solar"):
        SESSION_ENERGY.labels(ski, source)


def expect_money(currency: str) -> None:
    """Begin the series of a currency at 0."""
    for counter in (SESSION_COST, AT_ONCE):
        for direction in ("paid", "earned"):
            counter.labels(currency, direction)


def priced(before: Session, now: Session) -> None:
    """Count the figures of an ended session that have become known; a later price is not news."""
    for counter, was, cost in (
        (SESSION_COST, before.cost, now.cost),
        (AT_ONCE, before.at_once_cost, now.at_once_cost),
    ):
        if was is None and cost is not None:
            for direction, amount in (("paid", float(cost)), ("earned", -float(cost))):
                counter.labels(now.currency, direction).inc(max(0.0, amount))
    if before.co2_g is None and now.co2_g is not None:
        SESSION_CO2.inc(now.co2_g)


def gained(minutes: Iterable[Minute]) -> None:
    """Count the energy that flowed at the grid connection."""
    for minute in minutes:
        GRID_ENERGY.labels("import").inc(minute.import_wh or 0.0)
        GRID_ENERGY.labels("export").inc(minute.export_wh or 0.0)


def show_sessions(count: int) -> None:
    """Publish how many sessions are open."""
    OPEN_SESSIONS.set(count)


def show_backlog(backlog: Backlog, now_ms: int) -> None:
    """Publish what waits for the cloud."""
    OUTBOX_WAITING.set(backlog.waiting)
    age_ms = 0 if backlog.oldest_ms is None else max(0, now_ms - backlog.oldest_ms)
    OUTBOX_AGE.set(age_ms / 1000)
