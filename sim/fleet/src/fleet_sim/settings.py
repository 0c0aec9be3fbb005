"""The command line of the simulator."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MOST_SITES = 10_000
PLAYS = ("storm", "prices", "month-end")


@dataclass(frozen=True, slots=True)
class Play:
    """Something that happens to the whole fleet, so many seconds after the start."""

    name: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Settings:
    """Who speaks, where, how often. seconds: 0 = until stopped."""

    nats_url: str
    credentials: Path | None
    sites: int
    first: int
    seed: int
    prefix: str
    state_every_s: float
    eebus_every_s: float
    facts: bool
    backlog_minutes: int
    cloud_domain: str
    feed: str
    plays: tuple[Play, ...]
    cut_off_s: float
    seconds: float
    ready_file: Path | None
    report_file: Path | None
    log_level: str


def settings_of(arguments: Sequence[str] | None = None) -> Settings:
    """Return the settings of a command line; exits with 2 for one that cannot be."""
    parser = argparse.ArgumentParser(prog="fleet-sim", description=__doc__)
    parser.description = "Speaks for thousands of sites on the bus, with real messages."
    add = parser.add_argument
    add("--nats-url", default="nats://127.0.0.1:4222", help="server of the cloud")
    add("--credentials", type=Path, help="who we are, where the server asks")
    add("--sites", type=_count, default=100, help=f"how many, at most {MOST_SITES}")
    add("--first", type=int, default=1, help="number of the first site")
    add("--seed", type=int, default=1, help="the same seed makes the same fleet")
    add("--prefix", default="fleet", help="site ids are PREFIX-00001 and so on")
    add("--state-every", type=_seconds, default=10.0, help="seconds between two live pictures")
    add("--eebus-every", type=_seconds, default=10.0, help="seconds between two EEBUS pictures")
    add("--no-facts", action="store_true", help="bring no sessions and no energy to the cloud")
    add("--backlog-minutes", type=int, default=0, help="minutes of facts that wait at the start")
    add("--cloud-domain", default="cloud", help="JetStream domain whose word counts")
    add("--feed", default="", help="sites pay by this pushed price feed; empty: one fixed price")
    add(
        "--play",
        type=_play,
        action="append",
        default=[],
        metavar="NAME@SECONDS",
        help=f"one of {', '.join(PLAYS)}, so long after the start; may be given several times",
    )
    add("--cut-off", type=_seconds, default=10.0, help="seconds that a storm cuts all sites off")
    add("--seconds", type=float, default=0.0, help="stop by itself after so long; 0 = never")
    add("--ready-file", type=Path, help="written when every site spoke once")
    add("--report-file", type=Path, help="JSON: what was said and acknowledged, written at the end")
    add("--log-level", default="INFO", help="DEBUG, INFO, WARNING or ERROR")
    found = parser.parse_args(arguments)
    return Settings(
        nats_url=found.nats_url,
        credentials=found.credentials,
        sites=found.sites,
        first=found.first,
        seed=found.seed,
        prefix=found.prefix,
        state_every_s=found.state_every,
        eebus_every_s=found.eebus_every,
        facts=not found.no_facts,
        backlog_minutes=found.backlog_minutes,
        cloud_domain=found.cloud_domain,
        feed=found.feed,
        plays=tuple(sorted(found.play, key=lambda play: play.at_s)),
        cut_off_s=found.cut_off,
        seconds=found.seconds,
        ready_file=found.ready_file,
        report_file=found.report_file,
        log_level=found.log_level,
    )


def _count(text: str) -> int:
    count = int(text)
    if not 1 <= count <= MOST_SITES:
        raise argparse.ArgumentTypeError(f"{count} is not between 1 and {MOST_SITES}")
    return count


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0.1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{seconds} s is not between 0.1 s and an hour")
    return seconds


def _play(text: str) -> Play:
    name, _, at = text.partition("@")
    if name not in PLAYS:
        raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(PLAYS)}")
    return Play(name, float(at or 0))
