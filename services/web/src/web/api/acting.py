"""A change of the front door's own, with a line in the audit before and its outcome after."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from volthus_kit.refusal import RefusedError
from web.accounts import Account
from web.audit import DONE, Audit


@asynccontextmanager
async def recorded(
    audit: Audit, account: Account, action: str, about: str, site: str = ""
) -> AsyncIterator[None]:
    """Do what stands inside. Raises RefusedError `store-failing` where it cannot be recorded."""
    row = await audit.begin(account.who, action, site=site, about=about)
    outcome = "interrupted"
    try:
        yield
        outcome = DONE
    except RefusedError as no:
        outcome = no.code
        raise
    finally:
        await audit.end(row, outcome)
