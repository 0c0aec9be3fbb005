"""Who we are on the EEBUS: a P-256 key, its self-signed certificate, and the SKI of both.

The identity is what other devices trust. A new one un-pairs all of them, so nothing in here
ever replaces an identity, not even a damaged one.
"""

import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from eebus.errors import CertificateError, IdentityDamagedError, IdentityMissingError
from eebus.ship.certificate import ski_of_certificate, ski_of_point

KEY_FILE = "key.pem"
CERTIFICATE_FILE = "certificate.pem"
VALIDITY = timedelta(days=3650)  # customary; peers do not check it (ship.md 2)

_RE_PAIR = (
    "Restore both files from a backup. Without them a new identity must be made, "
    "and every device has to be paired again."
)


@dataclass(frozen=True, slots=True)
class Identity:
    """A key and its certificate, as PEM, and the SKI other devices know us by.

    ski: 40 lower-case hex digits, SHA-1 of the uncompressed public point.
    """

    ski: str
    certificate_pem: bytes
    key_pem: bytes

    def __repr__(self) -> str:
        return f"Identity(ski={self.ski!r})"  # the key stays out of logs

    @classmethod
    def create(cls, common_name: str, *, organization: str = "", country: str = "DE") -> "Identity":
        """Make a new identity.

        common_name: unique per device, at most 64 characters; country: two letters.
        Raises ValueError for a name or country X.509 does not allow.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _self_signed(key, _subject(common_name, organization, country))
        return cls(
            ski=ski_of_point(_point(key)),
            certificate_pem=certificate.public_bytes(serialization.Encoding.PEM),
            key_pem=key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )

    def ends(self) -> datetime:
        """Return when the certificate is over; peers do not check it, people should know."""
        return x509.load_pem_x509_certificate(self.certificate_pem).not_valid_after_utc

    @classmethod
    def load(cls, folder: Path) -> "Identity":
        """Read the identity kept in a folder.

        Raises IdentityMissingError when a file is not there, IdentityDamagedError when the
        files cannot be read or do not belong together.
        """
        key_path, certificate_path = folder / KEY_FILE, folder / CERTIFICATE_FILE
        try:
            key_pem, certificate_pem = key_path.read_bytes(), certificate_path.read_bytes()
        except FileNotFoundError as error:
            raise IdentityMissingError(f"No file {error.filename}. {_RE_PAIR}") from error
        except OSError as error:
            raise IdentityDamagedError(f"Cannot read {error.filename}: {error}.") from error
        return cls(_ski_of_pair(key_pem, certificate_pem, folder), certificate_pem, key_pem)

    def save(self, folder: Path) -> None:
        """Write the identity into a folder, which is made if needed; the key is for us alone.

        Each file appears whole or not at all. Raises FileExistsError when either file is there.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for name in (KEY_FILE, CERTIFICATE_FILE):
            if (folder / name).exists():
                raise FileExistsError(f"{folder / name} exists; an identity is never overwritten")
        # The certificate last: a crash between leaves half an identity, which load() reports.
        _write_new(folder / KEY_FILE, self.key_pem)
        _write_new(folder / CERTIFICATE_FILE, self.certificate_pem)


def load_or_create(folder: Path, common_name: str) -> Identity:
    """Return the identity kept in a folder; make and keep one only if the folder has none at all.

    Raises IdentityMissingError for half an identity, IdentityDamagedError for an unusable one.
    """
    if not any((folder / name).exists() for name in (KEY_FILE, CERTIFICATE_FILE)):
        identity = Identity.create(common_name)
        identity.save(folder)
        return identity
    return Identity.load(folder)


def _subject(common_name: str, organization: str, country: str) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COUNTRY_NAME, country)]
    if organization:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _self_signed(key: ec.EllipticCurvePrivateKey, subject: x509.Name) -> x509.Certificate:
    start = datetime.now(UTC) - timedelta(days=1)  # a peer's clock may be behind ours
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + VALIDITY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_signing_only(), critical=True)
        .sign(key, hashes.SHA256())
    )


def _signing_only() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


def _ski_of_pair(key_pem: bytes, certificate_pem: bytes, folder: Path) -> str:
    try:
        key = serialization.load_pem_private_key(key_pem, password=None)
        certificate = x509.load_pem_x509_certificate(certificate_pem)
        ski = ski_of_certificate(certificate.public_bytes(serialization.Encoding.DER))
    except (ValueError, TypeError, CertificateError) as error:
        raise IdentityDamagedError(
            f"The identity in {folder} is damaged: {error}. {_RE_PAIR}"
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or ski_of_point(_point(key)) != ski:
        raise IdentityDamagedError(
            f"Key and certificate in {folder} do not belong together. {_RE_PAIR}"
        )
    return ski


def _write_new(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 in one step; never over an existing one."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)  # unlike a rename it fails when the name is taken
    finally:
        Path(temporary).unlink()
