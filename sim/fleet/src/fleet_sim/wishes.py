"""What people asked of simulated sites: modes and goals, with their revisions. In memory."""

from dataclasses import dataclass, field

from volthus_kit.refusal import RefusedError
from volthus_wire.v1 import operating_pb2

FIRST_MODE = operating_pb2.ChargingMode(
    mode="smart",
    smart=operating_pb2.SmartSwitches(forecast=True, surplus=True, price=True),
    revision=1,
)


@dataclass(slots=True)
class Wishes:
    """Of one site, by SKI."""

    modes: dict[str, operating_pb2.ChargingMode] = field(default_factory=dict)
    goals: dict[str, operating_pb2.Goal] = field(default_factory=dict)

    def mode(self, ski: str) -> operating_pb2.ChargingMode:
        """Return the mode in force."""
        return self.modes.get(ski, FIRST_MODE)

    def goal(self, ski: str) -> operating_pb2.Goal:
        """Return the goal; one that aims at nothing where there is none."""
        return self.goals.get(ski, operating_pb2.Goal(ski=ski))

    def put_mode(self, ski: str, wanted: operating_pb2.ChargingMode) -> operating_pb2.ChargingMode:
        """Set a mode. Raises RefusedError `revision-conflict`."""
        before = self.mode(ski)
        _check(wanted.revision, before.revision)
        made = operating_pb2.ChargingMode()
        made.CopyFrom(wanted)
        if not made.HasField("smart"):
            made.smart.CopyFrom(before.smart)
        made.revision = before.revision + 1
        self.modes[ski] = made
        return made

    def put_goal(self, wanted: operating_pb2.Goal) -> operating_pb2.Goal:
        """Set a goal. Raises RefusedError `revision-conflict`."""
        before = self.goal(wanted.ski)
        _check(wanted.revision, before.revision)
        made = operating_pb2.Goal()
        made.CopyFrom(wanted)
        made.revision = before.revision + 1
        self.goals[wanted.ski] = made
        return made


def _check(wanted: int, current: int) -> None:
    if wanted not in (0, current):
        raise RefusedError(
            "revision-conflict",
            f"It is at revision {current}, not {wanted}.",
            wanted=wanted,
            current=current,
        )
