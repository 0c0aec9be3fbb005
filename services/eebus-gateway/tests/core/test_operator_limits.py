"""What a control box means now, as a record with a beginning and an end."""

from datetime import UTC, datetime, timedelta

from eebus.events import PowerControlChanged
from eebus.usecases.limitation.machine import Failsafe
from eebus_gateway.core.operator_limits import Box, OperatorLimit, standing

SKI = "2" * 40
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
BOX = Box(SKI, "Box", is_connected=True, heard=AT)
SAFE = Failsafe(4200.0, 7200.0)


def told(
    before: OperatorLimit | None, state: str, seconds: float, remaining_s: float | None = None
) -> OperatorLimit:
    control = PowerControlChanged(SKI, "lpc", state, 5000.0, remaining_s)
    return standing(before, control, SAFE, BOX, AT + timedelta(seconds=seconds))


def test_a_state_keeps_its_beginning_while_it_lasts() -> None:
    first = told(None, "limited", 0)
    assert first.since == AT
    assert told(first, "limited", 5).since == AT
    assert told(first, "failsafe", 7).since == AT + timedelta(seconds=7)


def test_an_end_told_as_a_rest_of_time_does_not_wobble() -> None:
    first = told(None, "limited", 0, remaining_s=60.0)
    assert first.until == AT + timedelta(seconds=60)
    second = told(first, "limited", 1, remaining_s=59.2)
    assert second.until == first.until
    assert second.news == first.news
    assert told(second, "limited", 2, remaining_s=3600.0).until == AT + timedelta(seconds=3602)
    assert told(second, "limited", 2).until is None


def test_an_end_in_the_year_9999_is_until_further_notice_and_no_date_past_all_dates() -> None:
    rest_s = (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - AT).total_seconds()
    assert told(None, "limited", 2, remaining_s=rest_s).until is None  # our clock was set by 2 s
