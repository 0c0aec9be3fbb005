r"""Whether an entry of an evidence log is what its hash says: docs/operate/records.md. Pure.

Written apart from the CEM that makes the hashes, so that one proves the other.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

FIRST = "0" * 64
COUNTED = "number"

Value = str | float | int | bool | datetime | None


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as a link of its chain. is_sealed: its hash is that of its content."""

    number: int
    before: str
    hash: str
    is_sealed: bool


def is_sealed(fields: Mapping[str, Value], before: str, told: str) -> bool:
    """Return whether `told` is the hash of an entry that follows the one with hash `before`."""
    lines = "".join(
        f"{name}={_escaped(text)}\n"
        for name in sorted(fields)
        if (text := _spelled(name, fields[name]))
    )
    return hashlib.sha256(f"{before}\n{lines}".encode()).hexdigest() == told


def is_intact(chain: Iterable[Link]) -> bool:
    """Return whether a log is whole from its first entry on, and nothing in it was changed."""
    before = FIRST
    for number, link in enumerate(chain, start=1):
        if not link.is_sealed or link.number != number or link.before != before:
            return False
        before = link.hash
    return True


def _spelled(name: str, value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            utc = value.astimezone(UTC)
            return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"
        case int() | float():
            return str(int(value)) if name == COUNTED else f"{value:.3f}"
        case str():
            return value


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
