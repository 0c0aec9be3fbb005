"""Memory of log-ins is given back."""

import subprocess
import sys

PROGRAM = """
import threading
from pathlib import Path
from web.memory import give_back_large_blocks
from web.passwords import hashed

def resident_mib() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

assert give_back_large_blocks()
before = resident_mib()
for _ in range(6):
    threads = [threading.Thread(target=hashed, args=("x",)) for _ in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
print(resident_mib() - before)
"""


def test_slow_hashes_leave_no_memory_behind():
    """Six rounds of two log-ins at once took 40 MiB that stayed; now they leave next to nothing."""
    told = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True)
    assert float(told.stdout) < 10
