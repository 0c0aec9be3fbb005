"""Rows of roll-outs to our values and back."""

import json
from collections.abc import Iterable

from pydantic import TypeAdapter

from web.core.rollouts.machine import Rollout, State
from web.core.rollouts.rings import Ring
from web.rollouts.tables import RolloutRow

_RINGS = TypeAdapter(tuple[Ring, ...])


def rings_of(text: str) -> tuple[Ring, ...]:
    """Return rings as they were kept."""
    return _RINGS.validate_json(text)


def written(rings: Iterable[Ring]) -> str:
    """Return rings to be kept."""
    return _RINGS.dump_json(tuple(rings)).decode()


def params_of(row: RolloutRow) -> dict[str, str]:
    """Return the values of the reason."""
    return {str(name): str(value) for name, value in json.loads(row.params).items()}


def rollout_of(row: RolloutRow) -> Rollout:
    """Return a roll-out as the core knows it."""
    return Rollout(
        version=row.version,
        soaks_s=tuple(ring.soak_s for ring in rings_of(row.rings)),
        state=State(row.state),
        ring=row.ring,
        complete_s=row.complete_s,
        forgiven=row.forgiven,
        reason=row.reason,
        params=params_of(row),
    )


def put(row: RolloutRow, rollout: Rollout, now_s: float) -> None:
    """Write a roll-out into its row."""
    row.state, row.ring, row.complete_s = rollout.state.value, rollout.ring, rollout.complete_s
    row.forgiven, row.reason = rollout.forgiven, rollout.reason
    row.params = json.dumps(dict(rollout.params))
    row.changed_s = now_s
    row.open_key = None if rollout.state.is_over else row.tenant
