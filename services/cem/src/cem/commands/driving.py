"""Answers requests about modes, cars and goals: what drivers set (B3 to B6)."""

from dataclasses import replace

from cem.commands.desk import Desk, check_revision, refuse, too_many
from cem.commands.naming import new_id
from cem.core import installation
from cem.core.driver_rules import object_to_car, object_to_goal
from cem.core.driving import Car, ChargingMode, Mode
from cem.core.events import CarsSet, Event, GoalSet, ModeSet
from cem.messages.driving import (
    car_message,
    car_of,
    goal_message,
    goal_of,
    mode_message,
    mode_of,
)
from cem.site_file.plain import of_car, of_goal, of_mode
from cem.store import Change
from volthus_kit.refusal import RefusedError
from volthus_wire.v1 import operating_pb2
from volthus_wire.v1.rpc_pb2 import Caller, Nothing

COLLECTION = "/cars"


class DrivingCommands:
    """Changes how a charger charges, and what is known of cars."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def put_mode(
        self, question: operating_pb2.PutModeRequest, caller: Caller
    ) -> operating_pb2.ModeReply:
        """Choose how a charger charges."""
        ski, desk = question.ski, self._desk
        if question.mode.mode not in list(Mode):
            raise RefusedError(
                "mode-unknown",
                f"{question.mode.mode!r} is no mode; expected {', '.join(Mode)}.",
                field="/mode",
                mode=question.mode.mode,
            )
        async with desk.one:
            desk.known(ski)
            before = desk.state.modes.get(ski, ChargingMode())
            check_revision(question.mode.revision, before.revision)
            wanted = mode_of(question.mode, before.revision + 1)
            desk.require_unmanaged(f"/chargers/{ski}/mode", of_mode(before), of_mode(wanted))
            changes = [Change(f"mode/{ski}", desk.state.modes.get(ski), wanted)]
            await desk.save(changes, [ModeSet(ski, wanted)], caller)
        return operating_pb2.ModeReply(ski=ski, mode=mode_message(wanted))

    async def put_goal(
        self, question: operating_pb2.PutGoalRequest, caller: Caller
    ) -> operating_pb2.GoalReply:
        """Set what a charger's sessions are to reach, or give it up."""
        ski, desk = question.goal.ski, self._desk
        async with desk.one:
            desk.known(ski)
            before = desk.state.goals.get(ski)
            revision = before.revision if before else 0
            check_revision(question.goal.revision, revision)
            wanted = goal_of(question.goal, revision + 1)
            if wanted is not None:
                refuse(object_to_goal(wanted, desk.state.cars, desk.clock.now()))
            desk.require_unmanaged(f"/chargers/{ski}/goal", of_goal(before), of_goal(wanted))
            changes = [Change(f"goal/{ski}", before, wanted)]
            await desk.save(changes, [GoalSet(ski, wanted)], caller)
        gone = operating_pb2.Goal(ski=ski)
        return operating_pb2.GoalReply(goal=gone if wanted is None else goal_message(wanted))

    async def list_cars(
        self, question: operating_pb2.ListCarsRequest, caller: Caller
    ) -> operating_pb2.ListCarsReply:
        """Return all cars and all goals."""
        del question, caller
        state = self._desk.state
        return operating_pb2.ListCarsReply(
            cars=map(car_message, state.cars), goals=map(goal_message, state.goals.values())
        )

    async def put_car(
        self, question: operating_pb2.PutCarRequest, caller: Caller
    ) -> operating_pb2.CarReply:
        """Add a car (without an id) or change it."""
        asked, desk = question.car, self._desk
        async with desk.one:
            cars = desk.state.cars
            before = self._car(asked.car) if asked.car else None
            revision = before.revision if before else 0
            check_revision(asked.revision, revision)
            id_ = asked.car or new_id(asked.name, (car.id for car in cars))
            wanted = car_of(asked, id_, revision + 1)
            others = tuple(car for car in cars if car.id != id_)
            if before is None and len(cars) >= installation.MOST_CARS:
                refuse(too_many("/car", installation.MOST_CARS))
            refuse(object_to_car(wanted, others, desk.installation.chargers))
            plain = None if before is None else of_car(before)
            desk.require_unmanaged_in(COLLECTION, id_, plain, of_car(wanted))
            after = tuple(sorted((*others, wanted), key=lambda car: car.id))
            await desk.save([Change(f"car/{id_}", before, wanted)], [CarsSet(after)], caller)
        return operating_pb2.CarReply(car=car_message(wanted))

    async def remove_car(self, question: operating_pb2.RemoveCarRequest, caller: Caller) -> Nothing:
        """Forget a car; goals that named it are for whichever car is plugged."""
        desk = self._desk
        async with desk.one:
            before = self._car(question.car)
            check_revision(question.revision, before.revision)
            desk.require_unmanaged_in(COLLECTION, before.id, of_car(before), None)
            changes = [Change(f"car/{before.id}", before, None)]
            events: list[Event] = [CarsSet(tuple(c for c in desk.state.cars if c != before))]
            for ski, goal in desk.state.goals.items():
                if goal.car == before.id:
                    after = replace(goal, car="", revision=goal.revision + 1)
                    changes.append(Change(f"goal/{ski}", goal, after))
                    events.append(GoalSet(ski, after))
            await desk.save(changes, events, caller)
        return Nothing()

    # --- inside ----------------------------------------------------------------------------------

    def _car(self, id_: str) -> Car:
        for car in self._desk.state.cars:
            if car.id == id_:
                return car
        raise RefusedError("unknown-car", f"No car {id_!r} is known here.", field="/car", car=id_)
