"""Facts of made-up sites, as their outboxes send them."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import SQLModel

from volthus_kit.streams import Kept
from volthus_wire.convert import to_timestamp
from volthus_wire.v1 import operator_pb2, records_pb2
from web.history.tables import TABLES

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SKI = "8c2f11d40e9a77b35c609a1ed2f84b07c3a56e91"
OTHER_SKI = "0123456789abcdef0123456789abcdef01234567"
EPOCH = 1_790_000_000_000


def make_tables(engine: Engine) -> None:
    """Make the tables of the history, and no others that happen to be known."""
    tables = [SQLModel.metadata.tables[str(model.__tablename__)] for model in TABLES]
    SQLModel.metadata.create_all(engine, tables=tables)


def kept(fact: records_pb2.Fact, *, resent: int = 0) -> Kept:
    """Return a fact as the stream gives it."""
    key = f"{fact.site}-{fact.epoch}-{fact.sequence}" + (f"-{resent}" if resent else "")
    subject = f"site.{fact.site}.up.fact.{fact.WhichOneof('what')}"
    return Kept(subject, fact.SerializeToString(), key)


def head(sequence: int, site: str = "demo", epoch: int = EPOCH) -> records_pb2.Fact:
    """Return a fact that tells nothing yet."""
    at = to_timestamp(NOON + timedelta(seconds=sequence))
    return records_pb2.Fact(site=site, epoch=epoch, sequence=sequence, at=at)


def minute(
    sequence: int,
    start: datetime,
    *,
    site: str = "demo",
    epoch: int = EPOCH,
    revision: int = 1,
    import_wh: float | None = 10.0,
    chargers: dict[str, tuple[float, float]] | None = None,
) -> Kept:
    """Return a minute of energy."""
    fact = head(sequence, site, epoch)
    span = fact.energy
    span.start.CopyFrom(to_timestamp(start))
    span.end.CopyFrom(to_timestamp(start + timedelta(minutes=1)))
    span.revision = revision
    if import_wh is not None:
        span.import_wh = import_wh
    for ski, (energy_wh, sun_wh) in (chargers or {}).items():
        span.charger_wh[ski] = energy_wh
        span.charger_sun_wh[ski] = sun_wh
        span.charging_wh += energy_wh
        span.charging_sun_wh += sun_wh
    return kept(fact)


def session(
    sequence: int,
    started: datetime,
    *,
    site: str = "demo",
    epoch: int = EPOCH,
    revision: int = 1,
    ended: datetime | None = None,
    **told: object,
) -> Kept:
    """Return a session."""
    fact = head(sequence, site, epoch)
    known = {"ski": SKI, "charger_name": "Left", "energy_wh": 1000.0, "sun_wh": 400.0} | told
    fact.session.CopyFrom(
        records_pb2.ChargingSession(
            session=f"{started:%Y%m%dT%H%M%SZ}-{str(known['ski'])[:8]}",
            state="open" if ended is None else "ended",
            revision=revision,
            **known,  # type: ignore[arg-type]  # fields by their names
        )
    )
    fact.session.started.CopyFrom(to_timestamp(started))
    if ended is not None:
        fact.session.ended.CopyFrom(to_timestamp(ended))
    return kept(fact)


def audit(sequence: int, *, site: str = "demo", setting: str = "grid-connection") -> Kept:
    """Return an entry of the audit."""
    fact = head(sequence, site)
    fact.audit.CopyFrom(
        records_pb2.AuditEntry(
            at=fact.at, actor="sven", role="service", setting=setting, before="1", after="2"
        )
    )
    return kept(fact)


def evidence(sequence: int, entry: operator_pb2.Evidence, *, epoch: int = EPOCH) -> Kept:
    """Return an entry of the evidence log."""
    fact = head(sequence, epoch=epoch)
    fact.evidence.CopyFrom(entry)
    return kept(fact)
