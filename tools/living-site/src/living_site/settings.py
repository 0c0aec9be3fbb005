"""What `make run` reads from its environment."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

DEFAULT_WEB_PORT = 8080
STATE = ".state"


@dataclass(frozen=True, slots=True)
class Settings:
    """How to run the living site.

    web_port: None = 8080 or the next free one.
    nats_url: None = an embedded server is started.
    restart_wait_s: first wait before a program that died is started again.
    is_bare: nothing is set up at the first start, to do it by the guided set-up.
    """

    state: Path
    web_port: int | None
    nats_url: str | None
    lan: bool
    scenario: str
    chargers: int
    meter_model: str
    restart_wait_s: float
    log_level: str
    is_bare: bool


class SettingsError(ValueError):
    """A variable of the environment cannot be used; the text says which and why."""


def from_environment(env: dict[str, str]) -> Settings:
    """Return the settings; an empty variable counts as not set.

    Raises SettingsError naming the variable that cannot be used.
    """
    return Settings(
        state=Path(env.get("VOLTHUS_STATE") or STATE).absolute(),
        web_port=_port(env, "VOLTHUS_PORT"),
        nats_url=env.get("VOLTHUS_NATS_URL") or None,
        lan=env.get("VOLTHUS_LAN", "") == "1",
        scenario=env.get("VOLTHUS_SCENARIO") or "villa",
        chargers=_number(env, "VOLTHUS_CHARGERS", 4, least=2, most=100),
        meter_model=env.get("VOLTHUS_METER_MODEL") or "cg_em24_e1",
        restart_wait_s=float(_number(env, "VOLTHUS_RESTART_WAIT_S", 1, least=0, most=600)),
        log_level=env.get("VOLTHUS_LOG_LEVEL") or "INFO",
        is_bare=env.get("VOLTHUS_BARE", "") == "1",
    )


def how_to_forget(state: Path) -> str:
    """Return the command that forgets this state; the plain one forgets another folder's."""
    if state.absolute() == Path(STATE).absolute():
        return "make clean-state"
    return f"VOLTHUS_STATE={shlex.quote(str(state))} make clean-state"


def _port(env: dict[str, str], name: str) -> int | None:
    return _number(env, name, 0, least=1, most=65535) if env.get(name) else None


def _number(env: dict[str, str], name: str, default: int, *, least: int, most: int) -> int:
    text = env.get(name) or str(default)
    if not text.isdigit() or not least <= int(text) <= most:
        raise SettingsError(f"{name}={text!r}: expected a whole number from {least} to {most}")
    return int(text)


def environment() -> dict[str, str]:
    """Return the environment of this process as a plain dict."""
    return dict(os.environ)
