"""LoadControl: limits, what they limit, and their bounds."""

from eebus.spine.model.common import SCALED_NUMBER, TIME_PERIOD
from eebus.spine.model.shape import BOOL, STR, UINT, Shape, guard, key

LIMIT = Shape(
    limitId=key(UINT),
    isLimitChangeable=guard(BOOL),
    isLimitActive=BOOL,
    timePeriod=TIME_PERIOD,
    value=SCALED_NUMBER,
)
LIMIT_DESCRIPTION = Shape(
    limitId=key(UINT),
    limitType=STR,
    limitCategory=STR,
    limitDirection=STR,
    measurementId=UINT,
    unit=STR,
    scopeType=STR,
    label=STR,
    description=STR,
)
LIMIT_CONSTRAINTS = Shape(
    limitId=key(UINT),
    valueRangeMin=SCALED_NUMBER,
    valueRangeMax=SCALED_NUMBER,
    valueStepSize=SCALED_NUMBER,
)
