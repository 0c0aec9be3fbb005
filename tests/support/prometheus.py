"""A real Prometheus on loopback, in a folder of its own; gone afterwards, whatever happens."""

import contextlib
import math
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml

from volthus_kit.ports import free_port

TOOLS = Path(__file__).parents[2] / ".tools"


def binary(name: str) -> str | None:
    """Return where a program of Prometheus lies: on the path, or in .tools; None = nowhere."""
    return shutil.which(name) or shutil.which(name, path=TOOLS)


BINARY = binary("prometheus")
MOST_S = 240  # it ends by itself after that, should nobody end it
EVERY = "2s"
READY_S = 30

with_prometheus = pytest.mark.skipif(
    BINARY is None,
    reason="NO PROMETHEUS: dashboards are NOT tried here; `scripts/fetch-prometheus` brings it",
)


@dataclass(frozen=True, slots=True)
class Target:
    """A program to be scraped. labels: those that scraping puts on."""

    job: str
    url: str
    labels: Mapping[str, str]

    @property
    def config(self) -> dict:
        """Return it as Prometheus reads it."""
        return {
            "job_name": self.job,
            "honor_labels": True,
            "static_configs": [
                {"targets": [self.url.removeprefix("http://")], "labels": dict(self.labels)}
            ],
        }


@dataclass(frozen=True, slots=True)
class Prometheus:
    """One that runs."""

    client: httpx.Client

    def get(self, path: str, **params: str):
        """Return the data of an answer."""
        answer = self.client.get(f"/api/v1/{path}", params=params).json()
        assert answer["status"] == "success", f"{params}: {answer.get('error')}"
        return answer["data"]

    def values(self, expr: str) -> list[float]:
        """Return the numbers that a query finds now; NaN is none."""
        found = self.get("query", query=expr)["result"]
        numbers = (float(one["value"][1]) for one in found)
        return [number for number in numbers if not math.isnan(number)]


@contextmanager
def scraping(
    folder: Path, targets: Sequence[Target], rules: Sequence[Path]
) -> Iterator[Prometheus]:
    """Yield a Prometheus that scrapes these every 2 s and works the rules out as often."""
    config = {
        "global": {"scrape_interval": EVERY, "scrape_timeout": EVERY, "evaluation_interval": EVERY},
        "rule_files": [str(path) for path in rules],
        "scrape_configs": [target.config for target in targets],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    command = [
        "timeout", str(MOST_S), str(BINARY), f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]  # fmt: skip
    with (
        (folder / "prometheus.log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=15) as client,
    ):
        try:
            _wait_until_ready(client)
            yield Prometheus(client)
        finally:
            process.terminate()  # `timeout` passes it on


def _wait_until_ready(client: httpx.Client) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            if client.get("/-/ready").is_success:
                return
        time.sleep(0.2)
    pytest.fail(f"Prometheus is not ready within {READY_S} s")
