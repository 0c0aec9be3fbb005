"""The few words of the Kubernetes API that an update needs: read a Deployment, change its image.

Nothing else is asked, so the Role grants nothing else: get and patch, by name.
"""

import asyncio
import ssl
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from updater.core.job import Program
from updater.errors import ConflictError, ForbiddenError, NotThereError, UnreachableError

TIMEOUT_S = 10.0
TRIES = 5  # of a patch that met another writer, such as the Deployment's own controller
MERGE_PATCH = "application/strategic-merge-patch+json"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True)


class _Meta(_Part):
    resource_version: str = Field(alias="resourceVersion")
    generation: int = 0


class _Container(_Part):
    name: str
    image: str = ""


class _PodSpec(_Part):
    containers: list[_Container]


class _Template(_Part):
    spec: _PodSpec


class _Spec(_Part):
    replicas: int = 1
    template: _Template


class _Status(_Part):
    observed_generation: int = Field(0, alias="observedGeneration")
    replicas: int = 0
    updated: int = Field(0, alias="updatedReplicas")
    available: int = Field(0, alias="availableReplicas")


class _Deployment(_Part):
    metadata: _Meta
    spec: _Spec
    status: _Status = _Status()

    def image_of(self, container: str) -> str | None:
        return next(
            (c.image for c in self.spec.template.spec.containers if c.name == container), None
        )

    @property
    def is_ready(self) -> bool:
        """Whether the roll-out of what is wanted is complete, as `kubectl` has it."""
        status = self.status
        return (
            status.observed_generation >= self.metadata.generation
            and status.updated >= self.spec.replicas
            and status.replicas == status.updated == status.available
        )


class Cluster:
    """The Deployments of one namespace. `deployments`: program (its container's name) -> name."""

    def __init__(
        self, url: str, namespace: str, token: Path, ca: Path | None, deployments: dict[str, str]
    ) -> None:
        """Ask the API server at `url` with the token in a file; the roots in `ca` vouch for it."""
        self._token = token
        self._paths = {
            program: f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}"
            for program, name in deployments.items()
        }
        is_vouched = ca is not None and url.startswith("https:")
        verify = ssl.create_default_context(cafile=ca) if is_vouched else True
        self._client = httpx.AsyncClient(
            base_url=url, verify=verify, timeout=TIMEOUT_S, trust_env=False
        )

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def programs(self) -> dict[str, Program]:
        """Return every program as it is to be, and whether it is so. Raises ClusterError."""
        return {name: (await self._read(name))[1] for name in self._paths}

    async def patch(self, program: str, image: str, *, instead_of: str) -> None:
        """Give a program an image, if it still has the one of before. Raises ClusterError."""
        for _ in range(TRIES):
            found, now = await self._read(program)
            if now.image == image:
                return
            if now.image != instead_of:
                raise ConflictError(f"{program} runs {now.image}, not {instead_of} any more")
            body = {
                # Whoever wrote meanwhile must not be overwritten unseen.
                "metadata": {"resourceVersion": found.metadata.resource_version},
                "spec": {"template": {"spec": {"containers": [{"name": program, "image": image}]}}},
            }
            answer = await self._ask("PATCH", program, body)
            if answer.status_code != HTTPStatus.CONFLICT:
                return
        raise UnreachableError(f"{program} was changed by others {TRIES} times in a row")

    async def _read(self, program: str) -> tuple[_Deployment, Program]:
        answer = await self._ask("GET", program)
        try:
            found = _Deployment.model_validate_json(answer.content)
        except ValidationError as error:
            raise UnreachableError(f"the answer about {program} is no Deployment") from error
        image = found.image_of(program)
        if image is None:
            raise NotThereError(f"the Deployment of {program} has no container of that name")
        return found, Program(image, found.is_ready)

    async def _ask(
        self, method: str, program: str, body: dict[str, object] | None = None
    ) -> httpx.Response:
        answer = await self._send(method, program, body)
        if answer.status_code == HTTPStatus.UNAUTHORIZED:  # the token was renewed this moment
            answer = await self._send(method, program, body)
        match answer.status_code:
            case HTTPStatus.OK | HTTPStatus.CONFLICT:
                return answer
            case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
                raise ForbiddenError(f"{method} of {program}: the API server says no")
            case HTTPStatus.NOT_FOUND:
                raise NotThereError(f"there is no Deployment of {program}")
            case status:
                raise UnreachableError(f"{method} of {program}: the API server answered {status}")

    async def _send(
        self, method: str, program: str, body: dict[str, object] | None
    ) -> httpx.Response:
        try:
            # Read anew each time: the kubelet puts a fresh one there before the old one ends.
            token = (await asyncio.to_thread(self._token.read_text)).strip()
            headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
            if body is not None:
                headers["Content-Type"] = MERGE_PATCH
            async with asyncio.timeout(TIMEOUT_S):
                return await self._client.request(
                    method, self._paths[program], headers=headers, json=body
                )
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            raise UnreachableError(f"{method} of {program}: {type(error).__name__}") from error
