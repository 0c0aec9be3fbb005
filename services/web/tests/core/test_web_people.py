from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.core.people import Person, last_of, may_give, may_manage
from web.core.roles import Role, Sight
from web.core.wording import objection

STANDARD, SERVICE, OPERATOR = Role.STANDARD, Role.SERVICE, Role.OPERATOR
HOME = frozenset({"home"})

roles = st.sampled_from(Role)
sites = st.one_of(st.none(), st.frozensets(st.sampled_from("abc"), min_size=1))
people = st.builds(
    Person,
    username=st.sampled_from("pqrs"),
    role=roles,
    sites=sites,
    tenant=st.sampled_from(["", "north"]),
    is_disabled=st.booleans(),
)


@given(people, people, st.booleans())
def test_nobody_manages_a_higher_role_more_sites_or_another_tenant(manager, person, has_operator):
    if may_manage(manager, person, has_operator=has_operator):
        assert manager.role.includes(person.role)
        assert manager.role is not STANDARD
        assert manager.tenant == person.tenant
        assert manager.sites is None or person.sites <= manager.sites


@pytest.mark.parametrize(
    ("manager", "role", "wanted", "has_operator", "may"),
    [
        (Person("o", OPERATOR), OPERATOR, None, True, True),
        (Person("o", OPERATOR, HOME), STANDARD, None, True, False),
        (Person("s", SERVICE), STANDARD, None, True, True),
        (Person("s", SERVICE), SERVICE, None, True, False),
        (Person("s", SERVICE), SERVICE, HOME, False, True),
        (Person("s", SERVICE, HOME), SERVICE, HOME, False, False),
        (Person("s", SERVICE, HOME), STANDARD, HOME, False, True),
        (Person("s", SERVICE), OPERATOR, None, False, False),
        (Person("d", STANDARD), STANDARD, HOME, False, False),
    ],
)
def test_who_may_give_what(manager, role, wanted, has_operator, may):
    assert may_give(manager, role, wanted, has_operator=has_operator) is may


def test_the_last_operator_stays():
    eva, sven = Person("eva", OPERATOR), Person("sven", SERVICE)
    assert last_of(eva, None, [sven]) is OPERATOR
    assert last_of(eva, replace(eva, is_disabled=True), [sven]) is OPERATOR
    assert last_of(eva, replace(eva, role=SERVICE), [sven]) is OPERATOR
    assert last_of(eva, replace(eva, sites=HOME), [sven]) is OPERATOR
    assert last_of(eva, None, [replace(eva, username="nils")]) is None
    assert last_of(eva, replace(eva, tenant="x"), []) is None


def test_the_last_service_user_stays_where_there_is_no_operator():
    sven, bo = Person("sven", SERVICE), Person("bo", STANDARD)
    assert last_of(sven, None, [bo]) is SERVICE
    assert last_of(sven, None, [bo, Person("eva", OPERATOR)]) is None
    assert last_of(sven, None, [replace(sven, username="x", is_disabled=True)]) is SERVICE
    assert last_of(bo, None, [sven]) is None


@given(st.text(max_size=40), st.text(min_size=3, max_size=20))
def test_no_password_that_is_taken_is_short_or_has_the_name_in_it(password, username):
    if objection(password, username) is None:
        assert len(password) >= 10
        assert username.casefold() not in password.casefold()


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "too-short"),
        ("x" * 300, "too-long"),
        ("xx-Anna-2026-xx", "has-username"),
        ("abababababab", "too-simple"),
        ("Password123", "too-common"),
        ("three green cars", None),
    ],
)
def test_what_a_password_must_be(password, reason):
    assert objection(password, "anna") == reason


def test_sight_ends_at_the_tenant_and_an_unplaced_site_is_nobodys():
    assert Sight().covers("a", "")
    assert not Sight().covers("a", None)
    assert not Sight().covers("a", "north")
    assert not Sight("north").covers("a", "")
    assert Sight("north", HOME).covers("home", "north")
    assert not Sight("north", HOME).covers("a", "north")
