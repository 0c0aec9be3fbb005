"""Which registers to ask for in one request. Pure planning, no Modbus."""

from collections.abc import Iterable
from dataclasses import dataclass

from meter_profiles.profile import MAX_GAP, MAX_READ, Point


@dataclass(frozen=True, slots=True)
class Block:
    """One request: `count` registers from `address`, which carry these points whole."""

    address: int
    count: int
    points: tuple[Point, ...]

    @property
    def end(self) -> int:
        """Return the address behind the last register."""
        return self.address + self.count


def plan(
    points: Iterable[Point], max_read: int = MAX_READ, max_gap: int = MAX_GAP
) -> tuple[Block, ...]:
    """Divide the points among as few requests as the meter's limits allow.

    A value always comes in one request with its scale factor and its counterpart. Raises
    ValueError for a single point that is wider than `max_read`.
    """
    singles = sorted((_single(point) for point in points), key=lambda b: (b.address, b.end))
    blocks: list[Block] = []
    for single in singles:
        if single.count > max_read:
            raise ValueError(f"{single.points[0].quantity} needs {single.count} registers at once")
        joined = _joined(blocks[-1], single) if blocks else single
        if blocks and single.address - blocks[-1].end <= max_gap and joined.count <= max_read:
            blocks[-1] = joined
        else:
            blocks.append(single)
    return tuple(blocks)


def split(block: Block) -> tuple[Block, ...]:
    """Return two smaller requests for one that the meter refused; none if it cannot be divided."""
    points = sorted(block.points, key=lambda point: _single(point).address)
    if len({point.registers for point in points}) < 2:
        return ()
    middle = len(points) // 2
    halves = (plan(points[:middle], block.count), plan(points[middle:], block.count))
    return tuple(part for half in halves for part in half)


def _single(point: Point) -> Block:
    first = min(address for address, _ in point.registers)
    end = max(address + count for address, count in point.registers)
    return Block(first, end - first, (point,))


def _joined(block: Block, single: Block) -> Block:
    end = max(block.end, single.end)
    return Block(block.address, end - block.address, block.points + single.points)
