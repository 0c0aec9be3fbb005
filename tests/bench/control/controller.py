"""A controller under test: a program that speaks cem-port/1, started anew after an outage."""

import json
import subprocess
from types import TracebackType

END_WITHIN_S = 2


class Controller:
    """One run of the program."""

    def __init__(self, command: list[str], init: dict) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        answer = self.ask(init)
        if answer != {"ok": True}:
            raise RuntimeError(f"{command} refuses the scenario: {answer}")

    def __enter__(self) -> "Controller":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.end()

    def ask(self, message: dict) -> dict:
        """Send one line, return the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the controller ended with {self._process.wait()}")
        return json.loads(line)

    def end(self) -> None:
        """Close its input; it must end by itself."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(END_WITHIN_S)
        finally:
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()
