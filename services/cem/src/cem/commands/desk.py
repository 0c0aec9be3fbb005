"""Where settings are changed: one change at a time, refused or in the database and in force."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

from cem.core.appliances import ApplianceShare
from cem.core.circuits import CircuitSettings
from cem.core.events import Event, StoreChecked
from cem.core.installation import Installation
from cem.core.site import ChargerSettings
from cem.core.state import State
from cem.core.tariff import Token
from cem.core.validation import Objection
from cem.loop import Controller
from cem.site_file.parts import Leaf
from cem.site_file.plain import differing, leaves
from cem.store import Change, Store
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError
from volthus_wire.revisions import NEVER_SET, is_met
from volthus_wire.v1.rpc_pb2 import Caller

logger = logging.getLogger(__name__)

FAR = "cloud"
TRY_AGAIN_AFTER_S = 5.0


class Desk:
    """What every command needs. Hold `one` from reading the settings until they are saved."""

    def __init__(
        self, controller: Controller, store: Store, clock: Clock, *, remote_fuse: bool
    ) -> None:
        self.controller = controller
        self.clock = clock
        self.one = asyncio.Lock()
        self.managed: frozenset[str] = frozenset()
        self._store = store
        self._remote_fuse = remote_fuse

    async def read_managed(self) -> bool:
        """Read which settings a site file manages; False when that fails."""
        try:
            self.managed = await asyncio.to_thread(self._store.managed)
        except RefusedError as error:
            logger.warning("managed settings not read", extra={"error": str(error)})
            return False
        return True

    async def keep_reading_managed(self) -> None:
        """Try again until it is read; such a database takes no change meanwhile."""
        while True:
            await asyncio.sleep(TRY_AGAIN_AFTER_S)
            if await self.read_managed():
                return

    @property
    def state(self) -> State:
        """Return everything the CEM knows now."""
        return self.controller.state

    @property
    def shares(self) -> Mapping[str, ApplianceShare]:
        """Return what each appliance may draw of an operator's limit, by SKI."""
        return self.controller.decision.appliances

    @property
    def installation(self) -> Installation:
        """Return everything people have set; chargers paired now or ever set."""
        state = self.state
        paired = {ski: charger.settings for ski, charger in state.chargers.items()}
        return Installation(
            grid=state.grid,
            energy_management=state.energy_management,
            circuits=state.circuits,
            chargers={**state.charger_settings, **paired},
            modes=dict(state.modes),
            goals=dict(state.goals),
            cars=state.cars,
            operator=state.operator,
            tariff=state.tariff,
            planning=state.planning,
            pv_systems=state.pv_systems,
        )

    def token(self) -> Token | None:
        """Return the tariff's token as it is kept. Blocking. Raises RefusedError."""
        return self._store.token()

    def paired(self) -> list[ChargerSettings]:
        """Return the settings of the chargers that are paired now."""
        return [charger.settings for charger in self.state.chargers.values()]

    def known(self, ski: str) -> ChargerSettings:
        """Return a charger's settings. Raises RefusedError for one that never was here."""
        settings = self.installation.chargers.get(ski)
        if settings is None:
            raise RefusedError(
                "unknown-charger", f"No charger {ski!r} is paired here.", field="/ski", ski=ski
            )
        return settings

    def circuit(self, id_: str) -> CircuitSettings | None:
        """Return a circuit by its id."""
        return next((circuit for circuit in self.state.circuits if circuit.id == id_), None)

    def require_site(self, caller: Caller, pointer: str, *, is_needed: bool) -> None:
        """Refuse from afar what takes protection away (design.md section 1)."""
        if is_needed and caller.origin == FAR and not self._remote_fuse:
            raise RefusedError(
                "confirmation-at-site-needed",
                "What takes protection away must be confirmed at the site itself.",
                field=pointer,
            )

    def require_unmanaged(self, at: str, before: Leaf, after: Leaf) -> None:
        """Refuse to change what a site file manages. at: the object's pointer in the file."""
        changed = differing(leaves(before, at), leaves(after, at))
        self.refuse_managed(at, (pointer for pointer in changed if pointer in self.managed))

    def require_unmanaged_in(self, collection: str, id_: str, before: Leaf, after: Leaf) -> None:
        """Refuse to change one object of a collection, or to add or take one where all is managed.

        collection: its pointer in the file. before, after: None = the object is not there.
        """
        at = f"{collection}/{id_}"
        if (before is None or after is None) and collection in self.managed:
            self.refuse_managed(at, [collection])
        self.require_unmanaged(at, before, after)

    def refuse_managed(self, at: str, pointers: Iterable[str]) -> None:
        """Refuse when there is a pointer; the refusal names the first one."""
        for pointer in pointers:
            raise RefusedError(
                "managed-by-file",
                f"{pointer} is managed by the site file; change it there, or release it.",
                field=pointer.removeprefix(at),
                pointer=pointer,
            )

    async def save(
        self,
        changes: Sequence[Change],
        events: Iterable[Event],
        caller: Caller,
        managed: Iterable[str] | None = None,
    ) -> None:
        """Write changes with their audit in one transaction, then let them happen.

        Raises RefusedError `store-failing`; then nothing was changed.
        """
        told = None if managed is None else frozenset(managed)
        await self._written(lambda: self._store.save(changes, caller, told))
        if told is not None:
            self.managed = told
        for event in events:
            self.controller.happened(event)

    async def _written(self, write: Callable[[], None]) -> None:
        try:
            await asyncio.to_thread(write)
        except RefusedError:
            self.controller.happened(StoreChecked(is_failing=True))
            raise
        self.controller.happened(StoreChecked(is_failing=False))


def check_revision(asked: int, current: int) -> None:
    """Refuse a change that was made on older settings."""
    if not is_met(asked, current):
        seen = 0 if asked == NEVER_SET else asked
        raise RefusedError(
            "revision-conflict",
            f"The settings were changed meanwhile: revision {current}, not {seen}.",
            field="/revision",
            revision=current,
        )


def refuse(objection: Objection | None, field: str | None = None) -> None:
    """Raise what the core objects to. field: the pointer to name instead of the core's."""
    if objection is not None:
        pointer = objection.pointer if field is None else field
        raise RefusedError(objection.code, objection.detail, field=pointer, **objection.params)


def too_many(pointer: str, most: int) -> Objection:
    """Return that a site takes no more of this kind: its site file would not either."""
    detail = f"There are too many objects; expected at most {most}."
    return Objection("too-many", detail, pointer, {"most": str(most)})
