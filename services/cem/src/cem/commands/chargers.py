"""Answers requests about chargers' settings."""

from cem.commands.desk import Desk, check_revision, refuse
from cem.core.charger_rules import needs_site, object_to_place
from cem.core.circuit_rules import object_to_sums
from cem.core.events import ChargerSet
from cem.core.site import ChargerSettings, PhaseSwitching
from cem.core.validation import object_to_charger
from cem.messages.settings import charger_message, charger_of
from cem.site_file.plain import of_charger
from cem.store import Change
from electrical.rotation import Rotation
from volthus_kit.refusal import RefusedError
from volthus_wire.v1 import site_pb2
from volthus_wire.v1.rpc_pb2 import Caller


class ChargerCommands:
    """Changes what the electrician knows of a charger."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def put(
        self, question: site_pb2.PutChargerRequest, caller: Caller
    ) -> site_pb2.ChargerReply:
        """Save a charger's settings; the charger must be paired or have been."""
        asked, desk = question.settings, self._desk
        async with desk.one:
            state = desk.state
            before = desk.known(asked.ski)
            check_revision(asked.revision, before.revision)
            wanted = _read(asked, before)
            others = [c for c in desk.paired() if c.ski != wanted.ski]
            refuse(object_to_charger(wanted, state.grid, others))
            refuse(object_to_place(wanted, state.circuits))
            summed = [*others, wanted]
            refuse(object_to_sums(state.grid, state.circuits, summed, "/failsafe_a"))
            risk = needs_site(wanted, before, state.circuits)
            desk.require_site(caller, risk, is_needed=bool(risk))
            at = f"/chargers/{wanted.ski}"
            desk.require_unmanaged(at, of_charger(before), of_charger(wanted))
            changes = [Change(f"charger/{wanted.ski}", before, wanted)]
            await desk.save(changes, [ChargerSet(wanted)], caller)
        return site_pb2.ChargerReply(settings=charger_message(wanted))


def _read(asked: site_pb2.ChargerSettings, before: ChargerSettings) -> ChargerSettings:
    if asked.wiring not in ("", *Rotation):
        raise RefusedError(
            "wiring-unknown",
            f"{asked.wiring!r} is no phase rotation; expected RST, STR, TRS, RTS, SRT or TSR.",
            field="/wiring",
            wiring=asked.wiring,
        )
    if asked.phase_switching not in ("", *PhaseSwitching):
        raise RefusedError(
            "phase-switching-unknown",
            f"{asked.phase_switching!r} is no way to switch phases; expected none, automatic "
            "or local-api.",
            field="/phase_switching",
            phase_switching=asked.phase_switching,
        )
    return charger_of(asked, before)
