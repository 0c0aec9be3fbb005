"""What the meter reader counts. `meter` is bounded by the number of meters a site may have."""

from prometheus_client import Counter, Gauge, Histogram

READS = Counter("volthus_meter_reads_total", "Polls that a meter answered", ["meter"])
READ_ERRORS = Counter("volthus_meter_read_errors_total", "Polls that brought nothing", ["reason"])
POLL_SECONDS = Histogram(
    "volthus_meter_poll_duration_seconds",
    "Time from the first request of a poll to its last answer",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5),
)
METERS = Gauge("volthus_meters", "Meters that are set up")
CONNECTIONS = Gauge("volthus_meter_connections", "Lines in use; one connection each")
