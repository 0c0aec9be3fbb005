"""The faults: how each begins and ends, and what a safe site is while it lasts."""

import os
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playing import Moment, Player

FAILSAFE_A = 6.5  # the chargers' own failsafe is 6 A; currents follow it closely
End = Callable[[], None]


def nothing() -> None:
    """End a fault that ends by itself."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One line of the table.

    begin: does it, and returns what ends it. lasts_s: how long it stands. rise_w: what the house
    takes more on every phase one second later: only where somebody can still see it. is_safe:
    what must hold from some moment on until the end. restart_s: how long the supervisor leaves a
    killed program away. own_site: needs a site that was started for it (clock, disk).
    """

    name: str
    lasts_s: float
    begin: Callable[[Player], End]
    is_safe: Callable[[Moment, float], bool]
    safe_means: str
    rise_w: float = 0.0
    restart_s: int = 1
    own_site: str = ""


def under_the_fuse(moment: Moment, fuse_a: float) -> bool:
    """Return whether the main fuse carries no more than it is made for."""
    return moment.site_a <= fuse_a


def at_failsafe(moment: Moment, fuse_a: float) -> bool:
    """Return whether every charger is at its failsafe current, and the fuse holds."""
    return under_the_fuse(moment, fuse_a) and max(moment.chargers_a) <= FAILSAFE_A


def _first_at_failsafe(moment: Moment, fuse_a: float) -> bool:
    return under_the_fuse(moment, fuse_a) and moment.chargers_a[0] <= FAILSAFE_A


# --- the meter -----------------------------------------------------------------------------------


def _meter(fault: str) -> Callable[[Player], End]:
    def begin(player: Player) -> End:
        player.outside("POST", "meter/fault", {"fault": fault})
        return lambda: player.outside("POST", "meter/fault", {"fault": "none"})

    return begin


def _spikes(player: Player) -> End:
    player.outside("POST", "fault", {"kind": "meter_spike", "seconds": 30, "add_a": 20})
    return lambda: player.outside("DELETE", "fault")


# --- programs ------------------------------------------------------------------------------------


def _killed(program: str) -> Callable[[Player], End]:
    def begin(player: Player) -> End:
        player.site.kill(program)
        return nothing  # the supervisor starts it again

    return begin


def _stopped(program: str) -> Callable[[Player], End]:
    """Hold a program still: it lives, and answers nothing."""

    def begin(player: Player) -> End:
        pid = player.site.pid(program)
        os.kill(pid, signal.SIGSTOP)
        return lambda: os.kill(pid, signal.SIGCONT)

    return begin


# --- chargers ------------------------------------------------------------------------------------


def _charger(kind: str, seconds: float) -> Callable[[Player], End]:
    def begin(player: Player) -> End:
        player.outside("POST", "fault", {"kind": kind, "seconds": seconds, "target": 1})
        return lambda: player.outside("DELETE", "fault")

    return begin


# --- what is below us ----------------------------------------------------------------------------


def _locked(player: Player) -> End:
    """Hold the write lock of the CEM's database, as a backup tool gone wild would."""
    path = next(player.site.state.rglob("cem.sqlite"))
    held = sqlite3.connect(path, isolation_level=None, timeout=30)
    held.execute("BEGIN IMMEDIATE")

    def end() -> None:
        held.execute("ROLLBACK")
        held.close()

    return end


def _full(player: Player) -> End:
    """Fill the disk the site's state is on: a small one, mounted for this."""
    filler = player.site.state / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 65536):
                pass
        except OSError:
            pass
    return filler.unlink


def _clock(seconds: int) -> Callable[[Player], End]:
    """Set the wall clock of all programs of the site, without touching the machine's."""

    def begin(player: Player) -> End:
        _set_clock(player.site.state.parent, seconds)
        return lambda: _set_clock(player.site.state.parent, 0)

    return begin


def _set_clock(folder: Path, offset_s: int) -> None:
    new = folder / "faketime.new"
    new.write_text(f"{offset_s:+d}\n")
    new.replace(folder / "faketime")


CLOCK, DISK = "clock", "disk"
LIBRARIES = ("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
             "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1")  # fmt: skip


def clock_environment(folder: Path) -> dict[str, str] | None:
    """Return what makes a site's wall clock ours to set; None = libfaketime is not installed."""
    library = next((path for path in LIBRARIES if Path(path).exists()), None)
    if library is None:
        return None
    _set_clock(folder, 0)
    return {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(folder / "faketime"),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_RESET": "1",
    }


def small_disk(folder: Path) -> End | None:
    """Mount 64 MB at a folder; None = this user may not."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [shutil.which("mount") or "mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        return None
    return lambda: _unmounted(folder)


def _unmounted(folder: Path) -> None:
    subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)


FAULTS: tuple[Fault, ...] = (
    Fault("meter lost (answers nothing)", 40, _meter("silence"), under_the_fuse,
          "under the fuse"),
    Fault("meter frozen (answers the same)", 45, _meter("frozen"), under_the_fuse,
          "under the fuse"),
    Fault("meter spiking (+20 A, 30 s)", 35, _spikes, under_the_fuse, "under the fuse"),
    Fault("NATS gone for 5 s", 20, _killed("nats"), under_the_fuse, "under the fuse",
          restart_s=5),
    Fault("NATS gone for 60 s", 60, _killed("nats"), at_failsafe, "all at failsafe",
          restart_s=60),
    Fault("NATS gone for 10 min", 600, _killed("nats"), at_failsafe, "all at failsafe",
          restart_s=600),
    Fault("CEM killed, back after 30 s", 30, _killed("cem"), at_failsafe, "all at failsafe",
          restart_s=30),
    Fault("CEM hangs for 30 s", 30, _stopped("cem"), at_failsafe, "all at failsafe"),
    Fault("gateway killed, back after 30 s", 30, _killed("eebus-gateway"), at_failsafe,
          "all at failsafe", restart_s=30),
    Fault("charger silent for 60 s, house +10 A", 60, _charger("link_loss", 60),
          _first_at_failsafe, "it at failsafe, under the fuse", rise_w=2300),
    Fault("charger disobeys for 60 s, house +10 A", 60, _charger("ev_ignores_limit", 60),
          under_the_fuse, "under the fuse", rise_w=2300),
    Fault("database locked for 30 s, house +10 A", 30, _locked, under_the_fuse,
          "under the fuse", rise_w=2300),
    Fault("clock 1 h ahead, house +10 A", 20, _clock(3600), under_the_fuse, "under the fuse",
          rise_w=2300, own_site=CLOCK),
    Fault("clock 1 h back, house +10 A", 20, _clock(-3600), under_the_fuse, "under the fuse",
          rise_w=2300, own_site=CLOCK),
    Fault("disk full for 40 s, house +10 A", 40, _full, under_the_fuse, "under the fuse",
          rise_w=2300, own_site=DISK),
)  # fmt: skip
