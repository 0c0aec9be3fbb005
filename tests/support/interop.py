"""Lets our `eebus` command and a program of the reference stack meet, and listens to both."""

import asyncio
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from eebus.identity import load_or_create
from volthus_kit.ports import free_port

Line = dict[str, object]
Wanted = Callable[[Line], object]

PORTS = {"ours": 4711, "theirs": 4712}


def tells(event: str, **values: object) -> Wanted:
    """Return a test for a line: its event, and each value, `...` = anything but null."""

    def wanted(line: Line) -> bool:
        return line.get("event") == event and all(
            line.get(name) is not None if value is ... else line.get(name) == value
            for name, value in values.items()
        )

    wanted.__doc__ = f"{event} {values}"
    return wanted


class Program:
    """A running command that prints one JSON object per line."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.process = process
        self.lines: list[Line] = []
        self._heard = asyncio.Condition()
        self._numbers = itertools.count(1)
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout
        while text := await self.process.stdout.readline():
            async with self._heard:
                self.lines.append(json.loads(text))
                self._heard.notify_all()
        async with self._heard:
            self._heard.notify_all()

    @property
    def now(self) -> int:
        """A mark: `since=` it looks only at what is told later."""
        return len(self.lines)

    async def until(self, wanted: Wanted, within_s: float = 20, since: int = 0) -> Line:
        """Return the first line that fits. Fails with all that was told instead."""
        seen = since
        try:
            async with asyncio.timeout(within_s), self._heard:
                while True:
                    for line in self.lines[seen:]:
                        seen += 1
                        if wanted(line):
                            return line
                    if self._reading.done():
                        break
                    await self._heard.wait()
        except TimeoutError:
            pass
        told = "\n".join(json.dumps(line) for line in self.lines[since:])
        raise AssertionError(f"{self.name} never told {wanted.__doc__}; it told:\n{told}")

    def told(self, wanted: Wanted, since: int = 0) -> list[Line]:
        """Return all lines so far that fit."""
        return [line for line in self.lines[since:] if wanted(line)]

    async def stays_without(self, wanted: Wanted, for_s: float, since: int) -> None:
        """Fail when a line that fits is told within a time."""
        await asyncio.sleep(for_s)
        assert self.told(wanted, since) == []

    async def ask(self, cmd: str, **fields: object) -> Line:
        """Tell a command and return its result."""
        number = next(self._numbers)
        since = self.now
        assert self.process.stdin
        text = json.dumps({"id": number, "cmd": cmd, **fields})
        self.process.stdin.write(text.encode() + b"\n")
        await self.process.stdin.drain()
        return await self.until(tells("result", id=number), within_s=30, since=since)

    async def do(self, cmd: str, **fields: object) -> Line:
        """Tell a command that must succeed."""
        result = await self.ask(cmd, **fields)
        assert result["ok"], result
        return result

    async def stop(self, *, cleanly: bool = True) -> None:
        """End it: by SIGTERM, or as a power cut would."""
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.terminate() if cleanly else self.process.kill()
        try:
            await asyncio.wait_for(self.process.wait(), 10)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
        await self._reading


@dataclass(frozen=True, slots=True)
class Ground:
    """Where two programs meet: in network namespaces of their own, or on loopback."""

    ours: tuple[str, ...] = ()  # what to put before a command
    theirs: tuple[str, ...] = ()
    our_ip: str = "127.0.0.1"
    their_ip: str = "127.0.0.1"
    face: str = ""  # the network interface of theirs; "" = no real mDNS here

    @property
    def is_network(self) -> bool:
        """Whether there is a network between them, with mDNS."""
        return bool(self.face)

    def port(self, side: str) -> int:
        """Return a port that is free."""
        if self.is_network:
            return PORTS[side]
        return free_port()


_grounds = itertools.count(1)


def no_namespaces() -> str:
    """Return why there can be no network namespaces, "" when there can."""
    if os.environ.get("VOLTHUS_INTEROP_GROUND") == "loopback":
        return "VOLTHUS_INTEROP_GROUND=loopback"
    if not shutil.which("ip"):
        return "no `ip` command (iproute2)"
    name = f"vi{os.getpid()}t"
    tried = subprocess.run(
        ["ip", "netns", "add", name], capture_output=True, check=False, text=True
    )
    if tried.returncode != 0:
        return f"`ip netns add` is not permitted: {tried.stderr.strip()}"
    subprocess.run(["ip", "netns", "delete", name], check=True)
    return ""


@contextmanager
def namespaces() -> Iterator[Ground]:
    """Make two network namespaces joined by a cable; they go with the block."""
    number = next(_grounds)
    a, b = f"vi{os.getpid()}a{number}", f"vi{os.getpid()}b{number}"
    try:
        for name in (a, b):
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        _ip("-n", a, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", b)
        for name, host in ((a, 1), (b, 2)):
            _ip("-n", name, "address", "add", f"10.77.0.{host}/24", "dev", "cable")
            _ip("-n", name, "link", "set", "cable", "up")
            _ip("-n", name, "route", "add", "224.0.0.0/4", "dev", "cable")
        enter = ("ip", "netns", "exec")
        yield Ground((*enter, a), (*enter, b), "10.77.0.1", "10.77.0.2", "cable")
    finally:
        for name in (a, b):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)


@contextmanager
def neighbours() -> Iterator[Ground]:
    """Make two network namespaces whose cable knows IPv6 link-local addresses and nothing else."""
    number = next(_grounds)
    a, b = f"vi{os.getpid()}a{number}", f"vi{os.getpid()}b{number}"
    try:
        for name in (a, b):
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        _ip("-n", a, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", b)
        for name in (a, b):
            _ip("-n", name, "link", "set", "cable", "up")
        enter = ("ip", "netns", "exec")
        found = [f"{_link_local(name)}%cable" for name in (a, b)]
        yield Ground((*enter, a), (*enter, b), found[0], found[1], "cable")
    finally:
        for name in (a, b):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)


def no_link_local() -> str:
    """Return why there can be no IPv6 here, "" when there can."""
    switch = Path("/proc/sys/net/ipv6/conf/default/disable_ipv6")
    return "" if switch.exists() and switch.read_text().strip() == "0" else "no IPv6 in this kernel"


def _link_local(namespace: str) -> str:
    """Return the address the kernel gave the cable, once it has made sure that it is unique."""
    for _ in range(100):
        told = json.loads(_ip("-n", namespace, "-6", "-j", "address", "show", "dev", "cable"))
        for each in told[0].get("addr_info", ()):
            if each["scope"] == "link" and not each.get("tentative"):
                return str(each["local"])
        time.sleep(0.1)
    raise AssertionError(f"the cable of {namespace} got no link-local address")


def cut(ground: Ground, *, off: bool) -> None:
    """Pull the cable, or plug it in again: nobody gets to say farewell."""
    _ip("-n", ground.theirs[-1], "link", "set", "cable", "down" if off else "up")
    if not off:
        _ip("-n", ground.theirs[-1], "route", "replace", "224.0.0.0/4", "dev", "cable")


def _ip(*arguments: str) -> str:
    return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True).stdout


@dataclass
class Meeting:
    """One side of ours, one of theirs, and where they meet."""

    ground: Ground
    peer: Path
    folder: Path
    our_role: str
    their_role: str
    our_options: tuple[str, ...] = ()
    our_port: int = 0
    their_port: int = 0
    running: list[Program] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.our_port = self.ground.port("ours")
        self.their_port = self.ground.port("theirs")
        self.our_ski = load_or_create(self.folder / "ours", "interop").ski
        made = subprocess.run(
            [self.peer, "ski", "-state", self.folder / "theirs"],
            capture_output=True,
            text=True,
            check=True,
        )
        self.their_ski = made.stdout.strip()

    async def ours(self, *options: str, mdns: bool = False) -> Program:
        """Start our side."""
        lan = ("--lan",) if self.ground.is_network else ()
        told = () if mdns else ("--no-mdns",)
        if "--record" not in self.our_options:  # what was said is kept with a failed test
            file = self.folder / f"said-{len(self.running)}.jsonl"
            told = (*told, "--record", str(file))
        return await self._start(
            f"our {self.our_role}",
            *self.ground.ours,
            str(Path(sys.executable).parent / "eebus"),
            *lan,
            self.our_role,
            *("--state", str(self.folder / "ours"), "--listen", str(self.our_port)),
            *told,
            *self.our_options,
            *options,
        )

    async def theirs(self, *options: str, mdns: bool = False) -> Program:
        """Start their side."""
        told = ("-mdns", self.ground.face) if mdns else ()
        return await self._start(
            f"their {self.their_role}",
            *self.ground.theirs,
            str(self.peer),
            self.their_role,
            *("-state", str(self.folder / "theirs"), "-port", str(self.their_port)),
            *told,
            *options,
        )

    async def both(self, dials: str) -> tuple[Program, Program]:
        """Start both, trusting each other, and return them connected. dials: ours, theirs, mdns."""
        trust_theirs, trust_ours = ("--trust", self.their_ski), ("-trust", self.our_ski)
        mdns = dials == "mdns"
        if dials == "ours":
            theirs = await self.theirs(*trust_ours)
            await theirs.until(tells("listening"))
            place = f"[{self.ground.their_ip}]:{self.their_port}"
            ours = await self.ours(*trust_theirs, "--dial", place)
        else:
            ours = await self.ours(*trust_theirs, mdns=mdns)
            await ours.until(tells("listening"))
            reach = () if mdns else ("-reach", self.our_place)
            theirs = await self.theirs(*trust_ours, *reach, mdns=mdns)
        await self.connected(ours, theirs, within_s=45 if mdns else 20)
        return ours, theirs

    @property
    def our_place(self) -> str:
        """Who we are and where, for `-reach`."""
        return f"{self.our_ski}@{self.ground.our_ip}:{self.our_port}"

    async def connected(
        self,
        ours: Program,
        theirs: Program,
        within_s: float = 20,
        since: tuple[int, int] = (0, 0),
    ) -> None:
        """Wait until both sides count themselves as connected."""
        up = tells("connection", state="connected")
        await ours.until(up, within_s, since[0])
        await theirs.until(up, within_s, since[1])

    async def _start(self, name: str, *command: str) -> Program:
        errors = self.folder / f"{name.replace(' ', '-')}.err"
        program = await start_program(name, errors, *command)
        self.running.append(program)
        return program


async def start_program(name: str, errors: Path, *command: str) -> Program:
    """Start a command that speaks JSON lines. errors: where its complaints go."""
    with errors.open("a") as complaints:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=complaints,
            limit=1 << 20,
        )
    return Program(name, process)


@asynccontextmanager
async def meeting(
    ground: Ground, peer: Path, folder: Path, our_role: str, their_role: str, *options: str
) -> AsyncIterator[Meeting]:
    """Prepare two sides; all that was started ends with the block."""
    met = Meeting(ground, peer, folder, our_role, their_role, options)
    try:
        yield met
    finally:
        await asyncio.gather(*(program.stop() for program in met.running))
