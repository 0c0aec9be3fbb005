"""Tools of programs, in a pipe as people use them."""

import subprocess
import sys

import pytest

LONG = "from volthus_kit.tool import run_tool\nimport sys\n" + (
    "def tool(words):\n  for n in range(int(words[0])): print('a line of many')\n  return 3\n"
    "run_tool(tool, sys.argv[1:])\n"
)


@pytest.mark.parametrize("lines", ["1", "50000"], ids=["kept back to the end", "beyond a pipe"])
def test_a_tool_whose_output_nobody_reads_any_more_ends_without_a_word(lines):
    with subprocess.Popen(
        [sys.executable, "-c", LONG, lines], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=20) == 141


def test_a_tool_ends_with_its_own_status():
    done = subprocess.run(
        [sys.executable, "-c", LONG, "2"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.count("\n"), done.stderr) == (3, 2, "")
