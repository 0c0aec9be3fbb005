"""Who may manage whom, and that nobody locks everybody out. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from web.core.roles import Role

Sites = frozenset[str] | None  # None: all of the tenant


@dataclass(frozen=True, slots=True)
class Person:
    """What counts of a user when it is asked who may do what to whom."""

    username: str
    role: Role
    sites: Sites = None
    tenant: str = ""
    is_disabled: bool = False


def may_give(manager: Person, role: Role, sites: Sites, *, has_operator: bool) -> bool:
    """Whether somebody may make or keep a user with this role and these sites.

    Operators: everybody of their tenant. Service users: standard users of their sites; where the
    tenant has no operator (`has_operator`), those who see all its sites also service users.
    """
    if not _within(sites, manager.sites):
        return False
    if manager.role is Role.OPERATOR:
        return True
    if manager.role is not Role.SERVICE:
        return False
    is_head = manager.sites is None and not has_operator
    return role is Role.STANDARD or (role is Role.SERVICE and is_head)


def may_manage(manager: Person, person: Person, *, has_operator: bool) -> bool:
    """Whether somebody may see and change a user; themselves nobody manages this way."""
    return manager.tenant == person.tenant and may_give(
        manager, person.role, person.sites, has_operator=has_operator
    )


def last_of(before: Person, after: Person | None, others: Iterable[Person]) -> Role | None:
    """Return the role whose last holder a change would take away, None when it takes none.

    after: None = deleted. Only who may log in and sees all sites of the tenant holds it open;
    `others` are the tenant's users beside.
    """
    rest = tuple(others)
    for role in (Role.OPERATOR, Role.SERVICE):
        holds_no_more = after is None or not _holds(after, role)
        if _holds(before, role) and holds_no_more and not any(_holds(one, role) for one in rest):
            return role
    return None


def _holds(person: Person, role: Role) -> bool:
    return not person.is_disabled and person.sites is None and person.role.includes(role)


def _within(sites: Sites, limit: Sites) -> bool:
    return limit is None or (sites is not None and sites <= limit)
