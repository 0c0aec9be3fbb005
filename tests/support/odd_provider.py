"""An OpenID provider that can be told to lie, on loopback over real HTTP."""

import base64
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

GOOD_CODE = "the-code"


def _part(value: dict[str, object]) -> str:
    return _text(json.dumps(value).encode())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def new_key(name: str) -> ECKey:
    """Return a fresh private key."""
    return ECKey.generate_key("P-256", {"kid": name, "use": "sig"})


@dataclass
class OddProvider:
    """What it says can be changed between requests."""

    url: str = ""
    key: ECKey = field(default_factory=lambda: new_key("k1"))
    told_keys: list[ECKey] = field(default_factory=list)
    nonce: str = ""
    claims: dict[str, object] = field(default_factory=dict)  # over the good ones
    header: dict[str, object] = field(default_factory=dict)
    document: dict[str, object] = field(default_factory=dict)
    token: str | None = None  # in place of one that is made
    forms: list[dict[str, list[str]]] = field(default_factory=list)

    def configuration(self) -> dict[str, object]:
        """Return its own document."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
        } | self.document

    def keys(self) -> dict[str, object]:
        """Return the keys it tells."""
        return KeySet(self.told_keys or [self.key]).as_dict(private=False)

    def id_token(self) -> str:
        """Return a token."""
        if self.token is not None:
            return self.token
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": "s-1",
            "aud": "volthus",
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            "preferred_username": "eva",
            "groups": ["fleet"],
        } | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "ES256", "kid": self.key.kid} | self.header
        if header["alg"] == "HS256":  # signed with what everybody knows: the public key
            signed = f"{_part(header)}.{_part(claims)}"
            public = self.key.as_pem(private=False)
            return f"{signed}.{_text(hmac.digest(public, signed.encode(), 'sha256'))}"
        return jwt.encode(header, claims, self.key)

    def answer(self, path: str, form: dict[str, list[str]]) -> tuple[int, object]:
        """Return status and body."""
        if path == "/.well-known/openid-configuration":
            return 200, self.configuration()
        if path == "/keys":
            return 200, self.keys()
        if path == "/token":
            self.forms.append(form)
            if form.get("code") != [GOOD_CODE] or len(self.forms) > 1:
                return 400, {"error": "invalid_grant"}
            return 200, {"access_token": "a", "token_type": "Bearer", "id_token": self.id_token()}
        return 404, {}


@contextmanager
def odd_provider() -> Iterator[OddProvider]:
    """Yield one that runs, and at first tells the truth."""
    odd = OddProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            self._answer(parse_qs(self.rfile.read(length).decode()))

        def _answer(self, form: dict[str, list[str]]) -> None:
            status, told = odd.answer(self.path, form)
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    odd.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield odd
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
