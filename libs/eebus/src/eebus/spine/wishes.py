"""What a client wants of its peer and asks for until it has it: reads, subscriptions, bindings.

A wish is asked once at a time: never twice while an answer is open (spine.md section 3).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from eebus.spine.addresses import EntityAddress, FeatureAddress, is_below
from eebus.spine.datagram import Classifier, Cmd

RESPONSE_TIME_S: Final = 10.0  # default maximum response delay
BACK_OFF_S: Final = (1.0, 2.0, 5.0, 10.0)  # some chargers refuse everything in their first seconds


@dataclass(slots=True, eq=False)
class Wish:
    """One request. due None = nothing to send now: answered, given up, or an answer is open."""

    classifier: Classifier
    source: FeatureAddress
    destination: FeatureAddress
    command: Cmd
    about: EntityAddress  # the peer's entity it is about; it ends with that entity
    is_endless: bool = False
    due: float | None = 0.0
    tries: int = 0
    is_granted: bool = False


Key = tuple[str, FeatureAddress, FeatureAddress]


class Wishes:
    """All wishes towards one peer."""

    def __init__(self) -> None:
        self._all: dict[Key, Wish] = {}

    def want(self, key: Key, wish: Wish, *, again: bool = False) -> None:
        """Add a wish. One already there stays, unless it is settled and wanted `again`."""
        known = self._all.get(key)
        if known is None:
            self._all[key] = wish
        elif again and known.due is None and (known.is_granted or known.tries >= len(BACK_OFF_S)):
            known.due, known.tries, known.is_granted = 0.0, 0, False

    def is_granted(self, key: Key) -> bool:
        """Whether the peer said yes."""
        wish = self._all.get(key)
        return wish is not None and wish.is_granted

    def due(self, now: float) -> Iterator[Wish]:
        """Yield what must be sent now; each is yielded once and then waits for its answer."""
        for wish in list(self._all.values()):
            if wish.due is not None and wish.due <= now:
                wish.due = None
                yield wish

    def drop(self, entity: EntityAddress) -> None:
        """Forget wishes about an entity that went, and about what is below."""
        self._all = {
            key: wish for key, wish in self._all.items() if not is_below(wish.about, entity)
        }


def settle(wish: Wish, now: float, *, granted: bool) -> None:
    """Note the answer: done, or asked again a little later, a few times."""
    if granted:
        wish.is_granted, wish.due = True, None
        return
    delay_s = BACK_OFF_S[min(wish.tries, len(BACK_OFF_S) - 1)]
    wish.tries += 1
    if wish.is_endless or wish.tries < len(BACK_OFF_S):
        wish.due = now + delay_s
