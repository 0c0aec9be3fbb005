"""What a site answers about its energies, before anybody learns from it."""

from datetime import UTC, datetime, timedelta

from smart_charging.planning.learning import STEP_S, sound
from volthus_wire.v1.records_pb2 import EnergySpan

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
END = START + timedelta(hours=1)


def span(after_s: float, length_s: float = STEP_S, import_wh: float = 100.0) -> EnergySpan:
    made = EnergySpan(import_wh=import_wh)
    made.start.FromDatetime(START + timedelta(seconds=after_s))
    made.end.FromDatetime(START + timedelta(seconds=after_s + length_s))
    return made


def test_the_quarters_asked_for_are_taken_in_order() -> None:
    told = [span(900), span(0), span(2700)]
    assert sound(told, START, END) == [span(0), span(900), span(2700)]


def test_spans_nobody_asked_for_are_left_out() -> None:
    odd = [
        span(-50 * 365 * 86400), span(-900), span(3600), span(900, 0), span(900, 3600),
        span(900, -900), EnergySpan(),
    ]  # fmt: skip
    assert sound([*odd, span(1800)], START, END) == [span(1800)]


def test_of_two_words_for_one_quarter_the_last_counts() -> None:
    assert sound([span(0), span(0, import_wh=5.0)], START, END) == [span(0, import_wh=5.0)]
