"""What a program's token may do, beside its role and its sites. Pure."""

from enum import StrEnum

from web.core.roles import Role


class Scope(StrEnum):
    """One thing a token may do; none includes another."""

    READ = "read"
    CONTROL = "control"
    SETTINGS = "settings"
    SOC_WRITE = "soc:write"
    PRICES_WRITE = "prices:write"


READS = frozenset({"GET", "HEAD", "OPTIONS"})


def needed(method: str, role: Role) -> Scope:
    """Return what a request needs where its route names nothing of its own."""
    if method.upper() in READS:
        return Scope.READ
    return Scope.CONTROL if role is Role.STANDARD else Scope.SETTINGS


def is_grantable(scope: Scope, role: Role, *, is_own_site: bool) -> bool:
    """Whether somebody of this role may put a scope on a token.

    A price feed is shared by all sites of an installation: in the cloud it is the operator's.
    """
    if scope is Scope.PRICES_WRITE:
        return role.includes(Role.SERVICE if is_own_site else Role.OPERATOR)
    return scope is not Scope.SETTINGS or role.includes(Role.SERVICE)
