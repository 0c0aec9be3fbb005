"""IncentiveTable: tariffs in tiers, with a price per slot."""

from eebus.spine.model.common import (
    ABSOLUTE_OR_RECURRING_TIME,
    RECURRENCE,
    SCALED_NUMBER,
    TIME_PERIOD,
)
from eebus.spine.model.shape import BOOL, STR, UINT, Shape, key, many

TARIFF = Shape(tariffId=key(UINT), activeTierId=many(UINT))
TARIFF_DESCRIPTION = Shape(
    tariffId=key(UINT),
    commodityId=UINT,
    measurementId=UINT,
    tariffWriteable=BOOL,
    updateRequired=BOOL,
    scopeType=STR,
    label=STR,
    description=STR,
    slotIdSupport=BOOL,
)
TARIFF_CONSTRAINTS = Shape(
    maxTariffCount=UINT,
    maxBoundaryCount=UINT,
    maxTierCount=UINT,
    maxIncentiveCount=UINT,
    maxBoundariesPerTariff=UINT,
    maxTiersPerTariff=UINT,
    maxBoundariesPerTier=UINT,
    maxIncentivesPerTier=UINT,
)
SLOT_TIMES = Shape(
    timeTableId=key(UINT),
    timeSlotId=UINT,
    recurrenceInformation=RECURRENCE,
    startTime=ABSOLUTE_OR_RECURRING_TIME,
    endTime=ABSOLUTE_OR_RECURRING_TIME,
)
SLOT_CONSTRAINTS = Shape(
    timeTableId=key(UINT),
    slotCountMin=UINT,
    slotCountMax=UINT,
    slotDurationMin=STR,
    slotDurationMax=STR,
    slotDurationStepSize=STR,
    slotShiftStepSize=STR,
    firstSlotBeginsAt=STR,
)

TIER = Shape(
    tierId=key(UINT), timePeriod=TIME_PERIOD, timeTableId=UINT, activeIncentiveId=many(UINT)
)
TIER_DESCRIPTION = Shape(tierId=key(UINT), tierType=STR, label=STR, description=STR)
BOUNDARY = Shape(
    boundaryId=key(UINT),
    timePeriod=TIME_PERIOD,
    timeTableId=UINT,
    lowerBoundaryValue=SCALED_NUMBER,
    upperBoundaryValue=SCALED_NUMBER,
)
BOUNDARY_DESCRIPTION = Shape(
    boundaryId=key(UINT),
    boundaryType=STR,
    validForTierId=UINT,
    switchToTierIdWhenLower=UINT,
    switchToTierIdWhenHigher=UINT,
    boundaryUnit=STR,
    label=STR,
    description=STR,
)
INCENTIVE = Shape(
    incentiveId=key(UINT),
    valueType=STR,
    timestamp=STR,
    timePeriod=TIME_PERIOD,
    timeTableId=UINT,
    value=SCALED_NUMBER,
)
INCENTIVE_DESCRIPTION = Shape(
    incentiveId=key(UINT),
    incentiveType=STR,
    incentivePriority=UINT,
    currency=STR,
    unit=STR,
    label=STR,
    description=STR,
)

TIER_IN_SLOT = Shape(tier=TIER, boundary=many(BOUNDARY), incentive=many(INCENTIVE))
INCENTIVE_SLOT = Shape(timeInterval=SLOT_TIMES, tier=many(TIER_IN_SLOT))
INCENTIVE_TABLE = Shape(tariff=TARIFF, incentiveSlot=many(INCENTIVE_SLOT))
DESCRIBED_TIER = Shape(
    tierDescription=TIER_DESCRIPTION,
    boundaryDescription=many(BOUNDARY_DESCRIPTION),
    incentiveDescription=many(INCENTIVE_DESCRIPTION),
)
INCENTIVE_TABLE_DESCRIPTION = Shape(tariffDescription=TARIFF_DESCRIPTION, tier=many(DESCRIBED_TIER))
INCENTIVE_TABLE_CONSTRAINTS = Shape(
    tariff=TARIFF, tariffConstraints=TARIFF_CONSTRAINTS, incentiveSlotConstraints=SLOT_CONSTRAINTS
)
