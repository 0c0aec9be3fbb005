"""What the routers find behind the front door."""

from dataclasses import dataclass

from volthus_kit.clock import Clock
from web.accounts import Accounts
from web.audit import Audit
from web.core.lockout import Lockout
from web.live import Live
from web.owners import Owners


@dataclass(frozen=True, slots=True)
class Parts:
    """Put together in main; carried by the app."""

    clock: Clock
    accounts: Accounts
    audit: Audit
    lockout: Lockout
    live: Live
    owners: Owners
