"""One charger as the gateway knows it: events fold into it, writes come out of it.

Pure; `now` is the gateway's monotonic clock in seconds. Nothing here knows SHIP or NATS.
"""

import math
from dataclasses import dataclass, field, replace

from eebus.events import (
    ConnectionChanged,
    ConnectionState,
    DeviceState,
    Ev,
    EvChanged,
    Event,
    LimitsChanged,
    Measured,
    PerPhase,
    WriteResult,
)
from eebus_gateway.core import lease as leases
from eebus_gateway.core.lease import Lease, Wanted
from eebus_gateway.core.limits import may_pause_at, settled_at, written_for
from eebus_gateway.core.reaction import Reaction
from eebus_gateway.core.writing import Writer

PAUSE_A = 0.1  # what a charger without an announced pause value holds while paused


@dataclass(frozen=True, slots=True)
class Write:
    """A limit to be written now. number: names it when its answer comes."""

    number: int
    values: PerPhase
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class Next:
    """What to do for a charger: perhaps a write, and when to look again at the latest."""

    evse: "Evse"
    write: Write | None
    wake_at: float | None


@dataclass(frozen=True, slots=True)
class Evse:
    """Everything about one paired charger that is not in the trust store.

    ev None with `ev_known` means no car; without it nobody can tell.
    has_our_limit: a limit of ours may be in the charger, so a release must withdraw it.
    """

    ski: str
    connection: ConnectionChanged
    state: DeviceState | None = None
    ev: Ev | None = None
    ev_known: bool = False
    plugs: int = 0  # plug-ins seen since our start
    is_plugged: bool = False  # as last seen: survives a lost connection
    last_ids: tuple[str, ...] = ()
    plugged_at: float = 0.0
    measured: Measured | None = None
    measured_at: float = 0.0
    lease: Lease = field(default_factory=Lease)
    writer: Writer = field(default_factory=Writer)
    reaction: Reaction = field(default_factory=Reaction)
    has_our_limit: bool = False
    is_silent: bool = False  # it hears nothing of us: its own failsafe is being proven

    @property
    def is_connected(self) -> bool:
        """Whether the charger can be asked and told now."""
        return self.connection.state is ConnectionState.CONNECTED

    @property
    def takes_limits(self) -> bool:
        """Whether a limit can be written now."""
        return self.is_connected and self.ev is not None and self.ev.has_opev

    @property
    def fallback_to_keep(self) -> float | None:
        """Return the fallback that must outlive a restart; None = no limit of ours is out."""
        offer = self.lease.offer
        if offer is not None and offer.release and not self.has_our_limit:
            return None
        return self.lease.fallback_a


def new(ski: str, connection: ConnectionChanged, fallback_a: float | None, now: float) -> Evse:
    """Return a charger just paired or loaded; fallback_a: what the store kept of its lease."""
    lease = leases.remembered(fallback_a, now)
    return Evse(ski, connection, lease=lease, has_our_limit=fallback_a is not None)


def fold(evse: Evse, event: Event, now: float) -> Evse:
    """Return the charger after one event of the EEBUS stack about it."""
    match event:
        case ConnectionChanged():
            evse = _connected(evse, event)
        case DeviceState():
            evse = replace(evse, state=event)
        case EvChanged(ev=None):
            evse = _unplugged(evse)
        case EvChanged(ev=Ev() as ev):
            evse = _plugged(evse, ev, now)
        case Measured():
            reaction = evse.reaction.measured(event.current_a, now)
            evse = replace(evse, measured=event, measured_at=now, reaction=reaction)
        case LimitsChanged(kind="opev"):
            evse = _held(evse, event.values, now)
        case _:
            pass  # discovery, trust and diagnostics are others' business
    return evse


def plan(evse: Evse, now: float) -> Next:
    """Say what to write to the charger now, if anything, and when to ask again."""
    evse = _silenced(evse, now)
    wanted = leases.wanted(evse.lease, now)
    if wanted is None or evse.ev is None or not evse.takes_limits or _is_released(evse, wanted):
        return Next(evse, None, _soonest([evse.lease.ends_at], now))
    plugged_s = now - evse.plugged_at
    values = written_for(wanted.current_a, evse.ev, plugged_s, wanted.least_a)
    confirmed = replace(evse, writer=evse.writer.confirmed(values, wanted))
    moments = [evse.lease.ends_at, may_pause_at(evse.ev, evse.plugged_at)]
    at = confirmed.writer.next_at(values)
    if at is None:
        return Next(confirmed, None, _soonest(moments, now))
    at = max(at, settled_at(evse.ev, evse.plugged_at))
    if at > now:
        return Next(confirmed, None, _soonest([*moments, at], now))
    writer = confirmed.writer.sent(values, wanted, now)
    sent = replace(evse, writer=writer, has_our_limit=True)
    return Next(sent, Write(writer.last_number, values, wanted), _soonest(moments, now))


def answered(evse: Evse, write: Write, result: WriteResult, now: float) -> Evse:
    """Return the charger after the answer to a write."""
    attempt = evse.writer.attempt
    writer = evse.writer.answered(write.number, problem_of(result), now)
    evse = replace(evse, writer=writer)
    if attempt is None or attempt.number != write.number or not result.ok:
        return evse
    measured_a = evse.measured.current_a if evse.measured else leases.NOTHING
    reaction = evse.reaction.accepted(write.values, attempt.sent_at, measured_a)
    has_our_limit = evse.has_our_limit and not write.wanted.is_release
    return replace(evse, reaction=reaction, has_our_limit=has_our_limit)


def visible(evse: Evse) -> tuple[object, ...]:
    """Return what others want to know at once when it changes; lease renewals are not among it."""
    accepted = evse.writer.accepted
    return (
        evse.connection,
        evse.state,
        evse.ev,
        evse.ev_known,
        evse.plugs,
        evse.measured,
        accepted and (accepted.values, accepted.at, accepted.wanted.is_fallback),
        evse.writer.problem,
    )


def problem_of(result: WriteResult) -> str | None:
    """Return why a write failed, as a sentence's part; None = it did not."""
    if result.ok:
        return None
    if result.error_number is None:
        return result.text or "the charger did not answer"
    return f"error {result.error_number}: {result.text}".rstrip(": ")


def _connected(evse: Evse, changed: ConnectionChanged) -> Evse:
    was, is_now = evse.is_connected, changed.state is ConnectionState.CONNECTED
    evse = replace(evse, connection=changed)
    is_lost = was or changed.state is not ConnectionState.CONNECTING
    # Whether a car is there is told after each connect; until then nobody knows.
    return _unknown(evse) if is_lost and not is_now else evse


def _unknown(evse: Evse) -> Evse:
    """Nobody can tell what the charger does; its limits must be written anew when it is back."""
    return replace(
        evse,
        state=None,
        ev=None,
        ev_known=False,
        measured=None,
        writer=evse.writer.forgotten(),
        reaction=replace(evse.reaction, awaited=None),
    )


def _unplugged(evse: Evse) -> Evse:
    """No car: limits belong to the car's entity and went with it."""
    gone = _unknown(evse)
    if not evse.is_connected:
        return gone
    return replace(
        gone, state=evse.state, ev_known=True, is_plugged=False, last_ids=(), has_our_limit=False
    )


def _plugged(evse: Evse, ev: Ev, now: float) -> Evse:
    is_same_car = evse.is_plugged and not _differ(evse.last_ids, ev.ids)
    is_back = evse.ev is None  # plugged just now, or the connection came back
    changed = replace(
        evse,
        ev=ev,
        ev_known=True,
        is_plugged=True,
        last_ids=ev.ids or evse.last_ids,
        plugs=evse.plugs if is_same_car else evse.plugs + 1,
        plugged_at=now if is_back or not is_same_car else evse.plugged_at,
    )
    if is_back or not is_same_car:
        return replace(changed, writer=evse.writer.forgotten())
    if evse.ev is not None and _terms(evse.ev) != _terms(ev):
        return replace(changed, writer=evse.writer.again())
    return changed


def _held(evse: Evse, values: PerPhase, now: float) -> Evse:
    if evse.ev is None:
        return evse
    pause_a = evse.ev.pause_a if evse.ev.pause_a is not None else PAUSE_A
    return replace(evse, writer=evse.writer.contradicted(values, pause_a, now))


def _silenced(evse: Evse, now: float) -> Evse:
    """Note whether it hears us; after a silence its limit is written anew, be it the same one."""
    is_silent = leases.is_silent(evse.lease, now)
    if is_silent is evse.is_silent:
        return evse
    writer = evse.writer if is_silent else evse.writer.again()
    return replace(evse, is_silent=is_silent, writer=writer)


def _terms(ev: Ev) -> tuple[object, ...]:
    """Return what a written limit was made for; when it changes, the limit is written again."""
    return ev.communication, ev.min_a, ev.max_a, ev.pause_a, ev.phases, ev.asymmetric, ev.has_opev


def _differ(known: tuple[str, ...], told: tuple[str, ...]) -> bool:
    """Whether two cars are certainly not the same one; most tell no id, or only later."""
    return bool(known and told) and not set(known) & set(told)


def _is_released(evse: Evse, wanted: Wanted) -> bool:
    return wanted.is_release and not evse.has_our_limit


def _soonest(moments: list[float | None], now: float) -> float | None:
    later = [moment for moment in moments if moment is not None and now < moment < math.inf]
    return min(later, default=None)
