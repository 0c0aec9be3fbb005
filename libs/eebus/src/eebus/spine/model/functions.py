"""All SPINE functions of our use cases: name, data shape, and how lists of it are filtered."""

from dataclasses import dataclass

from eebus.spine.model import classification as who
from eebus.spine.model import configuration, diagnosis, electrical, load_control, management
from eebus.spine.model import incentives as price
from eebus.spine.model import measurement as measured
from eebus.spine.model import time_series as series
from eebus.spine.model.common import FEATURE_ADDRESS, RESULT
from eebus.spine.model.shape import STR, UINT, Shape, elements_of, many, selectors_of


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """One function: what a `cmd` of this name carries."""

    name: str
    data: Shape
    items: str | None  # the list element that holds the items, None for a single object
    item: Shape | None
    selectors: Shape | None
    elements: Shape

    @property
    def elements_name(self) -> str:
        """The filter element that names elements to delete: the name without `List`."""
        return self.name.replace("ListData", "Data") + "Elements"

    @property
    def selectors_name(self) -> str:
        """The filter element that selects items."""
        return self.name + "Selectors"


def _single(name: str, data: Shape) -> Function:
    return Function(name, data, None, None, None, elements_of(data))


def _list(name: str, item: Shape, selectors: Shape | None = None) -> Function:
    """Declare a `...ListData`: it holds one list, named like the function without `List`."""
    inner = name.replace("ListData", "Data")
    chosen = selectors or selectors_of(item)
    return Function(name, Shape(**{inner: many(item)}), inner, item, chosen, elements_of(item))


def _table(name: str, inner: str, item: Shape, selectors: Shape | None = None) -> Function:
    """Declare a list whose name does not end in `ListData`; its elements start at the top."""
    data = Shape(**{inner: many(item)})
    chosen = selectors or selectors_of(item)
    return Function(name, data, inner, item, chosen, elements_of(data))


_DISCOVERY_SELECTORS = Shape(
    deviceInformation=selectors_of(management.DEVICE_DESCRIPTION),
    entityInformation=selectors_of(management.ENTITY_DESCRIPTION),
    featureInformation=selectors_of(management.FEATURE_DESCRIPTION),
)


def _discovery() -> Function:
    data = management.DETAILED_DISCOVERY
    name = "nodeManagementDetailedDiscoveryData"
    return Function(name, data, None, None, _DISCOVERY_SELECTORS, elements_of(data))


def _below(name: str, item: Shape) -> Shape:
    return Shape(**{name: selectors_of(item)})


_ALL = (
    _single("deviceClassificationManufacturerData", who.MANUFACTURER),
    _single("deviceClassificationUserData", who.USER),
    _list("deviceConfigurationKeyValueConstraintsListData", configuration.SETTING_CONSTRAINTS),
    _list("deviceConfigurationKeyValueDescriptionListData", configuration.SETTING_DESCRIPTION),
    _list("deviceConfigurationKeyValueListData", configuration.SETTING),
    _single("deviceDiagnosisHeartbeatData", diagnosis.HEARTBEAT),
    _single("deviceDiagnosisServiceData", diagnosis.SERVICE),
    _single("deviceDiagnosisStateData", diagnosis.STATE),
    _list("electricalConnectionDescriptionListData", electrical.CONNECTION),
    _list("electricalConnectionParameterDescriptionListData", electrical.PARAMETER),
    _list("electricalConnectionPermittedValueSetListData", electrical.PERMITTED_VALUES),
    _list("electricalConnectionStateListData", electrical.CONNECTION_STATE),
    _list("electricalConnectionCharacteristicListData", electrical.CHARACTERISTIC),
    _list("identificationListData", who.IDENTIFICATION),
    _table(
        "incentiveTableConstraintsData",
        "incentiveTableConstraints",
        price.INCENTIVE_TABLE_CONSTRAINTS,
        _below("tariff", price.TARIFF),
    ),
    _table(
        "incentiveTableData",
        "incentiveTable",
        price.INCENTIVE_TABLE,
        _below("tariff", price.TARIFF),
    ),
    _table(
        "incentiveTableDescriptionData",
        "incentiveTableDescription",
        price.INCENTIVE_TABLE_DESCRIPTION,
        _below("tariffDescription", price.TARIFF_DESCRIPTION),
    ),
    _list("loadControlLimitConstraintsListData", load_control.LIMIT_CONSTRAINTS),
    _list("loadControlLimitDescriptionListData", load_control.LIMIT_DESCRIPTION),
    _list("loadControlLimitListData", load_control.LIMIT),
    _list("measurementConstraintsListData", measured.MEASUREMENT_CONSTRAINTS),
    _list("measurementDescriptionListData", measured.MEASUREMENT_DESCRIPTION),
    _list(
        "measurementListData",
        measured.MEASUREMENT,
        selectors_of(measured.MEASUREMENT, timestampInterval=measured.TIMESTAMP_INTERVAL),
    ),
    _table(
        "nodeManagementBindingData",
        "bindingEntry",
        management.BINDING_ENTRY,
        _below("bindingEntry", management.BINDING_ENTRY),
    ),
    _single("nodeManagementBindingDeleteCall", Shape(bindingDelete=management.BINDING_DELETE)),
    _single("nodeManagementBindingRequestCall", Shape(bindingRequest=management.LINK_REQUEST)),
    _list(
        "nodeManagementDestinationListData",
        management.DESTINATION,
        _below("deviceDescription", management.DEVICE_DESCRIPTION),
    ),
    _discovery(),
    _table(
        "nodeManagementSubscriptionData",
        "subscriptionEntry",
        management.SUBSCRIPTION_ENTRY,
        _below("subscriptionEntry", management.SUBSCRIPTION_ENTRY),
    ),
    _single(
        "nodeManagementSubscriptionDeleteCall",
        Shape(subscriptionDelete=management.SUBSCRIPTION_DELETE),
    ),
    _single(
        "nodeManagementSubscriptionRequestCall",
        Shape(subscriptionRequest=management.LINK_REQUEST),
    ),
    _table(
        "nodeManagementUseCaseData",
        "useCaseInformation",
        management.USE_CASE_INFORMATION,
        Shape(
            useCaseInformation=Shape(
                address=FEATURE_ADDRESS,
                actor=STR,
                useCaseSupport=selectors_of(management.USE_CASE_SUPPORT),
            )
        ),
    ),
    _single("resultData", RESULT),
    _list("timeSeriesConstraintsListData", series.TIME_SERIES_CONSTRAINTS),
    _list("timeSeriesDescriptionListData", series.TIME_SERIES_DESCRIPTION),
    _list(
        "timeSeriesListData",
        series.TIME_SERIES,
        selectors_of(series.TIME_SERIES, timeSeriesSlotId=UINT),
    ),
)

FUNCTIONS = {function.name: function for function in _ALL}


def item_keys(item: Shape) -> tuple[tuple[str, ...], ...]:
    """Return the paths of the elements that identify a list item.

    An item without keys of its own (a table of a tariff) is known by the keys of its first part.
    """
    if item.keys or not item.fields:
        return tuple((name,) for name in item.keys)
    name, kind = next(iter(item.fields.items()))
    if isinstance(kind, Shape):
        return tuple((name, inner) for inner in kind.keys)
    return ()
