"""Which requests a poll makes, and what a refused one teaches."""

from dataclasses import dataclass, replace

from meter_profiles.blocks import Block, plan, split
from meter_profiles.profile import Profile
from meter_profiles.quantity import ESSENTIAL, Quantity


@dataclass(frozen=True, slots=True)
class Requests:
    """The requests of one device, and the values it turned out not to have."""

    blocks: tuple[Block, ...]
    absent: frozenset[Quantity] = frozenset()

    @property
    def lacks_essentials(self) -> bool:
        """Return whether something is missing that load management needs."""
        return not self.absent.isdisjoint(ESSENTIAL)

    def due(self, *, everything: bool) -> tuple[Block, ...]:
        """Return the requests of this poll: all, or only those that load management needs."""
        if everything:
            return self.blocks
        return tuple(block for block in self.blocks if _is_essential(block))

    def without(self, refused: Block) -> "Requests":
        """Return what to ask after the device refused a block: smaller ones, or it no more."""
        parts = split(refused)
        blocks = [
            part for block in self.blocks for part in (parts if block == refused else [block])
        ]
        lost = frozenset() if parts else frozenset(p.quantity for p in refused.points)
        return replace(self, blocks=tuple(blocks), absent=self.absent | lost)


def requests_for(profile: Profile, start: int | None) -> Requests:
    """Return the requests of a model. start: where the walk found a SunSpec block."""
    return Requests(plan(profile.points_at(start), profile.max_read, profile.max_gap))


def _is_essential(block: Block) -> bool:
    return any(point.quantity in ESSENTIAL for point in block.points)
