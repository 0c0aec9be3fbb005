"""What a client wants of its peer and asks for until it has it: reads, subscriptions, bindings.

A wish is asked once at a time: never twice while an answer is open (spine.md section 3).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from eebus.spine.addresses import EntityAddress, FeatureAddress, is_below
from eebus.spine.datagram import Classifier, Cmd

RESPONSE_TIME_S: Final = 10.0  # default maximum response delay
BACK_OFF_S: Final = (1.0, 2.0, 5.0, 10.0)  # some chargers refuse everything in their first seconds


Told = Callable[[bool], None]


@dataclass(slots=True, eq=False)
class Wish:
    """One request. due None = nothing to send now: answered, given up, or an answer is open.

    waiting: who is told, once, how the next request to be sent ends; asked: how the open one does.
    """

    classifier: Classifier
    source: FeatureAddress
    destination: FeatureAddress
    command: Cmd
    about: EntityAddress  # the peer's entity it is about; it ends with that entity
    is_endless: bool = False
    due: float | None = 0.0
    tries: int = 0
    is_granted: bool = False
    is_open: bool = False
    is_stale: bool = False  # read again while an answer is open: that one may tell the past
    waiting: list[Told] = field(default_factory=list)
    asked: list[Told] = field(default_factory=list)


Key = tuple[str, FeatureAddress, FeatureAddress]


class Wishes:
    """All wishes towards one peer."""

    def __init__(self) -> None:
        self._all: dict[Key, Wish] = {}

    def want(self, key: Key, wish: Wish, *, again: bool = False) -> None:
        """Add a wish. One already there stays, unless it is wanted `again`.

        A read whose answer is open is then repeated after it; who waits is told of that one.
        """
        known = self._all.get(key)
        if known is None:
            self._all[key] = wish
            return
        known.waiting += wish.waiting
        if not again:
            return
        if known.is_open:
            known.is_stale = wish.classifier is Classifier.READ
        elif known.due is None:
            known.due, known.tries, known.is_granted = 0.0, 0, False
            known.is_endless = wish.is_endless

    def is_granted(self, key: Key) -> bool:
        """Whether the peer said yes."""
        wish = self._all.get(key)
        return wish is not None and wish.is_granted

    def due(self, now: float) -> Iterator[Wish]:
        """Yield what must be sent now; each is yielded once and then waits for its answer."""
        for wish in list(self._all.values()):
            if wish.due is not None and wish.due <= now:
                wish.due, wish.is_open = None, True
                wish.asked, wish.waiting = wish.waiting, []
                yield wish

    def drop(self, entity: EntityAddress) -> None:
        """Forget wishes about an entity that went, and about what is below."""
        self._all = {
            key: wish for key, wish in self._all.items() if not is_below(wish.about, entity)
        }


def settle(wish: Wish, now: float, *, granted: bool) -> None:
    """Note the answer: done, or asked again a little later, a few times."""
    wish.is_open = False
    told, wish.asked = wish.asked, []
    if granted:
        wish.tries, wish.is_granted = 0, not wish.is_stale
        wish.due = now if wish.is_stale else None
        wish.is_stale = False
    else:
        delay_s = BACK_OFF_S[min(wish.tries, len(BACK_OFF_S) - 1)]
        wish.tries += 1
        if wish.is_endless or wish.tries < len(BACK_OFF_S):
            wish.due = now + delay_s
            wish.waiting, told = told + wish.waiting, []
    for each in told:
        each(granted)
