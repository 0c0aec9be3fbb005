"""`make faults`: plays every fault of the matrix in a living site, and tells how it was borne.

Real programs, real protocols, real time: about 25 minutes, 12 with `--short`, which leaves out
what takes ten minutes. What cannot be played on this machine is said as such and is no result.
`--write FILE` puts the table between the two marks of that file.
"""

import argparse
import contextlib
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from browser import ARGS, chromium
from faults import CLOCK, DISK, FAULTS, Fault, clock_environment, small_disk
from living import LivingSite, living_site
from playing import Player, Record
from playwright.sync_api import Browser, sync_playwright

FUSE_A = 25.0  # of the demo site
LONG_S = 300.0
AFTER_S = 150.0  # to be back to normal
MARKS = ("<!-- faults:begin -->", "<!-- faults:end -->")
TOLERANCE_A = 0.05  # the plant's currents are floating point
SENTENCES = 6


@dataclass(frozen=True, slots=True)
class Line:
    """What one fault did."""

    fault: str
    safe_means: str
    safe_after_s: float | None
    worst_over_a: float
    over_s: float
    own_s: float | None
    back_after_s: float | None
    said: list[str]
    not_played: str = ""


def say(text: str) -> None:
    """Tell the person."""
    print(text, flush=True)  # noqa: T201 - it is a program for a person


def play(player: Player, fault: Fault) -> Line:
    """Play one fault from a calm start until all is normal again."""
    player.calm()
    player.until_charging()
    time.sleep(8)  # until the cars have taken what there is
    own_before = _own_s(player.site)
    record = Record(FUSE_A + TOLERANCE_A)
    began_s = time.monotonic()
    end = fault.begin(player)
    try:
        player.watch(record, began_s, 1.0)
        if fault.rise_w:
            player.house(fault.rise_w)
        player.watch(record, began_s, fault.lasts_s)
    finally:
        end()
    lasted_s = time.monotonic() - began_s
    player.house(230.0)
    back_s = _back(player, record, began_s)
    own_after = _own_s(player.site)
    own_s = None if own_before is None or own_after is None else own_after - own_before
    return Line(
        fault.name,
        fault.safe_means,
        record.safe_after_s(lambda m: fault.is_safe(m, record.fuse_a), lasted_s),
        round(record.worst_over_a, 1),
        record.over_s,
        own_s,
        back_s,
        [f"{at_s:.0f} s: {sentence}" for at_s, sentence in record.said[:SENTENCES]],
    )


def _back(player: Player, record: Record, began_s: float) -> float | None:
    ended_s = time.monotonic()
    try:
        player.until_charging(AFTER_S)
    except TimeoutError:
        return None
    back_s = time.monotonic() - ended_s
    player.watch(record, began_s, time.monotonic() - began_s + 3)
    return round(back_s, 1)


def _own_s(site: LivingSite) -> float | None:
    """Return the overload seconds the CEM blames itself for; None while it is away."""
    with contextlib.suppress(Exception):
        health = site.demo["programs"]["cem"]["health"]
        command = [sys.executable, "-c", _FETCH, f"{health}/metrics"]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        pattern = r'volthus_overcurrent_seconds_total\{cause="own",[^}]*\} (\S+)'
        found = re.findall(pattern, text) + re.findall(
            r'volthus_overcurrent_seconds_total\{[^}]*cause="own"[^}]*\} (\S+)', text
        )
        return sum(map(float, found))
    return None


_FETCH = "import sys,urllib.request as u;print(u.urlopen(sys.argv[1],timeout=5).read().decode())"


@contextlib.contextmanager
def site_for(fault: Fault, folder: Path) -> Iterator[LivingSite | str]:
    """Start the site a fault needs; gives the reason instead where this machine cannot."""
    env = {"VOLTHUS_RESTART_WAIT_S": str(fault.restart_s)}
    unmount = None
    if fault.own_site == CLOCK:
        faked = clock_environment(folder)
        if faked is None:
            yield "libfaketime (Debian's package) is not installed"
            return
        env |= faked
    if fault.own_site == DISK:
        unmount = small_disk(folder / "state")
        if unmount is None:
            yield "only root may mount the small disk it needs"
            return
    try:
        with living_site(folder, **env) as site:
            yield site
    finally:
        if unmount:
            unmount()


def played(fault: Fault, browser: Browser | None) -> Line:
    """Start a site, play the fault in it, stop it."""
    with (
        tempfile.TemporaryDirectory(prefix="volthus-fault-") as name,
        site_for(fault, Path(name)) as site,
    ):
        if isinstance(site, str):
            return Line(fault.name, fault.safe_means, None, 0, 0, None, None, [], site)
        player = Player(site, browser, FUSE_A)
        try:
            return play(player, fault)
        except TimeoutError as error:
            return Line(fault.name, fault.safe_means, None, 0, 0, None, None, [], str(error))
        finally:
            player.close()


def is_borne(line: Line) -> bool:
    """Return whether the fault ended safe, normal again, and without overload of our doing."""
    return line.safe_after_s is not None and line.back_after_s is not None and not line.own_s


def table(lines: list[Line]) -> str:
    """Return the table as Markdown."""
    rows = [
        "| fault | safe means | safe after | worst above the fuse | by our doing | normal again | "
        "what the page says |",
        "|---|---|---|---|---|---|---|",
    ]
    for line in lines:
        if line.not_played:
            rows.append(f"| {line.fault} | **not played: {line.not_played}** | | | | | |")
            continue
        said = "<br>".join(text.replace("|", "/") for text in line.said)
        over = f"{line.worst_over_a:g} A, {line.over_s:g} s" if line.over_s else "never"
        rows.append(
            f"| {line.fault} | {line.safe_means} | {_s(line.safe_after_s)} | {over} | "
            f"{_s(line.own_s)} | {_s(line.back_after_s)} | {said} |"
        )
    return "\n".join(rows)


def _s(value: float | None) -> str:
    return "**not**" if value is None else f"{value:.1f} s"


def write(path: Path, text: str) -> None:
    """Put the table between the marks of a document."""
    document = path.read_text()
    head, rest = document.split(MARKS[0])
    tail = rest.split(MARKS[1])[1]
    path.write_text(f"{head}{MARKS[0]}\n{text}\n{MARKS[1]}{tail}")


def main() -> int:
    """Play, tell, and fail where a fault was not borne."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="leave out what lasts ten minutes")
    parser.add_argument("--only", help="part of a fault's name")
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    chosen = [f for f in FAULTS if not arguments.only or arguments.only in f.name]
    chosen = [f for f in chosen if not arguments.short or f.lasts_s < LONG_S]
    lines = []
    with sync_playwright() as playwright:
        path = chromium()
        browser = path and playwright.chromium.launch(executable_path=path, args=list(ARGS))
        if not browser:
            say("NO BROWSER: what the page says is not read")
        for fault in chosen:
            say(f"playing: {fault.name}")
            lines.append(played(fault, browser or None))
            say(f"  {json.dumps(asdict(lines[-1]))}")
    left_out = len(FAULTS) - len(chosen)
    text = f"Played {datetime.now(UTC):%Y-%m-%d}; {left_out} of {len(FAULTS)} left out.\n\n"
    text += table(lines)
    say(text)
    if arguments.write:
        write(arguments.write, text)
    return 0 if all(line.not_played or is_borne(line) for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
