"""Reads scenario files (`cem-scenario/1`): the file's words in, our values out."""

from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from electrical import PhaseCurrents, Phases, Rotation
from virtual_site.core.car import EV_ID, NEVER, CarModel, Standard
from virtual_site.core.relay import PhaseSwitching
from virtual_site.core.scenario import (
    CHARGER_FAULTS,
    Appliance,
    ChargerModel,
    Fault,
    FaultKind,
    Household,
    MeterBehaviour,
    Scenario,
    Session,
    Sun,
)

FORMAT = "cem-scenario/1"
KINDS = frozenset(kind.value for kind in FaultKind)
Three = tuple[float, float, float]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class ScenarioError(Exception):
    """A scenario does not exist or cannot be used; the text says where and why."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class _Node(_Part):
    fuse_a: Three


class _Site(_Part):
    voltage_v: Positive = 230.0
    root: _Node


class _Meter(_Part):
    period_s: Positive = 1.0
    latency_s: NotNegative = 0.0
    noise_a: NotNegative = 0.0
    seed: int = 0


class _Link(_Part):
    cmd_latency_s: NotNegative = 0.0
    meas_latency_s: NotNegative = 0.0


class _Evse(_Part):
    id: str
    name: str = ""  # ours: what its page shows
    wiring: tuple[int, int, int] = (1, 2, 3)
    min_a: Positive = 6.0
    max_a: Positive = 16.0
    step_a: NotNegative = 0.1
    failsafe_a: NotNegative = 6.0
    phase_switch: bool | PhaseSwitching = False  # ours: the words; true = local-api
    switch_s: NotNegative = 10.0


class _Ev(_Part):
    phases: Annotated[int, Field(ge=1, le=3)]
    max_a: Positive
    min_a: Positive = 6.0
    delay_s: NotNegative = 0.0
    start_s: NotNegative = 0.0
    ramp_up_a_s: Positive = 1000.0
    ramp_down_a_s: Positive = 1000.0
    stop_s: Positive = 2.0
    offset_a: NotNegative = 0.0
    over_a: NotNegative = 0.0
    step_a: NotNegative = 0.0
    taper_from: Annotated[float, Field(ge=0, le=1)] = 1.0
    taper_floor_a: NotNegative = 6.0
    sleep_after_s: Positive | None = None
    wake_s: NotNegative = 0.0
    standard: Standard = Standard.IEC61851  # ours
    min_digital_a: Positive = 2.2  # ours
    soc_percent: Annotated[float, Field(ge=0, le=100)] = 20.0  # ours: when it is plugged
    ev_id: str = EV_ID  # ours: what it calls itself over ISO 15118


class _Session(_Part):
    evse: str
    arrive_s: float
    depart_s: float
    energy_kwh: Positive
    ev: _Ev


class _Inrush(_Part):
    x: Positive
    s: NotNegative


class _LoadEvent(_Part):
    t: float
    dur: NotNegative
    w: Three
    cycle: tuple[Positive, NotNegative] | None = None
    inrush: _Inrush | None = None


class _Load(_Part):
    points: list[tuple[float, Three]]
    noise_w: NotNegative = 0.0
    seed: int = 0
    events: list[_LoadEvent] = []


class _Pv(_Part):
    points: list[tuple[float, float]]
    share: Three = (1 / 3, 1 / 3, 1 / 3)


class _Fault(_Part):
    kind: str
    t: float
    dur: NotNegative
    evse: str | None = None
    factor: float = 1.0
    add_a: float = 0.0


class _File(_Part):
    format: str
    id: str
    title: str = ""
    duration_s: Positive
    site: _Site
    meter: _Meter = _Meter()
    link: _Link = _Link()
    evses: list[_Evse]
    sessions: list[_Session] = []
    load: _Load
    pv: _Pv | None = None
    faults: list[_Fault] = []


def shipped() -> tuple[str, ...]:
    """Return the names of the scenarios that come with the package."""
    folder = files("virtual_site").joinpath("scenarios")
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".json")))


def load(name_or_path: str) -> Scenario:
    """Read a shipped scenario by its name, or any by its path. Raises ScenarioError."""
    if name_or_path in shipped():
        shipped_file = files("virtual_site").joinpath("scenarios", f"{name_or_path}.json")
        return parse(shipped_file.read_text(encoding="utf-8"))
    path = Path(name_or_path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ScenarioError(
            f"{name_or_path!r} is neither a readable file ({error.strerror}) nor one of"
            f" {', '.join(shipped())}"
        ) from error
    return parse(text)


def parse(text: str) -> Scenario:
    """Turn the text of a scenario file into values. Raises ScenarioError."""
    try:
        file = _File.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ScenarioError(f"{place or 'the file'}: {first['msg']}") from error
    if file.format != FORMAT:
        raise ScenarioError(f"format is {file.format!r}, expected {FORMAT!r}")
    _check_names(file)
    return _scenario(file)


def _check_names(file: _File) -> None:
    known = [evse.id for evse in file.evses]
    if len(set(known)) != len(known):
        raise ScenarioError("two chargers (evses) have one id")
    for session in file.sessions:
        if session.evse not in known:
            raise ScenarioError(f"a session names the charger {session.evse!r}, which is not there")
    for fault in file.faults:
        if fault.evse is not None and fault.evse not in known:
            raise ScenarioError(f"a fault names the charger {fault.evse!r}, which is not there")


def _scenario(file: _File) -> Scenario:
    playable = [fault for fault in file.faults if fault.kind in KINDS]
    return Scenario(
        id=file.id,
        title=file.title,
        duration_s=file.duration_s,
        voltage_v=file.site.voltage_v,
        fuse_a=Phases(*file.site.root.fuse_a),
        meter=MeterBehaviour(**file.meter.model_dump()),
        chargers=tuple(_charger(evse, file.link) for evse in file.evses),
        sessions=tuple(_session(session) for session in file.sessions),
        household=_household(file.load),
        sun=None if file.pv is None else Sun(tuple(file.pv.points), Phases(*file.pv.share)),
        faults=tuple(_fault(fault) for fault in playable),
        ignored=tuple(fault.kind for fault in file.faults if fault.kind not in KINDS),
    )


def _charger(evse: _Evse, link: _Link) -> ChargerModel:
    try:
        wiring = Rotation("".join("RST"[phase - 1] for phase in evse.wiring if phase > 0))
    except (ValueError, IndexError):
        raise ScenarioError(f"{evse.id}: {evse.wiring} is no wiring of three phases") from None
    if evse.max_a < evse.min_a:
        raise ScenarioError(f"{evse.id}: max_a {evse.max_a} is below min_a {evse.min_a}")
    return ChargerModel(
        id=evse.id,
        name=evse.name or evse.id,
        wiring=wiring,
        min_a=evse.min_a,
        max_a=evse.max_a,
        step_a=evse.step_a,
        failsafe_a=evse.failsafe_a,
        phase_switching=_phase_switching(evse.phase_switch),
        switch_s=evse.switch_s,
        command_latency_s=link.cmd_latency_s,
        measurement_latency_s=link.meas_latency_s,
    )


def _phase_switching(told: bool | PhaseSwitching) -> PhaseSwitching:  # noqa: FBT001 - the file's
    if isinstance(told, PhaseSwitching):
        return told
    return PhaseSwitching.LOCAL_API if told else PhaseSwitching.NONE


def _session(session: _Session) -> Session:
    if session.ev.max_a < session.ev.min_digital_a:
        raise ScenarioError(f"a car at {session.evse}: max_a is below min_digital_a")
    told = session.ev.model_dump(exclude={"sleep_after_s", "soc_percent"})
    car = CarModel(
        **told,
        energy_wh=session.energy_kwh * 1000,
        sleep_after_s=NEVER if session.ev.sleep_after_s is None else session.ev.sleep_after_s,
        soc_at_plug_percent=session.ev.soc_percent,
    )
    return Session(session.evse, session.arrive_s, session.depart_s, car)


def _household(load: _Load) -> Household:
    points = tuple((t, _phases(w)) for t, w in sorted(load.points))
    return Household(points, load.noise_w, load.seed, tuple(map(_appliance, load.events)))


def _appliance(event: _LoadEvent) -> Appliance:
    factor, inrush_s = (1.0, 0.0) if event.inrush is None else (event.inrush.x, event.inrush.s)
    return Appliance(event.t, event.dur, _phases(event.w), event.cycle, factor, inrush_s)


def _fault(fault: _Fault) -> Fault:
    kind = FaultKind(fault.kind)
    if kind in CHARGER_FAULTS and fault.evse is None:
        raise ScenarioError(f"a fault {kind} needs the charger (evse) it happens to")
    charger = fault.evse if kind in CHARGER_FAULTS else None
    return Fault(kind, fault.t, fault.dur, charger, fault.factor, fault.add_a)


def _phases(three: Three) -> PhaseCurrents:
    return Phases(*three)
