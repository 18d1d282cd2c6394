"""A child process that Blender never waits for: started, looked at now and then, ended.

What it says goes to a file, which is read as it grows. Knows no Blender.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...shared.errors import RetakeError

MOST_BYTES = 1 << 16
"""Read at one look, so that a talkative child cannot hold Blender up."""


class Child:
    """One running program and the lines it has written so far."""

    def __init__(self, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        """Raises RetakeError if it cannot be started."""
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            self._file = log.open("wb+")
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=self._file,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                start_new_session=True,
                creationflags=_windows_flags(),
            )
        except OSError as error:
            raise RetakeError(f"{command[0]} could not be started: {error}.") from None
        self._reader = log.open("rb")
        self._rest = b""

    @property
    def exit_status(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def lines(self) -> list[str]:
        """What it has written since the last look, in whole lines."""
        self._rest += self._reader.read(MOST_BYTES)
        *whole, self._rest = self._rest.split(b"\n")
        return [line.decode("utf-8", "replace") for line in whole]

    def rest(self) -> list[str]:
        """All that is left, once it has ended."""
        found: list[str] = []
        while more := self.lines():
            found += more
        return [*found, *([self._rest.decode("utf-8", "replace")] if self._rest else [])]

    def kill(self) -> None:
        """With all that it has started itself."""
        if self._process.poll() is not None:
            return
        if sys.platform == "win32":
            subprocess.call(
                ["taskkill", "/T", "/F", "/PID", str(self._process.pid)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                creationflags=_windows_flags(),
            )
        else:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(5)

    def close(self) -> None:
        self._reader.close()
        self._file.close()


def news_in(lines: Sequence[str]) -> list[dict[str, Any]]:
    """The JSON objects among lines; what else a program says is no news."""
    found: list[dict[str, Any]] = []
    for line in lines:
        try:
            news = json.loads(line)
        except ValueError:
            continue
        if isinstance(news, dict):
            found.append(news)
    return found


def _windows_flags() -> int:
    if sys.platform != "win32":
        return 0
    return subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
