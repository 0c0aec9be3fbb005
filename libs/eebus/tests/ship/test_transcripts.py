"""Recorded handshakes of the reference peers: we say what they said, in their order."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from eebus.ship.hello import Trust
from eebus.ship.messages import CloseAnnounce, Data, Hello, HelloPhase, decode
from eebus.ship.session import Received
from eebus.ship.steps import Approved, CloseWanted, Denied, Role

ROOT = Path(__file__).resolve().parents[4]
SHARED = Path(os.environ.get("VOLTHUS_SHARED", ROOT.parent / "shared"))
OWN = Path(__file__).parents[1] / "transcripts"  # made with peers of the Go stack
NAMES = [
    *sorted(file.stem for file in OWN.glob("*.jsonl")),
    "cem-evse-iec61851",
    "cem-evse-lpc-mgcp",
    "errors-cem-to-evse",
    "lpc-controlbox-hems",
    "pairing-denied",
    "pairing-pending-prolongation",
]


def connections(name):
    """Return the recorded connections, each from its first 00 00 by the client."""
    path = OWN / f"{name}.jsonl"
    if not path.exists():
        path = SHARED / "eebus" / "transcripts" / f"{name}.jsonl"
    if not path.exists():
        pytest.skip(f"NOT TESTED: no recording {path} (set VOLTHUS_SHARED)")
    found = []
    for line in map(json.loads, path.read_text().splitlines()):
        is_init = line["type"] == 0
        if is_init and (not found or len([x for x in found[-1] if x["type"] == 0]) == 2):
            found.append([])
        found[-1].append(line)
    return found


def frame(line):
    if "hex" in line:
        return bytes.fromhex(line["hex"])
    return bytes([line["type"]]) + line["raw"].encode()


def comparable(message):
    """How much time is left may differ: newer peers add prolongations, older start anew."""
    if isinstance(message, Hello) and message.waiting_ms is not None:
        return replace(message, waiting_ms=60000)
    return message


def user_of(ours, side, message):
    """Let our user do what the recorded one did."""
    if isinstance(message, CloseAnnounce):
        side.take(CloseWanted(message.reason or "unspecific"))
    if message == Hello(HelloPhase.ABORTED):
        side.take(Denied())
    was_pending = bool(ours) and isinstance(ours[-1], Hello) and ours[-1].phase == "pending"
    if was_pending and isinstance(message, Hello) and message.phase is HelloPhase.READY:
        side.take(Approved())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("role", Role)
def test_we_speak_as_the_recorded_side_did(wire, name, role):
    for lines in connections(name):
        client = lines[0]["from"]
        us = client if role is Role.CLIENT else lines[0]["to"]
        recorded = [decode(frame(line)) for line in lines if line["from"] == us]
        first = next((m for m in recorded if isinstance(m, Hello)), None)
        pending = first is not None and first.phase is HelloPhase.PENDING
        side = wire.Side.start(role, Trust.UNDECIDED if pending else Trust.TRUSTED, "us")
        said = []
        for line in lines:
            side.wait_until(line["t"] - lines[0]["t"])
            message = decode(frame(line))
            if line["from"] != us:
                side.take(Received(frame(line)))
            elif not isinstance(message, Data):
                user_of(said, side, message)
                said.append(message)
        ours = [comparable(m) for m in side.messages()]
        theirs = [comparable(m) for m in said]
        # Only the SHIP ID is our own.
        assert [type(m) for m in ours[: len(theirs)]] == [type(m) for m in theirs]
        assert [m for m in ours if isinstance(m, Hello)] == [
            m for m in theirs if isinstance(m, Hello)
        ]
