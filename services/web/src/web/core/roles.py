"""Who may do what (A2): roles in order of what they include. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """A role of a person or program; each includes what the one before may do."""

    STANDARD = "standard"
    SERVICE = "service"
    OPERATOR = "operator"

    def includes(self, needed: "Role") -> bool:
        """Whether somebody with this role may do what `needed` may do."""
        return _RANK[self] >= _RANK[needed]


_RANK = {Role.STANDARD: 0, Role.SERVICE: 1, Role.OPERATOR: 2}


def lower(one: Role, other: Role) -> Role:
    """Return the role that may less."""
    return other if one.includes(other) else one


def may_see(sites: frozenset[str] | None, site: str) -> bool:
    """Whether somebody restricted to `sites` (None: not restricted) may know of `site`."""
    return sites is None or site in sites


@dataclass(frozen=True, slots=True)
class Sight:
    """Which sites somebody may know of: those of their tenant ("": the only one), of these some."""

    tenant: str = ""
    sites: frozenset[str] | None = None  # None: all of the tenant

    def covers(self, site: str, tenant: str | None) -> bool:
        """Whether `site`, which belongs to `tenant` (None: not known yet), may be known of."""
        return self.tenant == tenant and may_see(self.sites, site)
