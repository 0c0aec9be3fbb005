"""What all plans of a batch come to, in one call: new ones, or those in force where they go on."""

import numpy as np

from smart_charging.planner.kernels.compiled import compiled
from smart_charging.planner.kernels.keeping import kept
from smart_charging.planner.kernels.reckoning import come_to, reckon
from smart_charging.planner.kernels.types import Floats, Integers


@compiled
def judge_all(
    first_car: Integers, shown_of: Integers, pay_of: Integers, power: Floats, old: Floats,
    is_old: Integers, cars: Floats, whos: Integers, limits: Floats, phase_room: Floats,
    room: Floats, hours: Floats, surplus: Floats, counted: Floats, shown: Floats, pay: Floats,
    bias: Floats, terms: Floats, answers: Floats, dearer: Floats,
) -> None:  # fmt: skip
    """Make every site's powers true, in place, and write what they come to, by car.

    Cars first_car[s] to first_car[s + 1] stand at site s. old: the powers in force (cars x slots),
    looked at where is_old[s] is 1. cars, whos: [columns, cars], as in `reckoning`. shown, pay: by
    tariff, as in `reckoning` and `keeping`; shown_of, pay_of: which one a site has. bias: cars x
    slots, or of length 0. dearer: by site, how much dearer the plan is that goes on; NaN = a new
    one counts.
    """
    for s in range(len(first_car) - 1):
        a, b = first_car[s], first_car[s + 1]
        dearer[s] = np.nan
        if a == b:
            continue
        mine, who = cars[:, a:b].copy(), whos[:, a:b].copy()
        answers[a:b] = reckon(
            power[a:b], mine, who, limits[a:b], phase_room[s], room[s], hours, surplus[s],
            shown[shown_of[s]],
        )  # fmt: skip
        if is_old[s] == 0:
            continue
        dearer[s] = kept(
            power[a:b], old[a:b], mine, who, limits[a:b], phase_room[s], room[s], hours,
            counted[s], pay[pay_of[s]], bias[a:b] if len(bias) > 0 else bias, terms,
        )  # fmt: skip
        if dearer[s] == dearer[s]:  # no NaN
            answers[a:b] = come_to(
                power[a:b], mine, who, limits[a:b], phase_room[s], room[s], hours, surplus[s],
                shown[shown_of[s]],
            )  # fmt: skip
