"""A fact as a site sent it, to rows of the tables. What cannot be kept as it is, is refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import isfinite

from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp

from volthus_kit.streams import Kept
from volthus_wire.convert import from_timestamp
from volthus_wire.subjects import FACT
from volthus_wire.v1.operator_pb2 import Evidence
from volthus_wire.v1.records_pb2 import AuditEntry, ChargingSession, EnergySpan, Fact
from web.history.core import seal
from web.history.core.energy import MINUTE_S, packed

MOST_NUMBER = 2**63 - 1  # what a column holds
MOST_MS = 2**33 * 1000  # of the calendar of messages
MOST_CHARGERS = 1000
STATES = frozenset({"open", "unknown", "ended"})
SAME_IN_SESSION = (
    "ski", "charger_name", "car", "state", "mode", "energy_wh", "sun_wh", "charging_s",
    "currency", "price_series",
)  # fmt: skip
KNOWN_IN_SESSION = (
    "highest_w", "soc_start_percent", "soc_end_percent", "cost", "co2_g", "at_once_cost",
    "at_once_co2_g",
)  # fmt: skip

Row = dict[str, object]


class Kind(StrEnum):
    """What a fact tells of; the words of `Fact.what`."""

    SESSION = "session"
    ENERGY = "energy"
    EVIDENCE = "evidence"
    AUDIT = "audit"


MOST_SEQUENCE = 2**40  # a fact each millisecond for 34 years; sums over gaps stay small


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """By which a fact is known."""

    site: str
    epoch: int
    sequence: int


class FactError(Exception):
    """A fact that cannot be kept. site: whose subject it came on; key: None = cannot be told."""

    is_unknown = False  # of a kind that is not known here (yet)

    def __init__(self, reason: str, site: str, key: Key | None, body: bytes) -> None:
        super().__init__(reason)
        self.reason = reason
        self.site = site
        self.key = key
        self.body = body


class UnknownFactError(FactError):
    """A fact of a kind that a newer site has and this program does not know."""

    is_unknown = True


@dataclass(frozen=True, slots=True)
class Opened:
    """A fact that can be kept. row: of the table of its kind; at_ms: when it was told."""

    key: Key
    kind: Kind
    at_ms: int
    row: Row
    body: bytes


def opened(kept: Kept) -> Opened:
    """Return a fact with its row. Raises FactError."""
    site, key = _site_of(kept.subject), _key_of(kept)
    try:
        fact = Fact.FromString(kept.body)
        key = Key(site, _number(fact.epoch), _number(fact.sequence))
        if fact.site != site:
            raise ValueError(f"it names the site {fact.site[:60]!r}")
        if not 1 <= key.sequence <= MOST_SEQUENCE:
            raise ValueError(f"its number is {key.sequence}")
        _check_texts(fact)
        what = fact.WhichOneof("what")
        if what is None:
            raise UnknownFactError("its kind is not known here", site, key, kept.body)
        kind = Kind(what)
        row = _row(kind, fact) | {"site": site, "epoch": key.epoch}
        return Opened(key, kind, _ms(fact.at), row, kept.body)
    except (DecodeError, ValueError, OverflowError) as error:
        raise FactError(str(error)[:300], site, key, kept.body) from error


def _row(kind: Kind, fact: Fact) -> Row:
    match kind:
        case Kind.SESSION:
            return _session_row(fact.session)
        case Kind.ENERGY:
            return _minute_row(fact.energy)
        case Kind.EVIDENCE:
            return _evidence_row(fact.evidence)
        case Kind.AUDIT:
            return _audit_row(fact.audit, fact.sequence)


def _session_row(session: ChargingSession) -> Row:
    if not session.session or session.state not in STATES:
        raise ValueError(f"a session {session.session[:60]!r} that is {session.state[:60]!r}")
    known = {
        name: _finite(getattr(session, name)) if session.HasField(name) else None
        for name in KNOWN_IN_SESSION
    }
    for name in ("energy_wh", "sun_wh", "charging_s"):
        _finite(getattr(session, name))
    return {
        **{name: getattr(session, name) for name in SAME_IN_SESSION},
        **known,
        "id": session.session,
        "revision": _number(session.revision),
        "started_ms": _ms(session.started),
        "ended_ms": _ms(session.ended) if session.HasField("ended") else None,
    }


def _minute_row(span: EnergySpan) -> Row:
    start_s = _ms(span.start) // 1000
    if start_s % MINUTE_S or _ms(span.end) != (start_s + MINUTE_S) * 1000:
        raise ValueError(f"no minute: {span.start.ToJsonString()} to {span.end.ToJsonString()}")
    if len(span.charger_wh) > MOST_CHARGERS:
        raise ValueError(f"{len(span.charger_wh)} chargers in one minute")
    sun = span.charger_sun_wh
    chargers = {
        ski: (_finite(energy_wh), _finite(sun[ski]) if ski in sun else 0.0)
        for ski, energy_wh in span.charger_wh.items()
    }
    return {
        "start_s": start_s,
        "revision": _number(span.revision),
        "import_wh": _finite(span.import_wh) if span.HasField("import_wh") else None,
        "export_wh": _finite(span.export_wh) if span.HasField("export_wh") else None,
        "sun_wh": _finite(span.sun_wh) if span.HasField("sun_wh") else None,
        "charging_wh": sum(energy_wh for energy_wh, _ in chargers.values()),
        "charging_sun_wh": sum(sun_wh for _, sun_wh in chargers.values()),
        "chargers": packed(chargers),
    }


def _evidence_row(entry: Evidence) -> Row:
    return {
        "number": _number(entry.number),
        "at_ms": _ms(entry.at),
        "before": entry.before,
        "hash": entry.hash,
        "is_sealed": seal.is_sealed(_fields(entry), entry.before, entry.hash),
        "body": entry.SerializeToString(),
    }


def _audit_row(entry: AuditEntry, sequence: int) -> Row:
    return {
        "sequence": sequence,
        "at_ms": _ms(entry.at),
        "actor": entry.actor,
        "role": entry.role,
        "origin": entry.origin,
        "setting": entry.setting,
        "before": entry.before,
        "after": entry.after,
    }


def _fields(entry: Evidence) -> dict[str, seal.Value]:
    """Return the fields that an entry's hash is made of."""
    limit = entry.limit

    def number(message: Message, name: str) -> float | None:
        return _finite(getattr(message, name)) if message.HasField(name) else None

    def moment(name: str) -> datetime | None:
        return from_timestamp(getattr(limit, name)) if limit.HasField(name) else None

    return {
        "number": entry.number,
        "at": from_timestamp(entry.at),
        "event": entry.event,
        "limit.kind": limit.kind,
        "limit.source": limit.source,
        "limit.ski": limit.ski,
        "limit.state": limit.state,
        "limit.limit_w": number(limit, "limit_w"),
        "limit.until": moment("until"),
        "limit.failsafe_w": number(limit, "failsafe_w"),
        "limit.failsafe_s": number(limit, "failsafe_s"),
        "limit.connected": limit.connected,
        "limit.since": moment("since"),
        "limit.heard": moment("heard"),
        "limit.name": limit.name,
        "grid_import_w": number(entry, "grid_import_w"),
        "charging_w": number(entry, "charging_w"),
        "reached_s": number(entry, "reached_s"),
        "reference": entry.reference,
        "appliances": entry.appliances,
    }


def _site_of(subject: str) -> str:
    try:
        return FACT.tokens_of(subject)["site"]
    except ValueError:
        return subject[:100]


def _key_of(kept: Kept) -> Key | None:
    """Return the key that its publisher gave a fact, for one that cannot be read itself."""
    site = _site_of(kept.subject)
    parts = kept.key.removeprefix(f"{site}-").split("-")
    if len(parts) < 2 or not all(part.isdecimal() and len(part) < 19 for part in parts[:2]):
        return None
    return Key(site, int(parts[0]), int(parts[1])) if int(parts[1]) else None


def _number(value: int) -> int:
    if value > MOST_NUMBER:
        raise ValueError(f"{value} is beyond all numbers that can be kept")
    return value


def _finite(value: float) -> float:
    if not isfinite(value):
        raise ValueError(f"{value} is no amount")
    return value


def _ms(stamp: Timestamp) -> int:
    found = stamp.ToMilliseconds()
    if not 0 <= found <= MOST_MS:
        raise ValueError(f"{found} ms is no time of ours")
    return found


def _check_texts(message: Message) -> None:
    """Raise ValueError for a text with a NUL, which PostgreSQL cannot keep."""
    for text in _texts(message):
        if "\x00" in text:
            raise ValueError("a text with a NUL in it")


def _texts(message: Message) -> Iterator[str]:
    for field, value in message.ListFields():
        if isinstance(value, str):
            yield value
        elif isinstance(value, Message):
            yield from _texts(value)
        elif field.message_type is not None and field.message_type.GetOptions().map_entry:
            yield from (key for key in value if isinstance(key, str))
