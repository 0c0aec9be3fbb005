"""What the planning service counts. Labels are of bounded count: never a site."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import thread_time

from prometheus_client import Counter, Gauge, Histogram

SITES = Gauge("volthus_plan_sites", "Sites that this replica plans, of all it hears", ["share"])
QUEUE = Gauge("volthus_plan_queue", "Sites that wait for a plan")
MADE = Counter("volthus_plans_total", "Plans that were published", ["cause"])
KEPT = Counter("volthus_plan_kept_total", "Plans that go on as the one before: a change saved less")
SENT_AGAIN = Counter("volthus_plan_repeats_total", "Plans sent again, not acknowledged yet")
REFUSED = Counter("volthus_plan_refusals_total", "Plans a site did not take", ["code"])
FAILED = Counter("volthus_plan_failures_total", "Sites that could not be planned")
UNACKNOWLEDGED = Gauge("volthus_plan_unacknowledged", "Plans that no site has named yet")
WAIT = Histogram(
    "volthus_plan_wait_seconds", "From the word of a site to its plan on the bus", ["cause"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15, 60, 300),
)  # fmt: skip
GAP = Histogram(
    "volthus_plan_gap_ratio", "How far above its proven bound a plan may be",
    buckets=(0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5),
)  # fmt: skip
MISSED = Counter(
    "volthus_plan_target_miss_watt_hours_total", "Energy that plans could not fit in by departure"
)
HORIZON = Gauge(
    "volthus_price_horizon_seconds", "How far prices are known, the least of all tariffs"
)
TARIFFS = Gauge(
    "volthus_price_tariffs", "Tariffs by how far their prices may be trusted", ["freshness"]
)
REPLICAS = Gauge("volthus_plan_replicas", "Replicas that share the sites, this one included")
LEARNED = Counter(
    "volthus_forecast_lessons_total", "Answers of sites that were learned from", ["result"]
)

WORK = Counter(
    "volthus_plan_work_seconds_total", "Processor time that plans took, by stage", ["stage"]
)

# looked up once: there are thousands in a second
WAIT_OF = {cause: WAIT.labels(cause) for cause in ("site", "fleet")}
MADE_OF = {cause: MADE.labels(cause) for cause in WAIT_OF}
WORK_ON = {
    stage: WORK.labels(stage)
    for stage in ("forecast", "pose", "plan", "judge", "encode", "send", "store")
}


@contextmanager
def working(stage: str) -> Iterator[None]:
    """Count the processor time of this thread as a stage's; for whole batches, never a site."""
    began = thread_time()
    try:
        yield
    finally:
        WORK_ON[stage].inc(thread_time() - began)
