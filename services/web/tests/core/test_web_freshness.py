"""When a picture looks stale and a site offline."""

from web.core.freshness import is_online, is_stale
from web.core.roles import Role, may_see


def test_a_site_is_online_for_three_missed_pictures():
    assert is_online(0.0)
    assert is_online(30.0)
    assert not is_online(30.1)
    assert not is_online(None)


def test_a_watched_picture_is_stale_sooner():
    assert not is_stale(12.0, None)
    assert is_stale(15.1, None)
    assert is_stale(5.1, 60.0)
    assert not is_stale(5.1, 1.0)  # the first quick picture may still be on its way


def test_a_role_includes_those_below():
    assert [Role.SERVICE.includes(role) for role in Role] == [True, True, False]
    assert all(Role.OPERATOR.includes(role) for role in Role)


def test_a_restricted_user_sees_only_its_sites():
    assert may_see(None, "a")
    assert may_see(frozenset("a"), "a")
    assert not may_see(frozenset(), "a")
