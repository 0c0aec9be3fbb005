"""What requests may say, and the values they turn into."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from virtual_site.api.errors import ApiError
from virtual_site.core.car import EV_ID, CarModel, Standard
from virtual_site.core.relay import PhaseSwitching
from virtual_site.core.scenario import CHARGER_FAULTS, FaultKind
from virtual_site.core.world import ActiveFault, World

SKI = re.compile(r"[0-9a-f]{40}")
LONGEST_FAULT_S = 86400
Watts = Annotated[float, Field(ge=0, le=100_000)]
Seconds = Annotated[float, Field(gt=0, le=LONGEST_FAULT_S)]


def _ski(text: str) -> str:
    ski = re.sub(r"[\s:-]", "", text).lower()
    if not SKI.fullmatch(ski):
        raise ValueError("a SKI has 40 hexadecimal digits")
    return ski


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Household(_Body):
    """Watts per phase; what is left out keeps what it has, nothing at all: as the scenario says."""

    l1_w: Watts | None = None
    l2_w: Watts | None = None
    l3_w: Watts | None = None


class SunPower(_Body):
    """Watts of the roof; null: as the scenario says."""

    w: Watts | None = None


class Switch(_Body):
    """On or off."""

    on: bool


class Pairing(_Body):
    """An energy manager by its SKI; spaces, dashes, colons and capitals do not matter."""

    ski: Annotated[str, AfterValidator(_ski)]


class Plugging(_Body):
    """A car to plug. It reacts within 1 s by pulse width, within 5 s by ISO 15118."""

    standard: Standard = Standard.IEC61851
    phases: Annotated[int, Field(ge=1, le=3)] = 3
    max_a: Annotated[float, Field(ge=6, le=80)] = 16.0
    energy_wh: Annotated[float, Field(gt=0, le=1_000_000)] = 40_000.0
    soc_percent: Annotated[float, Field(ge=0, lt=100)] = 20.0
    ev_id: Annotated[str, Field(max_length=64)] = EV_ID

    def car(self) -> CarModel:
        """Return the model of such a car."""
        is_digital = self.standard.is_digital
        return CarModel(
            phases=self.phases,
            max_a=self.max_a,
            energy_wh=self.energy_wh,
            delay_s=3.0 if is_digital else 1.0,
            start_s=5.0,
            ramp_up_a_s=2.0,
            ramp_down_a_s=5.0 if is_digital else 6.0,
            offset_a=0.2,
            standard=self.standard,
            ev_id=self.ev_id,
            soc_at_plug_percent=self.soc_percent,
            soc_when_full_percent=max(90.0, self.soc_percent),
        )


class Relay(_Body):
    """How many conductors the charger's relay connects."""

    phases: Literal[1, 3]


class Ability(_Body):
    """How the charger changes phases."""

    ability: PhaseSwitching


class Failsafe(_Body):
    """A per conductor; below the car's minimum means a pause."""

    current_a: Annotated[float, Field(ge=0, le=80)]


class ChargerFault(_Body):
    """Something that goes wrong at one charger."""

    kind: str
    seconds: Seconds = 60.0


class MeterTrouble(_Body):
    """How the meter fails, as `virtual-site meter` takes it; `none` ends it."""

    fault: Annotated[str, Field(max_length=40)]


CEM_OUTAGE = "cem_outage"


class SiteFault(ChargerFault):
    """Something that goes wrong at the meter or at a charger.

    target: number, id or SKI of a charger, or "meter" (or nothing) for the meter's own faults.
    factor and add_a say how a spike distorts: value x factor + add_a.
    """

    target: str | int | None = None
    factor: float = 3.0
    add_a: float = 10.0


def active_faults(world: World, fault: SiteFault, charger: int | None) -> list[ActiveFault]:
    """Return what begins now: a CEM that is out is, seen from outside, every link lost."""
    if fault.kind != CEM_OUTAGE:
        return [active_fault(world, fault, charger)]
    link_loss = fault.model_copy(update={"kind": FaultKind.LINK_LOSS.value})
    return [active_fault(world, link_loss, index) for index in range(len(world.chargers))]


def active_fault(world: World, fault: SiteFault, charger: int | None) -> ActiveFault:
    """Return a fault that begins now. Raises ApiError for one that cannot be."""
    try:
        kind = FaultKind(fault.kind)
    except ValueError:
        known = ", ".join(FaultKind)
        raise ApiError(
            422, "unknown-fault", f"no fault {fault.kind!r}; known are {known}"
        ) from None
    if kind in CHARGER_FAULTS and charger is None:
        raise ApiError(422, "no-target", f"{kind} needs a charger as target")
    place = charger if kind in CHARGER_FAULTS else None
    return ActiveFault(kind, world.t_s + fault.seconds, place, fault.factor, fault.add_a)
