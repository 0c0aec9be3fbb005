"""What planning measures of itself."""

from prometheus_client import Counter

PLANS = Counter("volthus_plans_taken_total", "Plans that came from afar and are followed")
REFUSED = Counter("volthus_plans_refused_total", "Plans and prices that were refused", ["code"])
PROFILES = Counter("volthus_profiles_published_total", "Profiles told to the planner")

for _code in ("older-profile", "other-session", "over", "unreadable", "prices-unreadable"):
    REFUSED.labels(_code)  # a counter at 0 says more than none


def plan_taken() -> None:
    """Count a plan that is followed."""
    PLANS.inc()


def refused(code: str) -> None:
    """Count a plan or prices that were refused."""
    REFUSED.labels(code).inc()


def published() -> None:
    """Count a profile that went out."""
    PROFILES.inc()
