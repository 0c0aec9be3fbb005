"""The figures of a benchmark run, for a person and for a program."""

import os
import platform
import statistics
from dataclasses import asdict
from datetime import UTC, datetime

import psutil
from latency import LATER_S, Change, Listener
from load import SITE_PROGRAMS, Share

AIM_P99_MS = 50.0
AIM_MEMORY_MB = 400.0
AIM_CPU_PERCENT = 25.0

Figures = dict[str, object]


def machine() -> Figures:
    """Return what the figures were measured on, and how busy it was with other things."""
    load_1, load_5, _ = os.getloadavg()
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": _cpu_name(),
        "cores": psutil.cpu_count(),
        "memory_mb": round(psutil.virtual_memory().total / 1e6),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_average_1_min": round(load_1, 2),
        "load_average_5_min": round(load_5, 2),
    }


def latency(listener: Listener, seconds: float) -> Figures:
    """Return p50 and p99 of the whole way, and of its two halves, in ms."""
    changes = [c for c in listener.changes if c.sent_s - c.read_s < LATER_S]
    return {
        "limits_lowered": len(changes),
        "lowered_between_readings": len(listener.changes) - len(changes),
        "slower_in_cem": listener.slow_in_cem,
        "unanswered": listener.unanswered,
        "readings": listener.readings,
        "seconds": round(seconds),
        "reading_to_accepted_ms": _spread([_ms(c.read_s, c.accepted_s) for c in changes]),
        "reading_to_decided_ms": _spread([_ms(c.read_s, c.sent_s) for c in changes]),
        "decided_to_accepted_ms": _spread([_ms(c.sent_s, c.accepted_s) for c in changes]),
        "first_of_decision_ms": _spread(_first(changes)),
    }


def load(shares: dict[str, Share], seconds: float) -> Figures:
    """Return the share of each program, and the sum of those that a site needs."""
    ours = [shares[name] for name in SITE_PROGRAMS]
    pss = [share.pss_mb for share in ours]
    return {
        "seconds": round(seconds),
        "programs": {
            name: {key: _rounded(value) for key, value in asdict(share).items()}
            for name, share in shares.items()
        },
        "sum": {
            "cpu_percent": round(sum(share.cpu_percent for share in ours), 1),
            "rss_mb": round(sum(share.rss_mb for share in ours), 1),
            "pss_mb": None if None in pss else _rounded(sum(p for p in pss if p is not None)),
        },
    }


def latency_lines(chargers: int, figures: Figures) -> list[str]:
    """Return a table of the latency with so many chargers."""
    rows = {
        "reading arrived -> limit accepted": "reading_to_accepted_ms",
        "   the same, first charger of each decision": "first_of_decision_ms",
        "   reading arrived -> limit on the bus": "reading_to_decided_ms",
        "   limit on the bus -> limit accepted": "decided_to_accepted_ms",
    }
    head = (
        f"{chargers} chargers: {figures['limits_lowered']} limits lowered in "
        f"{figures['seconds']} s, {figures['unanswered']} unanswered; apart: "
        f"{figures['lowered_between_readings']} lowered between readings "
        f"(above {LATER_S:g} s by the CEM's own count of readings: {figures['slower_in_cem']})"
    )
    lines = [head, f"  {'ms':46}{'p50':>8}{'p95':>8}{'p99':>8}{'max':>8}"]
    for words, key in rows.items():
        spread = figures[key]
        assert isinstance(spread, dict)
        values = "".join(f"{_text(spread[name]):>8}" for name in ("p50", "p95", "p99", "max"))
        lines.append(f"  {words:46}{values}")
    return lines


def load_lines(title: str, figures: Figures) -> list[str]:
    """Return a table of what the programs take."""
    programs, total = figures["programs"], figures["sum"]
    assert isinstance(programs, dict)
    assert isinstance(total, dict)
    lines = [
        f"{title}, over {figures['seconds']} s",
        f"  {'program':16}{'CPU %':>8}{'RSS MB':>9}{'PSS MB':>9}",
    ]
    site = {name: programs[name] for name in SITE_PROGRAMS}
    apart = {f"({name})": share for name, share in programs.items() if name not in site}
    for name, share in {**site, "sum": total, **apart}.items():
        cells = f"{share['cpu_percent']:>8}{share['rss_mb']:>9}{_text(share['pss_mb']):>9}"
        lines.append(f"  {name:16}{cells}")
    return lines


def verdicts(p99_ms: dict[int, float | None], total: Figures) -> list[str]:
    """Return how the figures stand to the aims."""
    lines = [
        _verdict(f"p99 with {chargers} chargers", p99, AIM_P99_MS, "ms")
        for chargers, p99 in p99_ms.items()
    ]
    rss, cpu = total["rss_mb"], total["cpu_percent"]
    assert isinstance(rss, float)
    assert isinstance(cpu, float)
    # RSS counts what programs share once for each of them: the stricter figure.
    lines.append(_verdict("memory (RSS)", rss, AIM_MEMORY_MB, "MB"))
    lines.append(_verdict("CPU of one core", cpu, AIM_CPU_PERCENT, "%"))
    return lines


def _verdict(what: str, value: float | None, aim: float, unit: str) -> str:
    if value is None:
        return f"  {what}: nothing measured"
    said = "met" if value < aim else "MISSED"
    return f"  {what}: {value:g} {unit}, aim below {aim:g} {unit}: {said}"


def _spread(values: list[float]) -> dict[str, float | None]:
    if len(values) < 2:
        return dict.fromkeys(("p50", "p95", "p99", "max"), None)
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    spread = {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98], "max": max(values)}
    return {name: round(value, 1) for name, value in spread.items()}


def _first(changes: list[Change]) -> list[float]:
    """Return, for each reading that lowered limits, how long the quickest of them took."""
    quickest: dict[float, float] = {}
    for change in changes:
        took = _ms(change.read_s, change.accepted_s)
        quickest[change.read_s] = min(took, quickest.get(change.read_s, took))
    return list(quickest.values())


def _ms(from_s: float, to_s: float) -> float:
    return (to_s - from_s) * 1000


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _text(value: object) -> str:
    return "-" if value is None else str(value)


def _cpu_name() -> str:
    with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123 - a file of the kernel
        for line in lines:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()
