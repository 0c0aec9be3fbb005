"""The cache of fetched prices in this service's own database. Blocking: call it in a thread."""

from pathlib import Path

from smart_charging.prices.core.series import Series
from smart_charging.prices.readers import own
from smart_charging.provider.store import FeedColumns, FeedStore, StoreError

__all__ = ["FILE", "FeedRow", "Store", "StoreError"]

FILE = "prices.sqlite3"


class FeedRow(FeedColumns, table=True):
    """One feed of prices or CO2; document: price-series/1."""

    __tablename__ = "price_feed"


class Store(FeedStore[Series]):
    """Keeps series over restarts. One writer: this service."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / FILE, FeedRow, own.read, own.written)
