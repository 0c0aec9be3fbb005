"""The tools of the program: `smart-charging plan INSTANCES.json [--exact]`."""

import argparse
import json
import sys
from pathlib import Path

from smart_charging.planner.exact import exact
from smart_charging.planner.instances import answer, problems
from smart_charging.planner.kernels.compiled import IS_COMPILED
from smart_charging.planner.plans import plan
from smart_charging.planner.problem import Effort, ProblemError

OK, BAD_INPUT = 0, 2


def main(arguments: list[str]) -> int:
    """Plan every instance of a file; print `site-plan/1` and nothing else on standard output.

    Returns 0, also where a plan cannot meet a need; 2 with one line on standard error for a file
    that is none.
    """
    parser = argparse.ArgumentParser(
        prog="smart-charging plan",
        description="Plans the instances of a site-plan-instances/1 file as they are given.",
    )
    parser.add_argument("file", type=Path, help="the instances, or - for standard input")
    parser.add_argument("--exact", action="store_true", help="by a solver; slow, needs highspy")
    parser.add_argument(
        "--moves", type=int, default=Effort().moves, help="how hard to look [%(default)s]"
    )
    given = parser.parse_args(arguments)
    if not given.exact and not IS_COMPILED:
        slow = "smart-charging plan: numba is off or not there; this takes a hundred times longer"
        print(slow, file=sys.stderr)  # noqa: T201 - a tool for people
    effort = Effort(moves=max(0, given.moves))
    try:
        text = sys.stdin.read() if str(given.file) == "-" else given.file.read_text()
        plans = [
            answer(name, problem, exact(problem) if given.exact else plan(problem, effort))
            for name, problem in problems(json.loads(text))
        ]
    except (OSError, ValueError, RecursionError) as error:  # ProblemError, no JSON, no text
        reason = error if isinstance(error, ProblemError) else f"{given.file}: {error}"
        print(f"smart-charging plan: {reason}", file=sys.stderr)  # noqa: T201 - a tool for people
        return BAD_INPUT
    json.dump({"format": "site-plan/1", "plans": plans}, sys.stdout)
    sys.stdout.write("\n")
    return OK
