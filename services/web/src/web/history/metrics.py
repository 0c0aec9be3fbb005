"""What the history measures of itself; labels of bounded count, none by site."""

from prometheus_client import Counter, Gauge, Histogram

FACTS = Counter("volthus_history_facts_total", "Facts of sites that came, by outcome", ["outcome"])
ROWS = Counter("volthus_history_rows_total", "Facts written into the tables, by kind", ["kind"])
WAITING = Gauge("volthus_history_waiting", "Facts in the stream that are not in the tables yet")
WAITING_BYTES = Gauge("volthus_history_waiting_bytes", "Their size in the stream")
LAG = Gauge("volthus_history_lag_seconds", "Age of the oldest fact of the last batch")
WRITE_DURATION = Histogram(
    "volthus_history_write_duration_seconds",
    "One batch of facts",
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0),
)
MISSING = Gauge("volthus_history_missing", "Facts that were passed over and are asked for again")
MISSING_SITES = Gauge("volthus_history_missing_sites", "Sites with such facts")
LOST = Gauge("volthus_history_lost", "Facts that no site has any more")
STALE_HOURS = Gauge("volthus_history_stale_hours", "Hours that are behind their minutes")
ROLLED_UP = Counter("volthus_history_rolled_up_total", "Hours that were added up")
IS_MINE = Gauge("volthus_history_is_mine", "1 where this replica writes the history")

OUTCOMES = ("new", "again", "late", "set-aside", "unknown", "refused", "recovered")
for _outcome in OUTCOMES:
    FACTS.labels(_outcome)  # a counter at 0 says more than none
