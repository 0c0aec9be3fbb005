"""Mutual TLS on asyncio streams, with OpenSSL on memory buffers.

The standard library cannot ask a client for a self-signed certificate it does not know yet, which
is what SHIP needs (ship.md 3). Trust is not decided here: any P-256 certificate whose SKI fits
its key passes, unless the caller expects a certain SKI.
"""

import asyncio

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL, crypto

from eebus.errors import CertificateError, RemoteProtocolError
from eebus.identity import Identity
from eebus.ship.certificate import ski_of_certificate

# One small piece at a time: a peer that floods us holds the event loop for a few ms at most.
_READ_BYTES = 4096
MAX_UNSENT_BYTES = 2 * 1024 * 1024  # a peer that reads slower than this is dropped
_CIPHERS = b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA256"


class TlsStream:
    """An encrypted byte stream to one peer. Made by accept() and connect()."""

    def __init__(
        self, tls: SSL.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._tls = tls
        self._reader = reader
        self._writer = writer
        self._written_bytes = 0
        self.peer_ski = ""

    async def read(self) -> bytes:
        """Return the next bytes, b"" at the end. Raises RemoteProtocolError for broken TLS."""
        while True:
            try:
                return self._tls.recv(_READ_BYTES)
            except SSL.WantReadError:
                if not await self._feed():
                    return b""
            except (SSL.ZeroReturnError, SSL.SysCallError):
                return b""
            except SSL.Error as error:
                raise RemoteProtocolError(f"TLS failed: {_reason(error)}") from error

    def write(self, data: bytes) -> None:
        """Send bytes. Raises RemoteProtocolError when the peer does not read, or TLS is broken."""
        try:
            self._tls.sendall(data)
        except SSL.Error as error:
            raise RemoteProtocolError(f"TLS failed: {_reason(error)}") from error
        self._flush()
        if self.unsent_bytes > MAX_UNSENT_BYTES:
            raise RemoteProtocolError(f"It does not read: {self.unsent_bytes} bytes wait for it")

    @property
    def unsent_bytes(self) -> int:
        """What we wrote and the network has not taken yet."""
        return self._writer.transport.get_write_buffer_size()

    @property
    def sent_bytes(self) -> int:
        """What the network has taken so far."""
        return self._written_bytes - self.unsent_bytes

    def abort(self) -> None:
        """Cut the connection at once."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """Say goodbye to TLS and close; waits for what is still on its way, 1 s at most."""
        try:
            self._tls.shutdown()
            self._flush()
        except SSL.Error:
            pass  # the peer is gone already: nobody to say goodbye to
        self._writer.close()
        try:
            async with asyncio.timeout(1):
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            self.abort()

    async def _handshake(self) -> None:
        while True:
            try:
                self._tls.do_handshake()
                break
            except SSL.WantReadError:
                self._flush()
                if not await self._feed():
                    raise RemoteProtocolError("The other device hung up during TLS") from None
            except CertificateError:
                self._flush()  # the alert tells the peer what is wrong
                raise
            except SSL.Error as error:
                self._flush()
                raise RemoteProtocolError(f"TLS failed: {_reason(error)}") from error
        self._flush()
        self.peer_ski = _ski_of(self._tls.get_peer_certificate())

    async def _feed(self) -> bool:
        """Pass what the network brought to OpenSSL; False at the end of the stream."""
        data = await self._reader.read(_READ_BYTES)
        if data:
            self._tls.bio_write(data)
        return bool(data)

    def _flush(self) -> None:
        while True:
            try:
                data = self._tls.bio_read(65536)
            except SSL.WantReadError:
                return
            if not self._writer.transport.is_closing():
                self._written_bytes += len(data)
                self._writer.write(data)


class TlsFactory:
    """Makes encrypted streams that show our certificate and ask for the peer's."""

    def __init__(self, identity: Identity) -> None:
        self._certificate = x509.load_pem_x509_certificate(identity.certificate_pem)
        key = serialization.load_pem_private_key(identity.key_pem, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise CertificateError("The own key is no EC key")
        self._key = key
        self._context = self._make_context()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> TlsStream:
        """Be the server on a stream. Raises RemoteProtocolError, OSError."""
        tls = SSL.Connection(self._context, None)
        tls.set_accept_state()
        return await _open(tls, reader, writer)

    async def connect(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, expected_ski: str
    ) -> TlsStream:
        """Be the client on a stream; another SKI is refused inside the TLS handshake.

        Raises CertificateError for a wrong certificate, RemoteProtocolError, OSError.
        """
        tls = SSL.Connection(self._context, None)
        tls.set_app_data(expected_ski)
        tls.set_connect_state()
        return await _open(tls, reader, writer)

    def _make_context(self) -> SSL.Context:
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_min_proto_version(SSL.TLS1_2_VERSION)
        context.set_cipher_list(_CIPHERS)
        # No resumption: each connection proves its key anew.
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION)
        context.use_certificate(self._certificate)
        context.use_privatekey(self._key)
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, _check)
        return context


def _check(
    tls: SSL.Connection, certificate: crypto.X509, _error: int, depth: int, _is_ok: int
) -> bool:
    """Judge the peer's certificate in place of OpenSSL, whose chain checks mean nothing here."""
    if depth:
        return True
    ski, expected = _ski_of(certificate), tls.get_app_data()
    if expected is not None and ski != expected:
        raise CertificateError(f"The device there has the SKI {ski}")
    return True


async def _open(
    tls: SSL.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> TlsStream:
    stream = TlsStream(tls, reader, writer)
    await stream._handshake()
    return stream


def _ski_of(certificate: crypto.X509 | None) -> str:
    if certificate is None:
        raise CertificateError("The other device showed no certificate")
    return ski_of_certificate(crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate))


def _reason(error: SSL.Error) -> str:
    """Return OpenSSL's own words for an error."""
    stack = error.args[0] if error.args else ()
    if isinstance(stack, list) and stack:
        return ", ".join(str(entry[-1]) for entry in stack)
    return type(error).__name__
