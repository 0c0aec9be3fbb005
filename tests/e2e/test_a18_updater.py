"""Row A18 with real programs: an update that goes wrong and goes back, one declined, one installed.

The updater, the front door, the CEM and the gateway are the real ones over a real bus; only the
Kubernetes API server and its kubelet are stand-ins. What an image "is" is told by the environment
its program is started with.
"""

import asyncio
import json
import os
import subprocess
import sys
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from kubernetes_stand_in import StandInCluster

from updater import cli
from volthus_kit.ports import free_port
from volthus_kit.testing import nats_server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

OLD, NEW = "volthus@sha256:" + "0" * 64, "volthus@sha256:" + "9" * 64
NEWER = "9.9.0"
BIN = Path(sys.executable).parent
CHARGER = "0123456789abcdef0123456789abcdef01234567"
PROGRAMS = {"eebus-gateway": "demo-eebus-gateway", "cem": "demo-cem"}
RELEASE = {
    "version": NEWER,
    "published": "2026-11-20T08:00:00Z",
    "notes": {"en": "Cars find their phase faster."},
    "if_declined": {"en": "Overloads are seen later."},
    "image": NEW,
}
DECISION = "/sites/demo/software/decision"


@dataclass
class Running:
    """A program that runs, and the image it was started from."""

    image: str
    port: int
    process: subprocess.Popen


@dataclass
class Kubelet:
    """Runs the programs of a site as its Deployments want them: the old one ends first."""

    folder: Path
    nats_url: str
    forgets_identity: bool = False  # what the new image does wrong
    running: dict[str, Running] = field(default_factory=dict)

    async def runs(self, deployment: str, image: str) -> bool:
        """Bring a program to its image; returns whether it is ready."""
        program = deployment.removeprefix("demo-")
        now = self.running.get(program)
        if now is None or now.image != image:
            await asyncio.to_thread(self.stop, program)
            now = self.running[program] = self.start(program, image)
        with suppress(httpx.HTTPError):
            async with httpx.AsyncClient() as client:
                answer = await client.get(f"http://127.0.0.1:{now.port}/readyz", timeout=2)
                return answer.status_code == 200
        return False

    def start(self, program: str, image: str = "") -> Running:
        port = free_port()
        state = self.folder / program
        if image == NEW and self.forgets_identity and program == "eebus-gateway":
            state = self.folder / "elsewhere"
        env = {name: value for name, value in os.environ.items() if "VOLTHUS" not in name} | {
            "VOLTHUS_NATS_URL": self.nats_url,
            "VOLTHUS_HEALTH_PORT": str(port),
            "VOLTHUS_STATE_DIR": str(state),
            "VOLTHUS_SITE": "demo",
        }
        if image == NEW:  # a program tells the version that it was packed as
            env["PYTHONPATH"] = str(self.packed_as(NEWER))
        return Running(image, port, self.spawn(program, env))

    def spawn(self, program: str, env: dict[str, str]) -> subprocess.Popen:
        with (self.folder / f"{program}.log").open("ab") as log:
            return subprocess.Popen([str(BIN / program)], env=env, stdout=log, stderr=log)

    def packed_as(self, version: str) -> Path:
        folder = self.folder / "packed"
        info = folder / f"volthus_cem-{version}.dist-info"
        info.mkdir(parents=True, exist_ok=True)
        text = f"Metadata-Version: 2.1\nName: volthus-cem\nVersion: {version}\n"
        (info / "METADATA").write_text(text)
        return folder

    def stop(self, program: str) -> None:
        one = self.running.pop(program, None)
        if one is not None:
            one.process.terminate()
            try:
                one.process.wait(15)
            except subprocess.TimeoutExpired:
                one.process.kill()
                one.process.wait()


@dataclass
class Site:
    """A site on a cluster, with somebody logged in at its page."""

    kubelet: Kubelet
    cluster: StandInCluster
    http: httpx.AsyncClient

    async def get(self, path):
        answer = await self.http.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def decide(self, choice):
        """Decide; just behind a roll-back the updater first wants to hear who is there."""
        async with asyncio.timeout(60):
            while True:
                answer = await self.http.put(DECISION, json={"version": NEWER, "choice": choice})
                if answer.status_code == 200:
                    return answer.json()
                assert answer.json()["code"] == "site-not-healthy", answer.text
                await asyncio.sleep(0.5)

    async def until(self, holds, what):
        """Wait until `holds(software)`; returns what is shown then."""
        software = None
        with suppress(TimeoutError):
            async with asyncio.timeout(150):
                while True:
                    with suppress(httpx.HTTPError, AssertionError):
                        software = await self.get("/sites/demo/software")
                        if holds(software):
                            return software
                    await asyncio.sleep(0.2)
        raise AssertionError(f"never {what}: {software}")

    async def trust(self):
        """Return who the gateway is and whom it trusts, as it tells now."""
        own = await self.get("/sites/demo/eebus/identity")
        paired = await self.get("/sites/demo/eebus/paired")
        return own["ski"], [one["ski"] for one in paired["items"]]


@asynccontextmanager
async def running_site(folder):
    key = cli.make_key(folder / "makers.key")
    feed = folder / "releases.json"
    feed.write_text(json.dumps({"format": "volthus-releases/1", "releases": [RELEASE]}))
    cli.sign(cli.read_key(folder / "makers.key"), feed)
    (folder / "token").write_text("first")
    users = [{"username": "anna", "password": "anna-password", "role": "service"}]
    (folder / "users.json").write_text(json.dumps(users))
    async with nats_server() as nats:
        kubelet = Kubelet(folder, nats.url)
        cluster = StandInCluster(runs=kubelet.runs)
        for program, name in PROGRAMS.items():
            cluster.add(name, program, OLD)
        own = []
        try:
            async with cluster.serving():
                door = f"http://127.0.0.1:{free_port()}"
                own += [start_door(kubelet, feed, door), start_updater(kubelet, cluster, key)]
                async with httpx.AsyncClient(base_url=f"{door}/api/v1", timeout=20) as http:
                    await log_in(http)
                    yield Site(kubelet, cluster, http)
        finally:
            for process in own:
                process.terminate()
            for program in PROGRAMS:
                await asyncio.to_thread(kubelet.stop, program)
            for process in own:
                await asyncio.to_thread(process.wait, 20)


def env_of(kubelet, program, **more):
    env = {name: value for name, value in os.environ.items() if "VOLTHUS" not in name}
    return env | {
        "VOLTHUS_NATS_URL": kubelet.nats_url,
        "VOLTHUS_STATE_DIR": str(kubelet.folder / program),
        **more,
    }


def start_door(kubelet, feed, door):
    env = env_of(
        kubelet,
        "web",
        VOLTHUS_WEB_PORT=door.rpartition(":")[2],
        VOLTHUS_RELEASES=str(feed),
        VOLTHUS_INITIAL_USERS=str(kubelet.folder / "users.json"),
        VOLTHUS_UPDATE_COMMAND="make update TO={version}",
    )
    return kubelet.spawn("web", env)


def start_updater(kubelet, cluster, key):
    env = env_of(
        kubelet,
        "updater",
        VOLTHUS_SITE="demo",
        VOLTHUS_DEPLOYMENTS=",".join(f"{program}={name}" for program, name in PROGRAMS.items()),
        VOLTHUS_NAMESPACE=cluster.namespace,
        VOLTHUS_RELEASES_KEY=key,
        VOLTHUS_KUBERNETES_URL=cluster.url,
        VOLTHUS_KUBERNETES_TOKEN=str(kubelet.folder / "token"),
        VOLTHUS_UPDATE_READY_S="150",
        VOLTHUS_UPDATE_SETTLE_S="2",
        VOLTHUS_UPDATE_WITHIN_S="150",
    )
    return kubelet.spawn("updater", env)


async def log_in(http):
    form = {"username": "anna", "password": "anna-password"}
    async with asyncio.timeout(60):
        while True:
            with suppress(httpx.HTTPError):
                answer = await http.post("/auth/token", data=form)
                if answer.status_code == 200:
                    http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
                    return
            await asyncio.sleep(0.2)


async def test_an_update_goes_wrong_and_back_is_declined_and_installed_with_trust_intact(tmp_path):
    async with running_site(tmp_path) as site:
        before = await site.until(
            lambda now: now["update"] and now["standing"] == "offered", "offered by an updater"
        )
        assert before["offered"]["installs_itself"]
        wanted = {"ski": CHARGER, "name": "Garage", "host": "127.0.0.1", "port": 9}
        paired = await site.http.post("/sites/demo/eebus/paired", json=wanted)
        assert paired.status_code < 300, paired.text
        trust = await site.trust()
        assert trust[1] == [CHARGER]

        # A release whose gateway forgets who it is: it is taken back, and nobody had to do it.
        site.kubelet.forgets_identity = True
        assert (await site.decide("install"))["standing"] == "chosen"
        gone_wrong = await site.until(
            lambda now: (
                now["update"]
                and now["update"]["phase"] == "rolled-back"
                and now["version"]
                == before["version"]  # the program put back says so when it is up
            ),
            "rolled back",
        )
        assert gone_wrong["update"]["reason"] in ("identity-changed", "trust-lost")
        assert {site.cluster.image(name) for name in PROGRAMS.values()} == {OLD}
        await settled(site, trust)

        # Declined: named with what it means, and nothing happens.
        asked = len([one for one in site.cluster.requests if one[0] == "PATCH"])
        declined = await site.decide("decline")
        assert declined["standing"] == "declined"
        assert declined["offered"]["if_declined"]["en"] == "Overloads are seen later."
        assert declined["update"]["declined"] == NEWER
        assert len([one for one in site.cluster.requests if one[0] == "PATCH"]) == asked

        # What was wrong with it is mended; the same flow installs it.
        site.kubelet.forgets_identity = False
        assert (await site.decide("install"))["command"] is None
        done = await site.until(
            lambda now: now["update"] and now["update"]["phase"] == "installed", "installed"
        )
        assert (done["version"], done["standing"]) == (NEWER, "current")
        assert done["update"]["can_go_back"]
        await settled(site, trust)
        assert {site.cluster.image(name) for name in PROGRAMS.values()} == {NEW}

        # The updater asked for nothing that its Role would not grant.
        assert {(method, status) for method, _, status in site.cluster.requests} <= {
            ("GET", 200), ("PATCH", 200), ("PATCH", 409),
        }  # fmt: skip


async def settled(site, trust):
    """Wait until the gateway that runs now tells that it is who it was, and trusts whom it did."""
    now = None
    async with asyncio.timeout(40):
        while now != trust:
            with suppress(httpx.HTTPError, AssertionError):
                now = await site.trust()
            await asyncio.sleep(0.2)
