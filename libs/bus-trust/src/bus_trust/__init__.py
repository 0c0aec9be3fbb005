"""Who may say what on the bus: keys, signed claims and their permissions."""

from bus_trust.claims import ClaimsError, Grant, claims_of, user_jwt
from bus_trust.creds import read_creds, written_creds
from bus_trust.hub import Hub, HubKeys
from bus_trust.keys import KeyError as BusKeyError
from bus_trust.keys import KeyPair, Kind, verify
from bus_trust.roles import ROLES, SITE, Role

__all__ = [
    "ROLES",
    "SITE",
    "BusKeyError",
    "ClaimsError",
    "Grant",
    "Hub",
    "HubKeys",
    "KeyPair",
    "Kind",
    "Role",
    "claims_of",
    "read_creds",
    "user_jwt",
    "verify",
    "written_creds",
]
