"""Text of strangers -> checked values. Every reader of JSON begins here."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from smart_charging.provider.core.errors import AnswerError

Json = None | bool | int | Decimal | str | list["Json"] | dict[str, "Json"]

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
LONGEST_STEP = timedelta(hours=1)  # between two values of a provider
MOST_ROWS = 40_000  # of a list: a year of quarter-hours, and some
MOST_DIGITS = 40  # of a number: more is an attack on the arithmetic, not a price


def parsed(body: bytes) -> Json:
    """Return the JSON of an answer, numbers with a fraction as Decimal.

    Raises AnswerError for a web page, cut-off text, NaN, nesting beyond reason, and wrong bytes.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AnswerError("the answer is no UTF-8 text") from error
    if text.lstrip()[:1] == "<":
        raise AnswerError("the answer is a web page or XML, expected JSON")
    try:
        answer: Json = json.loads(text, parse_float=_number, parse_constant=_refused)
    except RecursionError as error:
        raise AnswerError("the answer is nested too deeply") from error
    except ValueError as error:  # also an integer of thousands of digits
        raise AnswerError(f"the answer is no JSON, or cut off: {str(error)[:120]}") from error
    return answer


def mapping(value: Json, what: str) -> dict[str, Json]:
    """Return a JSON object. Raises AnswerError naming what should have been one."""
    if not isinstance(value, dict):
        raise AnswerError(f"{what} is {_kind(value)}, expected an object")
    return value


def rows(value: Json, what: str) -> list[Json]:
    """Return a JSON list of bounded length. Raises AnswerError."""
    if not isinstance(value, list):
        raise AnswerError(f"{what} is {_kind(value)}, expected a list")
    if len(value) > MOST_ROWS:
        raise AnswerError(f"{what} has {len(value)} rows; at most {MOST_ROWS}")
    return value


def text(value: Json, what: str) -> str:
    """Return a JSON text. Raises AnswerError."""
    if not isinstance(value, str):
        raise AnswerError(f"{what} is {_kind(value)}, expected a text")
    return value


def number(value: Json, what: str) -> Decimal:
    """Return a JSON number, or a text that is one. Raises AnswerError, also for true and NaN."""
    if isinstance(value, str):
        value = _number(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise AnswerError(f"{what} is {_kind(value)}, expected a number")
    if isinstance(value, int) and abs(value) >= 10**MOST_DIGITS:
        raise AnswerError(f"{what} is too large")
    return Decimal(value)


def instant(value: Json, what: str) -> datetime:
    """Return an ISO 8601 time with its offset as UTC.

    Raises AnswerError, also for a time without an offset: nobody knows which clock it means.
    """
    raw = text(value, what)
    try:
        moment = datetime.fromisoformat(raw)
    except ValueError as error:
        raise AnswerError(f"{what} {raw[:40]!r} is no time") from error
    if moment.tzinfo is None:
        raise AnswerError(f"{what} {raw[:40]!r} has no offset to UTC")
    try:
        return _plausible(moment.astimezone(UTC), what)
    except OverflowError as error:
        raise AnswerError(f"{what} {raw[:40]!r} is out of range") from error


def unix_instant(value: Json, what: str, *, per_second: int = 1) -> datetime:
    """Return a count since 1970 (seconds, or as many per second as said) as UTC."""
    count = number(value, what)
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(count) / per_second)
    except (OverflowError, ValueError) as error:
        raise AnswerError(f"{what} {str(value)[:40]} is out of range") from error
    return _plausible(moment, what)


def _plausible(moment: datetime, what: str) -> datetime:
    if not EARLIEST <= moment < LATEST:
        raise AnswerError(f"{what} {moment:%Y-%m-%d} is outside {EARLIEST.year}-{LATEST.year}")
    return moment.replace(tzinfo=UTC)


def _number(raw: str) -> Decimal:
    if len(raw) > MOST_DIGITS:
        raise AnswerError(f"the number {raw[:20]}... has {len(raw)} digits")
    try:
        value = Decimal(raw)
    except InvalidOperation as error:
        raise AnswerError(f"{raw[:20]!r} is no number") from error
    if not value.is_finite():
        raise AnswerError(f"{raw[:20]} is no finite number")
    if value and abs(value.adjusted()) > MOST_DIGITS:
        raise AnswerError(f"{raw[:20]} is out of range")
    return value


def _refused(raw: str) -> Decimal:
    raise AnswerError(f"{raw} is no number")


def _kind(value: Json) -> str:
    match value:
        case None | bool():
            return {None: "null", True: "true", False: "false"}[value]
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            return "a text"
        case _:
            return "a number"
