"""The figures a scenario is judged by (README section 6)."""

from collections import Counter, defaultdict
from itertools import pairwise

from uncontrolled import PHASES
from world import Second, World

CURVES = {"gG": (1.25, 90.0), "mcb": (1.13, 60.0), "sls": (1.05, 300.0)}
COUNTED_A = 0.5
OWN_A = 0.7
OWN_WINDOW_S = 15
BLIND_S = 12


def played(world: World) -> dict[str, float]:
    """Play a scenario and return its figures."""
    seconds = list(world.play())
    return {
        **overloads(world, seconds),
        **_thermal(world, seconds),
        **_limits(world, seconds),
        **_served(world),
        **_sun(seconds),
        **_counts(world, seconds),
        **_goals(world),
    }


def _goals(world: World) -> dict[str, float]:
    """Return how many planned sessions left with less than they wanted, and the worst of them."""
    planned = [car for car in world.cars if car.session.get("plan")]
    missing = [max(0.0, car.need_wh - car.delivered_wh) for car in planned]
    return {
        "missed_goals": sum(m > 0.01 * c.need_wh for m, c in zip(missing, planned, strict=True)),
        "worst_missing_kwh": round(max(missing, default=0.0) / 1000, 2),
    }


def overloads(world: World, seconds: list[Second]) -> dict[str, float]:
    runs: dict[tuple[str, int], list[int]] = defaultdict(list)
    own: set[int] = set()
    heat = 0.0
    blind = _blind(world)
    for second in seconds:
        for node, (fuses_a, _) in world.nodes.items():
            flow_a, cars_a = second.flows_a[node]
            for p in PHASES:
                over_a = min(flow_a[p] - fuses_a[p], cars_a[p])
                if over_a <= COUNTED_A:
                    continue
                runs[node, p].append(second.t)
                base_a = world.uncontrolled_a(second, node)[p]
                heat += (flow_a[p] / fuses_a[p]) ** 2 - (max(fuses_a[p], base_a) / fuses_a[p]) ** 2
                if (
                    second.t not in blind
                    and over_a > _rise_a(world, seconds, second.t, node, p) + OWN_A
                ):
                    own.add(second.t)
    whole = [_lengths(times) for times in runs.values()]
    excluded = [_lengths([t for t in times if t not in blind]) for times in runs.values()]
    lengths = [length for each in whole for length in each]
    return {
        "over_max_ex_s": max((n for each in excluded for n in each), default=0),
        "over_max_s": max(lengths, default=0),
        "over_s": len({t for times in runs.values() for t in times}),
        "n_over_15s": sum(length > 15 for length in lengths),
        "self_over_s": len(own),
        "over_i2t_s": round(heat, 1),
    }


def _rise_a(world: World, seconds: list[Second], t: int, node: str, phase: int) -> float:
    recent = seconds[max(0, t - OWN_WINDOW_S) : t + 1]
    window = [world.uncontrolled_a(second, node)[phase] for second in recent]
    return window[-1] - min(window)


def _blind(world: World) -> set[int]:
    blind: set[int] = set()
    for fault in world.scenario.get("faults", []):
        start, length = fault["t"], fault["dur"]
        if fault["kind"] in ("cem_outage", "ev_ignores_limit"):
            blind |= set(range(start, start + length + BLIND_S))
        if fault["kind"] == "link_loss":
            blind |= set(range(start, start + min(length, BLIND_S)))
    return blind


def _lengths(times: list[int]) -> list[int]:
    found: list[int] = []
    for index, t in enumerate(times):
        if index and t == times[index - 1] + 1:
            found[-1] += 1
        else:
            found.append(1)
    return found


def _thermal(world: World, seconds: list[Second]) -> dict[str, float]:
    k, tau_s = CURVES[world.site["curve"]]
    peak, peak_base = 0.0, 0.0
    for node, (fuses_a, _) in world.nodes.items():
        for p in PHASES:
            heat, heat_base = 0.0, 0.0
            for second in seconds:
                base_a = world.uncontrolled_a(second, node)[p]
                heat += ((second.flows_a[node][0][p] / fuses_a[p]) ** 2 - heat) / tau_s
                heat_base += ((base_a / fuses_a[p]) ** 2 - heat_base) / tau_s
                peak, peak_base = max(peak, heat), max(peak_base, heat_base)
    return {"thermal": round(peak / k**2, 3), "thermal_base": round(peak_base / k**2, 3)}


def _limits(world: World, seconds: list[Second]) -> dict[str, float]:
    over = [s.t for s in seconds if s.lpc_w is not None and s.charging_w > 1.02 * s.lpc_w + 50]
    figures: dict[str, float] = {"lpc_over_max_s": max(_lengths(over), default=0)}
    most_a = world.site.get("asymmetry_a")
    if most_a is not None:
        root = world.site["root"]["id"]
        skew = []
        for second in seconds:
            flow_a, cars_a = second.flows_a[root]
            high, low = flow_a.index(max(flow_a)), flow_a.index(min(flow_a))
            if flow_a[high] - flow_a[low] > most_a + 0.5 and cars_a[high] - cars_a[low] > 0.5:
                skew.append(second.t)
        figures["asym_max_s"] = max(_lengths(skew), default=0)
    return figures


def _served(world: World) -> dict[str, float]:
    ratios: dict[int, list[float]] = defaultdict(list)
    for car in world.cars:
        if car.session["mode"] == "fast":
            priority = car.session.get("priority") or 2
            ratios[priority].append(min(1.0, car.delivered_wh / car.need_wh))
    figures = {
        "kwh": round(sum(car.delivered_wh for car in world.cars) / 1000, 2),
        "jain": round(min((_jain(each) for each in ratios.values()), default=1.0), 3),
    }
    for priority, each in ratios.items():
        figures[f"prio{priority}_ratio"] = round(sum(each) / len(each), 3)
    return figures


def _jain(ratios: list[float]) -> float:
    squares = sum(ratio**2 for ratio in ratios)
    return sum(ratios) ** 2 / (len(ratios) * squares) if squares else 1.0


def _sun(seconds: list[Second]) -> dict[str, float]:
    available = [min(s.surplus_w, s.could_take_w) for s in seconds]
    used = [min(s.charging_w, a) for s, a in zip(seconds, available, strict=True)]
    grid_wh = sum(max(0.0, s.charging_w - s.surplus_w) for s in seconds) / 3600
    share = sum(used) / sum(available) if sum(available) > 0 else 1.0
    return {"pv_share": round(share, 3), "ev_grid_kwh": round(grid_wh / 1000, 2)}


def _counts(world: World, seconds: list[Second]) -> dict[str, float]:
    found: Counter[str] = Counter()
    for before, after in pairwise(seconds):
        for name, (draws, _) in after.drawing.items():
            drew, _ = before.drawing[name]
            found["starts"] += draws and not drew
            found["pauses"] += drew and not draws and after.drawing[name][1]
    last: dict[str, float] = {}
    for second in seconds:
        for name, limit_a in second.commands.items():
            found["commands"] += abs(limit_a - last.get(name, 0.0)) > 0.05
            last[name] = limit_a
    hours = world.scenario["duration_s"] / 3600 * len(world.chargers)
    return {
        "switches": sum(charger.switches for charger in world.chargers.values()),
        "starts": found["starts"],
        "pauses": found["pauses"],
        "cmds_per_evse_h": round(found["commands"] / hours, 1),
    }
