"""What smart charging is to do, and what of it this version can do. No I/O."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Function:
    """One function of smart charging.

    name: stable, kebab-case; the page translates it. row: where product.md asks for it.
    is_available: False = known and not built yet; nobody may rely on it.
    """

    name: str
    row: str
    is_available: bool = True


CATALOGUE = (
    Function("solar-forecast", "B1"),
    Function("price-optimised", "B4"),
    Function("charging-goal", "B5"),
    Function("forecast-with-surplus", "B6"),
    Function("linked-car", "B7"),
    Function("timeline", "B8"),
    Function("planning", "B9"),
    Function("proof-of-savings", "C9"),
    Function("market-prices", "C11"),
)
