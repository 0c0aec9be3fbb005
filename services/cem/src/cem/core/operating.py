"""The grid operator's limits (C6): what was ordered, and how the site shall obey."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

GUARANTEED_W = 4200.0  # section 14a EnWG: what one steerable device keeps


class LimitState(StrEnum):
    """The states of EEBUS LPC and LPP; also the words of the API."""

    INIT = "init"
    UNLIMITED_CONTROLLED = "unlimited_controlled"
    LIMITED = "limited"
    FAILSAFE = "failsafe"
    UNLIMITED_AUTONOMOUS = "unlimited_autonomous"


@dataclass(frozen=True, slots=True)
class OperatorLimit:
    """One limit as its source tells it; watts at the grid connection point, times aware.

    kind: lpc (draw) or lpp (feed-in). source: eebus or api. ski: of the control box. limit_w: to
    be obeyed now, None = no limit. failsafe_w, failsafe_s: what holds when the source is silent,
    and for how long at least.
    """

    kind: str = "lpc"
    source: str = "eebus"
    ski: str = ""
    state: LimitState = LimitState.UNLIMITED_CONTROLLED
    limit_w: float | None = None
    until: datetime | None = None
    failsafe_w: float | None = None
    failsafe_s: float | None = None
    is_connected: bool = True
    since: datetime | None = None
    heard: datetime | None = None
    name: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class ApplianceChoice:
    """Whether people let us limit a paired appliance."""

    ski: str
    is_limited: bool


@dataclass(frozen=True, slots=True)
class OperatorSettings:
    """How the site obeys; watts.

    credits_sun: own solar power may be added to the limit; False = strict. other_devices_w: the
    rated power of each steerable device that is neither charger nor paired. contract_w: most that
    the grid connection may draw, None = only the fuse counts. failsafe_w, failsafe_s: offered to
    the control box. appliances: what people chose, by SKI.
    """

    credits_sun: bool = False
    other_devices_w: tuple[float, ...] = ()
    contract_w: float | None = None
    failsafe_w: float = GUARANTEED_W
    failsafe_s: float = 7200.0
    revision: int = 0
    appliances: tuple[ApplianceChoice, ...] = ()
