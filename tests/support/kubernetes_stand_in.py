"""An API server of our own making: the few paths of `apps/v1` that an updater asks, faithfully.

It keeps Deployments with resourceVersion and generation, merges patches strategically, refuses what
is out of date (409), what the token does not open (401) and everything that the Role would not
grant (403), and has a controller that brings the status after what is wanted. What "ready" means
is told by the test: by a table of images, or by real processes.
"""

import asyncio
import copy
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

PREFIX = "/apis/apps/v1/namespaces/{namespace}/deployments/"
REASONS = {200: "OK", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict",
           415: "UnsupportedMediaType", 503: "ServiceUnavailable"}  # fmt: skip
LOOK_S = 0.02

Runs = Callable[[str, str], Awaitable[bool]]  # Deployment, image -> whether it is ready now


async def all_run(_: str, image: str) -> bool:
    """Every image is a good one, but those that say otherwise."""
    return "bad" not in image


@dataclass
class StandInCluster:
    """One namespace. `requests`: (method, path, status) of all that was asked."""

    namespace: str = "site-demo"
    tokens: set[str] = field(default_factory=lambda: {"first"})
    runs: Runs = all_run
    deployments: dict[str, dict] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)  # methods that the Role does not grant
    requests: list[tuple[str, str, int]] = field(default_factory=list)
    fail_next: list[int] = field(default_factory=list)  # status of the next answers
    before_patch: Callable[[dict], None] | None = None  # another writer, just in time
    is_hanging: bool = False
    has_controller: bool = True
    url: str = ""
    _version: int = 100

    def add(self, name: str, container: str, image: str) -> None:
        """Put a Deployment there that runs `image`."""
        self._version += 1
        self.deployments[name] = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {
                "name": name,
                "namespace": self.namespace,
                "resourceVersion": str(self._version),
                "generation": 1,
            },
            "spec": {
                "replicas": 1,
                "strategy": {"type": "Recreate"},
                "template": {
                    "spec": {
                        "containers": [
                            {"name": container, "image": image, "command": [container]},
                            {"name": "sidecar", "image": "other@sha256:0"},
                        ],
                        "volumes": [{"name": "state", "emptyDir": {}}],
                    }
                },
            },
            "status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1,
                       "availableReplicas": 1},
        }  # fmt: skip

    def image(self, name: str) -> str:
        """Return what a Deployment is to run."""
        return self.deployments[name]["spec"]["template"]["spec"]["containers"][0]["image"]

    def set_image(self, name: str, image: str) -> None:
        """Change it as another writer would."""
        self._change(self.deployments[name], {"containers": [{"name": None, "image": image}]})

    # --- the server ------------------------------------------------------------------------------

    @asynccontextmanager
    async def serving(self, tls: ssl.SSLContext | None = None) -> AsyncIterator["StandInCluster"]:
        """Serve on loopback, with its controller beside."""
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0, ssl=tls)
        port = server.sockets[0].getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
        controller = asyncio.ensure_future(self._control())
        try:
            yield self
        finally:
            controller.cancel()
            with suppress(asyncio.CancelledError):
                await controller
            server.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                method, path, _ = head[0].split(" ")
                lines = (line.split(": ", 1) for line in head[1:] if ": " in line)
                headers = {name.lower(): value for name, value in lines}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                if self.is_hanging:
                    continue
                status, answer = self._answer(method, path, headers, body)
                self.requests.append((method, path, status))
                text = json.dumps(answer).encode()
                writer.write(
                    f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(text)}\r\n\r\n".encode()
                    + text
                )
                await writer.drain()
        writer.close()

    def _answer(  # noqa: PLR0911 - a way out for each thing that can be wrong
        self, method: str, path: str, headers: dict, body: bytes
    ) -> tuple[int, dict]:
        if headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return self._no(401)
        if self.fail_next:
            return self._no(self.fail_next.pop(0))
        prefix = PREFIX.format(namespace=self.namespace)
        name = path.removeprefix(prefix)
        # The Role names its resources: whatever else is asked is forbidden, not absent.
        if not path.startswith(prefix) or "/" in name or method not in ("GET", "PATCH"):
            return self._no(403)
        if method in self.forbidden:
            return self._no(403)
        if name not in self.deployments:
            return self._no(404)
        found = self.deployments[name]
        if method == "GET":
            return 200, found
        if headers.get("content-type") != "application/strategic-merge-patch+json":
            return self._no(415)
        if self.before_patch is not None:
            self.before_patch(found)
        patch = json.loads(body)
        asked = patch.get("metadata", {}).get("resourceVersion")
        if asked is not None and asked != found["metadata"]["resourceVersion"]:
            return self._no(409)
        self._change(found, patch["spec"]["template"]["spec"])
        return 200, found

    def _no(self, status: int) -> tuple[int, dict]:
        return status, {"kind": "Status", "status": "Failure", "reason": REASONS[status],
                        "code": status}  # fmt: skip

    def touch(self, found: dict) -> None:
        """Change something that is nobody's business, as the controller does with a status."""
        self._version += 1
        found["metadata"]["resourceVersion"] = str(self._version)

    def _change(self, found: dict, pod: dict) -> None:
        containers = found["spec"]["template"]["spec"]["containers"]
        before = copy.deepcopy(containers)
        for changed in pod["containers"]:
            name = changed["name"] or containers[0]["name"]
            next(one for one in containers if one["name"] == name).update(image=changed["image"])
        self.touch(found)
        if containers != before:
            found["metadata"]["generation"] += 1

    async def _control(self) -> None:
        while True:
            for name, found in self.deployments.items() if self.has_controller else ():
                seen = found["metadata"]["generation"]
                is_ready = await self.runs(name, self.image(name))
                status = {"observedGeneration": seen, "replicas": 1, "updatedReplicas": 1,
                          "availableReplicas": int(is_ready)}  # fmt: skip
                if found["status"] != status and found["metadata"]["generation"] == seen:
                    found["status"] = status
                    self.touch(found)
            await asyncio.sleep(LOOK_S)
