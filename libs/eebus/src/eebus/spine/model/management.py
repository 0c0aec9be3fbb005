"""NodeManagement: discovery, use cases, subscriptions, bindings, destinations."""

from eebus.spine.model.common import DEVICE_ADDRESS, ENTITY_ADDRESS, FEATURE_ADDRESS
from eebus.spine.model.shape import BOOL, STR, UINT, Shape, key, many

DEVICE_DESCRIPTION = Shape(
    deviceAddress=key(DEVICE_ADDRESS),
    deviceType=STR,
    networkManagementResponsibleAddress=FEATURE_ADDRESS,
    nativeSetup=STR,
    technologyAddress=STR,
    communicationsTechnologyInformation=STR,
    networkFeatureSet=STR,
    lastStateChange=STR,
    minimumTrustLevel=STR,
    label=STR,
    description=STR,
)
ENTITY_DESCRIPTION = Shape(
    entityAddress=key(ENTITY_ADDRESS),
    entityType=STR,
    lastStateChange=STR,
    minimumTrustLevel=STR,
    label=STR,
    description=STR,
)
OPERATION = Shape(partial=Shape())
POSSIBLE_OPERATIONS = Shape(read=OPERATION, write=OPERATION)
SUPPORTED_FUNCTION = Shape(function=STR, possibleOperations=POSSIBLE_OPERATIONS)
FEATURE_DESCRIPTION = Shape(
    featureAddress=key(FEATURE_ADDRESS),
    featureType=STR,
    specificUsage=many(STR),
    featureGroup=STR,
    role=STR,
    supportedFunction=many(SUPPORTED_FUNCTION),
    lastStateChange=STR,
    minimumTrustLevel=STR,
    label=STR,
    description=STR,
    maxResponseDelay=STR,
)
DETAILED_DISCOVERY = Shape(
    specificationVersionList=Shape(specificationVersion=many(STR)),
    deviceInformation=Shape(description=DEVICE_DESCRIPTION),
    entityInformation=many(Shape(description=ENTITY_DESCRIPTION)),
    featureInformation=many(Shape(description=FEATURE_DESCRIPTION)),
)

USE_CASE_SUPPORT = Shape(
    useCaseName=STR,
    useCaseVersion=STR,
    useCaseAvailable=BOOL,
    scenarioSupport=many(UINT),
    useCaseDocumentSubRevision=STR,
)
USE_CASE_INFORMATION = Shape(
    address=FEATURE_ADDRESS, actor=STR, useCaseSupport=many(USE_CASE_SUPPORT)
)

BINDING_ENTRY = Shape(
    bindingId=key(UINT),
    clientAddress=FEATURE_ADDRESS,
    serverAddress=FEATURE_ADDRESS,
    label=STR,
    description=STR,
)
SUBSCRIPTION_ENTRY = Shape(
    subscriptionId=key(UINT),
    clientAddress=FEATURE_ADDRESS,
    serverAddress=FEATURE_ADDRESS,
    label=STR,
    description=STR,
)
LINK_REQUEST = Shape(
    clientAddress=FEATURE_ADDRESS, serverAddress=FEATURE_ADDRESS, serverFeatureType=STR
)
BINDING_DELETE = Shape(bindingId=UINT, clientAddress=FEATURE_ADDRESS, serverAddress=FEATURE_ADDRESS)
SUBSCRIPTION_DELETE = Shape(
    subscriptionId=UINT, clientAddress=FEATURE_ADDRESS, serverAddress=FEATURE_ADDRESS
)
DESTINATION = Shape(deviceDescription=DEVICE_DESCRIPTION)
