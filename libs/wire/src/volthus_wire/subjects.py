"""Who tells whom what: every subject on the bus, with its one message type, on one page.

`site.{site}.local.>` never leaves the site; `site.{site}.up.>` goes from site to cloud and
`site.{site}.down.>` back; `cloud.{service}.rpc.>` is spoken among cloud programs. A request to a
site stands here as the cloud asks it; programs of the site ask `Request.near`.
"""

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Generic, TypeVar

from google.protobuf.message import Message

from volthus_wire.v1.confirming_pb2 import (
    DecideConfirmationRequest,
    ListConfirmationsReply,
    ListConfirmationsRequest,
)
from volthus_wire.v1.eebus_pb2 import (
    AcceptWindow,
    DeviceDiagnostics,
    EebusPicture,
    GetDiagnosticsRequest,
    GetEebusPictureRequest,
    OpenAcceptWindowRequest,
    PairedReply,
    PairRequest,
    RenameRequest,
    UnpairRequest,
)
from volthus_wire.v1.enrolment_pb2 import (
    CodeReply,
    CreateCodeRequest,
    Link,
    ListLinksReply,
    ListLinksRequest,
    RevokeLinkRequest,
)
from volthus_wire.v1.evse_pb2 import EvseLimit, EvseRoster, EvseState
from volthus_wire.v1.metering_pb2 import (
    AddMeterRequest,
    IdentifyMeterReply,
    IdentifyMeterRequest,
    ListMeterModelsReply,
    ListMeterModelsRequest,
    ListMetersReply,
    ListMetersRequest,
    MeterReading,
    MeterReply,
    MeterRoster,
    RemoveMeterRequest,
    TestMeterReply,
    TestMeterRequest,
    UpdateMeterRequest,
)
from volthus_wire.v1.operating_pb2 import (
    CarReply,
    GoalReply,
    ListCarsReply,
    ListCarsRequest,
    ModeReply,
    PutCarRequest,
    PutGoalRequest,
    PutModeRequest,
    RemoveCarRequest,
)
from volthus_wire.v1.operator_pb2 import (
    ApplianceLimit,
    Appliances,
    GetOperatorRequest,
    ListEvidenceReply,
    ListEvidenceRequest,
    OperatorLimits,
    OperatorReply,
    PutOperatorLimitRequest,
    PutOperatorSettingsRequest,
)
from volthus_wire.v1.planning_pb2 import (
    CarSoc,
    CatalogueReply,
    GetCarSocRequest,
    GetCatalogueRequest,
    GetPlanRequest,
    GetSavingsRequest,
    GetTimelineRequest,
    Plan,
    PlanReply,
    PreviewForecastReply,
    PreviewForecastRequest,
    PreviewTariffReply,
    PreviewTariffRequest,
    PriceSeries,
    PushPricesReply,
    PushPricesRequest,
    PutCarSocRequest,
    ReplicaBeat,
    SavingsReply,
    SiteProfile,
    Timeline,
)
from volthus_wire.v1.records_pb2 import (
    ApplySiteFileReply,
    ApplySiteFileRequest,
    Fact,
    GetEnergyReply,
    GetEnergyRequest,
    GetSiteFileRequest,
    ListDecisionsReply,
    ListDecisionsRequest,
    ListSessionsReply,
    ListSessionsRequest,
    ResendFactsReply,
    ResendFactsRequest,
    SiteFileReply,
    SummarizeSessionsReply,
    SummarizeSessionsRequest,
)
from volthus_wire.v1.rpc_pb2 import Nothing
from volthus_wire.v1.setup_pb2 import (
    AcceptanceReply,
    CancelFailsafeTestRequest,
    FailsafeTest,
    FailsafeTestRequest,
    ListAcceptancesReply,
    ListAcceptancesRequest,
    ListFailsafeTestsReply,
    ListFailsafeTestsRequest,
    SignAcceptanceRequest,
    StartFailsafeTestRequest,
)
from volthus_wire.v1.site_pb2 import (
    CancelRotationTestRequest,
    ChargerReply,
    CircuitReply,
    EnergyManagementReply,
    GetEnergyManagementRequest,
    GetGridConnectionRequest,
    GetSiteStateRequest,
    GridConnectionReply,
    ListCircuitsReply,
    ListCircuitsRequest,
    PutChargerRequest,
    PutCircuitRequest,
    PutEnergyManagementRequest,
    PutGridConnectionRequest,
    RemoveCircuitRequest,
    RotationTest,
    RotationTestRequest,
    SiteState,
    StartRotationTestRequest,
    Watch,
)
from volthus_wire.v1.tariff_pb2 import (
    GetPlanningRequest,
    GetTariffRequest,
    ListPvSystemsReply,
    ListPvSystemsRequest,
    PlanningReply,
    PutPlanningRequest,
    PutPvSystemRequest,
    PutTariffRequest,
    PvSystemReply,
    RemovePvSystemRequest,
    TariffReply,
)
from volthus_wire.v1.updating_pb2 import (
    ApplyReleaseRequest,
    DeclineReleaseRequest,
    RollBackRequest,
    UpdateState,
)

M = TypeVar("M", bound=Message)
Q = TypeVar("Q", bound=Message)
R = TypeVar("R", bound=Message)

TOKEN = re.compile(r"[\w-]+")  # no dot, no wildcard: a name cannot change a subject's shape
PLACE = re.compile(r"\{(\w+)\}")


def _filled(pattern: str, tokens: dict[str, str]) -> str:
    for name, token in tokens.items():
        if not TOKEN.fullmatch(token):
            raise ValueError(f"{name}={token!r} cannot stand in a NATS subject")
    return pattern.format(**tokens)


def _opened(pattern: str, tokens: dict[str, str]) -> str:
    return PLACE.sub(lambda place: tokens.get(place[1], "*"), pattern)


@cache  # asked for each message heard
def _shape(pattern: str) -> tuple[tuple[str, ...], re.Pattern[str]]:
    names = tuple(PLACE.findall(pattern))
    shape = re.escape(pattern)
    for name in names:
        shape = shape.replace(re.escape(f"{{{name}}}"), r"([\w-]+)")
    return names, re.compile(shape)


def _found(pattern: str, subject: str) -> dict[str, str]:
    names, shape = _shape(pattern)
    match = shape.fullmatch(subject)
    if match is None:
        raise ValueError(f"{subject!r} is not of the shape {pattern!r}")
    return dict(zip(names, match.groups(), strict=True))


@dataclass(frozen=True, slots=True)
class Subject(Generic[M]):
    """A subject pattern with named tokens, and its one message type."""

    pattern: str
    message: type[M]

    def at(self, **tokens: str) -> str:
        """Return the subject to publish on.

        Raises KeyError for a token left out, ValueError for one that is no plain name.
        """
        return _filled(self.pattern, tokens)

    def across(self, **tokens: str) -> str:
        """Return the subject to subscribe to; tokens left out match anything."""
        return _opened(self.pattern, tokens)

    def tokens_of(self, subject: str) -> dict[str, str]:
        """Return the tokens of a subject heard. Raises ValueError for a foreign subject."""
        return _found(self.pattern, subject)


@dataclass(frozen=True, slots=True)
class Request(Generic[Q, R]):
    """A request pattern with the types of its question and its answer."""

    pattern: str
    question: type[Q]
    answer: type[R]

    def at(self, **tokens: str) -> str:
        """Return the subject to ask on; see `Subject.at`."""
        return _filled(self.pattern, tokens)

    def across(self, **tokens: str) -> str:
        """Return the subject to serve; see `Subject.across`."""
        return _opened(self.pattern, tokens)

    def tokens_of(self, subject: str) -> dict[str, str]:
        """Return the tokens of a subject asked on; see `Subject.tokens_of`."""
        return _found(self.pattern, subject)

    @property
    def is_far(self) -> bool:
        """Whether it is the one that crosses the leaf link."""
        return ".down.rpc." in self.pattern

    @property
    def service(self) -> str:
        """Who answers it, by the name that stands in the subject."""
        parts = self.pattern.split(".")
        return parts[parts.index("rpc") + 1] if "{site}" in parts else parts[1]

    @property
    def near(self) -> "Request[Q, R]":
        """The same request as a program of the site asks it.

        It never crosses the leaf link: by it an owner knows that it was not asked from afar,
        whatever the envelope says.
        """
        return replace(self, pattern=self.pattern.replace(".down.rpc.", ".local.rpc.", 1))


# --- inside a site -------------------------------------------------------------------------------
METER_READING = Subject("site.{site}.local.meter.{meter}.reading", MeterReading)
METER_ROSTER = Subject("site.{site}.local.meters", MeterRoster)
EVSE_STATE = Subject("site.{site}.local.evse.{ski}.state", EvseState)
EVSE_ROSTER = Subject("site.{site}.local.evses", EvseRoster)
EVSE_LIMIT = Subject("site.{site}.local.evse.{ski}.limit", EvseLimit)
EEBUS_METERS = Subject("site.{site}.local.eebus-meters", MeterRoster)  # HEMS and meters over MGCP
OPERATOR_LIMITS = Subject("site.{site}.local.operator-limits", OperatorLimits)
APPLIANCES = Subject("site.{site}.local.appliances", Appliances)
APPLIANCE_LIMIT = Subject("site.{site}.local.appliance.{ski}.limit", ApplianceLimit)

# --- from site to cloud --------------------------------------------------------------------------
SITE_STATE = Subject("site.{site}.up.state", SiteState)
EEBUS_PICTURE = Subject("site.{site}.up.eebus", EebusPicture)
FACT = Subject("site.{site}.up.fact.{kind}", Fact)
# Each with a subject of its own, for the stream bounds what waits by subject. A kind that comes
# later travels on OTHER_FACTS: a cloud that does not know it yet keeps it, and no site can fill
# the stream with kinds that it makes up.
FACT_KINDS = frozenset({"session", "energy", "evidence", "audit"})
OTHER_FACTS = "other"
MOST_FACT_BYTES = 30 * 1024  # of its body; the stream takes 32 KiB with what stands around it
SITE_PROFILE = Subject("site.{site}.up.profile", SiteProfile)
UPDATE_STATE = Subject("site.{site}.up.update", UpdateState)

# --- from cloud to site --------------------------------------------------------------------------
WATCH = Subject("site.{site}.down.watch", Watch)
PLAN = Subject("site.{site}.down.plan", Plan)
PRICES = Subject("site.{site}.down.prices", PriceSeries)

GRID_CONNECTION_GET = Request(
    "site.{site}.down.rpc.cem.grid-connection-get", GetGridConnectionRequest, GridConnectionReply
)
GRID_CONNECTION_PUT = Request(
    "site.{site}.down.rpc.cem.grid-connection-put", PutGridConnectionRequest, GridConnectionReply
)
ENERGY_MANAGEMENT_GET = Request(
    "site.{site}.down.rpc.cem.energy-management-get",
    GetEnergyManagementRequest,
    EnergyManagementReply,
)
ENERGY_MANAGEMENT_PUT = Request(
    "site.{site}.down.rpc.cem.energy-management-put",
    PutEnergyManagementRequest,
    EnergyManagementReply,
)
CHARGER_PUT = Request("site.{site}.down.rpc.cem.charger-put", PutChargerRequest, ChargerReply)
CIRCUIT_LIST = Request(
    "site.{site}.down.rpc.cem.circuit-list", ListCircuitsRequest, ListCircuitsReply
)
CIRCUIT_PUT = Request("site.{site}.down.rpc.cem.circuit-put", PutCircuitRequest, CircuitReply)
CIRCUIT_REMOVE = Request("site.{site}.down.rpc.cem.circuit-remove", RemoveCircuitRequest, Nothing)
MODE_PUT = Request("site.{site}.down.rpc.cem.mode-put", PutModeRequest, ModeReply)
CAR_LIST = Request("site.{site}.down.rpc.cem.car-list", ListCarsRequest, ListCarsReply)
CAR_PUT = Request("site.{site}.down.rpc.cem.car-put", PutCarRequest, CarReply)
CAR_REMOVE = Request("site.{site}.down.rpc.cem.car-remove", RemoveCarRequest, Nothing)
GOAL_PUT = Request("site.{site}.down.rpc.cem.goal-put", PutGoalRequest, GoalReply)
OPERATOR_GET = Request("site.{site}.down.rpc.cem.operator-get", GetOperatorRequest, OperatorReply)
OPERATOR_PUT = Request(
    "site.{site}.down.rpc.cem.operator-put", PutOperatorSettingsRequest, OperatorReply
)
OPERATOR_LIMIT_PUT = Request(
    "site.{site}.down.rpc.cem.operator-limit-put", PutOperatorLimitRequest, OperatorReply
)
EVIDENCE_LIST = Request(
    "site.{site}.down.rpc.cem.evidence-list", ListEvidenceRequest, ListEvidenceReply
)
SESSION_LIST = Request(
    "site.{site}.down.rpc.cem.session-list", ListSessionsRequest, ListSessionsReply
)
SESSION_SUMMARY = Request(
    "site.{site}.down.rpc.cem.session-summary", SummarizeSessionsRequest, SummarizeSessionsReply
)
ENERGY_GET = Request("site.{site}.down.rpc.cem.energy-get", GetEnergyRequest, GetEnergyReply)
DECISION_LIST = Request(
    "site.{site}.down.rpc.cem.decision-list", ListDecisionsRequest, ListDecisionsReply
)
FACTS_RESEND = Request(
    "site.{site}.down.rpc.cem.facts-resend", ResendFactsRequest, ResendFactsReply
)
SITE_FILE_GET = Request("site.{site}.down.rpc.cem.site-file-get", GetSiteFileRequest, SiteFileReply)
SITE_FILE_APPLY = Request(
    "site.{site}.down.rpc.cem.site-file-apply", ApplySiteFileRequest, ApplySiteFileReply
)
ROTATION_TEST_START = Request(
    "site.{site}.down.rpc.cem.rotation-test-start", StartRotationTestRequest, RotationTest
)
ROTATION_TEST_GET = Request(
    "site.{site}.down.rpc.cem.rotation-test-get", RotationTestRequest, RotationTest
)
ROTATION_TEST_CANCEL = Request(
    "site.{site}.down.rpc.cem.rotation-test-cancel", CancelRotationTestRequest, RotationTest
)
FAILSAFE_TEST_START = Request(
    "site.{site}.down.rpc.cem.failsafe-test-start", StartFailsafeTestRequest, FailsafeTest
)
FAILSAFE_TEST_GET = Request(
    "site.{site}.down.rpc.cem.failsafe-test-get", FailsafeTestRequest, FailsafeTest
)
FAILSAFE_TEST_LIST = Request(
    "site.{site}.down.rpc.cem.failsafe-test-list", ListFailsafeTestsRequest, ListFailsafeTestsReply
)
FAILSAFE_TEST_CANCEL = Request(
    "site.{site}.down.rpc.cem.failsafe-test-cancel", CancelFailsafeTestRequest, FailsafeTest
)
ACCEPTANCE_SIGN = Request(
    "site.{site}.down.rpc.cem.acceptance-sign", SignAcceptanceRequest, AcceptanceReply
)
ACCEPTANCE_LIST = Request(
    "site.{site}.down.rpc.cem.acceptance-list", ListAcceptancesRequest, ListAcceptancesReply
)
TARIFF_GET = Request("site.{site}.down.rpc.cem.tariff-get", GetTariffRequest, TariffReply)
TARIFF_PUT = Request("site.{site}.down.rpc.cem.tariff-put", PutTariffRequest, TariffReply)
PLANNING_GET = Request("site.{site}.down.rpc.cem.planning-get", GetPlanningRequest, PlanningReply)
PLANNING_PUT = Request("site.{site}.down.rpc.cem.planning-put", PutPlanningRequest, PlanningReply)
PV_SYSTEM_LIST = Request(
    "site.{site}.down.rpc.cem.pv-system-list", ListPvSystemsRequest, ListPvSystemsReply
)
PV_SYSTEM_PUT = Request("site.{site}.down.rpc.cem.pv-system-put", PutPvSystemRequest, PvSystemReply)
PV_SYSTEM_REMOVE = Request(
    "site.{site}.down.rpc.cem.pv-system-remove", RemovePvSystemRequest, Nothing
)
PLAN_GET = Request("site.{site}.down.rpc.cem.plan-get", GetPlanRequest, PlanReply)
TIMELINE_GET = Request("site.{site}.down.rpc.cem.timeline-get", GetTimelineRequest, Timeline)
SAVINGS_GET = Request("site.{site}.down.rpc.cem.savings-get", GetSavingsRequest, SavingsReply)
CAR_SOC_PUT = Request("site.{site}.down.rpc.cem.car-soc-put", PutCarSocRequest, CarSoc)
CAR_SOC_GET = Request("site.{site}.down.rpc.cem.car-soc-get", GetCarSocRequest, CarSoc)
SITE_STATE_GET = Request("site.{site}.down.rpc.cem.state-get", GetSiteStateRequest, SiteState)

CEM_WAITING = Request(
    "site.{site}.down.rpc.cem.waiting", ListConfirmationsRequest, ListConfirmationsReply
)
CEM_DECIDE = Request("site.{site}.down.rpc.cem.decide", DecideConfirmationRequest, Nothing)
METER_WAITING = Request(
    "site.{site}.down.rpc.meter.waiting", ListConfirmationsRequest, ListConfirmationsReply
)
METER_DECIDE = Request("site.{site}.down.rpc.meter.decide", DecideConfirmationRequest, Nothing)
EEBUS_WAITING = Request(
    "site.{site}.down.rpc.eebus.waiting", ListConfirmationsRequest, ListConfirmationsReply
)
EEBUS_DECIDE = Request("site.{site}.down.rpc.eebus.decide", DecideConfirmationRequest, Nothing)

METER_MODELS = Request(
    "site.{site}.down.rpc.meter.models", ListMeterModelsRequest, ListMeterModelsReply
)
METER_LIST = Request("site.{site}.down.rpc.meter.list", ListMetersRequest, ListMetersReply)
METER_ADD = Request("site.{site}.down.rpc.meter.add", AddMeterRequest, MeterReply)
METER_UPDATE = Request("site.{site}.down.rpc.meter.update", UpdateMeterRequest, MeterReply)
METER_REMOVE = Request("site.{site}.down.rpc.meter.remove", RemoveMeterRequest, Nothing)
METER_TEST = Request("site.{site}.down.rpc.meter.test", TestMeterRequest, TestMeterReply)
METER_IDENTIFY = Request(
    "site.{site}.down.rpc.meter.identify", IdentifyMeterRequest, IdentifyMeterReply
)

EEBUS_PICTURE_GET = Request(
    "site.{site}.down.rpc.eebus.picture", GetEebusPictureRequest, EebusPicture
)
EEBUS_PAIR = Request("site.{site}.down.rpc.eebus.pair", PairRequest, PairedReply)
EEBUS_RENAME = Request("site.{site}.down.rpc.eebus.rename", RenameRequest, PairedReply)
EEBUS_UNPAIR = Request("site.{site}.down.rpc.eebus.unpair", UnpairRequest, Nothing)
EEBUS_DIAGNOSTICS = Request(
    "site.{site}.down.rpc.eebus.diagnostics", GetDiagnosticsRequest, DeviceDiagnostics
)
EEBUS_ACCEPT_WINDOW = Request(
    "site.{site}.down.rpc.eebus.accept-window", OpenAcceptWindowRequest, AcceptWindow
)

RELEASE_APPLY = Request("site.{site}.down.rpc.updater.apply", ApplyReleaseRequest, UpdateState)
RELEASE_DECLINE = Request(
    "site.{site}.down.rpc.updater.decline", DeclineReleaseRequest, UpdateState
)
RELEASE_ROLL_BACK = Request("site.{site}.down.rpc.updater.roll-back", RollBackRequest, UpdateState)

# --- among cloud programs ------------------------------------------------------------------------
CATALOGUE_GET = Request("cloud.smart-charging.rpc.catalogue", GetCatalogueRequest, CatalogueReply)

TARIFF_PREVIEW = Request(
    "cloud.smart-charging.rpc.tariff-preview", PreviewTariffRequest, PreviewTariffReply
)
FORECAST_PREVIEW = Request(
    "cloud.smart-charging.rpc.forecast-preview", PreviewForecastRequest, PreviewForecastReply
)
PRICES_PUSH = Request("cloud.smart-charging.rpc.prices-push", PushPricesRequest, PushPricesReply)
REPLICA_BEAT = Subject("cloud.smart-charging.replicas", ReplicaBeat)
WEB_REPLICA_BEAT = Subject("cloud.web.replicas", ReplicaBeat)
WEB_FORGET = Subject("cloud.web.forget", Nothing)  # log-ins may have changed: look them up anew

LINK_CODE = Request("cloud.enrolment.rpc.code", CreateCodeRequest, CodeReply)
LINK_LIST = Request("cloud.enrolment.rpc.list", ListLinksRequest, ListLinksReply)
LINK_REVOKE = Request("cloud.enrolment.rpc.revoke", RevokeLinkRequest, Link)

# --- answers -------------------------------------------------------------------------------------
# A reply crosses a leaf link only on an explicit subject that the site may publish on.
# They name the program that asked, so that it alone may hear them, and among programs of the cloud
# the one that answers, so that none may answer in another's name.
SITE_REPLY = "site.{site}.up.reply.{program}.{replica}.{id}"
NEAR_REPLY = "site.{site}.local.reply.{program}.{replica}.{id}"  # of what a site's programs asked
CLOUD_REPLY = "cloud.reply.{program}.{service}.{replica}.{id}"
# Acknowledgements of the cloud's streams: the one subject of replies that a site may hear.
SITE_INBOX = "site.{site}.down._inbox.{replica}.{id}"
