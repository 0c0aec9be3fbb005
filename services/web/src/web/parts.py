"""What the routers find behind the front door."""

from dataclasses import dataclass

from volthus_kit.clock import Clock
from web.accounts import Accounts
from web.attempts import SharedAttempts
from web.audit import Audit
from web.changes import Changes
from web.fleet.desk import Fleet
from web.history.keeping import History
from web.known import Known
from web.limits import Limits
from web.live import Live
from web.oidc.desk import OidcDesk
from web.once import Once
from web.owners import Owners
from web.software.desk import Software
from web.telling import Telling
from web.tokens import ProgramTokens
from web.users import Users


@dataclass(frozen=True, slots=True)
class Parts:
    """Put together in main; carried by the app."""

    clock: Clock
    accounts: Accounts
    audit: Audit
    attempts: SharedAttempts
    live: Live
    owners: Owners
    tokens: ProgramTokens
    users: Users
    limits: Limits
    known: Known
    once: Once
    changes: Changes
    software: Software
    telling: Telling
    fleet: Fleet
    history: History | None = None  # of all sites; None at a site, whose CEM keeps its records
    oidc: OidcDesk | None = None
    public_url: str = ""  # where browsers find us; "" = where they ask
