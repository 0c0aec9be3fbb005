"""What limits the chargers besides fuses: operator, contract, unbalance and the sun."""

from collections.abc import Iterator, Mapping

from cem.core.allocation import Constraint
from cem.core.charger import Charger
from cem.core.circuits import MAIN
from cem.core.dividing import division
from cem.core.estimator import held_a, loads, lowest_a
from cem.core.ladder import Stage
from cem.core.reasons import Kind
from cem.core.rooms import Room
from cem.core.sun import SOLAR
from cem.core.view import View
from electrical.phases import Phase
from electrical.power import ASSUMED_VOLTAGE_V, NOMINAL_VOLTAGE_V

SEEN = (Stage.FRESH, Stage.HOLD)


def caps(
    found: tuple[Room, ...], taking_part: Mapping[str, Charger], view: View
) -> tuple[Constraint, ...]:
    """Return all constraints that are no fuse, on the chargers that take part in the sharing."""
    return (
        *_power_limits(found, taking_part, view),
        *_sun(taking_part, view),
        *_unbalance(taking_part, view),
    )


def operator_w(view: View) -> float | None:
    """Return what the operator's limits leave the chargers (W), None without a limit.

    Where own solar power is credited, what the house feeds in for certain is added.
    """
    share_w = division(view.state, view.now, view.p).chargers_w
    if share_w is None or not view.state.operator.credits_sun or view.step.stage is not Stage.FRESH:
        return share_w
    house_w = _house_w(view)
    return share_w if house_w is None else share_w + max(0.0, -house_w)


def voltages_v(view: View) -> Mapping[Phase, float]:
    """Return the voltage of every phase: measured, 253 V where it is unknown."""
    last = view.state.meter.last if view.step.stage in SEEN else None
    found = {}
    for phase in view.grid.live:
        measured_v = None if last is None else last.voltage_v[phase]
        is_known = measured_v is not None and 0 < measured_v < 1000.0
        found[phase] = measured_v if is_known and measured_v else ASSUMED_VOLTAGE_V
    return found


def _house_w(view: View) -> float | None:
    """Return the most that the house has drawn of late (W), beside the chargers; - = export."""
    estimates = view.state.meter.estimates
    if not estimates or view.step.stage not in SEEN:
        return None
    held, volts = held_a(estimates, view.p), voltages_v(view)
    return sum((held[phase] + view.step.growth_a) * volts[phase] for phase in view.grid.live)


def _power_limits(
    found: tuple[Room, ...], taking_part: Mapping[str, Charger], view: View
) -> Iterator[Constraint]:
    """Yield the operator's limit and the contract's power, as amperes at the highest voltage."""
    ordered_w = operator_w(view)
    if ordered_w is not None:
        yield _power(Kind.OPERATOR_LIMIT, ordered_w, found, taking_part, view)
    contract_w = view.state.operator.contract_w
    if contract_w is not None:
        volts, house_w = voltages_v(view), _house_w(view)
        if house_w is None:
            base_a = view.grid.base_load_a
            house_w = sum(base_a[phase] * volts[phase] for phase in view.grid.live)
        yield _power(Kind.CONTRACT_POWER, contract_w - house_w, found, taking_part, view)


def _power(
    kind: Kind,
    power_w: float,
    found: tuple[Room, ...],
    taking_part: Mapping[str, Charger],
    view: View,
) -> Constraint:
    volts = voltages_v(view)
    highest_v = max(volts.values())
    limit_a = power_w / highest_v
    root = [room for room in found if room.circuit.id == MAIN]
    share = {
        ski: sum(volts[phase] for phase in conductors(charger, view)) / highest_v * _excess(charger)
        for ski, charger in taking_part.items()
    }
    return Constraint(
        kind,
        MAIN,
        None,
        share,
        limit_a - sum(room.reserved_a * volts[room.phase] for room in root) / highest_v,
        limit_a - sum(room.firm_reserved_a * volts[room.phase] for room in root) / highest_v,
        power_w,
    )


def _excess(charger: Charger) -> float:
    """Return how many amperes its car draws for one of its limit, when it steadily draws more.

    The grid operator measures what flows, not what was allowed; 6 A are three per cent of 4.2 kW
    above it where a car takes 6.2 A.
    """
    return 1.0 + charger.over_a / charger.least_a


def conductors(charger: Charger, view: View) -> tuple[Phase, ...]:
    """Return the phases that add up to its power, for one ampere of its limit on each.

    A charger that switches by itself draws the same power on one phase as on three.
    """
    if charger.settings.may_switch_itself:
        return charger.settings.wired(view.grid.phases)
    return view.used[charger.ski]


def _unbalance(taking_part: Mapping[str, Charger], view: View) -> Iterator[Constraint]:
    """Yield for each phase what cars on one or two phases may draw there beyond the emptiest one.

    Cars on three phases load all alike. What fills the other phases is what the house has taken
    at least of late, and what the cars there draw for certain.
    """
    limit_a = view.grid.unbalance_a
    estimates = view.state.meter.estimates
    if limit_a is None or not estimates or view.grid.phases == 1:
        return
    live = view.grid.live
    skewed = {
        ski: c
        for ski, c in taking_part.items()
        if len(view.used[ski]) < len(live) or len(set(view.factors[ski].values())) > 1
    }
    house = loads(estimates, view.p)
    low = lowest_a(estimates, view.p)
    filled = {
        phase: low[phase] + sum(_certain_a(c, phase, view) for c in skewed.values())
        for phase in live
    }
    for phase in live:
        emptiest_a = min(a for other, a in filled.items() if other is not phase)
        share = {ski: view.factors[ski][phase] for ski in skewed if phase in view.factors[ski]}
        room_a, firm_a = (limit_a + emptiest_a - a[phase] for a in (house.latest, house.held))
        yield Constraint(Kind.UNBALANCE, MAIN, phase, share, room_a, firm_a, limit_a)


def _certain_a(charger: Charger, phase: Phase, view: View) -> float:
    measured = charger.measured_a(view.now, view.p)
    granted_a = charger.granted_a
    return 0.0 if measured is None or granted_a is None else min(measured[phase], granted_a)


def _sun(taking_part: Mapping[str, Charger], view: View) -> Iterator[Constraint]:
    """Yield what the sun leaves those that charge from it: the minimum of who may run at least."""
    solar = [ski for ski, c in taking_part.items() if c.intent.conduct in SOLAR]
    if not solar:
        return
    count = {ski: float(len(conductors(taking_part[ski], view))) for ski in solar}
    left_w = view.state.surplus_w
    least_a = sum(
        count[ski] * taking_part[ski].least_a for ski in solar if taking_part[ski].sun.is_on
    )
    # Cars draw a little less than they may: what they leave would else go to the grid.
    unused_a = sum(count[ski] * taking_part[ski].unused_a for ski in solar)
    room_a = max(left_w / NOMINAL_VOLTAGE_V + unused_a, least_a)
    yield Constraint(Kind.SUN_SHARE, MAIN, None, count, room_a, room_a, left_w, is_patient=True)
