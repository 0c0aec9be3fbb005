"""DeviceDiagnosis: operating state, heartbeat, service data."""

from eebus.spine.model.shape import STR, UINT, Shape

HEARTBEAT = Shape(timestamp=STR, heartbeatCounter=UINT, heartbeatTimeout=STR)
SERVICE = Shape(timestamp=STR, installationTime=STR, bootCounter=UINT, nextService=STR)
STATE = Shape(
    timestamp=STR,
    operatingState=STR,
    vendorStateCode=STR,
    lastErrorCode=STR,
    upTime=STR,
    totalUpTime=STR,
    powerSupplyCondition=STR,
)
