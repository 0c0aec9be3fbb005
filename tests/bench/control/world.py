"""Plays one scenario: house, meter, chargers, cars and faults around a controller."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from cars import Car, Charger
from controller import Controller
from uncontrolled import PHASES, Json, Trace, noise

OPTIONAL = (("communication", "communication"), ("told_min_a", "ev_min"))


@dataclass
class Second:
    """What happened in one second; A by node and phase."""

    t: int
    net_a: list[float]
    flows_a: dict[str, tuple[list[float], list[float]]]  # node: what flows, what cars add
    charging_w: float
    lpc_w: float | None
    surplus_w: float
    could_take_w: float
    drawing: dict[str, tuple[bool, bool]]  # evse: it draws, and it still wants to
    commands: dict[str, float] = field(default_factory=dict)


class World:
    """A scenario while it is played."""

    def __init__(self, scenario: Json, command: list[str]) -> None:
        self.scenario = scenario
        self.site = scenario["site"]
        self.trace = Trace(scenario)
        self.link = scenario["link"]
        self.chargers = {
            evse["id"]: Charger(evse, self.link["failsafe_after_s"]) for evse in scenario["evses"]
        }
        self.nodes = dict(_nodes(self.site["root"]))
        self.loads = {
            node: Trace({"site": self.site, "load": load})
            for node, load in scenario.get("node_loads", {}).items()
        }
        self.metered = _metered(self.site["root"])
        self._sub_meters: Json = {}
        self.cars: list[Car] = []  # everybody who ever came
        self._command = command
        self._controller: Controller | None = None
        self._sent: deque[tuple[int, int, str, float, int]] = deque()
        self._measured: deque[dict[str, list[float]]] = deque()
        self._samples: deque[tuple[int, int, list[float]]] = deque()
        self._frozen = [0.0, 0.0, 0.0]

    def play(self) -> Iterator[Second]:
        """Yield every second of the scenario."""
        try:
            for t in range(self.scenario["duration_s"]):
                yield self._second(t)
        finally:
            self._stop()

    def fault(self, kind: str, t: int, evse: str | None = None) -> Json | None:
        """Return the fault of a kind that holds now."""
        return next(
            (
                f
                for f in self.scenario.get("faults", [])
                if f["kind"] == kind
                and f["t"] <= t < f["t"] + f["dur"]
                and f.get("evse", evse) == evse
            ),
            None,
        )

    def _second(self, t: int) -> Second:
        self._plug(t)
        self._obey(t)
        volts = self.site["voltage_v"]
        for name, charger in self.chargers.items():
            offer_a = charger.offer_a(t)
            if charger.car is not None:
                is_deaf = self.fault("ev_ignores_limit", t, name) is not None
                charger.car.step(offer_a, charger.active, volts, is_deaf=is_deaf)
        net_a = self.trace.net_a(t)
        all_loads_a = self._loads_a(t, set(self.loads))
        net_a = [a + b for a, b in zip(net_a, all_loads_a, strict=True)]
        flows_a = {node: self._flow(t, node, net_a) for node in self.nodes}
        self._sub_meters = self._sub_samples(t, flows_a)
        self._sample(t, flows_a[self.site["root"]["id"]][0])
        self._measured.append({n: c.conductor_a() for n, c in self.chargers.items()})
        if len(self._measured) > self.link["meas_latency_s"] + 1:
            self._measured.popleft()
        cars = [c for c in self.chargers.values() if c.car is not None]
        second = Second(
            t,
            net_a,
            flows_a,
            sum(sum(c.phase_a()) for c in cars) * volts,
            self._lpc_w(t),
            max(0.0, self.trace.sun_w(t) - sum(self.trace.house_w(t))),
            sum(c.car.ev["max_a"] * c.car.ev["phases"] * volts for c in cars
                if c.car and not c.car.is_full),
            {n: _drawing(c) for n, c in self.chargers.items()},
        )  # fmt: skip
        second.commands = self._control(t, second.lpc_w)
        return second

    def _plug(self, t: int) -> None:
        for number, session in enumerate(self.scenario["sessions"]):
            charger = self.chargers[session["evse"]]
            if t == session["arrive_s"]:
                charger.car = Car(number, session)
                self.cars.append(charger.car)
            if t == session["depart_s"] and charger.car and charger.car.number == number:
                charger.car = None

    def _obey(self, t: int) -> None:
        while self._sent and self._sent[0][0] <= t:
            _, _, name, limit_a, phases = self._sent.popleft()
            if self.fault("link_loss", t, name) is None:
                self.chargers[name].take(t, limit_a, phases)

    def _flow(self, t: int, node: str, net_a: list[float]) -> tuple[list[float], list[float]]:
        inside = self.nodes[node][1]
        drawn = [c.phase_a() for c in self.chargers.values() if c.evse["node"] in inside]
        cars_a = [sum(amps[p] for amps in drawn) for p in PHASES]
        is_root = node == self.site["root"]["id"]
        # Loads below a sub-meter are part of the house, too: at the root they are in net_a.
        other_a = net_a if is_root else self._loads_a(t, inside)
        return [cars_a[p] + other_a[p] for p in PHASES], cars_a

    def _loads_a(self, t: int, inside: set[str]) -> list[float]:
        """Return what the loads of these nodes draw now, on each phase."""
        found = [0.0, 0.0, 0.0]
        for node, trace in self.loads.items():
            if node in inside:
                found = [a + b for a, b in zip(found, trace.net_a(t), strict=True)]
        return found

    def uncontrolled_a(self, second: Second, node: str) -> list[float]:
        """Return what flows through a node beside the cars."""
        flow_a, cars_a = second.flows_a[node]
        return [flow - cars for flow, cars in zip(flow_a, cars_a, strict=True)]

    def _sub_samples(self, t: int, flows_a: dict[str, tuple[list[float], list[float]]]) -> Json:
        """Return what the sub-meters read; they answer within the second."""
        return {
            node: {"t": t, "i": flows_a[node][0]}
            for node in self.metered
            if not self.fault("sub_meter_dropout", t)
        }

    def _sample(self, t: int, flow_a: list[float]) -> None:
        meter = self.scenario["meter"]
        if t % meter["period_s"] or self.fault("meter_dropout", t):
            return
        values = [flow_a[p] + meter["noise_a"] * noise(meter["seed"], t, p) for p in PHASES]
        if self.fault("meter_freeze", t):
            values = self._frozen
        self._frozen = values
        spike = self.fault("meter_spike", t)
        if spike:
            values = [v * spike.get("factor", 1) + spike.get("add_a", 0) for v in values]
        self._samples.append((t + meter["latency_s"], t, values))

    def _lpc_w(self, t: int) -> float | None:
        steps = [step for step in self.site.get("lpc") or [] if step["t"] <= t]
        return steps[-1]["limit_w"] if steps else None

    def _control(self, t: int, lpc_w: float | None) -> dict[str, float]:
        if self.fault("cem_outage", t):
            self._stop()
            return {}
        if self._controller is None:
            self._controller = Controller(self._command, self._init())
        newest = None
        while self._samples and self._samples[0][0] <= t:
            _, at, values = self._samples.popleft()
            newest = {"t": at, "i": values}
        answer = self._controller.ask(
            {
                "type": "tick", "t": t, "meter": newest, "lpc_w": lpc_w,
                "evses": [self._told(t, name, c) for name, c in self.chargers.items()],
            }
            | ({"sub_meters": self._sub_meters} if self.metered else {})
            | self._ordered(t)
        )  # fmt: skip
        commands = {}
        for name, limit in answer["limits"].items():
            arrives = t + self.link["cmd_latency_s"]
            self._sent.append((arrives, t, name, limit["limit_a"], limit.get("phases", 3)))
            commands[name] = limit["limit_a"]
        return commands

    def _ordered(self, t: int) -> Json:
        """Return what the gateway says of the control box; nothing while it is silent."""
        steps = [step for step in self.site.get("orders") or [] if step["t"] <= t]
        if not steps or self.fault("gateway_silent", t):
            return {}
        return {"operator": [{key: value for key, value in steps[-1].items() if key != "t"}]}

    def _init(self) -> Json:
        site = {key: value for key, value in self.site.items() if key not in ("lpc", "orders")}
        return {
            "type": "init", "format": "cem-port/1", "site": site,
            "evses": self.scenario["evses"],
            "meter": {"period_s": self.scenario["meter"]["period_s"]}, "link": self.link,
        }  # fmt: skip

    def _told(self, t: int, name: str, charger: Charger) -> Json:
        car = charger.car
        known = {
            "id": name, "plugged": car is not None, "i": self._measured[0][name],
            "online": self.fault("link_loss", t, name) is None,
            "switching": charger.switching_until >= t,
        }  # fmt: skip
        if car is None:
            return known | {
                "session": None, "nph": 0, "ev_nph": 0, "done": False, "mode": None, "prio": 2,
                "weight": 1.0, "need_wh": 0.0, "depart_s": None, "ev_max": 0,
            }  # fmt: skip
        session = car.session
        return known | {
            "session": car.number, "nph": charger.phases, "ev_nph": charger.active,
            "done": car.is_full, "mode": session["mode"], "prio": session.get("priority", 2),
            "weight": session.get("weight", 1.0),
            "need_wh": max(0.0, car.need_wh - car.delivered_wh),
            "depart_s": session["depart_s"], "ev_max": car.ev["max_a"],
        } | {key: session[key] for key in ("plan", "smart") if key in session} | {
            told: car.ev[key] for key, told in OPTIONAL if key in car.ev
        }  # fmt: skip

    def _stop(self) -> None:
        if self._controller is not None:
            self._controller.end()
            self._controller = None


def _drawing(charger: Charger) -> tuple[bool, bool]:
    car = charger.car
    return (car is not None and car.current_a > 0, car is not None and not car.is_full)


def _nodes(node: Json) -> Iterator[tuple[str, tuple[list[float], set[str]]]]:
    inside = {node["id"]}
    for child in node.get("children", []):
        below = dict(_nodes(child))
        yield from below.items()
        inside |= set(below)
    yield node["id"], (node["fuse_a"], inside)


def _metered(node: Json) -> list[str]:
    """Return the nodes with a sub-meter."""
    below = [found for child in node.get("children", []) for found in _metered(child)]
    return [node["id"], *below] if node.get("meter") else below
