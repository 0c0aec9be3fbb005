"""DeviceClassification and Identification: who a device or a car is."""

from eebus.spine.model.shape import BOOL, STR, UINT, Shape, key

MANUFACTURER = Shape(
    deviceName=STR,
    deviceCode=STR,
    serialNumber=STR,
    softwareRevision=STR,
    hardwareRevision=STR,
    vendorName=STR,
    vendorCode=STR,
    brandName=STR,
    powerSource=STR,
    manufacturerNodeIdentification=STR,
    manufacturerLabel=STR,
    manufacturerDescription=STR,
)
USER = Shape(userNodeIdentification=STR, userLabel=STR, userDescription=STR)
IDENTIFICATION = Shape(
    identificationId=key(UINT), identificationType=STR, identificationValue=STR, authorized=BOOL
)
