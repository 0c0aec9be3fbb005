"""What the API asks of webhooks: keep, change, list, send again. Any replica may answer."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Engine, delete, func
from sqlmodel import Session, col, select

from volthus_kit.clock import Clock
from volthus_kit.database import written
from volthus_kit.refusal import RefusedError
from volthus_wire.revisions import is_met
from web.core.roles import Sight
from web.webhooks import store
from web.webhooks.tables import DeliveryRow, WebhookRow

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class HookWanted:
    """How a webhook is to be. sites: None = all of the tenant."""

    url: str
    description: str
    events: tuple[str, ...]
    sites: frozenset[str] | None
    enabled: bool


def sites_of(row: WebhookRow) -> frozenset[str] | None:
    """Return the sites of a webhook, None for all."""
    return None if row.sites == "*" else frozenset(filter(None, row.sites.split(",")))


def may_see(sight: Sight, row: WebhookRow) -> bool:
    """Whether somebody may see and change a webhook: one that tells no more than they may know."""
    sites = sites_of(row)
    within = sight.sites is None or (sites is not None and sites <= sight.sites)
    return row.tenant == sight.tenant and within


class WebhookBook:
    """Webhooks in the database."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def all(self, sight: Sight) -> list[WebhookRow]:
        """Return the webhooks somebody may see, the oldest first."""

        def read(session: Session) -> list[WebhookRow]:
            rows = session.exec(
                select(WebhookRow)
                .where(col(WebhookRow.tenant) == sight.tenant)
                .order_by(col(WebhookRow.created_s), col(WebhookRow.id))
            )
            return [row for row in rows if may_see(sight, row)]

        return await self._read(read)

    async def find(self, sight: Sight, hook: str) -> WebhookRow | None:
        """Return one that somebody may see."""
        row = await self._read(lambda session: session.get(WebhookRow, hook))
        return row if row is not None and may_see(sight, row) else None

    async def add(self, tenant: str, username: str, wanted: HookWanted) -> WebhookRow:
        """Keep a new one. Raises RefusedError `too-many-webhooks`, `store-failing`."""
        row = WebhookRow(
            id=secrets.token_hex(8),
            tenant=tenant,
            username=username,
            url=wanted.url,
            events="",
            secret=store.new_secret(),
            created_s=self._now_s(),
        )
        _apply(row, wanted)

        def write(session: Session) -> WebhookRow:
            counted = session.exec(
                select(func.count()).where(col(WebhookRow.tenant) == tenant)
            ).one()
            if counted >= store.MOST_A_TENANT:
                raise RefusedError(
                    "too-many-webhooks",
                    f"There are {counted} webhooks; more than {store.MOST_A_TENANT} are not kept.",
                    most=store.MOST_A_TENANT,
                )
            session.add(row)
            return row

        return await self._write(write)

    async def put(
        self, hook: str, wanted: HookWanted, revision: int, username: str
    ) -> WebhookRow | None:
        """Change one; whoever does answers for it from then on.

        Raises RefusedError `revision-conflict`, `store-failing`.
        """

        def write(session: Session) -> WebhookRow | None:
            row = session.get(WebhookRow, hook)
            if row is None:
                return None
            if not is_met(revision, row.revision):
                raise RefusedError(
                    "revision-conflict",
                    f"The webhook was changed meanwhile: revision {row.revision}, not {revision}.",
                    field="/revision",
                    revision=row.revision,
                )
            _apply(row, wanted)
            row.username = username
            row.revision += 1
            row.disabled_reason, row.failing_since_s, row.rests_until_s = "", None, 0.0
            session.add(row)
            return row

        return await self._write(write)

    async def turn_secret(self, hook: str) -> WebhookRow | None:
        """Give it a new secret; the old one signs too for a day. Raises RefusedError."""

        def write(session: Session) -> WebhookRow | None:
            row = session.get(WebhookRow, hook)
            if row is not None:
                row.old_secret, row.secret = row.secret, store.new_secret()
                row.old_until_s = self._now_s() + store.BOTH_SECRETS_S
                row.revision += 1
                session.add(row)
            return row

        return await self._write(write)

    async def remove(self, hook: str) -> None:
        """Forget one and its deliveries. Raises RefusedError."""

        def write(session: Session) -> None:
            connection = session.connection()
            connection.execute(delete(DeliveryRow).where(col(DeliveryRow.webhook) == hook))
            connection.execute(delete(WebhookRow).where(col(WebhookRow.id) == hook))

        await self._write(write)

    async def test(self, hook: WebhookRow) -> str:
        """Put a test on its way. Returns the delivery's id. Raises RefusedError."""
        return await self._write(lambda session: store.add_test(session, hook, self._now_s()))

    async def deliveries(
        self, hook: str, before: tuple[float, str] | None, most: int
    ) -> list[DeliveryRow]:
        """Return deliveries, the latest first."""

        def read(session: Session) -> list[DeliveryRow]:
            chosen = select(DeliveryRow).where(col(DeliveryRow.webhook) == hook)
            if before is not None:
                at_s, row = before
                is_same = (col(DeliveryRow.created_s) == at_s) & (col(DeliveryRow.id) < row)
                chosen = chosen.where((col(DeliveryRow.created_s) < at_s) | is_same)
            latest = chosen.order_by(col(DeliveryRow.created_s).desc(), col(DeliveryRow.id).desc())
            return list(session.exec(latest.limit(most)))

        return await self._read(read)

    async def resend(self, hook: str, delivery: str) -> bool:
        """Put a delivery on its way once more. Returns whether there is one."""

        def write(session: Session) -> bool:
            row = session.get(DeliveryRow, delivery)
            if row is None or row.webhook != hook:
                return False
            if row.state != "waiting":
                row.state, row.attempts = "waiting", 0
            row.next_s = self._now_s()
            session.add(row)
            return True

        return await self._write(write)

    def _now_s(self) -> float:
        return self._clock.now().timestamp()

    async def _write(self, write: Callable[[Session], T]) -> T:
        return await asyncio.to_thread(written, self._engine, write)

    async def _read(self, read: Callable[[Session], T]) -> T:
        def in_session() -> T:
            with Session(self._engine, expire_on_commit=False) as session:
                return read(session)

        return await asyncio.to_thread(in_session)


def _apply(row: WebhookRow, wanted: HookWanted) -> None:
    row.url = wanted.url
    row.description = wanted.description
    row.events = ",".join(dict.fromkeys(wanted.events))
    row.sites = "*" if wanted.sites is None else ",".join(sorted(wanted.sites))
    row.enabled = wanted.enabled
