"""Measurement: values, what they mean, and their bounds."""

from eebus.spine.model.common import SCALED_NUMBER, TIME_PERIOD
from eebus.spine.model.shape import STR, UINT, Shape, key

MEASUREMENT = Shape(
    measurementId=key(UINT),
    valueType=key(STR),
    timestamp=STR,
    value=SCALED_NUMBER,
    evaluationPeriod=TIME_PERIOD,
    valueSource=STR,
    valueTendency=STR,
    valueState=STR,
)
MEASUREMENT_DESCRIPTION = Shape(
    measurementId=key(UINT),
    measurementType=STR,
    commodityType=STR,
    unit=STR,
    calibrationValue=SCALED_NUMBER,
    scopeType=STR,
    label=STR,
    description=STR,
)
MEASUREMENT_CONSTRAINTS = Shape(
    measurementId=key(UINT),
    valueRangeMin=SCALED_NUMBER,
    valueRangeMax=SCALED_NUMBER,
    valueStepSize=SCALED_NUMBER,
)
TIMESTAMP_INTERVAL = Shape(startTime=STR, endTime=STR)
