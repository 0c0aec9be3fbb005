"""What can be wrong with what a provider tells, by who must act."""

from datetime import timedelta


class SourceError(Exception):
    """Base of all errors of sources; the text names the thing, the value and what was expected."""


class SetUpError(SourceError, ValueError):
    """A source, zone, place, tariff or token that cannot work: who set it up must act."""


class AnswerError(SourceError):
    """The provider answered something that is no series: it or our reader is wrong."""


class NotPublishedError(SourceError):
    """The provider has nothing for this time yet: wait."""


class RefusedByProviderError(SourceError):
    """The provider refuses us.

    wait: how long it asks us to stay away; None = it did not say. is_busy: whatever is asked, it
    refuses now (429, 5xx); else only this question is wrong.
    """

    def __init__(self, text: str, wait: timedelta | None = None, *, is_busy: bool = False) -> None:
        super().__init__(text)
        self.wait, self.is_busy = wait, is_busy


class SparedError(RefusedByProviderError):
    """Nobody was asked: the provider was found down just now. wait: until it is tried again."""


class UnreachableError(SourceError):
    """No answer in time, or a connection that broke."""
