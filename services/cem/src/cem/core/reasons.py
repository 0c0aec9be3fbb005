"""Why a charger has the limit it has: the words of `limited_by` (C7)."""

from dataclasses import dataclass
from enum import StrEnum

from electrical.phases import Phase


class Kind(StrEnum):
    """What limits a charger; also the word the page translates."""

    ENERGY_MANAGEMENT_OFF = "energy-management-off"
    NO_FUSE_SET = "no-fuse-set"
    FUSE = "fuse"
    STATIC_LIMIT = "static-limit"
    STATIC_SHARE = "static-share"
    FAILSAFE = "failsafe"
    MINIMUM_DOES_NOT_FIT = "minimum-does-not-fit"
    WAITING_FOR_TURN = "waiting-for-turn"
    INCREASE_HELD_BACK = "increase-held-back"
    OPERATOR_LIMIT = "operator-limit"
    CONTRACT_POWER = "contract-power"
    UNBALANCE = "unbalance"
    WAITING_FOR_SUN = "waiting-for-sun"
    SUN_SHARE = "sun-share"
    MODE_OFF = "mode-off"
    ONE_PHASE_TO_FIT = "one-phase-to-fit"
    GUARANTEED_MINIMUM = "guaranteed-minimum"
    DEPARTURE_FIRST = "departure-first"
    LATEST_START = "latest-start"
    CHARGES_NOW_NO_PLAN = "charges-now-no-plan"
    WAITING_FOR_PRICE = "waiting-for-price"
    WAITING_FOR_FORECAST = "waiting-for-forecast"
    PLAN = "plan"
    MINIMUM_SOC = "minimum-soc"
    GOAL_REACHED = "goal-reached"
    PHASES_SWITCHING = "phases-switching"
    PULSE = "pulse"
    FAILSAFE_TEST = "failsafe-test"
    START_RESERVED = "start-reserved"
    CHARGER_OFFLINE = "charger-offline"
    CHARGER_DISOBEYS = "charger-disobeys"
    CHARGER_MAXIMUM = "charger-maximum"
    CAR_MAXIMUM = "car-maximum"
    CAR_NOT_ASKING = "car-not-asking"
    CHARGER_FAULT = "charger-fault"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. element: the circuit or charger it speaks of; value in A; times monotonic."""

    kind: Kind
    element: str = ""
    phase: Phase | None = None
    value: float | None = None
    since_s: float = 0.0
    until_s: float | None = None

    def following(self, before: "Reason | None") -> "Reason":
        """Return this reason with the start of the one before, if it is the same one."""
        if before is None or not self.is_like(before):
            return self
        # `replace` would take several times as long, every second for every charger.
        return Reason(self.kind, self.element, self.phase, self.value, before.since_s, self.until_s)

    def is_like(self, other: "Reason") -> bool:
        """Return whether both say the same, be it with other numbers."""
        return (self.kind, self.element, self.phase) == (other.kind, other.element, other.phase)


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the page that concerns the whole site. severity: info, warning, alarm."""

    code: str
    severity: str
    params: tuple[tuple[str, str], ...] = ()
    since_s: float = 0.0

    @property
    def key(self) -> tuple[str, str]:
        """Return what makes two notices the same one: code and the charger it speaks of."""
        return (self.code, dict(self.params).get("ski", ""))
