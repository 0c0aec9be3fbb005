"""ElectricalConnection: phases, parameters, permitted values."""

from eebus.spine.model.common import SCALED_NUMBER, SCALED_NUMBER_SET
from eebus.spine.model.shape import STR, UINT, Shape, key, many

CONNECTION = Shape(
    electricalConnectionId=key(UINT),
    powerSupplyType=STR,
    acConnectedPhases=UINT,
    acRmsPeriodDuration=STR,
    positiveEnergyDirection=STR,
    scopeType=STR,
    label=STR,
    description=STR,
)
PARAMETER = Shape(
    electricalConnectionId=key(UINT),
    parameterId=key(UINT),
    measurementId=UINT,
    voltageType=STR,
    acMeasuredPhases=STR,
    acMeasuredInReferenceTo=STR,
    acMeasurementType=STR,
    acMeasurementVariant=STR,
    acMeasuredHarmonic=UINT,
    scopeType=STR,
    label=STR,
    description=STR,
)
PERMITTED_VALUES = Shape(
    electricalConnectionId=key(UINT),
    parameterId=key(UINT),
    permittedValueSet=many(SCALED_NUMBER_SET),
)
CONNECTION_STATE = Shape(
    electricalConnectionId=key(UINT),
    timestamp=STR,
    currentEnergyMode=STR,
    consumptionTime=STR,
    productionTime=STR,
    totalConsumptionTime=STR,
    totalProductionTime=STR,
)
CHARACTERISTIC = Shape(
    electricalConnectionId=key(UINT),
    parameterId=key(UINT),
    characteristicId=key(UINT),
    characteristicContext=STR,
    characteristicType=STR,
    value=SCALED_NUMBER,
    unit=STR,
)
