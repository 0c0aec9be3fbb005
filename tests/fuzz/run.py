"""Fuzz the EEBUS library: `run.py --inputs N`, the target names as arguments, all by default.

With atheris on the machine the inputs are guided by coverage; without it they are random and the
output says so. A finding is written to a file and named; the exit code is then 1.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

ALL = ("frame", "json", "datagram", "handshake", "conversation")
SHARE = {"frame": 0.3, "json": 0.25, "datagram": 0.2, "handshake": 0.22, "conversation": 0.03}
LONGEST = {"frame": 4096, "json": 4096, "datagram": 64, "handshake": 160, "conversation": 256}
TIMEOUT_S = 10  # of one input: longer is a finding


def main() -> int:
    """Run every target in a process of its own, one after another."""
    arguments = _arguments()
    if arguments.inside:
        return _inside(arguments.inside, arguments.inputs, arguments.findings)
    is_guided = find_spec("atheris") is not None
    print(f"{'coverage-guided (atheris)' if is_guided else 'RANDOM, atheris is not installed'}")
    targets = arguments.targets or list(ALL)
    whole = sum(SHARE[target] for target in targets)
    failed, total, began = [], 0, time.monotonic()
    for target in targets:
        count = max(1, round(arguments.inputs * SHARE[target] / whole))
        started = time.monotonic()
        command = [sys.executable, __file__, "--inside", target, "--inputs", str(count)]
        command += ["--findings", str(arguments.findings)]
        done = subprocess.run(
            command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        code = done.returncode
        if code != 0:
            print("\n".join(x for x in done.stdout.splitlines() if not x.startswith("INFO: ")))
        took_s = time.monotonic() - started
        verdict = "nothing found" if code == 0 else f"FOUND SOMETHING (exit {code})"
        print(f"  {target:13}{count:>9} inputs{took_s:>8.1f} s  {verdict}", flush=True)
        total += count
        if code != 0:
            failed.append(target)
    took_s = round(time.monotonic() - began, 1)
    print(json.dumps({"inputs": total, "seconds": took_s, "guided": is_guided, "failed": failed}))
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", choices=[*ALL, []])
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--findings", type=Path, default=Path("fuzz-findings"))
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    return parser.parse_args()


def _inside(target: str, inputs: int, findings: Path) -> int:
    if find_spec("atheris") is None:
        return _random(target, inputs, findings)
    _guided(target, inputs, findings)
    return 0


def _guided(target: str, inputs: int, findings: Path) -> None:
    import atheris

    with atheris.instrument_imports(include=["eebus"]):
        from targets import TARGETS, seeds

    findings.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds(target)):
            (Path(folder) / f"seed-{number}").write_bytes(seed)
        options = [
            "eebus-fuzz",
            f"-runs={inputs}",
            f"-max_len={LONGEST[target]}",
            f"-timeout={TIMEOUT_S}",
            "-rss_limit_mb=2048",
            "-verbosity=0",
            "-print_final_stats=0",
            f"-artifact_prefix={findings}/{target}-",
            f"-seed={int(os.environ.get('FUZZ_SEED', '1'))}",
            folder,
        ]
        atheris.Setup(options, TARGETS[target])
        atheris.Fuzz()  # ends the process


def _random(target: str, inputs: int, findings: Path) -> int:
    from targets import TARGETS, seeds

    chance = random.Random(int(os.environ.get("FUZZ_SEED", "1")))  # noqa: S311 - repeatable
    pool, play = seeds(target), TARGETS[target]
    for _ in range(inputs):
        data = _varied(chance, pool, LONGEST[target])
        try:
            play(data)
        except Exception:
            findings.mkdir(parents=True, exist_ok=True)
            path = findings / f"{target}-crash"
            path.write_bytes(data)
            print(f"  {target}: the input is in {path}", file=sys.stderr)
            raise
    return 0


def _varied(chance: random.Random, pool: list[bytes], most: int) -> bytes:
    data = bytearray(chance.choice(pool))
    if chance.random() < 0.5:
        data = bytearray(chance.randbytes(chance.randrange(1, most)))
    for _ in range(chance.randrange(0, 8)):
        data[chance.randrange(len(data)) : chance.randrange(len(data) + 1)] = chance.randbytes(
            chance.randrange(1, 5)
        )
        if not data:
            data = bytearray(b"\x00")
    return bytes(data[:most])


if __name__ == "__main__":
    sys.exit(main())
