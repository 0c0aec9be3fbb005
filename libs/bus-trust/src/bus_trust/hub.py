"""The keys of a hub, and what its servers are configured with.

The operator's key is needed only to change an account (a role, a revocation); the scoped keys only
where users of their role are made. So the site's scoped key lies with the enrolment, the others are
used once, and nothing that answers sites or people holds the operator's.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bus_trust.claims import (
    Account,
    ClaimsError,
    Grant,
    account_jwt,
    claims_of,
    free_user_jwt,
    operator_jwt,
    user_jwt,
)
from bus_trust.creds import written_creds
from bus_trust.keys import KeyPair, Kind
from bus_trust.roles import ROLES

FORMAT = "volthus-hub-keys/1"
FLEET = "FLEET"
SYSTEM = "SYS"


@dataclass(frozen=True, slots=True)
class HubKeys:
    """All secrets of a hub. Kept as one file, mode 0600, in a place that is backed up."""

    operator: KeyPair
    system: KeyPair
    fleet: KeyPair
    scoped: Mapping[str, KeyPair] = field(repr=False)

    @classmethod
    def made(cls) -> "HubKeys":
        """Return new keys."""
        return cls(
            operator=KeyPair.made(Kind.OPERATOR),
            system=KeyPair.made(Kind.ACCOUNT),
            fleet=KeyPair.made(Kind.ACCOUNT),
            scoped={role: KeyPair.made(Kind.ACCOUNT) for role in ROLES},
        )

    def written(self) -> str:
        """Return the keys as text, to be kept secret."""
        body = {
            "format": FORMAT,
            "operator": self.operator.seed,
            "system": self.system.seed,
            "fleet": self.fleet.seed,
            "scoped": {role: key.seed for role, key in sorted(self.scoped.items())},
        }
        return json.dumps(body, indent=1) + "\n"

    @classmethod
    def read(cls, text: str) -> "HubKeys":
        """Return the keys of a text; a role that is new since gets a new key.

        Raises ValueError.
        """
        body = json.loads(text)
        if not isinstance(body, dict) or body.get("format") != FORMAT:
            raise ValueError(f"This is no file of the format {FORMAT}.")
        try:
            seeds = {role: body["scoped"].get(role) for role in ROLES}
            return cls(
                operator=KeyPair.from_seed(body["operator"], Kind.OPERATOR),
                system=KeyPair.from_seed(body["system"], Kind.ACCOUNT),
                fleet=KeyPair.from_seed(body["fleet"], Kind.ACCOUNT),
                scoped={
                    role: KeyPair.from_seed(seed, Kind.ACCOUNT)
                    if seed
                    else KeyPair.made(Kind.ACCOUNT)
                    for role, seed in seeds.items()
                },
            )
        except (LookupError, AttributeError, TypeError) as error:
            raise ValueError("The file of the hub's keys lacks a part.") from error


@dataclass(frozen=True, slots=True)
class Hub:
    """What the keys of a hub sign."""

    keys: HubKeys

    def operator_jwt(self, now: datetime) -> str:
        """Return the operator's claims."""
        return operator_jwt("volthus", self.keys.operator, self.keys.system.public, now)

    def system_jwt(self, now: datetime) -> str:
        """Return the claims of the account by which servers are spoken to."""
        return account_jwt(Account(SYSTEM, self.keys.system.public), self.keys.operator, now)

    def fleet_jwt(self, now: datetime, revoked: Mapping[str, int] | None = None) -> str:
        """Return the claims of the account of all sites and programs.

        revoked: public keys of users with the Unix second before which their claims are void.
        """
        scopes = tuple((self.keys.scoped[name].public, role) for name, role in ROLES.items())
        account = Account(
            FLEET, self.keys.fleet.public, scopes, has_streams=True, revoked=dict(revoked or {})
        )
        return account_jwt(account, self.keys.operator, now)

    def server_auth(self, now: datetime) -> str:
        """Return the part of a server's configuration that makes it believe these keys.

        It holds no secret. A server keeps later claims of its accounts in `resolver.dir`.
        """
        system, fleet = self.keys.system.public, self.keys.fleet.public
        return (
            f"operator: {self.operator_jwt(now)}\n"
            f"system_account: {system}\n"
            'resolver {\n  type: full\n  dir: "/data/accounts"\n  allow_delete: false\n}\n'
            f"resolver_preload {{\n  {system}: {self.system_jwt(now)}\n"
            f"  {fleet}: {self.fleet_jwt(now)}\n}}\n"
        )

    def user_creds(self, role: str, name: str, now: datetime) -> str:
        """Return credentials of a program of the cloud; they do not expire. Raises LookupError."""
        user = KeyPair.made(Kind.USER)
        grant = Grant(name, user.public, None)
        jwt = user_jwt(grant, self.keys.fleet.public, self.keys.scoped[role], now)
        return written_creds(jwt, user.seed)

    def simulator_creds(self, now: datetime) -> str:
        """Return credentials that may say and hear everything: only for a hub that is a trial."""
        user = KeyPair.made(Kind.USER)
        grant = Grant("simulator", user.public, None)
        jwt = free_user_jwt(grant, self.keys.fleet.public, self.keys.fleet, now)
        return written_creds(jwt, user.seed)

    def system_creds(self, now: datetime) -> str:
        """Return credentials by which an account's new claims are told to the servers."""
        user = KeyPair.made(Kind.USER)
        grant = Grant("account-keeper", user.public, None)
        jwt = free_user_jwt(grant, self.keys.system.public, self.keys.system, now)
        return written_creds(jwt, user.seed)

    def is_fleet_account(self, token: str) -> bool:
        """Whether this is what our operator said of the fleet's account."""
        try:
            claims = claims_of(token, (self.keys.operator.public,), Kind.OPERATOR)
        except ClaimsError:
            return False
        return claims.get("sub") == self.keys.fleet.public
