"""The rules of joining, renewing and being locked out."""

import base64
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus_trust import HubKeys, KeyPair, Kind, claims_of
from enrolment import codes, proofs
from enrolment.desk import Desk, Signing
from enrolment.tables import make_tables
from volthus_kit.database import open_sqlite
from volthus_kit.refusal import RefusedError
from volthus_kit.testing import FakeClock

DAY = timedelta(days=1)
KEYS = HubKeys.made()


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def desk(tmp_path, clock):
    engine = open_sqlite(tmp_path / "enrolment.sqlite")
    make_tables(engine)
    yield Desk(engine, clock, Signing(KEYS.fleet.public, KEYS.scoped["site"], 30 * DAY))
    engine.dispose()


def signed(key, message):
    return base64.b64encode(key.sign(message)).decode()


def join(desk, code, key):
    spelled = codes.normalised(code)
    return desk.join(code, key.public, signed(key, proofs.joining(spelled, key.public)))


def renew(desk, key):
    nonce = desk.nonce()
    return desk.renew(key.public, nonce, signed(key, proofs.renewing(nonce, key.public)))


def made_code(desk, site="s001", valid_for=DAY):
    return desk.make_code(site, "", "", "olga", valid_for)[0]


def refused(call, *args):
    with pytest.raises(RefusedError) as no:
        call(*args)
    return no.value.code


@given(st.integers(0, 16), st.sampled_from(codes.ALPHABET))
def test_a_wrong_sign_in_a_code_is_noticed(place, sign):
    code = codes.new_code().replace("-", "")
    typed = code[:place] + sign + code[place + 1 :]
    if typed != code:
        with pytest.raises(codes.CodeError, match="typing error"):
            codes.normalised(typed)


def test_a_code_may_be_typed_as_it_is_spoken():
    code = codes.new_code()
    assert codes.normalised(code.lower().replace("-", " ").replace("0", "o")) == code


@given(st.text(max_size=40))
def test_odd_text_is_no_code(text):
    with pytest.raises(codes.CodeError):
        codes.normalised(text)


def test_a_device_joins_with_a_code_and_gets_claims_of_its_site(desk, clock):
    key = KeyPair.made(Kind.USER)
    claims = join(desk, made_code(desk), key)
    assert (claims.site, claims.expires_at) == ("s001", clock.now() + 30 * DAY)
    told = claims_of(claims.jwt, [KEYS.scoped["site"].public], Kind.ACCOUNT)
    assert (told["name"], told["sub"]) == ("s001", key.public)


def test_a_code_is_good_for_one_device(desk):
    code = made_code(desk)
    join(desk, code, KeyPair.made(Kind.USER))
    assert refused(join, desk, code, KeyPair.made(Kind.USER)) == "code-used"


def test_the_same_device_may_ask_again_when_the_answer_was_lost(desk, clock):
    code, key = made_code(desk), KeyPair.made(Kind.USER)
    join(desk, code, key)
    clock.go_on(600)
    assert join(desk, code, key).site == "s001"
    clock.go_on(600)
    assert refused(join, desk, code, key) == "code-used"


def test_a_code_ends_by_itself_and_by_a_newer_one(desk, clock):
    first = made_code(desk)
    second = made_code(desk)
    assert refused(join, desk, first, KeyPair.made(Kind.USER)) == "code-unknown"
    clock.go_on(86_401)
    assert refused(join, desk, second, KeyPair.made(Kind.USER)) == "code-over"


def test_a_code_lives_seven_days_at_most(desk, clock):
    _, expires_at = desk.make_code("s001", "", "", "olga", timedelta(days=400))
    assert expires_at == clock.now() + 7 * DAY


def test_who_saw_a_code_but_does_not_hold_the_key_gets_nothing(desk):
    code, key, thief = made_code(desk), KeyPair.made(Kind.USER), KeyPair.made(Kind.USER)
    proof = signed(thief, proofs.joining(code, key.public))
    assert refused(desk.join, code, key.public, proof) == "proof-wrong"
    # A signature for one purpose is none for the other.
    assert refused(desk.join, code, key.public, signed(key, proofs.renewing(code, key.public))) == (
        "proof-wrong"
    )


def test_expired_claims_are_renewed_as_long_as_nobody_locked_the_device_out(desk, clock):
    key = KeyPair.made(Kind.USER)
    join(desk, made_code(desk), key)
    clock.go_on(400 * 86_400)
    assert renew(desk, key).expires_at == clock.now() + 30 * DAY
    desk.revoke("s001", "olga")
    assert refused(renew, desk, key) == "device-revoked"


def test_a_device_that_never_joined_renews_nothing(desk):
    assert refused(renew, desk, KeyPair.made(Kind.USER)) == "device-unknown"


@pytest.mark.parametrize("nonce", ["", "1.2.3", "9999999999.aa.bb", "x", "ä.ö.ü"])
def test_a_nonce_of_ones_own_making_is_refused(desk, nonce):
    key = KeyPair.made(Kind.USER)
    proof = signed(key, proofs.renewing(nonce, key.public))
    assert refused(desk.renew, key.public, nonce, proof) == "nonce-over"


def test_a_nonce_is_over_after_two_minutes(desk, clock):
    key = KeyPair.made(Kind.USER)
    join(desk, made_code(desk), key)
    nonce = desk.nonce()
    clock.go_on(121)
    proof = signed(key, proofs.renewing(nonce, key.public))
    assert refused(desk.renew, key.public, nonce, proof) == "nonce-over"


def test_a_new_device_of_a_site_locks_the_old_one_out(desk):
    old, new = KeyPair.made(Kind.USER), KeyPair.made(Kind.USER)
    join(desk, made_code(desk), old)
    join(desk, made_code(desk), new)
    assert set(desk.revoked()) == {old.public}
    assert desk.has_untold()
    desk.note_told([old.public])
    assert not desk.has_untold()
    assert refused(renew, desk, old) == "device-revoked"
    assert renew(desk, new).site == "s001"


def test_a_key_that_was_locked_out_does_not_come_back_by_a_code(desk):
    key = KeyPair.made(Kind.USER)
    join(desk, made_code(desk), key)
    desk.revoke("s001", "olga")
    assert refused(join, desk, made_code(desk), key) == "device-revoked"
    assert refused(join, desk, made_code(desk, "s002"), key) == "device-revoked"


def test_a_key_speaks_for_one_site_only(desk):
    key = KeyPair.made(Kind.USER)
    join(desk, made_code(desk), key)
    assert refused(join, desk, made_code(desk, "s002"), key) == "proof-wrong"


def test_links_are_listed_by_site(desk):
    join(desk, made_code(desk, "b"), KeyPair.made(Kind.USER))
    made_code(desk, "a")
    found = desk.links()
    assert [one.site for one in found] == ["a", "b"]
    assert found[0].device is None
    assert found[0].code is not None
    assert found[1].device is not None
    assert found[1].code is None
    assert [one.site for one in desk.links(after="a")] == ["b"]
    assert refused(desk.revoke, "c", "olga") == "site-not-linked"
