"""Talks to the OpenID provider: its document, its keys, tokens for codes."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from volthus_kit.clock import Clock
from web.core.oidc import ALGORITHMS, Endpoints, OidcError, check_audience, endpoints

if TYPE_CHECKING:
    import httpx
    from joserfc.jwk import KeySet

logger = logging.getLogger(__name__)

TIMEOUT_S = 5.0
MOST_BYTES = 512 * 1024
DOCUMENT_KEPT_S = 3600.0
KEYS_KEPT_S = 3600.0
KEYS_AGAIN_S = 30.0  # earliest, when a token names a key that is not known
LEEWAY_S = 60


@dataclass(frozen=True, slots=True)
class Client:
    """Who we are to the provider. secret: "" = a public client, which PKCE alone protects."""

    issuer: str
    id: str
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a provider says of somebody. token: as it was signed."""

    token: str
    claims: Mapping[str, object]


class Provider:
    """One OpenID provider. Nothing is asked before somebody logs in with it."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self.client = client
        self._clock = clock
        self._lock = asyncio.Lock()
        self._endpoints: tuple[float, Endpoints] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def endpoints(self) -> Endpoints:
        """Return what the provider says of itself. Raises OidcError."""
        async with self._lock:
            now_s = self._clock.monotonic()
            if self._endpoints is None or now_s - self._endpoints[0] > DOCUMENT_KEPT_S:
                address = self.client.issuer.rstrip("/") + "/.well-known/openid-configuration"
                document = await self._ask("GET", address)
                self._endpoints = now_s, endpoints(document, self.client.issuer)
            return self._endpoints[1]

    async def proof(self, code: str, *, redirect_uri: str, verifier: str, nonce: str) -> Proof:
        """Return what the provider says of somebody, proven, for the code they came back with.

        Raises OidcError `oidc-provider-away`, `oidc-code-refused`, `oidc-token-wrong`.
        """
        to = await self.endpoints()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
            "client_id": self.client.id,
        }
        answer = await self._ask("POST", to.token, form=form)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise OidcError("oidc-token-wrong", "there is none")
        claims = await self._verified(token, nonce)
        return Proof(token, await self._with_userinfo(claims, to, answer.get("access_token")))

    async def _verified(self, token: str, nonce: str) -> Mapping[str, object]:
        from joserfc import jwt  # noqa: PLC0415 - heavy, and only where a provider is set
        from joserfc.errors import JoseError  # noqa: PLC0415

        now = int(self._clock.now().timestamp())
        registry = jwt.JWTClaimsRegistry(
            now=now,
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self.client.issuer},
            sub={"essential": True},
            aud={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        for is_again in (False, True):
            keys = await self._key_set(is_again=is_again)
            try:
                decoded = jwt.decode(token, keys, algorithms=list(ALGORITHMS))
            except (JoseError, ValueError) as error:
                if is_again:
                    raise OidcError("oidc-token-wrong", str(error)) from error
                continue  # its key may be a new one
            try:
                registry.validate(decoded.claims)
            except JoseError as error:
                raise OidcError("oidc-token-wrong", str(error)) from error
            check_audience(decoded.claims, self.client.id)
            return decoded.claims
        raise OidcError("oidc-token-wrong", "no key opens it")

    async def _key_set(self, *, is_again: bool) -> "KeySet":
        from joserfc.errors import JoseError  # noqa: PLC0415 - heavy
        from joserfc.jwk import KeySet  # noqa: PLC0415

        to = await self.endpoints()
        async with self._lock:
            now_s = self._clock.monotonic()
            kept_s = KEYS_AGAIN_S if is_again else KEYS_KEPT_S
            if self._keys is None or now_s - self._keys[0] > kept_s:
                told = await self._ask("GET", to.keys)
                try:
                    keys = KeySet.import_key_set(told)  # type: ignore[arg-type]  # it checks itself
                except (JoseError, ValueError, KeyError, TypeError) as error:
                    raise OidcError("oidc-provider-wrong", f"its keys: {error}") from error
                self._keys = now_s, keys
            return self._keys[1]

    async def _with_userinfo(
        self, claims: Mapping[str, object], to: Endpoints, access_token: object
    ) -> Mapping[str, object]:
        """Return the claims with those that only the userinfo endpoint tells; the token's count."""
        if to.userinfo is None or not isinstance(access_token, str):
            return claims
        try:
            told = await self._ask("GET", to.userinfo, bearer=access_token)
        except OidcError as error:
            logger.warning("userinfo not told", extra={"error": error.detail})
            return claims
        return {**told, **claims} if told.get("sub") == claims.get("sub") else claims

    async def _ask(
        self, method: str, url: str, *, form: dict[str, str] | None = None, bearer: str = ""
    ) -> Mapping[str, object]:
        import httpx  # noqa: PLC0415 - heavy, and only where a provider is set

        headers = {"Accept": "application/json"}
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
                answer = await client.request(
                    method, url, data=form, headers=headers, auth=self._auth(is_form=bool(form))
                )
        except httpx.HTTPError as error:
            raise OidcError("oidc-provider-away", f"{url}: {error}") from error
        if answer.is_client_error and form is not None:
            raise OidcError("oidc-code-refused", f"{url} answers {answer.status_code}")
        if not answer.is_success or len(answer.content) > MOST_BYTES:
            raise OidcError("oidc-provider-away", f"{url} answers {answer.status_code}")
        try:
            told = answer.json()
        except ValueError as error:
            raise OidcError("oidc-provider-wrong", f"{url} answers no JSON") from error
        if not isinstance(told, dict):
            raise OidcError("oidc-provider-wrong", f"{url} answers no object")
        return told

    def _auth(self, *, is_form: bool) -> "httpx.BasicAuth | None":
        import httpx  # noqa: PLC0415

        if not is_form or not self.client.secret:
            return None
        return httpx.BasicAuth(self.client.id, self.client.secret)
