"""A cloud in small: NATS with JetStream, the front door and a simulated fleet, as processes."""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from talking import Talker, quiet

from volthus_kit.ports import free_port
from volthus_kit.testing import NatsServer

BIN = Path(sys.executable).parent
OPERATOR, FIRST_PASSWORD, PASSWORD = "operator", "first-brass-lantern-9", "second-quiet-harbour-7"
USERS = [{"username": OPERATOR, "password": FIRST_PASSWORD, "role": "operator"}]
PATIENCE_S = 60.0


@dataclass
class Program:
    """One process that can be killed and started again, with its log."""

    command: list[str]
    environment: dict[str, str]
    log: Path
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it."""
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.command, env=os.environ | self.environment, stdout=log, stderr=log
            )

    async def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def end(self) -> None:
        """Ask it to end, and wait; harmless when it is down."""
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            try:
                async with asyncio.timeout(15):
                    await self.process.wait()
            except TimeoutError:
                await self.kill()

    def seen(self) -> psutil.Process:
        """Return the process, to be measured."""
        assert self.process is not None
        return psutil.Process(self.process.pid)


@dataclass
class Stage:
    """What was started. report: where the simulator tells what it said, once it ended."""

    folder: Path
    nats: NatsServer
    web: Program
    fleet: Program
    port: int
    report: Path
    talkers: list[Talker] = field(default_factory=list)

    async def operator(self) -> Talker:
        """Return a client that is logged in as the operator."""
        talker = Talker(self.port)
        self.talkers.append(talker)
        await talker.log_in(OPERATOR, PASSWORD)
        return talker

    async def until_answering(self) -> None:
        """Wait until the front door answers. Raises TimeoutError."""
        talker = Talker(self.port)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with quiet():
                    if (await talker.ask("GET", "/readyz", timeout_s=5)).status == 200:
                        talker.close()
                        return
                await asyncio.sleep(0.1)

    async def until_sites(self, count: int) -> None:
        """Wait until the front door shows so many sites. Raises TimeoutError."""
        talker = await self.operator()
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with quiet():
                    answer = await talker.ask("GET", "/api/v1/sites?limit=1")
                    if answer.status == 200 and answer.json()["total"] >= count:
                        return
                await asyncio.sleep(0.3)

    async def settle_password(self) -> None:
        """Change the operator's password, as a new cloud asks for."""
        talker = Talker(self.port)
        await talker.log_in(OPERATOR, FIRST_PASSWORD)
        wanted = {"old_password": FIRST_PASSWORD, "new_password": PASSWORD}
        body = json.dumps(wanted).encode()
        answer = await talker.ask("PUT", "/api/v1/me/password", body=body)
        if answer.status != 204:
            raise RuntimeError(f"password not changed: {answer.status} {answer.body!r}")
        talker.close()


@asynccontextmanager
async def staged(
    sites: int, *fleet_arguments: str, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Stage]:
    """Yield a cloud with so many sites that speak; everything is gone afterwards.

    environment: more settings of the front door, say VOLTHUS_DATABASE_URL.
    """
    with tempfile.TemporaryDirectory(prefix="volthus-fleet-") as name:
        folder = Path(name)
        (folder / "nats").mkdir()
        nats = NatsServer(
            folder / "nats", f'jetstream {{ domain: "cloud", store_dir: "{folder}/nats" }}\n'
        )
        users = folder / "users.json"
        users.write_text(json.dumps(USERS))
        port = free_port()
        settings = {
            "VOLTHUS_NATS_URL": nats.url,
            "VOLTHUS_STATE_DIR": str(folder / "web"),
            "VOLTHUS_WEB_PORT": str(port),
            "VOLTHUS_WEB_ORIGIN": "cloud",
            "VOLTHUS_INITIAL_USERS": str(users),
            "VOLTHUS_RATE_PER_S": "0",
            "VOLTHUS_FACTS_MB": "200",
            "VOLTHUS_LOG_LEVEL": "WARNING",
        } | dict(environment or {})
        report = folder / "report.json"
        stage = Stage(
            folder,
            nats,
            Program([str(BIN / "web")], settings, folder / "web.log"),
            Program(
                [
                    str(BIN / "fleet-sim"), "--nats-url", nats.url, "--sites", str(sites),
                    "--report-file", str(report), *fleet_arguments,
                ],
                {},
                folder / "fleet.log",
            ),
            port,
            report,
        )  # fmt: skip
        await nats.start()
        try:
            await stage.web.start()
            await stage.until_answering()
            await stage.settle_password()
            await stage.fleet.start()
            await stage.until_sites(sites)
            yield stage
        finally:
            for talker in stage.talkers:
                talker.close()
            await stage.fleet.end()
            await stage.web.end()
            await nats.stop()
