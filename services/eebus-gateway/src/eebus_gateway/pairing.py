"""Pair, rename, unpair (A10 to A12): first on disk, then in the stack, then the answer."""

import asyncio
import logging
from dataclasses import replace
from datetime import datetime

from eebus_gateway.accepting import AcceptWindow
from eebus_gateway.core.diagnosis import Examined
from eebus_gateway.core.picture import PairedView
from eebus_gateway.core.ski import parse_ski
from eebus_gateway.core.trust import Paired, Wish, admit, parse_name
from eebus_gateway.errors import CommandRefusedError
from eebus_gateway.hub import Hub
from eebus_gateway.keeper import Keeper
from eebus_gateway.store import OWN_CHARGER_PAIRED, Store
from volthus_kit.refusal import RefusedError

logger = logging.getLogger(__name__)


class Pairing:
    """The user's commands, one after the other.

    Each raises CommandRefusedError for what cannot be, RefusedError `store-failing` when the
    disk does not take it; then nothing has changed.
    """

    def __init__(
        self, hub: Hub, keeper: Keeper, me: str, own_ski: str | None, *, remote: bool = False
    ) -> None:
        self._hub = hub
        self._keeper = keeper
        self._me = me
        self._own_ski = own_ski
        self._remote = remote
        self._turn = asyncio.Lock()
        self._window = AcceptWindow(hub)

    async def pair(self, wish: Wish, actor: str, *, is_far: bool = False) -> PairedView:
        """Trust a device; pairing one that is paired changes only what is given.

        is_far: asked from the cloud; a new trust then needs somebody at the site.
        """
        async with self._turn:
            paired = admit(
                wish,
                book=self._hub.book,
                reachable=self._hub.reachable(),
                me=self._me,
                own_ski=self._own_ski,
            )
            if paired.ski not in self._hub.book:
                self._check_place(f"Device {paired.ski}", is_far=is_far, ski=paired.ski)
            await self._keeper.keep(paired)
            self._hub.admit(paired)
        logger.info("paired", extra={"ski": paired.ski, "actor": actor})
        return self._hub.view(paired.ski)

    async def rename(self, typed_ski: str, typed_name: str, actor: str) -> PairedView:
        """Name a paired device; an empty name leaves it unnamed."""
        async with self._turn:
            paired = replace(self._known(typed_ski), name=parse_name(typed_name))
            await self._keeper.keep(paired)
            self._hub.rename(paired)
        logger.info("renamed", extra={"ski": paired.ski, "actor": actor})
        return self._hub.view(paired.ski)

    async def unpair(self, typed_ski: str, actor: str) -> None:
        """Forget the trust and close the connection."""
        async with self._turn:
            paired = self._known(typed_ski)
            await self._keeper.forget(paired.ski)
            self._hub.dismiss(paired.ski)
        logger.info("unpaired", extra={"ski": paired.ski, "actor": actor})

    async def open_window(
        self, seconds: int, actor: str, *, is_far: bool = False
    ) -> datetime | None:
        """Trust the first device that asks, for at most 300 s; 0 closes the window.

        Returns until when it is open. From afar it needs somebody at the site, as a pairing does.
        """
        if seconds > 0:
            self._check_place("The first device that asks", is_far=is_far)
        return self._window.open(seconds, actor)

    def examine(self, typed_ski: str) -> Examined:
        """Return all there is to know of a paired device."""
        return self._hub.examine(self._known(typed_ski).ski)

    async def run(self) -> None:
        """Trust whom the open window lets in, until cancelled."""
        while True:
            await self._hub.until_requested()
            ski = self._window.chosen(self._hub.requesting)
            if ski is None:
                continue
            try:
                await self.pair(Wish(ski), self._window.actor)
            except (CommandRefusedError, RefusedError) as no:
                logger.warning("not let in", extra={"ski": ski, "code": no.code})
            else:
                self._window.close()

    def _check_place(self, what: str, *, is_far: bool, ski: str = "") -> None:
        """Raise CommandRefusedError for a new trust from afar that nobody at the site allowed."""
        if is_far and not self._remote:
            raise CommandRefusedError(
                "confirmation-at-site-needed",
                f"{what} must be trusted at the site itself.",
                field="/ski",
                ski=ski,
            )

    def _known(self, typed: str) -> Paired:
        ski = parse_ski(typed)
        if (paired := self._hub.book.get(ski)) is None:
            raise CommandRefusedError(
                "not-paired", f"No device {ski} is paired.", field="/ski", ski=ski
            )
        return paired


def book_with_own(store: Store, own_ski: str, me: str) -> dict[str, Paired]:
    """Return the trust store with the site's own charger in it (A12); blocking.

    It is added once: unpaired by a user, it stays so until a user pairs it again. A disk that
    does not take it leaves it trusted until the next start, which tries again.
    me: our own SKI, which is never a charger's.
    """
    book = {ski: replace(paired, own=ski == own_ski) for ski, paired in store.book().items()}
    if own_ski in ("", me) or own_ski in book or store.fact(OWN_CHARGER_PAIRED) == own_ski:
        return book
    own = Paired(own_ski, own=True)
    try:
        store.keep_own(own)
    except RefusedError as error:
        logger.warning("own charger not kept", extra={"ski": own_ski, "error": error.detail})
    return {**book, own_ski: own}
