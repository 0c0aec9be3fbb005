"""Ids that people's names suggest."""

import re
import unicodedata
from collections.abc import Iterable

MOST_ID = 24


def new_id(name: str, taken: Iterable[str], otherwise: str = "car") -> str:
    """Return an id that a name suggests and nothing else has. otherwise: it suggests none."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MOST_ID].strip("-") or otherwise
    known = set(taken)
    id_, number = stem, 1
    while id_ in known:
        number += 1
        id_ = f"{stem}-{number}"
    return id_
