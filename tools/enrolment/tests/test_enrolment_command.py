"""`volthus-enroll` and `volthus-hub-keys` as a person uses them."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

from volthus_kit.testing import nats_server_binary
from volthus_wire.subjects import LINK_CODE
from volthus_wire.v1.enrolment_pb2 import CreateCodeRequest
from volthus_wire.v1.rpc_pb2 import Caller

BIN = Path(sys.executable).parent
OPERATOR = Caller(actor="olga", role="operator", origin="cloud")


def run(*arguments, program="volthus-enroll"):
    return subprocess.run(
        [BIN / program, *arguments], capture_output=True, text=True, check=False, timeout=30
    )


async def told(*arguments, **options):
    return await asyncio.to_thread(run, *arguments, **options)


async def test_one_command_and_one_code(hub, tmp_path):
    link = ("--folder", str(tmp_path / "link"))
    async with hub.bus() as web:
        made = await web.ask(LINK_CODE, CreateCodeRequest(site="s001"), caller=OPERATOR)
    joined = await told(*link, "join", "--cloud", hub.http, "--code", made.code.lower())
    assert joined.returncode == 0, joined.stderr
    assert "speaks for the site s001" in joined.stdout
    assert (await told(*link, "status")).stdout == joined.stdout
    place, include = re.search(r"NATS: a configuration in (.*) says (.*)", joined.stdout).groups()
    (Path(place) / "nats.conf").write_text(f"{include}\n")
    nats = nats_server_binary(), "-t", "-c", f"{place}/nats.conf"
    checked = await asyncio.to_thread(subprocess.run, nats, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    renewed = await told(*link, "renew")
    assert renewed.returncode == 0, renewed.stderr
    again = await told(
        "--folder", str(tmp_path / "b"), "join", "--cloud", hub.http, "--code", made.code
    )
    assert (again.returncode, again.stderr) == (
        1,
        "volthus-enroll: This code was used already.\n",
    )


async def test_who_never_joined_is_told_how(tmp_path):
    for command in ("status", "renew", "keep"):
        done = await told("--folder", str(tmp_path / "none"), command)
        assert done.returncode == 1
        assert "volthus-enroll join --cloud" in done.stderr


async def test_a_typing_error_is_told_before_anybody_is_asked(tmp_path):
    done = await told(
        "--folder", str(tmp_path), "join", "--cloud", "http://127.0.0.1:9", "--code", "X"
    )
    assert (done.returncode, "17 letters and digits" in done.stderr) == (1, True)


async def test_keys_of_a_hub_are_kept_when_the_command_runs_again(tmp_path):
    folder = tmp_path / "hub"
    assert (await told(str(folder), program="volthus-hub-keys")).returncode == 0
    keys = (folder / "hub-keys.json").read_text()
    assert (await told(str(folder), program="volthus-hub-keys")).returncode == 0
    assert (folder / "hub-keys.json").read_text() == keys
    secret = {path.name for path in folder.iterdir() if path.stat().st_mode & 0o077 == 0}
    assert secret == {path.name for path in folder.iterdir()} - {"auth.conf"}
    (folder / "hub-keys.json").write_text("{}")
    broken = await told(str(folder), program="volthus-hub-keys")
    assert broken.returncode == 2
    assert "volthus-hub-keys:" in broken.stderr
