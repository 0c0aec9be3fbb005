"""A hub as in production: a server that believes its operator only, the enrolment, and sites."""

import asyncio
import contextlib
import json
import ssl
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import nats
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bus_trust import Hub
from enrolment import hub_cli
from enrolment.main import serve
from enrolment.settings import Settings
from volthus_kit.bus import Bus
from volthus_kit.credentials import Credentials
from volthus_kit.ports import free_port
from volthus_kit.refusal import NotAnsweredError
from volthus_kit.testing import NatsServer
from volthus_wire.subjects import LINK_LIST
from volthus_wire.v1.enrolment_pb2 import ListLinksRequest
from volthus_wire.v1.rpc_pb2 import Caller


@dataclass
class TestHub:
    """A hub on loopback."""

    __test__ = False

    folder: Path
    hub: Hub
    server: NatsServer
    leaf_port: int
    http: str

    def creds(self, role: str) -> Path:
        """Return the credentials of a program of the cloud."""
        return self.folder / "keys" / f"{role}.creds"

    @asynccontextmanager
    async def bus(self, role: str = "web") -> AsyncIterator[Bus]:
        """Yield a bus that speaks as a program of the cloud."""
        async with Bus.connect(self.server.url, role, credentials=self.creds(role)) as bus:
            await asyncio.wait_for(bus.until_connected(), 10)
            yield bus

    @asynccontextmanager
    async def bus_of_all(self) -> AsyncIterator[Bus]:
        """Yield a bus that speaks for any site: for what honest sites do meanwhile."""
        creds = self.folder / "simulator.creds"
        creds.write_text(self.hub.simulator_creds(datetime.now(UTC)))
        async with Bus.connect(self.server.url, "sites", credentials=creds) as bus:
            await asyncio.wait_for(bus.until_connected(), 10)
            yield bus


@asynccontextmanager
async def running_hub(folder: Path, claims_days: float = 30) -> AsyncIterator[TestHub]:
    """Yield a hub with TLS on its leaf port, and its enrolment."""
    hub = hub_cli.write(folder / "keys", datetime.now(UTC))
    (folder / "js").mkdir()
    certificate(folder)
    auth = (folder / "keys" / "auth.conf").read_text().replace("/data/", f"{folder}/")
    (folder / "js" / "auth.conf").write_text(auth)
    leaf_port, http_port = free_port(), free_port()
    server = NatsServer(
        folder / "js",
        f'jetstream {{ domain: "cloud", store_dir: "{folder}/js" }}\n'
        f'leafnodes {{ listen: "127.0.0.1:{leaf_port}", no_advertise: true\n'
        f'  tls {{ cert_file: "{folder}/hub.pem", key_file: "{folder}/hub.key" }} }}\n'
        'include "auth.conf"\n',
    )
    await server.start()
    settings = Settings(
        nats_url=server.url,
        nats_credentials=folder / "keys" / "enrolment.creds",
        state_dir=folder,
        hub_keys=folder / "keys" / "hub-keys.json",
        system_credentials=folder / "keys" / "system.creds",
        enrolment_port=http_port,
        leaf_url=f"tls://127.0.0.1:{leaf_port}",
        leaf_ca=folder / "hub.pem",
        claims_days=claims_days,
    )
    serving = asyncio.create_task(serve(settings))
    try:
        await reached(http_port)
        made = TestHub(folder, hub, server, leaf_port, f"http://127.0.0.1:{http_port}")
        await _serves(made)
        yield made
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
        await server.stop()


@asynccontextmanager
async def running_site(link: Path) -> AsyncIterator[NatsServer]:
    """Yield the NATS server of a site, linked by the files of `volthus-enroll`."""
    with tempfile.TemporaryDirectory(prefix="volthus-site-") as folder:
        conf = (
            (link / "leaf.conf")
            .read_text()
            .replace("jetstream { ", f'jetstream {{ store_dir: "{folder}", ')
        )
        server = NatsServer(Path(folder), conf)
        await server.start()
        try:
            yield server
        finally:
            await server.stop()


async def _serves(hub: TestHub) -> None:
    """Wait until the enrolment answers on the bus too. Raises TimeoutError after 10 s."""
    caller = Caller(actor="test", role="operator", origin="cloud")
    async with hub.bus() as web, asyncio.timeout(10):
        while True:
            with contextlib.suppress(NotAnsweredError):
                await web.ask(LINK_LIST, ListLinksRequest(), caller=caller)
                return
            await asyncio.sleep(0.05)


async def reached(port: int) -> None:
    """Wait until something listens on a port. Raises TimeoutError after 10 s."""
    async with asyncio.timeout(10):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                await writer.wait_closed()
                return
            await asyncio.sleep(0.02)


async def raw_client(url: str, creds: Path | None = None) -> nats.NATS:
    """Return a client without any of our own code's good manners."""
    shown = creds and Credentials(creds)
    return await asyncio.wait_for(
        nats.connect(
            url,
            allow_reconnect=False,
            connect_timeout=3,
            user_jwt_cb=shown and shown.claims,
            signature_cb=shown and shown.signed,
            error_cb=_quiet,
        ),
        5,
    )


async def knock(url: str, creds: Path | None = None) -> str:
    """Return what a server answers to a bare CONNECT, typed by hand."""
    host, _, port = url.removeprefix("nats://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        async with asyncio.timeout(5):
            told = json.loads((await reader.readline()).removeprefix(b"INFO "))
            hello = {"verbose": False, "pedantic": False, "lang": "python", "version": "0"}
            if creds is not None:
                shown = Credentials(creds)
                # The server takes base64url without padding, and the ordinary one does not always.
                signed = shown.signed(told["nonce"]).translate(bytes.maketrans(b"+/", b"-_"))
                hello |= {"jwt": shown.claims().decode(), "sig": signed.decode().rstrip("=")}
            writer.write(f"CONNECT {json.dumps(hello)}\r\nPING\r\n".encode())
            await writer.drain()
            return (await reader.readline()).decode().strip()
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _quiet(_: Exception) -> None:
    return None


def certificate(folder: Path) -> ssl.SSLContext:
    """Make hub.pem and hub.key for 127.0.0.1, which vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hub")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    (folder / "hub.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "hub.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return ssl.create_default_context(cafile=str(folder / "hub.pem"))
