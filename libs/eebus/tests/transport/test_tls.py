"""The TLS of SHIP against the standard library's, in both directions."""

import asyncio
import ssl

import pytest

from eebus.errors import CertificateError
from eebus.identity import Identity
from eebus.transport.tls import TlsFactory

US, PEER = Identity.create("us"), Identity.create("peer")


def stdlib_context(folder, purpose, version):
    PEER.save(folder)
    context = ssl.SSLContext(purpose)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_client_of_the_standard_library_is_identified(tmp_path, version):
    skis = []

    async def serve(reader, writer):
        stream = await TlsFactory(US).accept(reader, writer)
        skis.append(stream.peer_ski)
        stream.write(await stream.read())
        await stream.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        context = stdlib_context(tmp_path, ssl.PROTOCOL_TLS_CLIENT, version)
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        writer.write(b"hello")
        assert await reader.read() == b"hello"
        writer.close()
        await writer.wait_closed()
    assert skis == [PEER.ski]


@pytest.mark.parametrize("cipher", ["ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"])
async def test_a_server_of_the_standard_library_is_identified(tmp_path, cipher):
    async def echo(reader, writer):
        writer.write(await reader.read(100))
        await writer.drain()
        writer.close()

    context = stdlib_context(tmp_path, ssl.PROTOCOL_TLS_SERVER, ssl.TLSVersion.TLSv1_2)
    context.set_ciphers(cipher)
    server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        streams = await asyncio.open_connection("127.0.0.1", port)
        stream = await TlsFactory(US).connect(*streams, PEER.ski)
        assert stream.peer_ski == PEER.ski
        stream.write(b"hello")
        assert await stream.read() == b"hello"
        await stream.close()


async def test_another_ski_is_refused_inside_the_handshake(tmp_path):
    async def nobody_gets_here(reader, writer):
        writer.close()

    context = stdlib_context(tmp_path, ssl.PROTOCOL_TLS_SERVER, ssl.TLSVersion.TLSv1_3)
    server = await asyncio.start_server(nobody_gets_here, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with pytest.raises(CertificateError, match=PEER.ski):
            await TlsFactory(US).connect(reader, writer, US.ski)
        writer.transport.abort()
