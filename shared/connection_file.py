"""The connection file: how a client finds the user's one running server and talks to it.

The keys are in it, the server's public one and the pair that clients show: who cannot read the file
cannot connect. This module knows files and processes; it knows no sockets. A living process is a
hint: only an answered `Ping` proves that a server listens.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, cast, get_type_hints

from .atomic import replaced_file
from .errors import RetakeError
from .processes import is_running

CONNECTION_VARIABLE = "RETAKE_CONNECTION"
"""Environment variable with the path of another connection file: that of a server elsewhere."""


@dataclass(frozen=True)
class ConnectionInfo:
    """Where a server is and what it takes to be let in.

    address     a ZeroMQ endpoint
    server_key  the server's public CURVE key, in Z85
    pid, start  its process (`processes.is_running`); pid 0: on another computer
    client_key, client_secret
                the CURVE pair a client shows, in Z85; empty: any will do
    """

    address: str
    server_key: str
    pid: int
    protocol_version: int
    start: str = ""
    client_key: str = ""
    client_secret: str = field(default="", repr=False)


def runtime_folder() -> Path:
    """Where the files of a running server live. It may not exist yet."""
    if chosen := os.environ.get("RETAKE_RUNTIME_DIR"):
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", tempfile.gettempdir())) / "retake" / "run"
    session = os.environ.get("XDG_RUNTIME_DIR", "")
    if session and Path(session).is_dir():
        return Path(session) / "retake"
    return Path(tempfile.gettempdir()) / f"retake-{os.getuid()}"


def make_runtime_folder() -> Path:
    """The same folder, made if need be.

    RetakeError if it cannot be made or belongs to somebody else.
    """
    folder = runtime_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise RetakeError(
            f"The folder {folder} of the connection file cannot be made: {error.strerror}. "
            "Set RETAKE_RUNTIME_DIR to a folder of yours."
        ) from None
    if not _is_ours(folder):
        raise RetakeError(
            f"The folder {folder} belongs to another user. "
            "Set RETAKE_RUNTIME_DIR to a folder of yours."
        )
    return folder


def write(info: ConnectionInfo) -> None:
    """Readable by the user only, and in one step: a reader never sees half a file.

    RetakeError if it cannot be written.
    """
    make_runtime_folder()
    try:
        _persist(lambda: write_private(_path(), json.dumps(asdict(info))))
    except OSError as error:
        raise RetakeError(
            f"The connection file {_path()} cannot be written: {error.strerror or error}. "
            "Set RETAKE_RUNTIME_DIR to a folder of yours."
        ) from None


def write_private(path: Path, text: str) -> None:
    """A whole file that only its owner may read, also while it is written. Raises OSError."""
    if path.exists():
        path.chmod(0o600)  # the new file gets the mode of the old one
    with replaced_file(path) as part:
        part.chmod(0o600)
        part.write_text(text, encoding="utf-8")


def read() -> ConnectionInfo | None:
    """None if there is no file, or if it is damaged or not the user's own.

    The server named by `RETAKE_CONNECTION` comes first, and is the only one if it is set.
    """
    path = Path(os.environ.get(CONNECTION_VARIABLE) or _path())
    try:
        if not _is_ours(path):
            return None
        return _info_of(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def remove() -> None:
    """Remove the file, if there is one. RetakeError if it cannot be removed."""
    try:
        _persist(lambda: _path().unlink(missing_ok=True))
    except OSError as error:
        raise RetakeError(
            f"The connection file {_path()} cannot be removed: {error.strerror or error}. "
            "Remove it by hand."
        ) from None


def is_alive(info: ConnectionInfo) -> bool:
    """Whether the server's process still runs; of one on another computer that is not known."""
    return info.pid == 0 or is_running(info.pid, info.start)


def _persist(action: Callable[[], None]) -> None:
    """Windows refuses a change for the milliseconds in which somebody has the file open."""
    for pause_s in (0.01, 0.05, 0.25):
        try:
            return action()
        except PermissionError:
            time.sleep(pause_s)
    return action()


def _path() -> Path:
    return runtime_folder() / "connection.json"


def _is_ours(path: Path) -> bool:
    """On Windows the folder is private by its place in the user's profile."""
    return sys.platform == "win32" or path.stat().st_uid == os.getuid()


def _info_of(given: object) -> ConnectionInfo | None:
    if not isinstance(given, dict):
        return None
    values = cast(dict[Any, Any], given)
    kinds = get_type_hints(ConnectionInfo)
    needed = {f.name for f in fields(ConnectionInfo) if f.default is MISSING}
    if not needed <= set(values) <= set(kinds):
        return None
    if any(type(value) is not kinds[name] for name, value in values.items()):
        return None
    return ConnectionInfo(**values)
