"""Tells the servers of a hub new claims of an account: all that the system account is for."""

import json
from pathlib import Path

import nats
from nats.errors import Error as NatsError

from volthus_kit.credentials import Credentials

UPDATE = "$SYS.REQ.CLAIMS.UPDATE"
TIMEOUT_S = 5.0


class AccountsError(Exception):
    """The servers did not take the claims; the text says why."""


async def tell_account(url: str, credentials: Path, claims: str) -> None:
    """Tell the servers what the operator signed of an account. Raises AccountsError."""
    shown = Credentials(credentials)
    try:
        client = await nats.connect(
            url,
            name="account keeper",
            allow_reconnect=False,
            connect_timeout=int(TIMEOUT_S),
            user_jwt_cb=shown.claims,
            signature_cb=shown.signed,
        )
        try:
            answer = await client.request(UPDATE, claims.encode(), timeout=TIMEOUT_S)
        finally:
            await client.close()
        told = json.loads(answer.data)
        code = told.get("data", {}).get("code")
    except (NatsError, OSError, ValueError, TimeoutError) as error:
        raise AccountsError(f"{type(error).__name__}: {error}") from error
    if code != 200:
        raise AccountsError(f"The server answered {answer.data[:200].decode(errors='replace')}.")
