"""A grid operator's control box: limits what the site draws and feeds in (LPC, LPP)."""

from dataclasses import dataclass
from typing import Final

from eebus.controlbox import ControlBox
from eebus.events import (
    Event,
    FailsafeChanged,
    HeartbeatChanged,
    PowerLimitChanged,
    TrustedPeer,
    WriteResult,
)
from eebus.transport.node import Network
from virtual_site.managers import CONTROL_BOX
from virtual_site.partner import Nameplate, Partner
from virtual_site.store import PartnerStore

PLATE: Final = Nameplate("Nettverk", "Control Box", CONTROL_BOX, 1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of the last order."""

    order: str
    ok: bool
    text: str
    ms: float


class GridBox(Partner[ControlBox]):
    """Writes what its page asks for, and shows what the site says it keeps to."""

    def __init__(self, store: PartnerStore, network: Network) -> None:
        super().__init__(PLATE, store, network)
        self.held: dict[str, PowerLimitChanged] = {}
        self.failsafe: FailsafeChanged | None = None
        self.is_heard: bool | None = None  # the heart of the site's energy manager
        self.is_beating = True  # our own
        self.answer: Answer | None = None

    async def limit(self, kind: str, power_w: float | None, duration_s: float | None) -> None:
        """Limit the site's draw (lpc) or feed-in (lpp); power_w None lifts the limit."""
        if (box := self._paired()) is not None:
            result = await box[0].write_power_limit(
                box[1], power_w, kind=kind, duration_s=duration_s
            )
            text = "no limit" if power_w is None else f"{power_w:g} W"
            self._answered(f"{kind} {text}", result)

    async def write_failsafe(self, kind: str, power_w: float, duration_s: float | None) -> None:
        """Set what holds without us, and for how long at least (7200 s to 86400 s)."""
        if (box := self._paired()) is not None:
            result = await box[0].write_failsafe(box[1], power_w, kind=kind, duration_s=duration_s)
            self._answered(f"failsafe {kind} {power_w:g} W", result)

    def beat(self, *, on: bool) -> None:
        """Let our heart beat, or stop: after 120 s the site must go to its failsafe."""
        self.is_beating = on
        if self.facade is not None:
            self.facade.stop_heartbeats(not on)

    def _paired(self) -> tuple[ControlBox, str] | None:
        trusted = self.kept.trusted
        if self.facade is None or trusted is None:
            self.answer = Answer("", ok=False, text="not paired, or no network", ms=0.0)
            return None
        return self.facade, trusted.ski

    def _answered(self, order: str, result: WriteResult) -> None:
        self.answer = Answer(order, result.ok, result.text, result.ms)

    def _make(self, network: Network, trusted: tuple[TrustedPeer, ...]) -> ControlBox:
        box = ControlBox(
            self.identity, self.announcement, network, trusted=trusted, on_event=self._on_event
        )
        box.stop_heartbeats(not self.is_beating)
        return box

    def _heard(self, event: Event) -> None:
        match event:
            case PowerLimitChanged(kind=kind):
                self.held[kind] = event
            case FailsafeChanged():
                self.failsafe = event
            case HeartbeatChanged(ok=ok):
                self.is_heard = ok
            case _:
                pass
