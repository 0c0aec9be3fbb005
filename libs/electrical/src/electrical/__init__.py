"""Amperes, watts and phases; imports nothing of ours."""

from electrical.phases import (
    ALL_PHASES,
    UNKNOWN,
    ZERO,
    Phase,
    PhaseCurrents,
    PhaseReadings,
    Phases,
)
from electrical.rotation import Rotation

__all__ = [
    "ALL_PHASES",
    "UNKNOWN",
    "ZERO",
    "Phase",
    "PhaseCurrents",
    "PhaseReadings",
    "Phases",
    "Rotation",
]
