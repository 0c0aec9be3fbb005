import asyncio
import json
import os
import signal
import subprocess
import sys

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import Field, SecretStr, ValidationError

import volthus_kit.bus  # noqa: F401 - the metrics of every program are asked for
from volthus_kit import health
from volthus_kit.backoff import backoff
from volthus_kit.ports import free_port
from volthus_kit.settings import SiteSettings, complaint, explain

PROGRAM = """
import asyncio
from volthus_kit.service import run
from volthus_kit.settings import SiteSettings

async def serve(settings):
    print("up", flush=True)
    await asyncio.Event().wait()

run(serve, SiteSettings, name="cem", about="A program for a test.")
"""


def program(*arguments: str, **env: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_service_ends_with_0_when_it_is_told_to_stop(number):
    running = program()
    assert running.stdout is not None
    assert running.stdout.readline() == "up\n"
    running.send_signal(number)
    _, errors = running.communicate(timeout=10)
    assert running.returncode == 0
    events = [json.loads(line)["event"] for line in errors.splitlines()]
    assert events[0] == "started"
    assert events[-1] == "stopped"


def test_settings_that_cannot_be_end_it_with_2_and_name_the_setting():
    running = program(VOLTHUS_SITE="No Such.Name")
    _, errors = running.communicate(timeout=10)
    assert running.returncode == 2
    assert errors.startswith("cem: settings cannot be used: VOLTHUS_SITE='No Such.Name': ")
    assert errors.count("\n") == 1
    _, errors = program(VOLTHUS_LOG_LEVEL="LOUD").communicate(timeout=10)
    assert "VOLTHUS_LOG_LEVEL='LOUD'" in errors


class Secretive(SiteSettings):
    """Settings with something that is not for the log."""

    database_url: str = Field("", pattern="^$|^postgresql:", repr=False)
    token: SecretStr = Field(SecretStr(""), max_length=5)
    needed: str


def test_settings_that_cannot_be_are_told_in_one_line_without_a_secret(monkeypatch):
    monkeypatch.setenv("VOLTHUS_DATABASE_URL", "mysql://volthus:hush@db/volthus")
    monkeypatch.setenv("VOLTHUS_TOKEN", "hush-hush")
    monkeypatch.setenv("VOLTHUS_HEALTH_PORT", "70000")
    with pytest.raises(ValidationError) as refused:
        Secretive()
    told = complaint(refused.value, Secretive)
    assert "VOLTHUS_HEALTH_PORT='70000': Input should be less than or equal to 65535" in told
    assert "VOLTHUS_NEEDED: Field required" in told
    assert {"VOLTHUS_DATABASE_URL:", "VOLTHUS_TOKEN:"} <= set(told.split())
    assert "hush" not in told
    assert "\n" not in told


def test_help_lists_every_variable():
    text = explain(SiteSettings)
    for name in SiteSettings.model_fields:
        assert f"VOLTHUS_{name.upper()}" in text
    running = program("--help")
    printed, _ = running.communicate(timeout=10)
    assert running.returncode == 0
    assert "VOLTHUS_NATS_URL" in printed


async def test_health_tells_what_is_not_ready():
    port, checks = free_port(), {"bus": lambda: False, "store": lambda: True}
    serving = asyncio.create_task(health.serve("127.0.0.1", port, checks))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        async with asyncio.timeout(10):
            while True:
                try:
                    alive = await client.get("/healthz")
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.02)
        ready = await client.get("/readyz")
        metrics = await client.get("/metrics")
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    assert alive.status_code == 200
    assert ready.status_code == 503
    assert ready.json() == {"status": "waiting", "checks": {"bus": False, "store": True}}
    assert "volthus_bus_connected" in {
        family.name for family in text_string_to_metric_families(metrics.text)
    }


def test_waits_double_up_to_their_bound():
    waits = backoff(first_s=0.1, most_s=5.0, jitter=0.0)
    assert [round(next(waits), 3) for _ in range(8)] == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
