"""Names of use cases, features, functions and actors, exactly as announced on the wire."""

from typing import Final

EVSECC: Final = "evseCommissioningAndConfiguration"
EVCC: Final = "evCommissioningAndConfiguration"
EVCEM: Final = "measurementOfElectricityDuringEvCharging"
EVSOC: Final = "evStateOfCharge"
OPEV: Final = "overloadProtectionByEvChargingCurrentCurtailment"
OSCEV: Final = "optimizationOfSelfConsumptionDuringEvCharging"

MPC: Final = "monitoringOfPowerConsumption"
MGCP: Final = "monitoringOfGridConnectionPoint"
LPC: Final = "limitationOfPowerConsumption"
LPP: Final = "limitationOfPowerProduction"
CEVC: Final = "coordinatedEvCharging"

CLASSIFICATION: Final = "DeviceClassification"
CONFIGURATION: Final = "DeviceConfiguration"
DIAGNOSIS: Final = "DeviceDiagnosis"
ELECTRICAL: Final = "ElectricalConnection"
IDENTIFICATION: Final = "Identification"
INCENTIVE_TABLE: Final = "IncentiveTable"
TIME_SERIES: Final = "TimeSeries"
LOAD_CONTROL: Final = "LoadControl"
MEASUREMENT: Final = "Measurement"

MANUFACTURER: Final = "deviceClassificationManufacturerData"
SETTING_DESCRIPTIONS: Final = "deviceConfigurationKeyValueDescriptionListData"
SETTINGS: Final = "deviceConfigurationKeyValueListData"
STATE: Final = "deviceDiagnosisStateData"
HEARTBEAT: Final = "deviceDiagnosisHeartbeatData"
CHARACTERISTICS: Final = "electricalConnectionCharacteristicListData"
CONNECTIONS: Final = "electricalConnectionDescriptionListData"
PARAMETERS: Final = "electricalConnectionParameterDescriptionListData"
PERMITTED: Final = "electricalConnectionPermittedValueSetListData"
IDENTIFICATIONS: Final = "identificationListData"
PRICE_DESCRIPTIONS: Final = "incentiveTableDescriptionData"
PRICE_CONSTRAINTS: Final = "incentiveTableConstraintsData"
PRICES: Final = "incentiveTableData"
SERIES_DESCRIPTIONS: Final = "timeSeriesDescriptionListData"
SERIES_CONSTRAINTS: Final = "timeSeriesConstraintsListData"
SERIES: Final = "timeSeriesListData"
LIMIT_DESCRIPTIONS: Final = "loadControlLimitDescriptionListData"
LIMITS: Final = "loadControlLimitListData"
MEASUREMENT_DESCRIPTIONS: Final = "measurementDescriptionListData"
MEASUREMENT_CONSTRAINTS: Final = "measurementConstraintsListData"
MEASUREMENTS: Final = "measurementListData"

CEM: Final = "CEM"
EVSE: Final = "EVSE"
EV: Final = "EV"
GRID_GUARD: Final = "GridGuard"
HEAT_PUMP: Final = "HeatPumpAppliance"
GRID_CONNECTION_POINT: Final = "GridConnectionPointOfPremises"

MONITORING_APPLIANCE: Final = "MonitoringAppliance"  # actors
MONITORED_UNIT: Final = "MonitoredUnit"
GRID_CONNECTION_ACTOR: Final = "GridConnectionPoint"
ENERGY_BROKER: Final = "EnergyBroker"
ENERGY_GUARD: Final = "EnergyGuard"
CONTROLLABLE_SYSTEM: Final = "ControllableSystem"

COMMUNICATIONS_STANDARD: Final = "communicationsStandard"
ASYMMETRIC_CHARGING: Final = "asymmetricChargingSupported"
CURTAILMENT_FACTOR: Final = "pvCurtailmentLimitFactor"
MAIN_ENTITY: Final = (1,)  # of our own trees: the CEM, or the EVSE
IEC61851: Final = "iec61851"

PHASES: Final = ("a", "b", "c")
NOMINAL_VOLTAGE_V: Final = 230.0
FAILSAFE_DURATION: Final = "failsafeDurationMinimum"
# kind of power limit -> (use case, limitDirection, failsafe key)
POWER_KINDS: Final = {
    "lpc": (LPC, "consume", "failsafeConsumptionActivePowerLimit"),
    "lpp": (LPP, "produce", "failsafeProductionActivePowerLimit"),
}
# kind of limit -> (limitCategory, scopeType)
LIMIT_KINDS: Final = {
    "opev": ("obligation", "overloadProtection"),
    "oscev": ("recommendation", "selfConsumption"),
}
