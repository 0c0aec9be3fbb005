"""What the updater counts."""

from prometheus_client import Counter, Gauge

UPDATES = Counter("volthus_updates_total", "Updates of this site that ended", ["outcome"])
BUSY = Gauge("volthus_update_busy", "1 while an update or a roll-back is under way")
CLUSTER_ERRORS = Counter(
    "volthus_update_cluster_errors_total", "Questions the API server did not answer well", ["kind"]
)
