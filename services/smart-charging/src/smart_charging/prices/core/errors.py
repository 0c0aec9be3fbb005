"""What can be wrong with prices, by who must act."""

from datetime import timedelta


class PriceError(Exception):
    """Base of all price errors; the text names the thing, the value and what was expected."""


class SeriesError(PriceError, ValueError):
    """Intervals that make no series: we put them together wrongly."""


class SetUpError(PriceError, ValueError):
    """A source, zone, tariff or token that cannot work: who set it up must act."""


class AnswerError(PriceError):
    """The provider answered something that is no price series: it or our reader is wrong."""


class NotPublishedError(PriceError):
    """The provider has no prices for this time yet: wait."""


class RefusedByProviderError(PriceError):
    """The provider refuses us.

    wait: how long it asks us to stay away; None = it did not say.
    """

    def __init__(self, text: str, wait: timedelta | None = None) -> None:
        super().__init__(text)
        self.wait = wait


class UnreachableError(PriceError):
    """No answer in time, or a connection that broke."""
