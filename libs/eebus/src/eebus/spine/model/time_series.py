"""TimeSeries: a car's demand, the curve it may follow, its plan."""

from eebus.spine.model.common import ABSOLUTE_OR_RECURRING_TIME, SCALED_NUMBER, TIME_PERIOD
from eebus.spine.model.shape import BOOL, STR, UINT, Shape, key, many

SLOT = Shape(
    timeSeriesSlotId=UINT,
    timePeriod=TIME_PERIOD,
    duration=STR,
    recurrenceInformation=ABSOLUTE_OR_RECURRING_TIME,
    value=SCALED_NUMBER,
    minValue=SCALED_NUMBER,
    maxValue=SCALED_NUMBER,
)
TIME_SERIES = Shape(timeSeriesId=key(UINT), timePeriod=TIME_PERIOD, timeSeriesSlot=many(SLOT))
TIME_SERIES_DESCRIPTION = Shape(
    timeSeriesId=key(UINT),
    timeSeriesType=STR,
    timeSeriesWriteable=BOOL,
    updateRequired=BOOL,
    measurementId=UINT,
    currency=STR,
    unit=STR,
    label=STR,
    description=STR,
    scopeType=STR,
)
TIME_SERIES_CONSTRAINTS = Shape(
    timeSeriesId=key(UINT),
    slotCountMin=UINT,
    slotCountMax=UINT,
    slotDurationMin=STR,
    slotDurationMax=STR,
    slotDurationStepSize=STR,
    earliestTimeSeriesStartTime=STR,
    latestTimeSeriesEndTime=STR,
    slotValueMin=SCALED_NUMBER,
    slotValueMax=SCALED_NUMBER,
    slotValueStepSize=SCALED_NUMBER,
)
