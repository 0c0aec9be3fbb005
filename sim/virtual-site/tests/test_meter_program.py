"""`virtual-site meter` as a process, obeying lines on its input."""

import json
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.exceptions import ModbusException

PROGRAM = [sys.executable, "-m", "virtual_site.main", "meter"]


@contextmanager
def meter(*arguments):
    process = subprocess.Popen(
        [*PROGRAM, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process, json.loads(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
    assert process.returncode == 0


def answers(client):
    try:
        client.read_input_registers(12, count=1, device_id=1)
    except ModbusException:
        return False
    return True


def say(process, line):
    process.stdin.write(line + "\n")
    process.stdin.flush()


def test_a_meter_is_started_alone_and_obeys():
    with meter("--model", "cg_em340", "--amps", "7,0,0", "--noise", "0") as (process, where):
        assert where["transport"] == "tcp"
        client = ModbusTcpClient("127.0.0.1", port=where["port"], timeout=0.3, retries=0)
        assert client.connect()
        assert client.read_input_registers(12, count=2, device_id=1).registers == [7000, 0]
        say(process, "amps 9,0,0")
        until = time.monotonic() + 10
        while client.read_input_registers(12, count=1, device_id=1).registers != [9000]:
            assert time.monotonic() < until
        say(process, "fault silence")
        while answers(client):
            assert time.monotonic() < until
        client.close()


def test_a_meter_on_a_serial_port_of_its_own():
    with meter("--model", "eastron_sdm120", "--transport", "rtu", "--unit", "5") as (_, where):
        client = ModbusSerialClient(where["device"], baudrate=9600, timeout=1, retries=0)
        assert client.connect()
        answer = client.read_input_registers(0, count=2, device_id=5)
        assert answer.registers == [0x4366, 0]
        client.close()


@pytest.mark.parametrize(
    "wrong", [["--model", "abacus"], ["--model", "cg_em340", "--fault", "fire"]]
)
def test_what_cannot_be_is_refused_in_one_line(wrong):
    ended = subprocess.run(
        [*PROGRAM, *wrong], capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
