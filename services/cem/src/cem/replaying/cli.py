"""`cem replay FILE` and `cem what-if FILE ...` on the command line."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from cem.core.driving import Mode
from cem.replaying.codec import UnreadableError
from cem.replaying.reading import read
from cem.replaying.replay import Outcome, replay
from cem.replaying.what_if import Changes, ImpossibleError, Tally, played

SAME, DIFFERENT, UNREADABLE = 0, 1, 2


def main(arguments: Sequence[str]) -> int:
    """Run one of the two; returns the exit code: 0 same or done, 1 different, 2 unreadable."""
    chosen = _parser().parse_args(arguments)
    try:
        if chosen.command == "replay":
            return _told(replay(read(chosen.file)))
        changes = Changes(chosen.fuse, chosen.margin, dict(chosen.mode or ()))
        was, would = played(read(chosen.file), Changes()), played(read(chosen.file), changes)
        print(compared(was, would))
    except (OSError, UnreadableError, ImpossibleError) as error:
        print(f"cem: {error}", file=sys.stderr)
        return UNREADABLE
    return SAME


def compared(was: Tally, would: Tally) -> str:
    """Return a table of two plays of one recording."""
    rows: list[tuple[str, ...]] = [("", "as it was", "what if")]
    for ski in sorted(was.kwh.keys() | would.kwh.keys()):
        name = would.names.get(ski) or was.names.get(ski) or ski[:8]
        rows.append((f"{name} ({ski[:8]}) kWh", *_pair(was.kwh, would.kwh, ski, 3)))
        rows.append(("  paused, min", *_pair(was.paused_min, would.paused_min, ski, 1)))
    total = [f"{sum(tally.kwh.values()):.3f}" for tally in (was, would)]
    rows.append(("all chargers kWh", *total))
    peaks = zip(was.peak_a.items(), would.peak_a.items(), strict=True)
    for (phase, before_a), (_, after_a) in peaks:
        rows.append((f"peak {phase.value}, A", f"{before_a:.1f}", f"{after_a:.1f}"))
    rows.append(("above the fuse, s", f"{was.overload_s:.0f}", f"{would.overload_s:.0f}"))
    rows.append(("recorded, min", f"{was.span_s / 60:.1f}", f"{would.span_s / 60:.1f}"))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}" for row in rows
    )


def _pair(was: dict[str, float], would: dict[str, float], ski: str, digits: int) -> tuple[str, str]:
    return f"{was.get(ski, 0.0):.{digits}f}", f"{would.get(ski, 0.0):.{digits}f}"


def _told(outcome: Outcome) -> int:
    counted = f"{outcome.decisions} decisions, {outcome.events} events"
    found = outcome.difference
    if found is None:
        print(f"same: {counted}")
        return SAME
    print(f"different after {counted}: line {found.line}, now {found.now}, {found.place}")
    print(f"  recorded: {json.dumps(found.recorded)}")
    print(f"  replayed: {json.dumps(found.replayed)}")
    return DIFFERENT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cem")
    commands = parser.add_subparsers(dest="command", required=True)
    again = commands.add_parser("replay", help="decide again, and compare with what was recorded")
    again.add_argument("file", type=Path)
    other = commands.add_parser("what-if", help="decide with other settings, and compare")
    other.add_argument("file", type=Path)
    other.add_argument("--fuse", type=_ampere, metavar="A", help="main fuse on every phase")
    other.add_argument("--margin", type=_ampere, metavar="A", help="margin below it")
    other.add_argument(
        "--mode",
        type=_mode,
        action="append",
        metavar="[SKI=]MODE",
        help=f"of every charger, or of one: {', '.join(Mode)}",
    )
    return parser


def _ampere(word: str) -> float:
    value = float(word)
    if not 0 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"{word} A is not between 0 and 1000 A")
    return value


def _mode(word: str) -> tuple[str, Mode]:
    ski, _, mode = word.rpartition("=")
    try:
        return ski, Mode(mode)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{mode!r} is none of {', '.join(Mode)}") from error
