"""The live picture of the site, as the page shows it."""

from cem.picture.clocks import Clocks

__all__ = ["Clocks"]
