"""What can be wrong with a series of prices; what a provider does wrong: provider/core/errors."""

from smart_charging.provider.core.errors import SourceError


class SeriesError(SourceError, ValueError):
    """Intervals that make no series: we put them together wrongly."""
