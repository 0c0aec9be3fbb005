"""The CEM's own database: settings with their audit, and what must outlive a restart."""

from cem.store.changes import Change
from cem.store.store import Kept, Store

__all__ = ["Change", "Kept", "Store"]
