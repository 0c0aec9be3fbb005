"""What people do with meters: list, test, add, change, remove. Refuses with stable codes."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from meter_profiles.catalogue import profile, profiles
from meter_profiles.errors import UnknownModelError
from meter_profiles.profile import Profile
from meter_reader.core.configuration import Line, MeterConfig, Role
from meter_reader.core.findings import findings_about
from meter_reader.core.house import seen_from_house
from meter_reader.core.picture import picture_of
from meter_reader.core.reading import Reading, reading_of
from meter_reader.core.record import Pace, Record, answered
from meter_reader.core.setup import (
    Objection,
    completed,
    default_unit_id,
    mounting_of,
    objection_to,
    objection_to_place,
    objection_to_values,
    warnings_about,
)
from meter_reader.device import Device
from meter_reader.errors import LineError, ReadError
from meter_reader.identify import USUAL_UNIT_IDS, Identified, identify
from meter_reader.lines import Lines
from meter_reader.messages import (
    from_settings,
    from_transport,
    to_finding,
    to_health,
    to_identified,
    to_model,
    to_reading,
)
from meter_reader.polling import Poller
from meter_reader.second_look import OTHER, explained
from meter_reader.store import Store, StoreError
from volthus_kit.backoff import backoff
from volthus_kit.bus import FAR
from volthus_kit.clock import Clock
from volthus_kit.refusal import RefusedError
from volthus_wire.revisions import is_met
from volthus_wire.v1 import metering_pb2 as wire
from volthus_wire.v1.rpc_pb2 import Caller, Nothing

logger = logging.getLogger(__name__)

GUARDING = (Role.GRID, Role.SUB)
TEST_TIMEOUT_S = 4.0  # below the 5 s that a caller waits
IDENTIFY_FOR_S = 11.0  # the API waits 15 s
FIRST_FRAMING_S = 6.0  # of these, if the framing that was said is silent


@dataclass(frozen=True, slots=True)
class Trial:
    """What a test connection brought."""

    reading: Reading
    answer_s: float


class MeterCommands:
    """Carries out the requests of the bus, one change at a time."""

    def __init__(  # noqa: PLR0913 - each by name
        self,
        poller: Poller,
        lines: Lines,
        store: Store,
        clock: Clock,
        charging_w: Callable[[], float | None] = lambda: None,
        *,
        remote: bool = False,
    ) -> None:
        """Answer with these parts. charging_w: what the chargers draw now, None if unknown.

        remote: fuses may be guarded by a meter that was set up from afar.
        """
        self._remote = remote
        self._charging_w = charging_w
        self._poller = poller
        self._lines = lines
        self._store = store
        self._clock = clock
        self._turn = asyncio.Lock()
        self._is_loaded = False

    @property
    def is_loaded(self) -> bool:
        """Return whether the meters of the database are being polled."""
        return self._is_loaded

    async def load(self) -> None:
        """Start to poll the meters of the database; tries until it can be read."""
        for wait_s in backoff(first_s=0.5, most_s=10.0):
            try:
                configs = await asyncio.to_thread(self._store.load)
            except StoreError:
                logger.exception("database not read")
                await asyncio.sleep(wait_s)
                continue
            break
        for config in configs:
            await self._poller.watch(config)
        self._is_loaded = True
        logger.info("meters loaded", extra={"count": len(configs)})

    async def models(self, _: wire.ListMeterModelsRequest, __: Caller) -> wire.ListMeterModelsReply:
        """Return the catalogue."""
        return wire.ListMeterModelsReply(models=[to_model(p) for p in profiles().values()])

    async def list(self, _: wire.ListMetersRequest, __: Caller) -> wire.ListMetersReply:
        """Return all meters with their last reading."""
        return wire.ListMetersReply(meters=[to_health(p) for p in self._poller.pictures()])

    async def test(self, question: wire.TestMeterRequest, _: Caller) -> wire.TestMeterReply:
        """Read a meter once; saves nothing."""
        config, model = _known(from_settings(question.settings))
        _refuse(objection_to(config, model, (), question.site_phases))
        trial = await self._try(config, model, question.site_phases)
        now_s = self._clock.monotonic()
        record = answered(Record(), trial.reading, now_s, self._clock.now())
        picture = picture_of(config, max(model.phases), record, now_s, Pace(1.0))
        found = findings_about(config, trial.reading, self._charging_w())
        return wire.TestMeterReply(
            reading=to_reading(picture),
            warnings=warnings_about(config, model, trial.reading),
            answer_ms=1000 * trial.answer_s,
            findings=[to_finding(finding) for finding in found],
        )

    async def identify(
        self, question: wire.IdentifyMeterRequest, _: Caller
    ) -> wire.IdentifyMeterReply:
        """Return which models fit the device at an address; saves nothing."""
        line, unit_id = from_transport(question.transport)
        _refuse(objection_to_place(line))
        unit_ids = () if unit_id is None else (unit_id,)
        try:
            found = await self._identified(line, unit_ids)
        except ReadError as error:
            raise RefusedError(error.code, error.detail, field=error.field) from error
        return to_identified(found, self._clock)

    async def _identified(self, line: Line, unit_ids: Sequence[int]) -> Identified:
        """Identify in the framing that was said, and if that is silent in the other one.

        Not where meters are read already: they show that theirs is right.
        """
        other = OTHER.get(line.kind)
        if other is None or self._is_used(line):
            return await identify(self._lines, line, unit_ids, self._clock, IDENTIFY_FOR_S)
        try:
            return await identify(self._lines, line, unit_ids, self._clock, FIRST_FRAMING_S)
        except ReadError as first:
            if isinstance(first, LineError) and first.code != "connection-lost":
                raise
            turned, left_s = replace(line, kind=other), IDENTIFY_FOR_S - FIRST_FRAMING_S
            try:
                return await identify(
                    self._lines, turned, unit_ids or USUAL_UNIT_IDS[:1], self._clock, left_s
                )
            except ReadError:
                raise first from None

    async def add(self, question: wire.AddMeterRequest, caller: Caller) -> wire.MeterReply:
        """Put a meter into service, once it has answered with values that can be true."""
        wanted = from_settings(question.settings)
        config, model = _known(replace(wanted, meter=_new_id(wanted), revision=1))
        async with self._turn:
            self._refuse_while_loading()
            _refuse(objection_to(config, model, self._poller.configs(), question.site_phases))
            self._check_place(config, None, caller)
            # Held, so that the poller takes over the connection that was tried: some devices have
            # one socket only and are slow to free it.
            async with self._lines.lease(config.line):
                await self._try(config, model, question.site_phases)
                return await self._put(config, "add", caller)

    async def update(self, question: wire.UpdateMeterRequest, caller: Caller) -> wire.MeterReply:
        """Change a meter; a new model or line has to answer first."""
        config, model = _known(from_settings(question.settings))
        async with self._turn:
            before = self._existing(config.meter)
            _check_revision(config.revision, before)
            config = replace(config, revision=before.revision + 1)
            if not question.settings.transport.HasField("closes_after_poll"):
                line = replace(config.line, closes_after_poll=before.line.closes_after_poll)
                config = replace(config, line=line)
            others = [c for c in self._poller.configs() if c.meter != config.meter]
            _refuse(objection_to(config, model, others, question.site_phases))
            self._check_place(config, before, caller)
            if not before.reads_like(config):
                await self._try_instead(before, config, model, question.site_phases)
            return await self._put(config, "update", caller)

    async def remove(self, question: wire.RemoveMeterRequest, caller: Caller) -> Nothing:
        """Take a meter out of service."""
        async with self._turn:
            before = self._existing(question.meter)
            _check_revision(question.revision, before)
            await asyncio.to_thread(self._store.remove, before.meter, _actor(caller))
            await self._poller.forget(before.meter)
        await self._poller.announce_now()
        logger.info("meter removed", extra={"meter": before.meter})
        return Nothing()

    async def _put(self, config: MeterConfig, what: str, caller: Caller) -> wire.MeterReply:
        """Write first, then poll: what was acknowledged is in the database."""
        await asyncio.to_thread(self._store.save, config, what, _actor(caller))
        await self._poller.watch(config)
        await self._poller.announce_now()
        logger.info("meter set up", extra={"meter": config.meter, "model": config.model})
        return wire.MeterReply(meter=to_health(self._poller.picture(config.meter)))

    async def _try(self, config: MeterConfig, model: Profile, site_phases: int) -> Trial:
        """Read once through the line's owner. Raises RefusedError with what is wrong."""
        started_s = self._clock.monotonic()
        try:
            async with asyncio.timeout(TEST_TIMEOUT_S), self._lines.lease(config.line) as owner:
                owner.try_now()
                values = await Device(model, owner, config.wanted_unit_id).read(everything=True)
        except ReadError as error:
            await self._refuse_explained(error, config, model)
            raise RefusedError(error.code, error.detail, field=error.field) from error
        except TimeoutError as error:
            detail = f"{config.line.place} did not give all values within {TEST_TIMEOUT_S:g} s."
            raise RefusedError("no-answer", detail, field="/transport/unit_id") from error
        reading = reading_of(seen_from_house(values, mounting_of(config, model)))
        _refuse(objection_to_values(config, model, reading, site_phases))
        return Trial(reading, self._clock.monotonic() - started_s)

    async def _refuse_explained(
        self, error: ReadError, config: MeterConfig, model: Profile
    ) -> None:
        """Refuse with the setting that is wrong, if a second look shows it."""
        if self._is_used(config.line):
            return  # the line is somebody's, and right for him
        usual_unit_id = default_unit_id(model, config.line.kind)
        async with self._lines.lease(config.line) as owner:
            why = await explained(error, owner, config, usual_unit_id)
        if why is not None:
            name, value = why.param
            raise RefusedError(why.code, why.detail, field=why.field, **{name: value})

    async def _try_instead(
        self, before: MeterConfig, after: MeterConfig, model: Profile, site_phases: int
    ) -> None:
        """Try new settings of a meter that is polled; a line has only one set of parameters."""
        if before.line == after.line or not before.line.is_same_place(after.line):
            await self._try(after, model, site_phases)
            return
        await self._poller.forget(before.meter)
        try:
            await self._try(after, model, site_phases)
        finally:
            await self._poller.watch(before)  # until the new settings are written

    def _check_place(self, config: MeterConfig, before: MeterConfig | None, caller: Caller) -> None:
        """Refuse from afar a meter that a fuse is to be guarded by: a false one opens it."""
        is_named_only = before is not None and config == replace(
            before, name=config.name, revision=config.revision
        )
        is_risky = config.role in GUARDING and not is_named_only
        if is_risky and caller.origin == FAR and not self._remote:
            raise RefusedError(
                "confirmation-at-site-needed",
                "The meter that guards a fuse must be confirmed at the site itself.",
                field="/transport",
            )

    def _is_used(self, line: Line) -> bool:
        """Return whether a meter is read there already."""
        return any(config.line.is_same_place(line) for config in self._poller.configs())

    def _existing(self, meter: str) -> MeterConfig:
        self._refuse_while_loading()
        for config in self._poller.configs():
            if config.meter == meter:
                return config
        raise RefusedError("unknown-meter", f"There is no meter {meter!r}.", meter=meter)

    def _refuse_while_loading(self) -> None:
        if not self._is_loaded:
            detail = "The database cannot be read yet; nothing was changed."
            raise RefusedError("store-failing", detail)


def _check_revision(asked: int, before: MeterConfig) -> None:
    """Refuse a change that was made on older settings."""
    if not is_met(asked, before.revision):
        raise RefusedError(
            "revision-conflict",
            f"{before.name} was changed by somebody else (revision {before.revision}).",
            revision=before.revision,
        )


def _known(config: MeterConfig) -> tuple[MeterConfig, Profile]:
    """Return the set-up with the model's defaults filled in, and the model."""
    try:
        model = profile(config.model)
    except UnknownModelError as error:
        detail = f"There is no meter model {config.model!r} in the catalogue."
        raise RefusedError("unknown-model", detail, field="/model", model=config.model) from error
    return completed(config, model), model


def _refuse(objection: Objection | None) -> None:
    if objection is not None:
        params: dict[str, object] = dict(objection.params)
        raise RefusedError(objection.code, objection.detail, field=objection.field, **params)


def _new_id(config: MeterConfig) -> str:
    """Return an id that is never used again, not even after a removal."""
    return f"{config.role.value}-{secrets.token_hex(4)}"


def _actor(caller: Caller) -> tuple[str, str, str]:
    return (caller.actor, caller.role, caller.origin)
