"""Who a side of the use cases reports to."""

from collections.abc import Callable
from dataclasses import dataclass

from eebus.events import Event


@dataclass(frozen=True, slots=True)
class Owner:
    """Two callbacks, called in the thread of the caller.

    emit: takes every event. known: takes a peer's SKI when its tree is complete, before
    anything else is emitted about that connection.
    """

    emit: Callable[[Event], None]
    known: Callable[[str], None]
