"""One change of one setting: what it was, what it becomes, and how the audit tells it."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from cem.core.circuits import CircuitSettings
from cem.core.driving import Car, ChargingMode, Goal
from cem.core.operating import OperatorLimit, OperatorSettings
from cem.core.site import ChargerSettings, EnergyManagement, GridConnection
from cem.core.tariff import PlanningSettings, PvSystem, Tariff, Token
from cem.store.tables import AuditRow
from volthus_wire.convert import to_timestamp
from volthus_wire.v1 import records_pb2
from volthus_wire.v1.rpc_pb2 import Caller

MOST_TOLD_BYTES = 12_000  # of a setting before or after; the site itself keeps all of it

Setting = (
    GridConnection
    | EnergyManagement
    | CircuitSettings
    | ChargerSettings
    | ChargingMode
    | Car
    | Goal
    | OperatorSettings
    | OperatorLimit
    | Tariff
    | Token
    | PlanningSettings
    | PvSystem
)


@dataclass(frozen=True, slots=True)
class Change:
    """A setting by its name in the audit: grid-connection, circuit/garage, mode/{ski}, ...

    before: None = it was not set. after: None = it is taken away.
    """

    setting: str
    before: Setting | None
    after: Setting | None

    @property
    def id(self) -> str:
        """Return what the name says after the slash, empty for what there is once."""
        return self.setting.partition("/")[2]


def audited(change: Change, caller: Caller) -> AuditRow:
    """Return the audit entry of a change."""
    return AuditRow(
        at=datetime.now(UTC),
        actor=caller.actor,
        role=caller.role,
        origin=caller.origin,
        setting=change.setting,
        before=_json(change.before),
        after=_json(change.after),
    )


def fact_of(entry: AuditRow) -> records_pb2.Fact:
    """Return an audit entry as a fact for the cloud."""
    at = to_timestamp(entry.at)
    audit = records_pb2.AuditEntry(
        at=at,
        actor=entry.actor,
        role=entry.role,
        origin=entry.origin,
        setting=entry.setting,
        before=_for_the_cloud(entry.before),
        after=_for_the_cloud(entry.after),
    )
    return records_pb2.Fact(at=at, audit=audit)


def _for_the_cloud(text: str) -> str:
    """Return a JSON text, or how long it is: a fact that no stream takes would stop all others."""
    size = len(text.encode())
    return text if size <= MOST_TOLD_BYTES else json.dumps({"left_out_bytes": size})


def _json(setting: Setting | None) -> str:
    if isinstance(setting, Token):
        return json.dumps("***")  # that it was changed is told, never what it is
    return "null" if setting is None else json.dumps(asdict(setting), default=_plain)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
