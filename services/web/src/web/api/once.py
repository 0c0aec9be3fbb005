"""Lets commands of the front door's own be repeated with an Idempotency-Key."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from web.api.door import (
    BEARER,
    COOKIE,
    SAFE_METHODS,
    account_of,
    check_password_changed,
    key_of,
    parts_of,
)
from web.once import Asked


class OnceRoute(APIRoute):
    """A route of what the front door itself owns: use it as `route_class` of a router.

    A command with a key is done once in 24 h; the same semantics as with the owners of settings.
    """

    # The signature is FastAPI's own.
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler of the route, done once for each key."""
        handle = super().get_route_handler()

        async def once(request: Request) -> Response:
            key = key_of(request)
            if not key or request.method in SAFE_METHODS:
                return await handle(request)
            parts = await parts_of(request)
            bearer, cookie = await BEARER(request), await COOKIE(request)
            account = await account_of(request, parts, bearer, cookie)
            what = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
            check_password_changed(account)
            # Who may something else now, or by another token, gets no answer that is kept: it is
            # asked for anew, and what stands before the route decides.
            who = "\n".join((account.actor, account.role, *sorted(account.scopes or ())))
            asked = Asked(who, key, what + await request.body())
            return await parts.once.answer(asked, lambda: handle(request))

        return once
