"""Stand-ins for the owners of modes, circuits, records and diagnostics, for tests of the web API.

They answer on a real bus with state of their own, as the CEM and the gateway would.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from google.protobuf.message import Message

from volthus_kit.refusal import RefusedError
from volthus_wire import subjects
from volthus_wire.convert import to_timestamp
from volthus_wire.revisions import is_met
from volthus_wire.v1 import (
    eebus_pb2,
    evse_pb2,
    operating_pb2,
    operator_pb2,
    records_pb2,
    rpc_pb2,
    setup_pb2,
    site_pb2,
)
from volthus_wire.v1.electrical_pb2 import Conductors, Phases

SKI = "8c2f11d40e9a77b35c609a1ed2f84b07c3a56e91"
PUMP = operator_pb2.ApplianceShare(
    ski=SKI[::-1],
    name="Heat pump",
    limited=True,
    limit_w=3360,
    reserved_w=9000,
    state="refused",
    problem="too low",
    nominal_w=9000,
)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
Answer = Callable[[Message], Message]


def checked(wanted: int, current: int) -> int:
    """Return the next revision. Raises RefusedError `revision-conflict`."""
    if not is_met(wanted, current):
        raise RefusedError(
            "revision-conflict", f"It is at revision {current}.", wanted=wanted, current=current
        )
    return current + 1


def api_limit() -> operator_pb2.OperatorLimit:
    """Return a limit by API that is in force."""
    return operator_pb2.OperatorLimit(
        kind="lpc",
        source="api",
        state="limited",
        limit_w=4200,
        until=to_timestamp(NOON + timedelta(hours=1)),
        since=to_timestamp(NOON),
        connected=True,
    )


@dataclass
class DailyOwner:
    """Modes, goals, cars, circuits, operator settings, site file, rotation test."""

    mode: operating_pb2.ChargingMode = field(
        default_factory=lambda: operating_pb2.ChargingMode(
            mode="fast", smart=operating_pb2.SmartSwitches(surplus=True), revision=1
        )
    )
    goal: operating_pb2.Goal | None = None
    cars: dict[str, operating_pb2.Car] = field(default_factory=dict)
    circuits: dict[str, site_pb2.Circuit] = field(default_factory=dict)
    operator: operator_pb2.OperatorSettings = field(default_factory=operator_pb2.OperatorSettings)
    limit: operator_pb2.OperatorLimit | None = None
    applied: list[str] = field(default_factory=list)
    test: site_pb2.RotationTest = field(default_factory=site_pb2.RotationTest)
    proof: setup_pb2.FailsafeTest = field(default_factory=setup_pb2.FailsafeTest)
    signed: list[setup_pb2.AcceptanceProtocol] = field(default_factory=list)

    def answers(self) -> list[tuple[subjects.Request, Answer]]:
        """Return what is served, with who answers it."""
        return [
            (subjects.MODE_PUT, self._put_mode),
            (subjects.GOAL_PUT, self._put_goal),
            (subjects.CAR_LIST, self._list_cars),
            (subjects.CAR_PUT, self._put_car),
            (subjects.CAR_REMOVE, self._remove_car),
            (subjects.CIRCUIT_LIST, self._list_circuits),
            (subjects.CIRCUIT_PUT, self._put_circuit),
            (subjects.CIRCUIT_REMOVE, self._remove_circuit),
            (subjects.OPERATOR_GET, self._operator),
            (subjects.OPERATOR_PUT, self._put_operator),
            (subjects.OPERATOR_LIMIT_PUT, self._put_limit),
            (subjects.SITE_FILE_GET, self._site_file),
            (subjects.SITE_FILE_APPLY, self._apply),
            (subjects.ROTATION_TEST_START, self._start_test),
            (subjects.ROTATION_TEST_GET, lambda _: self.test),
            (subjects.ROTATION_TEST_CANCEL, self._cancel_test),
            (subjects.FAILSAFE_TEST_START, self._start_proof),
            (subjects.FAILSAFE_TEST_GET, lambda _: self.proof),
            (subjects.FAILSAFE_TEST_LIST, self._proofs),
            (subjects.FAILSAFE_TEST_CANCEL, self._cancel_proof),
            (subjects.ACCEPTANCE_SIGN, self._sign),
            (subjects.ACCEPTANCE_LIST, self._acceptances),
        ]

    def _put_mode(self, question):
        if question.ski != SKI:
            raise RefusedError("unknown-charger", "No such charger.", ski=question.ski)
        new = checked(question.mode.revision, self.mode.revision)
        self.mode.CopyFrom(question.mode)
        self.mode.revision = new
        return operating_pb2.ModeReply(ski=SKI, mode=self.mode)

    def _put_goal(self, question):
        wanted = question.goal
        if wanted.ski != SKI:
            raise RefusedError("unknown-charger", "No such charger.", ski=wanted.ski)
        if not wanted.HasField("soc_percent") and not wanted.HasField("energy_wh"):
            self.goal = None
            return operating_pb2.GoalReply(goal=wanted)
        if wanted.HasField("departure") and wanted.departure.seconds < NOON.timestamp():
            raise RefusedError("goal-in-the-past", "It is past.", field="/departure")
        new = checked(wanted.revision, self.goal.revision if self.goal else 0)
        self.goal = operating_pb2.Goal()
        self.goal.CopyFrom(wanted)
        self.goal.revision = new
        return operating_pb2.GoalReply(goal=self.goal)

    def _list_cars(self, _):
        goals = [self.goal] if self.goal else []
        return operating_pb2.ListCarsReply(cars=self.cars.values(), goals=goals)

    def _put_car(self, question):
        wanted = question.car
        if wanted.car and wanted.car not in self.cars:
            raise RefusedError("unknown-car", f"There is no car {wanted.car!r}.", car=wanted.car)
        car = operating_pb2.Car()
        car.CopyFrom(wanted)
        car.car = wanted.car or f"car-{len(self.cars) + 1}"
        before = self.cars.get(car.car)
        car.revision = checked(wanted.revision, before.revision if before else 0)
        self.cars[car.car] = car
        return operating_pb2.CarReply(car=car)

    def _remove_car(self, question):
        if question.car not in self.cars:
            raise RefusedError("unknown-car", "No such car.", car=question.car)
        checked(question.revision, self.cars.pop(question.car).revision)
        return rpc_pb2.Nothing()

    def _list_circuits(self, _):
        return site_pb2.ListCircuitsReply(circuits=self.circuits.values())

    def _put_circuit(self, question):
        circuit = site_pb2.Circuit()
        circuit.CopyFrom(question.circuit)
        if circuit.parent == circuit.circuit:
            raise RefusedError("circuit-loop", "It is its own parent.", field="/parent")
        if circuit.parent and circuit.parent not in self.circuits:
            raise RefusedError("unknown-circuit", "No such parent.", field="/parent")
        before = self.circuits.get(circuit.circuit)
        circuit.revision = checked(circuit.revision, before.revision if before else 0)
        self.circuits[circuit.circuit] = circuit
        return site_pb2.CircuitReply(circuit=circuit)

    def _remove_circuit(self, question):
        if any(one.parent == question.circuit for one in self.circuits.values()):
            raise RefusedError("circuit-in-use", "Others hang on it.", circuit=question.circuit)
        if question.circuit not in self.circuits:
            raise RefusedError("unknown-circuit", "No such circuit.", circuit=question.circuit)
        checked(question.revision, self.circuits[question.circuit].revision)
        del self.circuits[question.circuit]
        return rpc_pb2.Nothing()

    def _operator(self, _):
        limits = [self.limit] if self.limit else []
        appliances = [PUMP] if self.limit else []
        return operator_pb2.OperatorReply(
            settings=self.operator, limits=limits, appliances=appliances
        )

    def _put_operator(self, question):
        new = checked(question.settings.revision, self.operator.revision)
        self.operator.CopyFrom(question.settings)
        self.operator.revision = new
        return self._operator(None)

    def _put_limit(self, question):
        self.limit = None
        if question.HasField("limit_w"):
            self.limit = api_limit()
            self.limit.limit_w = question.limit_w
        return self._operator(None)

    def _site_file(self, _):
        return records_pb2.SiteFileReply(
            yaml="grid_connection:\n  phases: 3\n", managed=["/grid_connection/phases"]
        )

    def _apply(self, question):
        if "phases: 2" in question.yaml:
            raise RefusedError("phases-not-supported", "1 or 3.", field="/grid_connection/phases")
        if not question.dry_run:
            self.applied.append(question.yaml)
        change = records_pb2.SiteFileChange(
            pointer="/grid_connection/phases", before="3", after=json.dumps({"a": [1]})
        )
        return records_pb2.ApplySiteFileReply(changes=[change], applied=not question.dry_run)

    def _start_test(self, question):
        if question.ski != SKI:
            raise RefusedError("car-not-charging", "Its car does not charge.", ski=question.ski)
        self.test = site_pb2.RotationTest(
            ski=SKI, state="running", step="lowering", until=to_timestamp(NOON)
        )
        return self.test

    def _cancel_test(self, question):
        if (self.test.ski, self.test.state) != (question.ski, "running"):
            raise RefusedError("no-rotation-test", "It is not under test.", ski=question.ski)
        self.test.state = "cancelled"
        return self.test

    def _start_proof(self, question):
        if question.ski != SKI:
            raise RefusedError("charges-too-little", "It draws too little.", ski=question.ski)
        self.proof = setup_pb2.FailsafeTest(
            ski=SKI, state="running", step="making-room", until=to_timestamp(NOON), failsafe_a=6
        )
        return self.proof

    def _proofs(self, _):
        tests = [self.proof] if self.proof.ski else []
        return setup_pb2.ListFailsafeTestsReply(tests=tests)

    def _cancel_proof(self, question):
        if (self.proof.ski, self.proof.state) != (question.ski, "running"):
            raise RefusedError("no-failsafe-test", "It is not under test.", ski=question.ski)
        self.proof.state = "cancelled"
        self.proof.ClearField("step")
        return self.proof

    def _sign(self, question):
        number = len(self.signed) + 1
        protocol = setup_pb2.AcceptanceProtocol(
            id=str(number),
            signed=to_timestamp(NOON),
            electrician=question.electrician,
            remarks=question.remarks,
            actor="service",
            document=question.document,
            digest=f"{number:064x}",
            previous=f"{number - 1:064x}" if number > 1 else "",
            intact=True,
        )
        self.signed.insert(0, protocol)
        return setup_pb2.AcceptanceReply(protocol=protocol)

    def _acceptances(self, question):
        kept = [one for one in self.signed if question.id in ("", one.id)]
        return setup_pb2.ListAcceptancesReply(protocols=kept)


def session(number: int) -> records_pb2.ChargingSession:
    """Return the session that started `number` hours after noon."""
    started = NOON + timedelta(hours=number)
    return records_pb2.ChargingSession(
        session=f"{started:%Y%m%dT%H%M%SZ}-{SKI[:8]}",
        ski=SKI,
        charger_name="=Garage",
        started=to_timestamp(started),
        ended=to_timestamp(started + timedelta(minutes=30)),
        state="ended",
        energy_wh=5000.5,
        sun_wh=2000,
        grid_wh=3000.5,
        charging_s=1700,
        mode="fast",
        co2_g=900.0,
        revision=1,
    )


def evidence(number: int) -> operator_pb2.Evidence:
    """Return an entry of the evidence log."""
    return operator_pb2.Evidence(
        number=number,
        at=to_timestamp(NOON),
        event="started",
        limit=api_limit(),
        hash=f"{number:064x}",
        before=f"{number - 1:064x}",
        reference="order 4711",
    )


@dataclass
class RecordsOwner:
    """Sessions, energy, decisions and evidence, paged as an owner pages them."""

    sessions: int = 5
    entries: int = 5
    asked: list[Message] = field(default_factory=list)

    def answers(self) -> list[tuple[subjects.Request, Answer]]:
        """Return what is served, with who answers it."""
        return [
            (subjects.SESSION_LIST, self._sessions),
            (subjects.SESSION_SUMMARY, self._summary),
            (subjects.ENERGY_GET, self._energy),
            (subjects.DECISION_LIST, self._decisions),
            (subjects.EVIDENCE_LIST, self._evidence),
        ]

    def _sessions(self, question):
        self.asked.append(question)
        if question.cursor and not re.fullmatch("[0-9]{1,9}", question.cursor):
            raise RefusedError("unknown-cursor", "No cursor of this list.", field="/cursor")
        first = int(question.cursor or "0")
        numbers = list(range(self.sessions, 0, -1))[first : first + min(question.most, 2)]
        seen = first + len(numbers)
        return records_pb2.ListSessionsReply(
            sessions=[session(number) for number in numbers],
            next=str(seen) if seen < self.sessions else "",
        )

    def _summary(self, question):
        self.asked.append(question)
        if question.month == "2026-13":
            raise RefusedError("unknown-month", "'2026-13' is no month.", field="/month")
        totals = records_pb2.SessionTotals(
            month=question.month, count=2, energy_wh=4000, sun_wh=1000, grid_wh=3000, unpriced=2
        )
        reply = records_pb2.SummarizeSessionsReply(time_zone="Europe/Berlin", totals=[totals])
        reply.to.CopyFrom(to_timestamp(NOON))
        return reply

    def _energy(self, question):
        self.asked.append(question)
        span = records_pb2.EnergySpan(
            end=question.to, import_wh=900, charging_wh=700, charging_sun_wh=100
        )
        span.start.CopyFrom(getattr(question, "from"))
        span.charger_wh[SKI] = 700
        span.charger_sun_wh[SKI] = 100
        return records_pb2.GetEnergyReply(spans=[span])

    def _decisions(self, question):
        self.asked.append(question)
        record = records_pb2.DecisionRecord(
            number=7,
            at=to_timestamp(NOON),
            ski=question.ski,
            limit_a=Phases(l1=10),
            limited_by=site_pb2.LimitedBy(kind="operator-limit", element="main", value=4200),
            mode="fast",
            ladder="fresh",
        )
        return records_pb2.ListDecisionsReply(decisions=[record], next="7")

    def _evidence(self, question):
        self.asked.append(question)
        numbers = range(question.after + 1, min(question.after + 2, self.entries) + 1)
        return operator_pb2.ListEvidenceReply(
            entries=[evidence(number) for number in numbers],
            more=question.after + 2 < self.entries,
            intact=True,
        )


@dataclass
class GatewayOwner:
    """Diagnostics and the accept window of a gateway with one paired charger."""

    until: datetime | None = None

    def answers(self) -> list[tuple[subjects.Request, Answer]]:
        """Return what is served, with who answers it."""
        return [
            (subjects.EEBUS_DIAGNOSTICS, self._diagnostics),
            (subjects.EEBUS_ACCEPT_WINDOW, self._window),
        ]

    def _window(self, question):
        self.until = NOON + timedelta(seconds=question.seconds) if question.seconds else None
        return eebus_pb2.AcceptWindow(until=to_timestamp(self.until) if self.until else None)

    def _diagnostics(self, question):
        if question.ski != SKI:
            raise RefusedError("not-paired", "Not paired.", field="/ski", ski=question.ski)
        paired = eebus_pb2.PairedDevice(
            device=eebus_pb2.EebusDevice(ski=SKI, brand="Example", type="ChargingStation"),
            connection=evse_pb2.CONNECTION_CONNECTED,
            state="connected",
            role="charger",
        )
        return eebus_pb2.DeviceDiagnostics(
            paired=paired,
            use_cases=[
                eebus_pb2.AnnouncedUseCase(
                    entity="1.1", entity_type="EV", actor="EV", name="opev", scenarios=[1, 2],
                    used=True,
                )
            ],
            handshake="SME_HELLO_STATE_OK",
            writes=[
                eebus_pb2.LimitWrite(
                    at=to_timestamp(NOON), kind="opev", current_a=Conductors(a=10), ok=False,
                    error_number=7, text="no", answer_ms=12.0,
                )
            ],
            power_limits=[
                eebus_pb2.HeldPowerLimit(kind="lpc", active=True, power_w=4200.0, failsafe_w=4200.0)
            ],
            reaction_s=1.5,
            quirks=["pause-below-minimum"],
            connections=2,
            entities=["1 EVSE", "1.1 EV"],
        )  # fmt: skip
