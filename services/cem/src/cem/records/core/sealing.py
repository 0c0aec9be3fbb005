r"""The chain of the evidence log: what is hashed, and how a log is checked. Pure.

Canonical form of an entry: one line `name=value` for each field that is known, sorted by name,
each line ended by a line feed, UTF-8. Backslash, line feed and carriage return in a value are
written as `\\`, `\n` and `\r`. Numbers that measure have three decimals, `number` has none;
times are UTC to the millisecond, `2026-11-22T08:00:00.000Z`; truths are `true` and `false`.
Fields of the limit are named `limit.kind` and so on. `hash` and `before` are not part of it.

    hash = hex(SHA-256(before + line feed + canonical form)),  before = hash of the entry before,

and 64 zeros before the first.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cem.core.operating import LimitState, OperatorLimit
from cem.records.core.evidence import Entry

FIRST = "0" * 64
NUMBERED = "number"
CHAINED = ("before", "hash")
FIELDS = (
    "number", "at", "event", "limit.kind", "limit.source", "limit.ski", "limit.state",
    "limit.limit_w", "limit.until", "limit.failsafe_w", "limit.failsafe_s", "limit.connected",
    "limit.since", "limit.heard", "limit.name", "grid_import_w", "charging_w", "reached_s",
    "reference", "appliances",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a log. number: of the entry, or the place (from 1) where it has none."""

    number: int
    what: str


def fields_of(entry: Entry, number: int) -> dict[str, str]:
    """Return the fields of an entry in their canonical spelling."""
    limit = entry.limit
    values: dict[str, object] = {
        "number": number,
        "at": entry.at,
        "event": entry.event,
        "limit.kind": limit.kind,
        "limit.source": limit.source,
        "limit.ski": limit.ski,
        "limit.state": str(limit.state),
        "limit.limit_w": limit.limit_w,
        "limit.until": limit.until,
        "limit.failsafe_w": limit.failsafe_w,
        "limit.failsafe_s": limit.failsafe_s,
        "limit.connected": limit.is_connected,
        "limit.since": limit.since,
        "limit.heard": limit.heard,
        "limit.name": limit.name,
        "grid_import_w": entry.grid_import_w,
        "charging_w": entry.charging_w,
        "reached_s": entry.reached_s,
        "reference": limit.reference,
        "appliances": entry.appliances,
    }
    return spelled(values)


def entry_of(found: Mapping[str, str]) -> Entry:
    """Return an entry from its canonical spelling: the inverse of `fields_of`."""

    def number(name: str) -> float | None:
        return float(found[name]) if name in found else None

    def moment(name: str) -> datetime | None:
        return datetime.fromisoformat(found[name]) if name in found else None

    limit = OperatorLimit(
        found.get("limit.kind", ""), found.get("limit.source", ""), found.get("limit.ski", ""),
        LimitState(found.get("limit.state", LimitState.INIT)), number("limit.limit_w"),
        moment("limit.until"), number("limit.failsafe_w"), number("limit.failsafe_s"),
        found.get("limit.connected") == "true", moment("limit.since"), moment("limit.heard"),
        found.get("limit.name", ""), found.get("reference", ""),
    )  # fmt: skip
    measured = (number("grid_import_w"), number("charging_w"), number("reached_s"))
    at, named = datetime.fromisoformat(found["at"]), found.get("appliances", "")
    return Entry(at, found["event"], limit, *measured, named)


def spelled(values: Mapping[str, object]) -> dict[str, str]:
    """Return values in their canonical spelling; what is None or empty is left out."""
    found = {name: _spelled(name, value) for name, value in values.items()}
    return {name: value for name, value in found.items() if value}


def time_of(moment: datetime) -> str:
    """Return an aware time in its canonical spelling."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def canonical(fields: Mapping[str, str]) -> bytes:
    """Return the bytes of an entry that are hashed."""
    lines = (f"{name}={_escaped(fields[name])}\n" for name in sorted(fields) if fields[name])
    return "".join(lines).encode()


def sealed(fields: Mapping[str, str], before: str) -> str:
    """Return the hash of an entry that follows the one with the hash `before`."""
    return hashlib.sha256(before.encode() + b"\n" + canonical(fields)).hexdigest()


def faults(
    log: Iterable[Mapping[str, str]], head: str = "", follows: tuple[int, str] = (0, FIRST)
) -> tuple[Fault, ...]:
    """Return what is wrong with a log: each entry its fields with `before` and `hash`.

    follows: number and hash of the entry before the first one given, which was checked already.
    head: the hash that the last entry must have (a copy kept elsewhere), "" = not known: then
    entries cut off at the end cannot be seen, since nothing follows them.
    """
    found: list[Fault] = []
    count, before = follows
    for entry in log:
        count += 1
        number = int(entry[NUMBERED]) if entry.get(NUMBERED, "").isdecimal() else count
        fields = {name: value for name, value in entry.items() if name not in CHAINED and value}
        if entry.get(NUMBERED) != str(count):
            found.append(Fault(number, f"stands where entry {count} belongs"))
        if entry.get("before", "") != before:
            found.append(Fault(number, "does not follow the entry before it"))
        if sealed(fields, entry.get("before", "")) != entry.get("hash", ""):
            found.append(Fault(number, "was changed: its hash is another one"))
        before = entry.get("hash", "")
    if head and before != head:
        found.append(Fault(count + 1, "the log does not end with the hash that it should"))
    return tuple(found)


def _spelled(name: str, value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return time_of(value)
        case int() | float():
            return str(int(value)) if name == NUMBERED else f"{value:.3f}"
        case _:
            return str(value)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
