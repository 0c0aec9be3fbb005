"""Keeps what must outlive a restart in the database, and tries again while that fails."""

import asyncio
import logging
from dataclasses import replace

from cem.core.events import StoreChecked
from cem.core.state import State, kept_socs, phase_switches
from cem.loop import Controller
from cem.store import Kept, Store
from volthus_kit.refusal import RefusedError

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
TRY_AGAIN_AFTER_S = 5.0


async def remember(controller: Controller, store: Store, loaded: State) -> None:
    """Write what must outlive a restart whenever it changes, until cancelled.

    loaded: as the database has it; what is heard while we start is a change already.
    Control never waits for it (design law 8): a failure is shown and tried again.
    """
    kept = to_keep(loaded)
    while True:
        failing = controller.state.is_store_failing
        await asyncio.sleep(TRY_AGAIN_AFTER_S if failing else LOOK_EVERY_S)
        wanted = to_keep(controller.state)
        if wanted == kept and not controller.state.is_store_failing:
            continue
        try:
            if wanted == kept:
                await asyncio.to_thread(store.probe)
            else:
                await asyncio.to_thread(store.remember, wanted)
        except RefusedError as error:
            logger.warning("database takes no change", extra={"error": str(error)})
            controller.happened(StoreChecked(is_failing=True))
            continue
        kept = wanted
        controller.happened(StoreChecked(is_failing=False))


def to_keep(state: State) -> Kept:
    """Return what is worth a write: not when a limit was heard last, only what it says."""
    limits = (replace(limit, heard=None, is_connected=False) for limit in state.operator_limits)
    return Kept(
        tuple(sorted(state.chargers)),
        state.meter.id,
        tuple(limits),
        tuple(sorted(phase_switches(state).items())),
        tuple(sorted(kept_socs(state).items())),
    )
