"""What the API asks of Web Push: the key, one's own browsers. Any replica may answer."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TypeVar

from sqlalchemy import Engine, delete, func
from sqlmodel import Session, col, select

from volthus_kit.clock import Clock
from volthus_kit.database import written
from volthus_kit.refusal import RefusedError
from web.push import store
from web.push.tables import PushMessageRow, SubscriptionRow

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Browser:
    """A subscription as asked for; fields as the columns of its row."""

    endpoint: str
    p256dh: str
    auth: str
    label: str
    language: str
    severity: str
    rules: str
    sites: str
    tells_resolved: bool
    quiet_from: str
    quiet_to: str
    timezone: str
    quiet_for_alarms: bool


class PushBook:
    """Push subscriptions in the database."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def public_key(self) -> str:
        """Return the key that browsers are given."""
        key = await asyncio.to_thread(store.vapid_key, self._engine, self._now_s())
        return key.public

    async def of(self, username: str) -> list[SubscriptionRow]:
        """Return somebody's browsers, the oldest first."""

        def read() -> list[SubscriptionRow]:
            with Session(self._engine, expire_on_commit=False) as session:
                mine = select(SubscriptionRow).where(col(SubscriptionRow.username) == username)
                return list(session.exec(mine.order_by(col(SubscriptionRow.created_s))))

        return await asyncio.to_thread(read)

    async def put(self, username: str, browser: Browser) -> SubscriptionRow:
        """Keep a browser; whoever uses it now owns it. Raises RefusedError."""
        row_id = hashlib.blake2s(browser.endpoint.encode(), digest_size=8).hexdigest()

        def write(session: Session) -> SubscriptionRow:
            known = session.get(SubscriptionRow, row_id)
            if known is None or known.username != username:
                _check_room(session, username)
                # What waits there was for somebody else.
                waiting = col(PushMessageRow.subscription) == row_id
                session.connection().execute(delete(PushMessageRow).where(waiting))
            is_same = known is not None and known.username == username
            created_s = known.created_s if known is not None and is_same else self._now_s()
            return session.merge(
                SubscriptionRow(
                    id=row_id, username=username, created_s=created_s, **asdict(browser)
                )
            )

        return await self._write(write)

    async def remove(self, subscription: str) -> None:
        """Forget a browser. Raises RefusedError."""
        await self._write(lambda session: store.forget(session, subscription))

    async def test(self, row: SubscriptionRow) -> None:
        """Ring once at a browser. Raises RefusedError."""
        await self._write(lambda session: store.add_test(session, row, self._now_s()))

    def _now_s(self) -> float:
        return self._clock.now().timestamp()

    async def _write(self, write: Callable[[Session], T]) -> T:
        return await asyncio.to_thread(written, self._engine, write)


def _check_room(session: Session, username: str) -> None:
    mine = col(SubscriptionRow.username) == username
    if session.exec(select(func.count()).where(mine)).one() >= store.MOST_A_USER:
        raise RefusedError(
            "too-many-subscriptions",
            f"{username} has {store.MOST_A_USER} browsers already; remove one first.",
            most=store.MOST_A_USER,
        )
