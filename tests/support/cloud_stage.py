"""One cloud and its sites as they stand apart in life: servers, programs, disks, and links to cut.

The hub believes its operator only and speaks TLS on its leaf port; each site joined with a code by
`volthus-enroll`, and its own NATS server reaches the hub through a link of its own.
"""

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from enrolment_hub import certificate, reached
from link import Link, linked
from programs import Program

from enrolment import hub_cli
from volthus_kit.bus import Bus
from volthus_kit.ports import free_port
from volthus_kit.refusal import NotAnsweredError
from volthus_kit.testing import NatsServer
from volthus_wire.subjects import LINK_CODE
from volthus_wire.v1.enrolment_pb2 import CreateCodeRequest
from volthus_wire.v1.rpc_pb2 import Caller

BIN = Path(sys.executable).parent
SUPPORT = Path(__file__).parent
OPERATOR = Caller(actor="olga", role="operator", origin="cloud")
READY_S = 40.0


class Disk:
    """A folder that a test fills to the last byte. Its own small file system where that may be."""

    def __init__(self, folder: Path, size_mb: int) -> None:
        self.folder = folder
        self._size_mb = size_mb
        self._mount, self._umount = shutil.which("mount"), shutil.which("umount")

    def make(self) -> str:
        """Make it. Returns why it could not be, or nothing."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._mount is None or self._umount is None or os.geteuid() != 0:
            return "a small file system needs root and mount"
        made = subprocess.run(
            [self._mount, "-t", "tmpfs", "-o", f"size={self._size_mb}m", "tmpfs", self.folder],
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        return made.stderr.strip() if made.returncode else ""

    def fill(self) -> None:
        """Take every byte that is left."""
        with (self.folder / "filler").open("ab", buffering=0) as filler:
            with contextlib.suppress(OSError):
                while True:
                    filler.write(bytes(65_536))
            with contextlib.suppress(OSError):
                while True:
                    filler.write(bytes(64))

    def empty(self) -> None:
        """Give it back."""
        (self.folder / "filler").unlink()

    def remove(self) -> None:
        """Unmount it; also when something still stands in it."""
        if self._umount is not None:
            subprocess.run([self._umount, "-l", self.folder], check=False, timeout=20)


@dataclass(frozen=True, slots=True)
class Site:
    """A site: its link, its server, its program that writes records and lets facts leave."""

    name: str
    link: Link
    nats: NatsServer
    program: Program
    state: Path
    log: Path

    @property
    def truth(self) -> Path:
        """Return the site's own database."""
        return self.state / "cem.sqlite"


@dataclass(frozen=True, slots=True)
class Cloud:
    """A hub with the programs of the cloud."""

    folder: Path
    hub: NatsServer
    leaf_port: int
    enrolment: Program
    enrolment_url: str
    web: Program

    @asynccontextmanager
    async def bus(self, role: str = "web") -> AsyncIterator[Bus]:
        """Yield a bus that speaks as a program of the cloud."""
        creds = self.folder / "keys" / f"{role}.creds"
        async with Bus.connect(self.hub.url, role, credentials=creds) as bus:
            await asyncio.wait_for(bus.until_connected(), READY_S)
            yield bus


@asynccontextmanager
async def running_cloud(folder: Path, database: str) -> AsyncIterator[Cloud]:
    """Yield a cloud. folder / "js" is where its streams lie; it may be a disk already."""
    leaf_port, join_port, page = free_port(), free_port(), free_port()
    keys = await asyncio.to_thread(_furnish, folder)
    hub = NatsServer(
        folder / "conf",
        f'jetstream {{ domain: "cloud", store_dir: "{folder}/js", max_file_store: 20GB }}\n'
        f'leafnodes {{ listen: "127.0.0.1:{leaf_port}", no_advertise: true\n'
        f'  tls {{ cert_file: "{folder}/hub.pem", key_file: "{folder}/hub.key" }} }}\n'
        'include "auth.conf"\n',
    )
    asked_at = f"http://127.0.0.1:{join_port}"
    programs = {
        "enrolment": {
            "VOLTHUS_HUB_KEYS": str(keys / "hub-keys.json"),
            "VOLTHUS_SYSTEM_CREDENTIALS": str(keys / "system.creds"),
            "VOLTHUS_DATABASE_URL": database,
            "VOLTHUS_LEAF_URL": f"tls://127.0.0.1:{leaf_port}",
            "VOLTHUS_LEAF_CA": str(folder / "hub.pem"),
            "VOLTHUS_ENROLMENT_PORT": str(join_port),
        },
        "web": {
            "VOLTHUS_DATABASE_URL": database,
            "VOLTHUS_WEB_ORIGIN": "cloud",
            "VOLTHUS_WEB_PORT": str(page),
        },
    }
    async with AsyncExitStack() as stack:
        await hub.start()
        stack.push_async_callback(hub.stop)
        made = {}
        for name, extra in programs.items():
            common = {
                "VOLTHUS_NATS_URL": hub.url,
                "VOLTHUS_NATS_CREDENTIALS": str(keys / f"{name}.creds"),
                "VOLTHUS_STATE_DIR": str(folder / name),
                "VOLTHUS_HEALTH_PORT": str(free_port()),
            }
            made[name] = Program([str(BIN / name)], common | extra, folder / f"{name}.log")
            await made[name].start()
            stack.push_async_callback(made[name].kill)
        async with asyncio.timeout(READY_S):
            while True:
                with contextlib.suppress(TimeoutError):
                    await reached(join_port)
                    break
        yield Cloud(folder, hub, leaf_port, made["enrolment"], asked_at, made["web"])


def _furnish(folder: Path) -> Path:
    """Make the folders, keys and certificate of a cloud; returns the folder of keys."""
    keys = folder / "keys"
    hub_cli.write(keys, datetime.now(UTC))
    certificate(folder)
    for name in ("js", "conf", "enrolment", "web"):
        (folder / name).mkdir(exist_ok=True)
    auth = (keys / "auth.conf").read_text().replace("/data/", f"{folder}/conf/")
    (folder / "conf" / "auth.conf").write_text(auth)
    return keys


@asynccontextmanager
async def joined_site(
    cloud: Cloud, folder: Path, name: str, *, steps: int, pause_s: float
) -> AsyncIterator[Site]:
    """Yield a site that joined with a code and writes `steps` minutes of records.

    folder / name is where its records lie; it may be a disk already. The second half of them is
    written once there is a file folder / "gate".
    """
    link_files, place, state = folder / f"{name}-link", folder / f"{name}-nats", folder / name
    state.mkdir(exist_ok=True)
    place.mkdir()
    await _join(cloud, link_files, name)
    async with AsyncExitStack() as stack:
        link = await stack.enter_async_context(linked(cloud.leaf_port))
        conf = (link_files / "leaf.conf").read_text()
        conf = conf.replace(f":{cloud.leaf_port}", f":{link.port}")
        conf = conf.replace("jetstream { ", f'jetstream {{ store_dir: "{place}", ')
        nats = NatsServer(place, conf)
        await nats.start()
        stack.push_async_callback(nats.stop)
        log = folder / f"{name}.log"
        script = [sys.executable, str(SUPPORT / "fact_site.py"), str(state), nats.url, name]
        gate = str(folder / "gate")
        program = Program([*script, str(steps), str(pause_s), gate], {}, log)
        await program.start()
        stack.push_async_callback(program.kill)
        yield Site(name, link, nats, program, state, log)


async def _join(cloud: Cloud, folder: Path, name: str) -> None:
    async with cloud.bus() as bus, asyncio.timeout(READY_S):
        while True:
            try:
                made = await bus.ask(LINK_CODE, CreateCodeRequest(site=name), caller=OPERATOR)
                break
            except NotAnsweredError:  # the enrolment is coming up
                await asyncio.sleep(0.2)
    command = [str(BIN / "volthus-enroll"), "--folder", str(folder), "join"]
    asked = ["--cloud", cloud.enrolment_url, "--code", made.code]
    done = await asyncio.create_subprocess_exec(
        *command, *asked, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, said = await asyncio.wait_for(done.communicate(), READY_S)
    if done.returncode:
        raise RuntimeError(said.decode())
