"""What the CEM measures of itself and its site; names from field.md D3."""

from prometheus_client import Counter, Gauge, Histogram

from cem.core.decision import Cause, Decision
from cem.core.driving import Mode
from cem.core.ladder import Stage
from cem.core.reasons import Kind
from cem.picture.circuits import headroom_a
from cem.records.metrics import expect
from electrical.phases import PhaseReadings

GRID_CURRENT = Gauge("volthus_grid_current_amperes", "Current at the grid, plus = in", ["phase"])
GRID_POWER = Gauge("volthus_grid_power_watts", "Power at the grid connection", ["direction"])
GRID_LIMIT = Gauge("volthus_grid_limit_amperes", "Fuse", ["node", "phase"])
GRID_HEADROOM = Gauge("volthus_grid_headroom_amperes", "Room for chargers", ["node", "phase"])
CHARGER_CURRENT = Gauge("volthus_charger_current_amperes", "Measured", ["charger", "phase"])
CHARGER_POWER = Gauge("volthus_charger_power_watts", "Measured power", ["charger"])
CHARGER_SETPOINT = Gauge("volthus_charger_setpoint_amperes", "Limit sent", ["charger"])
CHARGER_STATE = Gauge("volthus_charger_state", "1 for the state it is in", ["charger", "state"])
CHARGER_CONNECTED = Gauge("volthus_charger_connected", "1 while connected", ["charger"])
CHARGER_REASON = Gauge(
    "volthus_charger_limit_reason", "1 for the reason of its limit", ["charger", "reason"]
)
FAILSAFE = Gauge("volthus_failsafe_active", "1 while on this step of the ladder", ["stage"])
CHARGER_MODE = Gauge("volthus_charger_mode", "1 for the mode it charges in", ["charger", "mode"])
PHASE_SWITCHES = Counter(
    "volthus_charger_phase_switches_total",
    "Switches between three phases and one that a charger was asked for",
    ["direction", "result"],
)
SITE_FILE_DRIFT = Gauge(
    "volthus_site_file_drift_settings", "Settings that differ from the site file that is followed"
)
LPC_ACTIVE = Gauge("volthus_lpc_active", "1 while the grid operator limits the site")
LPC_LIMIT = Gauge("volthus_lpc_limit_watts", "The operator's limit in force; NaN without one")
LPC_SHARE = Gauge("volthus_lpc_share_watts", "What it leaves the chargers; NaN without one")
OVERCURRENT = Counter(
    "volthus_overcurrent_seconds_total", "Time a phase was above its fuse", ["phase", "cause"]
)
LOOP_DURATION = Histogram(
    "volthus_control_loop_duration_seconds",
    "Time from an event to its decision",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5),
)
REACTION = Histogram(
    "volthus_reading_to_limit_seconds",
    "Age of the reading when the changed limit it caused was handed to the bus",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0),
)

NAN = float("nan")
STATES = ("no_car", "waiting", "charging", "paused", "finished", "offline", "fault")
SERIES: tuple[tuple[Gauge, tuple[tuple[str, ...], ...]], ...] = (
    (CHARGER_CURRENT, (("L1",), ("L2",), ("L3",))),
    (CHARGER_POWER, ((),)),
    (CHARGER_SETPOINT, ((),)),
    (CHARGER_CONNECTED, ((),)),
    (CHARGER_STATE, tuple((state,) for state in STATES)),
    (CHARGER_REASON, tuple((kind.value,) for kind in Kind)),
    (CHARGER_MODE, tuple((mode.value,) for mode in Mode)),
)
_shown: set[str] = set()  # chargers that have series; the registry cannot be asked
_circuits: set[str] = set()

for _cause in Cause:
    for _phase in ("L1", "L2", "L3"):
        OVERCURRENT.labels(_phase, _cause.value)  # a counter at 0 says more than none


for _direction in ("1", "3"):
    for _result in ("done", "refused", "lost"):
        PHASE_SWITCHES.labels(_direction, _result)


def phases_switched(phases: int, result: str) -> None:
    """Count a switch to so many phases. result: done, refused, lost (nobody answers)."""
    PHASE_SWITCHES.labels(str(phases), result).inc()


def show_operator(limit_w: float | None, share_w: float | None) -> None:
    """Publish what the grid operator allows; None = no limit."""
    LPC_ACTIVE.set(limit_w is not None)
    LPC_LIMIT.set(NAN if limit_w is None else limit_w)
    LPC_SHARE.set(NAN if share_w is None else share_w)


def show_mode(ski: str, mode: Mode) -> None:
    """Publish how a charger charges."""
    _shown.add(ski)
    for one in Mode:
        CHARGER_MODE.labels(ski, one.value).set(one is mode)


def show_decision(decision: Decision) -> None:
    """Publish what a decision says of the site."""
    stage = decision.picture.ladder.stage
    for step in Stage:
        FAILSAFE.labels(step.value).set(step is stage)
    grid = decision.state.grid
    if grid is not None:
        _by_phase(GRID_LIMIT, "main", grid.fuse_a)
    _by_phase(GRID_HEADROOM, "main", decision.picture.headroom_a)
    _show_circuits(decision)


def _show_circuits(decision: Decision) -> None:
    """Publish fuse and room of the circuits below the main one; forget those that are gone."""
    here = {circuit.id: circuit for circuit in decision.state.circuits}
    for id_, circuit in here.items():
        _by_phase(GRID_LIMIT, id_, circuit.fuse_a)
        _by_phase(GRID_HEADROOM, id_, headroom_a(decision, id_))
    for id_ in _circuits - here.keys():
        for phase in ("L1", "L2", "L3"):
            GRID_LIMIT.remove(id_, phase)
            GRID_HEADROOM.remove(id_, phase)
    _circuits.clear()
    _circuits.update(here)


def show_charger(ski: str, state: str, *, is_connected: bool, reason: Kind | None) -> None:
    """Publish what a charger is doing and why."""
    if ski not in _shown:
        expect(ski)
    _shown.add(ski)
    CHARGER_CONNECTED.labels(ski).set(is_connected)
    for one in STATES:
        CHARGER_STATE.labels(ski, one).set(one == state)
    for kind in Kind:
        CHARGER_REASON.labels(ski, kind.value).set(kind is reason)


def show_amperes(ski: str, current_a: PhaseReadings, power_w: float | None) -> None:
    """Publish what a charger draws; an unknown value is NaN, not 0."""
    for phase, value in current_a.items():
        CHARGER_CURRENT.labels(ski, phase.value).set(NAN if value is None else value)
    CHARGER_POWER.labels(ski).set(NAN if power_w is None else power_w)


def show_setpoint(ski: str, granted_a: float | None) -> None:
    """Publish a charger's limit; NaN while nothing limits it."""
    CHARGER_SETPOINT.labels(ski).set(NAN if granted_a is None else granted_a)


def show_grid(current_a: PhaseReadings, power_w: float | None) -> None:
    """Publish what flows at the grid connection; NaN while it is not known."""
    for phase, value in current_a.items():
        GRID_CURRENT.labels(phase.value).set(NAN if value is None else value)
    GRID_POWER.labels("import").set(NAN if power_w is None else max(0.0, power_w))
    GRID_POWER.labels("export").set(NAN if power_w is None else max(0.0, -power_w))


def forget_others(skis: set[str]) -> None:
    """Take the series of chargers away that are paired no more."""
    for ski in _shown - skis:
        for gauge, values in SERIES:
            for value in values:
                gauge.remove(ski, *value)
        _shown.discard(ski)


def _by_phase(gauge: Gauge, node: str, values: PhaseReadings) -> None:
    for phase, value in values.items():
        gauge.labels(node, phase.value).set(NAN if value is None else value)
