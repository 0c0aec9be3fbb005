"""What a car's battery holds: as somebody told, or estimated since, with how sure that is. Pure.

The car's own word counts before all others for ten minutes; then the newest counts. Between words
the energy that the charger counted is added. A car that was away may have been driven: how sure
its state is falls to nothing within an hour.
"""

from dataclasses import dataclass, replace

from cem.core import driving
from cem.core.charger import Charger
from cem.core.conduct import SocWord
from cem.core.driving import car_at
from cem.core.state import State
from electrical.power import NOMINAL_VOLTAGE_V

AC_TO_BATTERY = 0.9  # what arrives in the battery of what the charger counts
OWN_WORD_S = 600.0
ESTIMATE_PERCENT, ESTIMATE_OF_ADDED = 2.0, 0.03
AWAY_S, AWAY_PERCENT = 3600.0, 25.0
NOISE_WH = 50.0
OWN = "car"


@dataclass(frozen=True, slots=True)
class Soc:
    """A state of charge as of now. uncertainty_percent: +-. told_s: monotonic.

    least_percent: what goals reckon with; below `percent` where the car may have been driven.
    """

    percent: float
    uncertainty_percent: float
    told_s: float
    source: str
    least_percent: float


def car_of(charger: Charger, state: State) -> driving.Car | None:
    """Return the car that is believed to be plugged, as drivers told us of it."""
    if not state.cars or charger.report is None or charger.report.car is None:
        return None
    return car_at(charger.ski, charger.goal, state.cars, charger.report.car.ev_id)


def delivered_wh(charger: Charger) -> float:
    """Return what its car got since it came: by the charger's counter, else by our own."""
    counted = charger.report.energy_wh if charger.report else None
    return charger.served_as * NOMINAL_VOLTAGE_V / 3600.0 if counted is None else counted


def plugged_soc(charger: Charger, state: State, now: float) -> Soc | None:
    """Return what the plugged car holds; None where nobody told, or too long ago."""
    if not charger.has_car:
        return None
    car = car_of(charger, state)
    told = state.socs.get(car.id) if car is not None else None
    word = _counting(charger.soc, told, now)
    if word is None:
        return None
    battery_wh = None if car is None else car.battery_wh
    return _estimated(word, charger, battery_wh, _came_s(charger, state))


def car_soc(car: driving.Car, state: State, now: float) -> Soc | None:
    """Return what a car holds, wherever it is."""
    for charger in state.chargers.values():
        if charger.has_car and car_of(charger, state) == car:
            return plugged_soc(charger, state, now)
    word = state.socs.get(car.id)
    return None if word is None else _away(word, now)


def told_of(state: State, car_id: str, word: SocWord, now: float) -> State:
    """Return the state after somebody told what a car holds. An older word changes nothing.

    A word of a time before its car was plugged is one of a car that was away.
    """
    before = state.socs.get(car_id)
    if before is not None and before.told_s > word.told_s:
        return state
    for charger in state.chargers.values():
        car = car_of(charger, state)
        if car is not None and car.id == car_id:
            word = _placed(word, charger, state, now)
            break
    else:
        word = replace(word, left_s=word.told_s)
    return replace(state, socs={**state.socs, car_id: word})


def _came_s(charger: Charger, state: State) -> float:
    """Return when its car came, at the latest: one that was there before us may have just come."""
    return state.started_s if charger.plugged_s is None else charger.plugged_s


def _placed(word: SocWord, charger: Charger, state: State, now: float) -> SocWord:
    """Return a word with what the session had when it was said."""
    came_s, had_wh = charger.plugged_s, delivered_wh(charger)
    if word.told_s < _came_s(charger, state):
        # What a car that was there before us got since the word, nobody knows: nothing at least.
        return replace(word, left_s=word.told_s, delivered_wh=had_wh if came_s is None else None)
    if came_s is not None and now > came_s:  # as if it had charged evenly: nobody kept when
        had_wh *= min(1.0, (word.told_s - came_s) / (now - came_s))
    return replace(word, delivered_wh=had_wh, left_s=None)


def heard(charger: Charger, now: float, *, is_other_car: bool) -> SocWord | None:
    """Return the car's own word after a report: news, or the word before."""
    car = charger.report.car if charger.report else None
    if car is None:
        return None
    before = None if is_other_car else charger.soc
    if car.soc_percent is None or not 0.0 <= car.soc_percent <= 100.0:
        return before
    if before is not None and before.percent == car.soc_percent:
        return before
    return SocWord(car.soc_percent, now, OWN, delivered_wh=delivered_wh(charger))


def unplugged(state: State, charger: Charger, now: float) -> State:
    """Return the state that remembers what a car held when it left. charger: as it was before."""
    car, known = car_of(charger, state), plugged_soc(charger, state, now)
    if car is None or known is None:
        return state
    left = SocWord(known.percent, known.told_s, known.source, known.uncertainty_percent, left_s=now)
    return replace(state, socs={**state.socs, car.id: left})


def _counting(own: SocWord | None, told: SocWord | None, now: float) -> SocWord | None:
    if own is None or told is None:
        return told if own is None else own
    if now - own.told_s <= OWN_WORD_S:
        return own
    return own if own.told_s >= told.told_s else told


def _estimated(
    word: SocWord, charger: Charger, battery_wh: float | None, came_s: float
) -> Soc | None:
    """Return what the car holds since a word, with what the charger has counted meanwhile."""
    uncertainty = word.uncertainty_percent
    if word.left_s is not None:  # it was away when that was said, or since
        away_s = max(0.0, came_s - word.left_s)
        if away_s >= AWAY_S:
            return None
        uncertainty += AWAY_PERCENT * away_s / AWAY_S
    added_wh = delivered_wh(charger) - (word.delivered_wh or 0.0)
    if added_wh < -NOISE_WH:
        return None  # the charger counts another session
    added = 0.0
    if added_wh > NOISE_WH:
        if battery_wh is None:
            return None
        added = added_wh * AC_TO_BATTERY / battery_wh * 100
        uncertainty += ESTIMATE_PERCENT + ESTIMATE_OF_ADDED * added
    percent = word.percent + added
    least = percent if word.left_s is None else max(0.0, percent - uncertainty)
    return Soc(min(100.0, percent), uncertainty, word.told_s, word.source, min(100.0, least))


def _away(word: SocWord, now: float) -> Soc | None:
    left_s = word.told_s if word.left_s is None else word.left_s
    away_s = max(0.0, now - left_s)
    if away_s >= AWAY_S:
        return None
    uncertainty = word.uncertainty_percent + AWAY_PERCENT * away_s / AWAY_S
    least = max(0.0, word.percent - uncertainty)
    return Soc(word.percent, uncertainty, word.told_s, word.source, least)
