"""What the CEM wants of a charger's and a car's features, and how it asks for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from eebus.spine.session import Session
from eebus.spine.tree import Entity
from eebus.usecases import names


@dataclass(frozen=True, slots=True)
class Need:
    """One server feature of a peer's entity: whether to listen, to write, and what to read."""

    feature: str
    reads: tuple[str, ...]
    subscribe: bool = True
    bind: bool = False


OF_THE_CHARGER: Final = (
    Need(names.CLASSIFICATION, (names.MANUFACTURER,), subscribe=False),
    Need(names.DIAGNOSIS, (names.STATE, names.HEARTBEAT)),
)
OF_THE_CAR: Final = (
    Need(names.LOAD_CONTROL, (names.LIMIT_DESCRIPTIONS, names.LIMITS), bind=True),
    Need(names.ELECTRICAL, (names.CONNECTIONS, names.PARAMETERS, names.PERMITTED)),
    Need(names.CONFIGURATION, (names.SETTING_DESCRIPTIONS, names.SETTINGS)),
    Need(names.DIAGNOSIS, (names.STATE, names.HEARTBEAT)),
    Need(
        names.MEASUREMENT,
        (names.MEASUREMENT_DESCRIPTIONS, names.MEASUREMENT_CONSTRAINTS, names.MEASUREMENTS),
    ),
    Need(names.IDENTIFICATION, (names.IDENTIFICATIONS,)),
    Need(names.CLASSIFICATION, (names.MANUFACTURER,)),
)
NEEDS: Final = {names.EVSE: OF_THE_CHARGER, names.EV: OF_THE_CAR}


def ask(session: Session, own: Entity, entity: Entity, *, again: bool = False) -> None:
    """Ask what an energy manager needs of a charger or a car; see `ask_for`."""
    ask_for(session, own, entity, NEEDS.get(entity.type, ()), again=again)


def ask_for(
    session: Session, own: Entity, entity: Entity, needs: Sequence[Need], *, again: bool = False
) -> None:
    """Subscribe, bind and read what we need of a peer's entity.

    Features are looked up, what is not offered is left out, what was asked before is not asked
    twice unless `again`.
    """
    for need in needs:
        server, client = entity.server(need.feature), own.client(need.feature)
        if server is None or client is None:
            continue
        if need.subscribe:
            session.subscribe(client, server)
        if need.bind:
            session.bind(client, server)
        for function in need.reads:
            session.read(client, server, function, again=again)
