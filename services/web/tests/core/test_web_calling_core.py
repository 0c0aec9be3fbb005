"""What is called, signed, retried and kept quiet."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.core.addresses import AddressError, check_url, is_callable
from web.core.quiet import ends_at
from web.core.retrying import GIVEN_UP_AFTER_S, MOST_S, retry_after_s, wait_s
from web.core.signing import as_secret, signature

NEVER = ("169.254.169.254", "fe80::1", "::", "224.0.0.1", "ff02::1",
         "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "odd")  # fmt: skip
PRIVATE = ("127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.9", "::1", "fd00::1",
           "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:c0a8:0101::1", "100.64.0.1")  # fmt: skip
PUBLIC = ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e")


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_never_called(address):
    assert not is_callable(address, private=True)
    assert not is_callable(address, private=False)


@pytest.mark.parametrize("address", PRIVATE)
def test_ones_own_networks_are_called_only_where_that_is_meant(address):
    assert not is_callable(address, private=False)
    assert is_callable(address, private=True) or address == "100.64.0.1"


@pytest.mark.parametrize("address", PUBLIC)
def test_the_world_is_called(address):
    assert is_callable(address, private=False)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://example.com/", "url-not-https"),
        ("ftp://localhost/", "url-not-https"),
        ("https://user:word@example.com/", "url-invalid"),
        ("https:///path", "url-invalid"),
        ("https://example.com:99999/", "url-invalid"),
        ("https://example.com/#part", "url-invalid"),
        ("https://exa mple.com/", "url-invalid"),
        ("https://example.com/\r\nHost: other", "url-invalid"),
        ("https://[::1", "url-invalid"),
        ("file:///etc/passwd", "url-invalid"),
        ("https://example.com/" + "a" * 2000, "url-invalid"),
    ],
)
def test_a_url_is_https_and_plain(url, code):
    with pytest.raises(AddressError) as refused:
        check_url(url, frozenset())
    assert refused.value.code == code


@pytest.mark.parametrize(
    "url",
    ["https://example.com/a?b=c", "http://localhost:8080/x", "http://127.0.0.1/", "http://box/"],
)
def test_loopback_and_named_hosts_may_do_without_tls(url):
    check_url(url, frozenset({"box"}))


def test_a_signature_is_that_of_the_specification():
    key = bytes(range(32))
    body = b'{"type":"alert.fired"}'
    wanted = hmac.digest(key, b"msg_1.1700000000." + body, hashlib.sha256)
    signed = signature([as_secret(key), as_secret(key[::-1])], "msg_1", 1_700_000_000, body)
    first, second = signed.split(" ")
    assert first == "v1," + base64.b64encode(wanted).decode()
    assert second != first
    with pytest.raises(ValueError, match="base64"):
        signature(["whsec_?"], "msg_1", 1, b"")


@given(st.integers(1, 10_000), st.floats(0, 1), st.none() | st.floats(0, 1e9))
def test_waits_grow_and_are_bounded(attempts, share, asked_s):
    assert 4 <= wait_s(attempts, share, asked_s) <= MOST_S * 1.21


def test_three_days_hold_many_attempts():
    waited_s = attempts = 0
    while waited_s < GIVEN_UP_AFTER_S:
        attempts += 1
        waited_s += wait_s(attempts, 0.5)
    assert 12 <= attempts <= 30


def test_a_wait_that_is_asked_for_is_kept_to_within_reason():
    assert wait_s(1, 0.5, 120) == 120
    assert wait_s(1, 0.5, 1e9) == 3600
    assert retry_after_s("120") == 120
    assert [retry_after_s(odd) for odd in (None, "soon", "-1", "9" * 30)] == [None] * 4


BERLIN = ZoneInfo("Europe/Berlin")


def instant(text):
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ("2026-11-22T23:30+01:00", "2026-11-23T07:00+01:00"),
        ("2026-11-23T06:59+01:00", "2026-11-23T07:00+01:00"),
        ("2026-11-23T07:00+01:00", None),
        ("2026-11-22T21:59+01:00", None),
        ("2026-10-24T23:00+02:00", "2026-10-25T07:00+01:00"),  # an hour longer
    ],
)
def test_quiet_hours_go_through_midnight_by_the_local_clock(now, ends):
    over = ends_at(time(22), time(7), BERLIN, instant(now))
    assert over == (None if ends is None else instant(ends))


def test_quiet_hours_of_a_day_and_none_at_all():
    noon = instant("2026-11-22T12:30+01:00")
    assert ends_at(time(12), time(13), BERLIN, noon) == instant("2026-11-22T13:00+01:00")
    assert ends_at(time(12), time(12), BERLIN, noon) is None
