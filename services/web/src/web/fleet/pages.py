"""Pages of sites as JSON. A row is written once while it stays what it is, however many ask."""

import json

from web.core.fleet.finding import Found
from web.core.fleet.rows import Row
from web.messages.fleet_rows import site

MOST = 5_000  # some hundred bytes each


class Pages:
    """Writes pages; keeps the rows that were on them lately."""

    def __init__(self) -> None:
        self._written: dict[str, tuple[Row, bytes]] = {}

    def page(self, found: Found) -> bytes:
        """Return the JSON of `web.models.fleet.Sites`."""
        items = b",".join([self._row(row) for row in found.rows])
        after = json.dumps(found.next or None).encode()
        return b'{"items":[%b],"next":%b,"total":%d}' % (items, after, found.total)

    def _row(self, row: Row) -> bytes:
        kept = self._written.get(row.site)
        if kept is not None and kept[0] is row:  # rows never change: a new word makes a new one
            return kept[1]
        if len(self._written) >= MOST:
            self._written.clear()
        text = site(row).model_dump_json().encode()
        self._written[row.site] = row, text
        return text
