"""Keys and claims: what is written is read again, and nothing else is believed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus_trust import (
    BusKeyError,
    ClaimsError,
    Grant,
    Hub,
    HubKeys,
    KeyPair,
    Kind,
    claims_of,
    read_creds,
    user_jwt,
    verify,
    written_creds,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "seed", "public"),
    [(Kind.OPERATOR, "SO", "O"), (Kind.ACCOUNT, "SA", "A"), (Kind.USER, "SU", "U")],
)
def test_a_key_says_by_its_first_letters_what_it_is(kind, seed, public):
    key = KeyPair.made(kind)
    assert key.seed.startswith(seed)
    assert key.public.startswith(public)
    assert (len(key.seed), len(key.public)) == (58, 56)
    assert KeyPair.from_seed(key.seed, kind) == key
    assert key.seed not in repr(key)


@given(st.binary(max_size=200), st.binary(min_size=64, max_size=64))
def test_only_the_owner_signs(message, other):
    key = KeyPair.made(Kind.USER)
    assert verify(key.public, Kind.USER, message, key.sign(message))
    assert not verify(key.public, Kind.USER, message + b"!", key.sign(message))
    assert not verify(key.public, Kind.USER, message, other)


@given(st.integers(0, 55), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
def test_a_typing_error_is_noticed(place, letter):
    public = KeyPair.made(Kind.USER).public
    typed = public[:place] + letter + public[place + 1 :]
    if typed != public:
        with pytest.raises(BusKeyError):
            verify(typed, Kind.USER, b"", b"")


@given(st.text(max_size=80))
def test_odd_text_is_no_key(text):
    with pytest.raises(BusKeyError):
        KeyPair.from_seed(text, Kind.USER)
    with pytest.raises(BusKeyError):
        verify(text, Kind.USER, b"", b"")


def test_a_seed_of_another_kind_is_refused():
    with pytest.raises(BusKeyError, match="account"):
        KeyPair.from_seed(KeyPair.made(Kind.USER).seed, Kind.ACCOUNT)


def test_claims_of_a_site_carry_its_name_and_no_permissions_of_their_own():
    hub, device = HubKeys.made(), KeyPair.made(Kind.USER)
    signer = hub.scoped["site"]
    grant = Grant("s001", device.public, NOW + timedelta(days=30))
    claims = claims_of(
        user_jwt(grant, hub.fleet.public, signer, NOW), [signer.public], Kind.ACCOUNT
    )
    assert (claims["name"], claims["sub"]) == ("s001", device.public)
    assert claims["exp"] == int((NOW + timedelta(days=30)).timestamp())
    assert claims["nats"] == {
        "pub": {},
        "sub": {},
        "issuer_account": hub.fleet.public,
        "type": "user",
        "version": 2,
    }


def test_claims_that_were_changed_or_signed_by_a_stranger_are_not_believed():
    hub, device, stranger = HubKeys.made(), KeyPair.made(Kind.USER), KeyPair.made(Kind.ACCOUNT)
    signer = hub.scoped["site"]
    grant = Grant("s001", device.public, None)
    token = user_jwt(grant, hub.fleet.public, signer, NOW)
    head, body, signature = token.split(".")
    other = user_jwt(Grant("s002", device.public, None), hub.fleet.public, signer, NOW)
    for forged in (
        f"{head}.{other.split('.')[1]}.{signature}",
        user_jwt(grant, hub.fleet.public, stranger, NOW),
        f"{head}.{body}.",
        f"{head}.{body}",
        "",
        "a.b.c",
        "ä.ö.ü",
    ):
        with pytest.raises(ClaimsError):
            claims_of(forged, [signer.public], Kind.ACCOUNT)


def test_the_keys_of_a_hub_are_read_as_they_were_written():
    keys = HubKeys.made()
    again = HubKeys.read(keys.written())
    assert again == keys
    assert keys.operator.seed not in repr(keys)
    assert keys.scoped["site"].seed not in repr(keys)
    assert Hub(keys).is_fleet_account(Hub(again).fleet_jwt(NOW))
    assert not Hub(HubKeys.made()).is_fleet_account(Hub(keys).fleet_jwt(NOW))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": "volthus-hub-keys/1"}'])
def test_a_file_that_holds_no_keys_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 - JSON's own and ours
        HubKeys.read(text)


def test_what_servers_are_configured_with_holds_no_secret():
    hub = Hub(HubKeys.made())
    text = hub.server_auth(NOW)
    keys = hub.keys
    for secret in (keys.operator, keys.system, keys.fleet, *keys.scoped.values()):
        assert secret.seed not in text


def test_credentials_are_read_as_they_were_written():
    key = KeyPair.made(Kind.USER)
    assert read_creds(written_creds("a.b-c_.d", key.seed)) == ("a.b-c_.d", key.seed)
    with pytest.raises(ValueError, match="no credentials file"):
        read_creds(key.seed)
