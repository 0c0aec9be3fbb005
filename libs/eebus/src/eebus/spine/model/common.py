"""Shapes that many topics share: addresses, numbers, times (SPINE common data types)."""

from eebus.spine.model.shape import INT, STR, UINT, Shape, many

DEVICE_ADDRESS = Shape(device=STR)
ENTITY_ADDRESS = Shape(device=STR, entity=many(UINT))
FEATURE_ADDRESS = Shape(device=STR, entity=many(UINT), feature=UINT)

SCALED_NUMBER = Shape(number=INT, scale=INT)
SCALED_NUMBER_RANGE = Shape(min=SCALED_NUMBER, max=SCALED_NUMBER)
SCALED_NUMBER_SET = Shape(value=many(SCALED_NUMBER), range=many(SCALED_NUMBER_RANGE))

TIME_PERIOD = Shape(startTime=STR, endTime=STR)

DAYS_OF_WEEK = Shape(
    monday=Shape(),
    tuesday=Shape(),
    wednesday=Shape(),
    thursday=Shape(),
    friday=Shape(),
    saturday=Shape(),
    sunday=Shape(),
)
ABSOLUTE_OR_RECURRING_TIME = Shape(
    dateTime=STR,
    month=STR,
    dayOfMonth=UINT,
    calendarWeek=UINT,
    dayOfWeekOccurrence=STR,
    daysOfWeek=DAYS_OF_WEEK,
    time=STR,
    relative=STR,
)
RECURRENCE = Shape(
    recurringInterval=STR,
    recurringIntervalStep=UINT,
    firstExecution=STR,
    executionCount=UINT,
    lastExecution=STR,
)

RESULT = Shape(errorNumber=UINT, description=STR)
