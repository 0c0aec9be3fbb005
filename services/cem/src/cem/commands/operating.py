"""Answers requests about the grid operator: how the site obeys, and a limit by API (C6)."""

import asyncio
import contextlib

from cem.commands.desk import Desk, check_revision, refuse
from cem.core.events import ApiLimitSet, OperatorSet
from cem.core.installation import MOST_W, object_to_operator
from cem.core.obeying import standing
from cem.core.operating import LimitState, OperatorLimit
from cem.core.parameters import DEFAULTS
from cem.core.validation import is_within, out_of_range
from cem.messages.appliances import share_message
from cem.messages.operating import limit_message, operator_message, operator_of
from cem.site_file.plain import of_operator
from cem.store import Change
from volthus_kit.refusal import RefusedError
from volthus_wire.convert import from_timestamp
from volthus_wire.v1 import operator_pb2
from volthus_wire.v1.rpc_pb2 import Caller

MOST_REFERENCE = 200
LOOK_EVERY_S = 5.0
OVER = Caller(actor="cem", role="program", origin="site")


class OperatingCommands:
    """Changes how the site obeys its grid operator."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def get(
        self, question: operator_pb2.GetOperatorRequest, caller: Caller
    ) -> operator_pb2.OperatorReply:
        """Return how the site obeys, and all limits that stand now."""
        del question, caller
        return self._reply()

    async def put(
        self, question: operator_pb2.PutOperatorSettingsRequest, caller: Caller
    ) -> operator_pb2.OperatorReply:
        """Save how the site obeys."""
        desk = self._desk
        async with desk.one:
            before = desk.state.operator
            check_revision(question.settings.revision, before.revision)
            wanted = operator_of(question.settings, before.revision + 1)
            refuse(object_to_operator(wanted))
            desk.require_unmanaged("/operator", of_operator(before), of_operator(wanted))
            changes = [Change("operator", before, wanted)]
            await desk.save(changes, [OperatorSet(wanted)], caller)
        return self._reply()

    async def put_limit(
        self, question: operator_pb2.PutOperatorLimitRequest, caller: Caller
    ) -> operator_pb2.OperatorReply:
        """Set a limit by API in place of the one before, or lift it."""
        desk = self._desk
        async with desk.one:
            before = desk.state.api_limit
            wanted = self._limit(question) if question.HasField("limit_w") else None
            if before is not None or wanted is not None:
                changes = [Change("operator-limit", before, wanted)]
                await desk.save(changes, [ApiLimitSet(wanted)], caller)
        return self._reply()

    async def lift_what_is_over(self) -> None:
        """Take an API limit away once its time is over, until cancelled.

        It limits nothing from that moment on (the control law sees to it); this tidies up.
        """
        desk = self._desk
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            async with desk.one:  # looked at before, it could be another one by now
                limit = desk.state.api_limit
                if limit is None or limit.until is None or limit.until > desk.clock.now():
                    continue
                changes = [Change("operator-limit", limit, None)]
                with contextlib.suppress(RefusedError):  # the database fails: the next time
                    await desk.save(changes, [ApiLimitSet(None)], OVER)

    # --- inside ----------------------------------------------------------------------------------

    def _limit(self, asked: operator_pb2.PutOperatorLimitRequest) -> OperatorLimit:
        now = self._desk.clock.now()
        if not is_within(asked.limit_w, 0.0, MOST_W):
            refuse(out_of_range("limit", "/limit_w", asked.limit_w, 0.0, MOST_W))
        until = from_timestamp(asked.until) if asked.HasField("until") else None
        if until is not None and until <= now:
            raise RefusedError(
                "until-in-the-past",
                f"The limit would have ended at {until.isoformat()}.",
                field="/until",
                until=until.isoformat(),
            )
        return OperatorLimit(
            source="api",
            state=LimitState.LIMITED,
            limit_w=asked.limit_w,
            until=until,
            since=now,
            heard=now,
            reference="".join(filter(str.isprintable, asked.reference))[:MOST_REFERENCE],
        )

    def _reply(self) -> operator_pb2.OperatorReply:
        state, now = self._desk.state, self._desk.clock.monotonic()
        return operator_pb2.OperatorReply(
            settings=operator_message(state.operator),
            limits=[limit_message(limit) for limit in standing(state, now, DEFAULTS)],
            appliances=[
                share_message(share)
                for share in sorted(self._desk.shares.values(), key=lambda s: s.appliance.name)
            ],
        )
