"""Entries of evidence as other programs write them, brought back to their canonical spelling. Pure.

An API gives 4200 where the log says 4200.000, and nests the limit; a table calls its columns
`limit_kind`. What would have to be rounded stays as it is, so that its hash tells.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from cem.records.core.sealing import FIELDS, time_of

NUMBERS = {
    "limit.limit_w", "limit.failsafe_w", "limit.failsafe_s", "grid_import_w", "charging_w",
    "reached_s",
}  # fmt: skip
TIMES = {"at", "limit.until", "limit.since", "limit.heard"}
TRUTHS = {"limit.connected"}
DECIMAL = re.compile(r"(-?\d+)(?:\.(\d{1,3})0*)?")
COLUMNS = {name.replace(".", "_"): name for name in FIELDS}


def respelled(entry: Mapping[str, object]) -> dict[str, str]:
    """Return an entry with canonical names and spellings; what is empty is left out.

    Numbers come as texts (as they were written), or a rounding would hide a change.
    """
    flat = {COLUMNS.get(name, name): value for name, value in _flat(entry).items()}
    found = {name: _spelled(name, value) for name, value in flat.items()}
    return {name: value for name, value in found.items() if value}


def _flat(entry: Mapping[str, object], before: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in entry.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{before}{name}.")
        else:
            flat[f"{before}{name}"] = value
    return flat


def _spelled(name: str, value: object) -> str:
    if value is None or value == "":
        return ""
    text = str(value)
    if name in NUMBERS:
        return _number(text)
    if name in TIMES:
        return _time(text)
    return text.lower() if name in TRUTHS else text


def _number(text: str) -> str:
    found = DECIMAL.fullmatch(text)
    return text if found is None else f"{found[1]}.{(found[2] or ''):0<3}"


def _time(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
        return text if moment.microsecond % 1000 else time_of(moment)
    except ValueError:
        return text
