"""DeviceConfiguration: named settings (communication standard, failsafe values, ...)."""

from eebus.spine.model.common import SCALED_NUMBER
from eebus.spine.model.shape import BOOL, INT, STR, UINT, Shape, guard, key

SETTING_VALUE = Shape(
    boolean=BOOL,
    date=STR,
    dateTime=STR,
    duration=STR,
    string=STR,
    time=STR,
    scaledNumber=SCALED_NUMBER,
    integer=INT,
)
SETTING = Shape(keyId=key(UINT), value=SETTING_VALUE, isValueChangeable=guard(BOOL))
SETTING_DESCRIPTION = Shape(
    keyId=key(UINT), keyName=STR, valueType=STR, unit=STR, label=STR, description=STR
)
SETTING_CONSTRAINTS = Shape(
    keyId=key(UINT),
    valueRangeMin=SETTING_VALUE,
    valueRangeMax=SETTING_VALUE,
    valueStepSize=SETTING_VALUE,
)
