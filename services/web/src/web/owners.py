"""Asks the programs that own settings and devices, in the name of whoever asked us."""

import logging
from typing import TypeVar

from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message

from volthus_kit.bus import Bus
from volthus_kit.refusal import NotAnsweredError, RefusedError
from volthus_wire.subjects import GRID_CONNECTION_GET, SITE_STATE_GET, Request
from volthus_wire.v1.rpc_pb2 import Caller
from volthus_wire.v1.site_pb2 import GetGridConnectionRequest, GetSiteStateRequest, SiteState
from web.accounts import Account
from web.audit import DONE, Audit
from web.core.freshness import FRESH_FOR_S, STALE_WATCHED_AFTER_S
from web.live import Live
from web.messages.dashboard import dashboard
from web.models.sites import Dashboard
from web.problems import ProblemError, service_silent, site_offline

Q = TypeVar("Q", bound=Message)
R = TypeVar("R", bound=Message)

PICTURE_TIMEOUT_S = 2.0
# The token behind `rpc.` in a subject, and the program that serves it.
SERVICES = {
    "cem": "cem",
    "eebus": "eebus-gateway",
    "meter": "meter-reader",
    "smart-charging": "smart-charging",
    "updater": "updater",
    "enrolment": "enrolment",
}

logger = logging.getLogger(__name__)


class Owners:
    """Every question to an owner goes out here; nothing is kept for later."""

    def __init__(self, bus: Bus, live: Live, audit: Audit, origin: str) -> None:
        self._bus = bus
        self._live = live
        self._audit = audit
        self._origin = origin

    async def ask(  # noqa: PLR0913 - each by name
        self,
        request: Request[Q, R],
        question: Q,
        *,
        site: str,
        account: Account,
        timeout_s: float = 5.0,
        key: str = "",
    ) -> R:
        """Ask an owner of a site. key: what makes a repetition of a command one, "" = nothing.

        Raises RefusedError as the owner said it; ProblemError `site-offline` or
        `service-silent` when no answer came in `timeout_s` seconds.
        """
        try:
            return await self._bus.ask(
                request,
                question,
                caller=self._caller(account),
                timeout_s=timeout_s,
                idempotency_key=key,
                site=site,
            )
        except NotAnsweredError as silence:
            raise self._silent(request, site) from silence

    async def change(  # noqa: PLR0913 - each by name
        self,
        request: Request[Q, R],
        question: Q,
        *,
        site: str,
        account: Account,
        about: str,
        timeout_s: float = 5.0,
        key: str = "",
    ) -> R:
        """Ask an owner to change something, with a line in the audit before and its outcome after.

        Raises what `ask` raises, and RefusedError `store-failing` when the audit cannot be
        written: then nothing was asked.
        """
        row = await self._audit.begin(
            account.who,
            _method(request),
            site=site,
            about=about,
            details=MessageToJson(question, indent=None),
            before=None,
        )
        outcome, after = "interrupted", ""
        try:
            answer = await self.ask(
                request, question, site=site, account=account, timeout_s=timeout_s, key=key
            )
            outcome, after = DONE, MessageToJson(answer, indent=None)
        except RefusedError as no:
            outcome = no.code
            raise
        except ProblemError as problem:
            outcome = problem.problem.code
            raise
        finally:
            await self._audit.end(row, outcome, after=after)
        return answer

    @property
    def is_own_site(self) -> bool:
        """Whether this front door stands at a site, and not in the cloud."""
        return self._origin == "site"

    async def ask_cloud(
        self, request: Request[Q, R], question: Q, account: Account, *, timeout_s: float = 5.0
    ) -> R:
        """Ask a program of the cloud. Raises RefusedError, ProblemError `service-silent`."""
        try:
            return await self._bus.ask(
                request, question, caller=self._caller(account), timeout_s=timeout_s
            )
        except NotAnsweredError as silence:
            raise service_silent(_service(request)) from silence

    async def state_now(self, site: str, account: Account) -> SiteState:
        """Return the CEM's picture of this moment. Raises what `ask` raises."""
        state = await self.ask(
            SITE_STATE_GET,
            GetSiteStateRequest(),
            site=site,
            account=account,
            timeout_s=PICTURE_TIMEOUT_S,
        )
        self._live.heard_state(site, state.SerializeToString(deterministic=True))
        return state

    async def dashboard(self, site: str, account: Account) -> Dashboard:
        """Return a picture of this moment, or the last one, marked stale.

        Raises ProblemError `site-offline` or `service-silent` where there never was one.
        """
        age_s = self._live.age_s(site)
        is_stale = False
        if age_s is None or age_s > FRESH_FOR_S:
            try:
                await self.state_now(site, account)
            except (ProblemError, RefusedError):
                if age_s is None:
                    raise
                is_stale = age_s > STALE_WATCHED_AFTER_S
        state = self._live.heard(site).state or SiteState(site=site)
        return dashboard(
            state,
            age_s=self._live.age_s(site) or 0.0,
            is_stale=is_stale or self._live.is_stale(site),
        )

    async def site_phases(self, site: str, account: Account) -> int:
        """Return the phases of the grid connection; 0 when it was never set or cannot be asked."""
        try:
            answer = await self.ask(
                GRID_CONNECTION_GET, GetGridConnectionRequest(), site=site, account=account
            )
        except (ProblemError, RefusedError):
            # The meter can be set up without the CEM; the reader then checks less.
            logger.info("grid connection not known", extra={"site": site})
            return 0
        return answer.settings.phases if answer.settings.revision else 0

    def _caller(self, account: Account) -> Caller:
        return Caller(actor=account.actor, role=account.role, origin=self._origin)

    def _silent(self, request: Request[Q, R], site: str) -> ProblemError:
        last_seen = self._live.heard(site).last_seen
        if not self._bus.is_connected:
            return site_offline(site, last_seen, "bus-away")
        if not self._live.is_online(site):
            return site_offline(site, last_seen, "site-silent")
        return service_silent(_service(request), site)


def _service(request: Request[Q, R]) -> str:
    if request.pattern.startswith("cloud."):
        return SERVICES[request.pattern.split(".")[1]]
    return SERVICES[_method(request).partition(".")[0]]


def _method(request: Request[Q, R]) -> str:
    """Return `service.method` of a request's subject."""
    return request.pattern.partition(".rpc.")[2]
