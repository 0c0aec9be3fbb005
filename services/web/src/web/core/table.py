"""Tables as text (RFC 4180), safe to open in a spreadsheet. Knows no HTTP."""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

# A cell that starts like this would be taken for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(columns: Iterable[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Return rows as CSV with a header; unknown is empty, instants are RFC 3339 in UTC."""
    names = list(columns)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([cell(row.get(name)) for name in names] for row in rows)
    return out.getvalue()


def cell(value: object) -> str:
    """Return one cell. A text that looks like a formula gets an apostrophe before it."""
    match value:
        case None:
            return ""
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case bool():
            return str(value).lower()
        case float():
            return f"{value:.3f}".rstrip("0").rstrip(".")
        case str() if value.startswith(FORMULA):
            return f"'{value}"
        case _:
            return str(value)
