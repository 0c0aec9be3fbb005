"""A short run of the fuzzer in every test run, and a look at whether it can find anything."""

import json
import os
import subprocess
import sys
from pathlib import Path

RUN = Path(__file__).with_name("run.py")
INPUTS = 6000


def fuzzed(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(RUN), "--findings", str(folder), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
        env={**os.environ, **environment},
    )


def test_thousands_of_odd_inputs_break_no_promise_of_the_eebus_library(tmp_path):
    done = fuzzed(tmp_path, "--inputs", str(INPUTS))
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["inputs"] >= INPUTS - 5
    assert told["failed"] == []


def test_the_fuzzer_finds_a_reader_that_believes_what_it_is_told(tmp_path):
    # With a fault put in on purpose it must fail: a run that cannot fail would prove nothing.
    done = fuzzed(tmp_path, "datagram", "--inputs", "5000", FUZZ_FAULT="trusting-reader")
    assert done.returncode == 1, done.stdout + done.stderr
    assert list(tmp_path.iterdir())
