"""How long a stranger waits: `make run` and `make test` in a fresh clone, with empty caches."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from living import ROOT

from volthus_kit.ports import free_port

LONGEST_RUN_S = 1800
LONGEST_TEST_S = 3600


def measure(folder: Path, say: Callable[[str], None]) -> dict[str, float | int]:
    """Clone HEAD into the folder, time `make run` until the site is alive, then `make test`.

    Both begin with nothing: no .venv, no node_modules, empty pip and npm caches. The test's
    time is that of a set-up clone, as the run has just made one.
    """
    clone = folder / "clone"
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", ROOT, clone], check=True)
    env = _strangers_environment(folder)
    say("cold `make run` ...")
    alive_s = _time_run(clone, env, folder / "make-run.out")
    say(f"alive after {alive_s:.0f} s; `make test` ...")
    test_s, code = _time_test(clone, env, folder / "make-test.out")
    return {"make_run_s": alive_s, "make_test_s": test_s, "make_test_exit": code}


def _strangers_environment(folder: Path) -> dict[str, str]:
    """Return our environment without what an earlier set-up left in caches or variables."""
    kept = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV" and k[:8] != "VOLTHUS_"}
    caches = {
        "PIP_CACHE_DIR": str(folder / "pip-cache"),
        "npm_config_cache": str(folder / "npm-cache"),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    return kept | caches


def _time_run(clone: Path, env: dict[str, str], output: Path) -> float:
    state = clone / ".state"
    own = {"VOLTHUS_PORT": str(free_port()), "VOLTHUS_STATE": str(state)}
    began_s = time.monotonic()
    with output.open("wb") as file:
        run = subprocess.Popen(
            ["make", "run"], cwd=clone, env=env | own, stdout=file, stderr=file,
            start_new_session=True,
        )  # fmt: skip
    try:
        while not (state / "demo.json").exists():
            if run.poll() is not None or time.monotonic() - began_s > LONGEST_RUN_S:
                raise RuntimeError(f"`make run` did not come alive:\n{_end_of(output)}")
            time.sleep(0.1)
        return time.monotonic() - began_s
    finally:
        _stop(run)


def _time_test(clone: Path, env: dict[str, str], output: Path) -> tuple[float, int]:
    began_s = time.monotonic()
    with output.open("wb") as file:
        test = subprocess.Popen(
            ["make", "test"], cwd=clone, env=env, stdout=file, stderr=file, start_new_session=True
        )
    try:
        code = test.wait(LONGEST_TEST_S)
    finally:
        _stop(test)
    return time.monotonic() - began_s, code


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Interrupt a make and all it started, as Ctrl-C does; kill what stays."""
    for number, wait_s in ((signal.SIGINT, 15), (signal.SIGKILL, 5)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(wait_s)
            return


def _end_of(output: Path) -> str:
    return "\n".join(output.read_text(errors="replace").splitlines()[-30:])
