"""Whose a site is: named when a code is made for it, before it was ever heard."""

import asyncio

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from volthus_kit.database import written
from volthus_kit.refusal import RefusedError
from web.store import SiteRow


class Claims:
    """Sites and their tenants, in the database that all replicas share."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def claim(self, site: str, name: str, tenant: str) -> None:
        """Let a site be a tenant's, heard or not.

        Raises RefusedError `site-taken` when it is another's already, `store-failing`.
        """
        await asyncio.to_thread(self._claim, site, name, tenant)

    async def sites(
        self, tenant: str, allowed: frozenset[str] | None, after: str, limit: int
    ) -> list[str]:
        """Return the ids of a tenant's allowed sites (None: all) behind `after`, by id."""
        return await asyncio.to_thread(self._sites, tenant, allowed, after, limit)

    async def tenant(self, site: str) -> str | None:
        """Return whose a site is, as it is stored; None for one that is not."""
        return await asyncio.to_thread(self._stored_tenant, site)

    # --- in threads ------------------------------------------------------------------------------

    def _claim(self, site: str, name: str, tenant: str) -> None:
        def write(session: Session) -> None:
            row = session.get(SiteRow, site)
            if row is None:
                session.add(SiteRow(site=site, name=name, last_seen_s=0.0, tenant=tenant))
            elif row.tenant != tenant:
                # The same words whoever has it: nobody learns whose sites there are.
                raise RefusedError("site-taken", f"The id {site!r} is taken.", site=site)

        written(self._engine, write)

    def _sites(
        self, tenant: str, allowed: frozenset[str] | None, after: str, limit: int
    ) -> list[str]:
        of_tenant = (
            select(SiteRow.site)
            .where(col(SiteRow.tenant) == tenant, col(SiteRow.site) > after)
            .order_by(col(SiteRow.site))
            .limit(limit)
        )
        if allowed is not None:
            of_tenant = of_tenant.where(col(SiteRow.site).in_(allowed))
        with Session(self._engine) as session:
            return list(session.exec(of_tenant))

    def _stored_tenant(self, site: str) -> str | None:
        with Session(self._engine) as session:
            row = session.get(SiteRow, site)
            return None if row is None else row.tenant
