"""`meter-reader probe`: polls one meter from the command line, without a service or a bus."""

import asyncio
from collections.abc import Callable

from meter_profiles.catalogue import profile
from meter_profiles.profile import Profile
from meter_reader.arguments import Asked
from meter_reader.core.configuration import MeterConfig, Role
from meter_reader.core.grid import next_slot
from meter_reader.core.house import Values, seen_from_house
from meter_reader.core.printout import Printed, printed, quantities_of, unknown
from meter_reader.core.reading import reading_of
from meter_reader.core.record import Problem, Quality, Record, answered, failed, quality
from meter_reader.core.setup import completed, default_unit_id, mounting_of, objection_to
from meter_reader.device import Device
from meter_reader.errors import ReadError
from meter_reader.lines import Lines
from meter_reader.second_look import explained
from volthus_kit.clock import Clock

TCP_TIMEOUT_S = 1.0
RTU_TIMEOUT_S = 2.0


class RefusedArgumentError(Exception):
    """The arguments fit no meter; the text says which and why."""


def meter_of(asked: Asked) -> tuple[MeterConfig, Profile]:
    """Return the meter that is asked for, completed from its model.

    Raises RefusedArgumentError, and UnknownModelError for a model that nobody described.
    """
    model = profile(asked.model)
    config = completed(
        MeterConfig(
            meter="probe",
            name="",
            model=asked.model,
            role=Role.SUB,
            line=asked.line,
            unit_id=asked.unit_id,
            rotation=asked.rotation,
            invert=asked.invert,
            phase=asked.phase,
        ),
        model,
    )
    objection = objection_to(config, model, (), 0)
    if objection is not None:
        raise RefusedArgumentError(objection.detail)
    return config, model


async def probe(asked: Asked, clock: Clock, show: Callable[[Printed], None]) -> ReadError | None:
    """Poll as often as asked and show each poll. Returns why the last one brought nothing.

    A meter that does not answer the very first poll is not polled again. One that falls silent
    later is shown with what it said last, as stale, and with nothing once that is bad.
    """
    config, model = meter_of(asked)
    lines = Lines(clock, asked.timeout_s or TCP_TIMEOUT_S, asked.timeout_s or RTU_TIMEOUT_S)
    async with lines.lease(config.line) as owner:
        poll = _Poll(config, model, Device(model, owner, config.wanted_unit_id), clock, show)
        grid_s = slot_s = clock.monotonic()
        for number in range(asked.count):
            if number:
                slot_s = next_slot(grid_s, asked.interval_s, max(clock.monotonic(), slot_s))
                await asyncio.sleep(max(0.0, slot_s - clock.monotonic()))
            error = await poll.once(asked.interval_s)
            if error is not None and not poll.has_answered:
                unit_id = default_unit_id(model, config.line.kind)
                why = await explained(error, owner, config, unit_id)
                # Not answered as asked: the exit status stays that of no answer.
                return error if why is None else ReadError(why.code, why.detail, why.field)
    return error


class _Poll:
    """The polls of one meter, one after the other."""

    def __init__(
        self,
        config: MeterConfig,
        model: Profile,
        device: Device,
        clock: Clock,
        show: Callable[[Printed], None],
    ) -> None:
        self._config = config
        self._model = model
        self._device = device
        self._clock = clock
        self._show = show
        self._record = Record()
        self._seen: Values = unknown(model)

    @property
    def has_answered(self) -> bool:
        """Return whether the meter has ever answered."""
        return self._record.last is not None

    async def once(self, period_s: float) -> ReadError | None:
        """Poll once and show it; return why it brought nothing."""
        try:
            values = await self._device.read(everything=True)
        except ReadError as error:
            if self.has_answered:
                self._record = failed(self._record, Problem(error.code, error.detail))
                self._tell(period_s)
            return error
        self._seen = seen_from_house(values, mounting_of(self._config, self._model))
        reading = reading_of(self._seen)
        now_s, wall = self._clock.monotonic(), self._clock.now()
        self._record = answered(self._record, reading, now_s, wall)
        self._tell(period_s)
        return None

    def _tell(self, period_s: float) -> None:
        label = quality(self._record, self._clock.monotonic(), period_s)
        if self._record.problem is not None and label is Quality.GOOD:
            label = Quality.STALE  # this poll brought nothing, however young the last answer is
        seen = unknown(self._model) if label is Quality.BAD else self._seen
        last = self._record.last
        is_fresh = self._record.problem is None and last is not None
        at = last.measured_at if is_fresh and last is not None else self._clock.now()
        self._show(printed(at, label, quantities_of(self._model, seen)))
