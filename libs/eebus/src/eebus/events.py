"""What an EEBUS node tells its owner, as plain values. No I/O, no protocol detail."""

from dataclasses import dataclass
from enum import StrEnum


class ConnectionState(StrEnum):
    """How far a connection to one peer has come (ship.md's table of the coloured dot)."""

    NOT_CONNECTED = "not_connected"
    CONNECTING = "connecting"
    WAITING_FOR_PEER = "waiting_for_peer"  # we trust it, its user has not confirmed yet
    REQUEST_RECEIVED = "request_received"  # it trusts us and waits for our user
    CONNECTED = "connected"
    DENIED = "denied"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Peer:
    """A SHIP node seen on the network, or entered by hand.

    accepts_pairing: it trusts whoever asks, for now. categories: what it is, as in its record.
    """

    ski: str  # 40 lower-case hex digits
    ship_id: str | None
    brand: str | None
    model: str | None
    type: str | None  # SPINE device type: ChargingStation, EnergyManagementSystem, ...
    host: str
    port: int
    path: str = "/ship/"
    serial: str | None = None
    categories: tuple[int, ...] = ()
    accepts_pairing: bool = False


@dataclass(frozen=True, slots=True)
class TrustedPeer:
    """What an owner keeps about a peer its user trusts; handed back at the next start."""

    ski: str
    ship_id: str | None = None  # None until the first connection
    host: str | None = None  # set for a peer entered by hand
    port: int | None = None


@dataclass(frozen=True, slots=True)
class PeerFound:
    """A peer became visible, or what it announces changed."""

    peer: Peer


@dataclass(frozen=True, slots=True)
class PeerLost:
    """A peer no longer announces itself. No disconnect: some stop while connected."""

    ski: str


@dataclass(frozen=True, slots=True)
class ConnectionChanged:
    """The state of the connection to one peer changed.

    detail: one English sentence for diagnostics (handshake phase, or which side must act).
    """

    ski: str
    state: ConnectionState
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PairingWindowChanged:
    """Whether the next device that asks is trusted without asking our user.

    ski: whom the window let in, which closed it: trusted from now on, keep it; "" = nobody.
    remaining_s: until it closes by itself, 0 when it is closed.
    """

    ski: str
    is_open: bool
    remaining_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ShipIdLearned:
    """A trusted peer told its SHIP ID for the first time; keep it with the trust."""

    ski: str
    ship_id: str


@dataclass(frozen=True, slots=True)
class DeviceDescribed:
    """What a device says of itself (EVSECC scenario 1). None = not announced.

    quirks: what it is known to do otherwise, one English sentence each (`eebus.quirks`).
    """

    ski: str
    brand: str | None = None
    model: str | None = None
    serial: str | None = None
    software: str | None = None
    device_type: str | None = None
    quirks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeviceState:
    """The operating state of the charger (EVSECC scenario 2), e.g. normalOperation, failure."""

    ski: str
    operating_state: str | None
    last_error_code: str | None = None


@dataclass(frozen=True, slots=True)
class EntityChanged:
    """A part of a device came or went: a charger, a car, a meter."""

    ski: str
    entity: tuple[int, ...]
    type: str
    added: bool


@dataclass(frozen=True, slots=True)
class UseCaseSupport:
    """One use case a remote entity announces."""

    name: str
    scenarios: tuple[int, ...]
    available: bool = True


@dataclass(frozen=True, slots=True)
class UseCasesChanged:
    """The use cases announced for one entity and actor, all of them."""

    ski: str
    entity: tuple[int, ...]
    actor: str
    items: tuple[UseCaseSupport, ...]


PerPhase = tuple[float | None, float | None, float | None]  # conductors a, b, c; None = unknown


@dataclass(frozen=True, slots=True)
class Ev:
    """Everything known about the plugged car, as of now. None = unknown, never zero."""

    communication: str | None = None  # iec61851, iso15118-2ed1, iso15118-2ed2
    asymmetric: bool | None = None
    phases: int | None = None  # acConnectedPhases
    min_a: float | None = None  # permitted range of phase a
    max_a: float | None = None
    pause_a: float | None = None  # the single value outside the range
    operating_state: str | None = None  # normalOperation, standby, finished, failure
    soc_percent: float | None = None
    ids: tuple[str, ...] = ()
    has_opev: bool = False  # limits can be written
    has_oscev: bool = False


@dataclass(frozen=True, slots=True)
class EvChanged:
    """The car changed; None = no car plugged."""

    ski: str
    ev: Ev | None


@dataclass(frozen=True, slots=True)
class Measured:
    """The newest measurements of the car (EVCEM), a full picture. Charger conductors a, b, c."""

    ski: str
    current_a: PerPhase
    power_w: PerPhase
    energy_wh: float | None  # of this session
    soc_percent: float | None = None


@dataclass(frozen=True, slots=True)
class MeterValues:
    """What a meter shows. Plus = drawn from the grid or by the unit. None = unknown, never zero.

    energy_consumed_wh, energy_produced_wh: counters, with MGCP drawn from and fed into the grid.
    curtailment_factor: MGCP 1, the share of its power the sun may feed in.
    """

    power_w: float | None = None
    power_per_phase_w: PerPhase = (None, None, None)
    current_a: PerPhase = (None, None, None)
    voltage_v: PerPhase = (None, None, None)
    energy_consumed_wh: float | None = None
    energy_produced_wh: float | None = None
    frequency_hz: float | None = None
    curtailment_factor: float | None = None


@dataclass(frozen=True, slots=True)
class Metered:
    """A meter told values: all that is known, also when nothing changed (that it still speaks).

    use_case: "mgcp" for the grid connection point, "mpc" for one unit, e.g. a charger. All
    values unknown = the meter is gone.
    """

    ski: str
    entity: tuple[int, ...]
    use_case: str
    values: MeterValues


@dataclass(frozen=True, slots=True)
class LimitsChanged:
    """What the remote (or, at the charger, we) now hold as limits of one kind.

    kind: "opev" or "oscev". values: A per conductor; None = no limit active there. The CEM is
    told it also, changed or not, when the charger accepted a write and does not hold it.
    """

    ski: str
    kind: str
    values: PerPhase


@dataclass(frozen=True, slots=True)
class PowerSlot:
    """A stretch of a charging plan or a power curve. Seconds count from when it was told."""

    start_s: float
    end_s: float
    power_w: float


@dataclass(frozen=True, slots=True)
class PriceSlot:
    """A stretch with one price. Seconds count from now; the currency is told apart."""

    start_s: float
    end_s: float
    price_per_kwh: float


@dataclass(frozen=True, slots=True)
class ChargingDemand:
    """What a car asks for (CEVC scenario 1). None = not told.

    strategy: "direct" (now, no departure known), "minimum" (to a minimum state of charge),
    "timed" (until the departure) or "none". curve_due, prices_due: the car waits for a power
    curve or for prices, to be written within 20 s.
    """

    strategy: str
    min_wh: float | None
    optimal_wh: float | None
    max_wh: float | None
    departure_s: float | None
    curve_due: bool = False
    prices_due: bool = False


@dataclass(frozen=True, slots=True)
class DemandChanged:
    """What the car asks for changed; None = it asks for nothing, or left."""

    ski: str
    demand: ChargingDemand | None


@dataclass(frozen=True, slots=True)
class ChargingPlanChanged:
    """How the car says it will charge (CEVC scenario 4); empty = it does not say."""

    ski: str
    slots: tuple[PowerSlot, ...]


@dataclass(frozen=True, slots=True)
class PowerCurveChanged:
    """At a charger: the powers an energy manager lets the car draw (CEVC 2); empty = none."""

    ski: str
    slots: tuple[PowerSlot, ...]


@dataclass(frozen=True, slots=True)
class PricesChanged:
    """At a charger: what energy costs when (CEVC 3); empty = not told. currency: as written."""

    ski: str
    currency: str | None
    slots: tuple[PriceSlot, ...]


@dataclass(frozen=True, slots=True)
class PlanningOverdue:
    """At a charger: nobody wrote within 20 s what the car asked for.

    what: "curve" or "prices". What the car does without is its own; it goes on asking, so that an
    energy manager that comes later still answers. ski: who could write, "" when nobody does.
    """

    ski: str
    what: str


@dataclass(frozen=True, slots=True)
class PowerLimitChanged:
    """At an energy guard: what a controllable system now holds as its limit.

    kind: "lpc" (consumption) or "lpp" (production). power_w: a magnitude; also known of a limit
    that is not active. duration_s: how long it holds from now on, None = it does not expire.
    """

    ski: str
    kind: str
    active: bool
    power_w: float | None
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class PowerControlChanged:
    """At a controllable system, ourselves: what its energy guard, or its absence, means now.

    kind: "lpc" or "lpp". state: init, unlimited_controlled, limited, failsafe or
    unlimited_autonomous. limit_w: what must be kept now, a magnitude; None = no limit. ski: who
    wrote last, "" when nobody did. remaining_s: until the limit expires, None = it does not.
    """

    ski: str
    kind: str
    state: str
    limit_w: float | None
    remaining_s: float | None = None


@dataclass(frozen=True, slots=True)
class FailsafeChanged:
    """The failsafe values of a controllable system: at its guard, or at itself once written.

    ski: the other side. duration_s: the shortest time they hold without a guard.
    """

    ski: str
    consumption_w: float | None
    production_w: float | None
    duration_s: float | None


@dataclass(frozen=True, slots=True)
class NominalPowerChanged:
    """At an energy guard: the most a controllable system can draw or feed in (LPC, LPP 4), W."""

    ski: str
    consumption_w: float | None
    production_w: float | None


@dataclass(frozen=True, slots=True)
class HeartbeatChanged:
    """The peer's heartbeat arrived again (ok) or is overdue."""

    ski: str
    ok: bool


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The answer to a write. error_number 0 = accepted (spine.md section 3); None = none came."""

    ok: bool
    error_number: int | None
    text: str
    ms: float  # from the write leaving us to its answer


Event = (
    PeerFound
    | PeerLost
    | ConnectionChanged
    | PairingWindowChanged
    | ShipIdLearned
    | DeviceDescribed
    | DeviceState
    | EntityChanged
    | UseCasesChanged
    | EvChanged
    | Measured
    | Metered
    | LimitsChanged
    | DemandChanged
    | ChargingPlanChanged
    | PowerCurveChanged
    | PricesChanged
    | PlanningOverdue
    | PowerLimitChanged
    | PowerControlChanged
    | FailsafeChanged
    | NominalPowerChanged
    | HeartbeatChanged
)
