"""A site's device: its key, joining with a code, renewing before the claims end.

The key is made here and never leaves; it is written before the code is used, so that an answer that
was lost can be asked for again.
"""

import asyncio
import base64
import json
import logging
import random
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
from pydantic import BaseModel, ValidationError

from bus_trust import KeyPair, Kind, read_creds, written_creds
from enrolment import codes, proofs
from enrolment.hub_cli import secret
from volthus_kit.clock import Clock

logger = logging.getLogger(__name__)

TIMEOUT_S = 15.0
RETRY_S = 300.0
LONGEST_WAIT_S = 86_400.0
MOST_BYTES = 256 * 1024
STAYS_HERE = ["site.*.local.>", "cloud.>", "_INBOX.>", "$JS.>"]


class DeviceError(Exception):
    """Joining or renewing was not possible; the text says what to do."""


class LinkFile(BaseModel):
    """What is kept of the link, beside the credentials."""

    cloud: str
    site: str
    name: str
    leaf_url: str
    renewed_at: datetime
    expires_at: datetime


class _Answer(BaseModel):
    site: str
    name: str
    jwt: str
    expires_at: datetime
    leaf_url: str
    leaf_ca: str | None


@dataclass(frozen=True, slots=True)
class Device:
    """The files of one site's link, and the address it joins at.

    folder: seed (`device.seed`), credentials (`site.creds`), `link.json`, `leaf.conf`, and `ca.pem`
    where the hub has its own authority. ca: a file that vouches for the enrolment's own address.
    """

    folder: Path
    clock: Clock
    ca: Path | None = None

    async def join(self, cloud: str, typed: str) -> LinkFile:
        """Join with a code. Raises DeviceError."""
        try:
            code = codes.normalised(typed)
        except codes.CodeError as error:
            raise DeviceError(str(error)) from error
        key = self._key()
        body = {
            "code": code,
            "public_key": key.public,
            "proof": base64.b64encode(key.sign(proofs.joining(code, key.public))).decode(),
        }
        return self._take(cloud, key, await self._asked(cloud, "POST", "/v1/join", body))

    async def join_when_possible(self, cloud: str, code: str) -> LinkFile:
        """Join, and try again every few minutes while that does not work."""
        while True:
            try:
                return await self.join(cloud, code)
            except (DeviceError, OSError) as error:
                logger.warning("not joined yet", extra={"error": str(error)})
                await asyncio.sleep(RETRY_S * random.uniform(0.1, 0.5))  # noqa: S311 - jitter

    async def renew(self) -> LinkFile:
        """Get new claims for the key that is here. Raises DeviceError."""
        link, key = self.link(), self._key()
        told = await self._asked(link.cloud, "GET", "/v1/nonce")
        nonce = str(told.get("nonce", ""))
        body = {
            "public_key": key.public,
            "nonce": nonce,
            "proof": base64.b64encode(key.sign(proofs.renewing(nonce, key.public))).decode(),
        }
        return self._take(link.cloud, key, await self._asked(link.cloud, "POST", "/v1/renew", body))

    async def keep(self) -> None:
        """Renew at half life, for ever; what fails is tried again every few minutes."""
        while True:
            wait_s = self.until_half_life_s()
            if wait_s > 0:
                # In steps: a machine that slept, or a clock that was set, is noticed within a day.
                await asyncio.sleep(min(wait_s, LONGEST_WAIT_S))
                continue
            try:
                link = await self.renew()
                logger.info("link renewed", extra={"until": link.expires_at.isoformat()})
            except (DeviceError, OSError) as error:
                logger.warning("link not renewed", extra={"error": str(error)})
                await asyncio.sleep(RETRY_S * random.uniform(0.5, 1.5))  # noqa: S311 - jitter

    def until_half_life_s(self) -> float:
        """Return the seconds until half of the claims' life is over. Raises DeviceError."""
        link = self.link()
        half = link.renewed_at + (link.expires_at - link.renewed_at) / 2
        return (half - self.clock.now()).total_seconds()

    @property
    def has_joined(self) -> bool:
        """Whether this machine joined before."""
        return (self.folder / "link.json").exists()

    def link(self) -> LinkFile:
        """Return what is kept of the link. Raises DeviceError when this machine never joined."""
        try:
            return LinkFile.model_validate_json((self.folder / "link.json").read_text())
        except (OSError, ValidationError) as error:
            raise DeviceError(
                "This machine has not joined yet: volthus-enroll join --cloud ... --code ..."
            ) from error

    # --- inside ----------------------------------------------------------------------------------

    def _key(self) -> KeyPair:
        path = self.folder / "device.seed"
        if path.exists():
            try:
                return KeyPair.from_seed(path.read_text().strip(), Kind.USER)
            except ValueError as error:
                raise DeviceError(f"{path} is damaged: {error}") from error
        key = KeyPair.made(Kind.USER)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        secret(path, key.seed + "\n")
        return key

    def _take(self, cloud: str, key: KeyPair, told: dict[str, object]) -> LinkFile:
        try:
            answer = _Answer.model_validate(told)
            creds = written_creds(answer.jwt, key.seed)
            read_creds(creds)
        except ValueError as error:
            raise DeviceError(f"{cloud} did not answer as an enrolment does.") from error
        link = LinkFile(
            cloud=cloud,
            site=answer.site,
            name=answer.name,
            leaf_url=answer.leaf_url,
            renewed_at=self.clock.now(),
            expires_at=answer.expires_at,
        )
        secret(self.folder / "site.creds", creds)
        if answer.leaf_ca is not None:
            (self.folder / "ca.pem").write_text(answer.leaf_ca)
        (self.folder / "leaf.conf").write_text(self._leaf_conf(answer))
        secret(self.folder / "link.json", link.model_dump_json(indent=1) + "\n")
        return link

    def _leaf_conf(self, answer: _Answer) -> str:
        """Return the part of the site's NATS configuration that links it."""
        creds = self.folder.absolute() / "site.creds"
        ca = self.folder.absolute() / "ca.pem"
        tls = f"\n    tls {{ ca_file: {json.dumps(str(ca))} }}" if answer.leaf_ca else ""
        return (
            f'jetstream {{ domain: "{answer.site}" }}\n'
            "leafnodes {\n  reconnect: 1s\n  remotes: [ {\n"
            f"    url: {json.dumps(answer.leaf_url)}\n"
            f"    credentials: {json.dumps(str(creds))}{tls}\n"
            # The hub refuses this too, but a stolen hub refuses nothing. Denies both ways.
            f"    deny_imports: {json.dumps(STAYS_HERE)}\n  }} ]\n}}\n"
        )

    async def _asked(
        self, cloud: str, method: str, path: str, body: dict[str, str] | None = None
    ) -> dict[str, object]:
        try:
            async with httpx.AsyncClient(
                base_url=cloud,
                timeout=TIMEOUT_S,
                verify=str(self.ca) if self.ca else True,
            ) as client:
                answer = await client.request(method, path, json=body)
                told = answer.json() if len(answer.content) <= MOST_BYTES else None
        except (httpx.HTTPError, ValueError, OSError) as error:
            reason = str(error) or type(error).__name__
            raise DeviceError(f"{cloud} cannot be reached or is no enrolment: {reason}") from error
        if not isinstance(told, dict):
            raise DeviceError(f"{cloud} did not answer as an enrolment does.")
        if answer.is_error:
            raise DeviceError(str(told.get("detail") or f"{cloud} answered {answer.status_code}."))
        return told
