"""The identity: made once, kept, and never silently made again."""

import stat
from contextlib import suppress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from eebus.errors import CertificateError, IdentityDamagedError, IdentityMissingError
from eebus.identity import CERTIFICATE_FILE, KEY_FILE, Identity, load_or_create
from eebus.ship.certificate import ski_of_certificate

ONE = Identity.create("Demo CEM", organization="Volthus")
DER = x509.load_pem_x509_certificate(ONE.certificate_pem).public_bytes(serialization.Encoding.DER)


def test_the_certificate_has_what_ship_wants():
    certificate = x509.load_pem_x509_certificate(ONE.certificate_pem)
    ski = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert ski.digest.hex() == ONE.ski
    basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert basic.critical
    assert basic.value.ca
    assert certificate.version is x509.Version.v3
    assert ski_of_certificate(DER) == ONE.ski


def test_the_end_of_the_certificate_is_told():
    certificate = x509.load_pem_x509_certificate(ONE.certificate_pem)
    assert ONE.ends() == certificate.not_valid_after_utc


def test_a_certificate_with_a_badly_encoded_boolean_still_tells_its_ski():
    # Elli Connect chargers: BOOLEAN TRUE as 01 instead of FF.
    bad = DER.replace(bytes.fromhex("0101ff"), bytes.fromhex("010101"))
    assert bad != DER
    with pytest.raises(ValueError, match=r"(?i)parsing|invalid"):
        x509.load_der_x509_certificate(bad).extensions  # noqa: B018
    assert ski_of_certificate(bad) == ONE.ski


def test_a_ski_that_does_not_fit_the_key_is_refused():
    other = Identity.create("Other").ski
    forged = DER.replace(bytes.fromhex(ONE.ski), bytes.fromhex(other))
    with pytest.raises(CertificateError, match=other):
        ski_of_certificate(forged)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_certificate_error(der):
    with pytest.raises(CertificateError):
        ski_of_certificate(der)


@given(st.integers(0, len(DER) - 1), st.integers(0, 255))
def test_a_flipped_byte_never_gives_another_ski(at, value):
    flipped = DER[:at] + bytes([value]) + DER[at + 1 :]
    with suppress(CertificateError):
        assert ski_of_certificate(flipped) == ONE.ski


def test_a_saved_identity_is_loaded_again(tmp_path):
    ONE.save(tmp_path / "deep" / "state")
    assert Identity.load(tmp_path / "deep" / "state") == ONE
    assert load_or_create(tmp_path / "deep" / "state", "other name") == ONE
    key = tmp_path / "deep" / "state" / KEY_FILE
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_an_empty_folder_gets_a_new_identity(tmp_path):
    made = load_or_create(tmp_path / "new", "Demo")
    assert load_or_create(tmp_path / "new", "Demo") == made


def test_an_identity_is_never_overwritten(tmp_path):
    ONE.save(tmp_path)
    with pytest.raises(FileExistsError, match="never overwritten"):
        Identity.create("Two").save(tmp_path)
    assert Identity.load(tmp_path) == ONE


@pytest.mark.parametrize("name", [KEY_FILE, CERTIFICATE_FILE])
def test_half_an_identity_is_missing_not_remade(tmp_path, name):
    ONE.save(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(IdentityMissingError, match="paired again"):
        load_or_create(tmp_path, "Demo")


@pytest.mark.parametrize("name", [KEY_FILE, CERTIFICATE_FILE])
@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff" * 99])
def test_a_damaged_identity_is_said_so(tmp_path, name, content):
    ONE.save(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(IdentityDamagedError, match="paired again"):
        load_or_create(tmp_path, "Demo")


def test_a_key_of_another_certificate_is_said_so(tmp_path):
    ONE.save(tmp_path)
    (tmp_path / KEY_FILE).write_bytes(Identity.create("Two").key_pem)
    with pytest.raises(IdentityDamagedError, match="belong together"):
        Identity.load(tmp_path)


def test_the_key_stays_out_of_logs():
    assert "PRIVATE" not in repr(ONE)
