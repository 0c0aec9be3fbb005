"""What more than one service counts. Each service's own metrics stand in its metrics.py."""

from importlib.metadata import PackageNotFoundError, version

from prometheus_client import Counter, Gauge, Info

# Of a meter, whoever reads it: the meter reader over Modbus, the gateway over EEBUS.
METER_AGE = Gauge("volthus_meter_age_seconds", "Time since a meter's last answer", ["meter"])
METER_QUALITY = Gauge(
    "volthus_meter_quality", "1 for the quality a meter has now", ["meter", "quality"]
)

BUILD = Info("volthus_build", "Version of the running program")
BUS_CONNECTED = Gauge("volthus_bus_connected", "1 while the program is connected to NATS")
BUS_PUBLISHED = Counter("volthus_bus_published_total", "Messages handed to NATS", ["kind"])
BUS_DROPPED = Counter(
    "volthus_bus_dropped_total", "Messages that could not go out and were dropped", ["kind"]
)
BUS_REJECTED = Counter(
    "volthus_bus_rejected_total", "Messages heard that could not be understood", ["kind"]
)
STORE_ERRORS = Counter("volthus_store_errors_total", "Writes the database refused", ["reason"])


def version_of(package: str) -> str:
    """Return the installed version of a package, "0" when it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "0"


def describe_build(service: str, package: str) -> None:
    """Publish volthus_build_info for this program."""
    BUILD.info({"service": service, "version": version_of(package)})
