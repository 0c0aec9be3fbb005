"""A living site for the end-to-end tests: the very thing `make run` starts, on ports of its own."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from volthus_kit.ports import free_port

ROOT = Path(__file__).parents[2]
LIVING_SITE = ROOT / ".venv" / "bin" / "living-site"
ALIVE_S = 150
PHASES = ("l1", "l2", "l3")


Process = subprocess.Popen[bytes]


@dataclass
class LivingSite:
    """A running site, as scripts see it: demo.json, the API, the chargers' pages."""

    process: Process
    state: Path
    port: int

    @property
    def demo(self) -> dict:
        return json.loads((self.state / "demo.json").read_text())

    def pid(self, program: str) -> int:
        return self.demo["programs"][program]["pid"]

    def kill(self, program: str) -> int:
        """Kill one program as a crash would; the supervisor starts it again."""
        pid = self.pid(program)
        os.kill(pid, signal.SIGKILL)
        return pid

    @property
    def api_url(self) -> str:
        return f"{self.demo['url']}/api/v1"

    @property
    def site_url(self) -> str:
        return f"{self.api_url}/sites/{self.demo['site']}"

    @property
    def outside(self) -> str:
        return self.demo["simulator"]["url"]

    def charger(self, number: int) -> dict:
        return self.demo["chargers"][number]

    async def token(self, role: str) -> str:
        user = self.demo["users"][role]
        async with httpx.AsyncClient(timeout=10) as client:
            answer = await client.post(
                f"{self.api_url}/auth/token",
                data={"username": user["username"], "password": user["password"]},
            )
        answer.raise_for_status()
        return answer.json()["access_token"]

    @contextlib.asynccontextmanager
    async def log_in(self, role: str = "service") -> AsyncIterator[httpx.AsyncClient]:
        """A client below /sites/{site}, logged in."""
        headers = {"Authorization": f"Bearer {await self.token(role)}"}
        async with httpx.AsyncClient(base_url=self.site_url, headers=headers, timeout=10) as client:
            yield client

    async def truth(self) -> dict:
        """What really flows, as the simulator knows it."""
        async with httpx.AsyncClient(timeout=10) as client:
            return (await client.get(f"{self.outside}/api/state")).json()

    async def forget_household(self) -> None:
        async with httpx.AsyncClient(timeout=10) as client:
            assert (await client.delete(f"{self.outside}/api/household")).is_success

    async def outside_post(self, path: str, body: dict) -> dict:
        async with httpx.AsyncClient(timeout=10) as client:
            answer = await client.post(f"{self.outside}/api/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def page_post(self, number: int, path: str, body: dict | None = None) -> httpx.Response:
        async with httpx.AsyncClient(timeout=10) as client:
            return await client.post(f"{self.charger(number)['url']}/api/{path}", json=body or {})

    async def page_state(self, number: int) -> dict:
        async with httpx.AsyncClient(timeout=10) as client:
            return (await client.get(f"{self.charger(number)['url']}/api/state")).json()


async def until(
    what: str, check: Callable[[], object], seconds: float, every_s: float = 0.1
) -> object:
    """Wait until `check()` (maybe a coroutine) is true; returns what it said."""
    deadline = time.monotonic() + seconds
    said: object = None
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            said = check()
            if asyncio.iscoroutine(said):
                said = await said
            if said:
                return said
        await asyncio.sleep(every_s)
    pytest.fail(f"not within {seconds:.0f} s: {what} (last: {said!r})")


def start_program(command: list[str | Path], state: Path, port: int, **env: str) -> Process:
    """Start `make run` or what stands behind it; its output goes beside the state."""
    with (state.parent / f"{state.name}.out").open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "VOLTHUS_STATE": str(state), "VOLTHUS_PORT": str(port), **env},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def start_site(state: Path, port: int, **env: str) -> Process:
    return start_program([LIVING_SITE], state, port, **env)


def wait_until_alive(process: Process, state: Path) -> None:
    deadline = time.monotonic() + ALIVE_S
    output = state.parent / f"{state.name}.out"
    while not (state / "demo.json").exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.terminate()
            pytest.fail(f"the site did not come alive:\n{output.read_text()}")
        time.sleep(0.1)


@contextlib.contextmanager
def living_site(folder: Path, **env: str) -> Iterator[LivingSite]:
    state, port = folder / "state", free_port()
    process = start_site(state, port, **env)
    try:
        wait_until_alive(process, state)
        yield LivingSite(process, state, port)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
