"""The connection file: how a client finds the user's one running server and talks to it.

The server's public CURVE key is in it: who cannot read the file cannot connect. This module knows
files and process numbers; it knows no sockets. A living process number is a hint (numbers are used
again): only an answered `Ping` proves that a server listens.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from .errors import RetakeError


@dataclass(frozen=True)
class ConnectionInfo:
    """`address`: a ZeroMQ endpoint on the loopback; `server_key`: a CURVE public key in Z85."""

    address: str
    server_key: str
    pid: int
    protocol_version: int


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
    folder = make_runtime_folder()
    try:
        # mkstemp makes files with mode 0600; os.replace keeps it.
        handle, temporary = tempfile.mkstemp(prefix="connection", suffix=".part", dir=folder)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(asdict(info), file)
            _persist(lambda: os.replace(temporary, _path()))
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise RetakeError(
            f"The connection file {_path()} cannot be written: {error.strerror or error}. "
            "Set RETAKE_RUNTIME_DIR to a folder of yours."
        ) from None


def read() -> ConnectionInfo | None:
    """None if there is no file, or if it is damaged or not the user's own."""
    path = _path()
    try:
        if not _is_ours(path):
            return None
        fields = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return _info_of(fields)


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
    """Whether a process of the server's number exists."""
    return process_exists(info.pid)


def process_exists(pid: int) -> bool:
    """Whether there is a process of this number, whoever owns it. It is not disturbed."""
    if pid <= 0:
        return False
    if sys.platform == "win32":
        return _process_exists_windows(pid)
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Ended, but its parent has not asked yet how. Linux says so in a file; elsewhere False."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[:1] == ["Z"]


def _process_exists_windows(pid: int) -> bool:
    """Signal 0 would end the process there (os.kill is TerminateProcess): ask for its state."""
    import ctypes

    if sys.platform != "win32":
        raise NotImplementedError
    query_limited_information, still_active = 0x1000, 259
    kernel = ctypes.WinDLL("kernel32")
    kernel.OpenProcess.restype = ctypes.c_void_p
    handle = kernel.OpenProcess(query_limited_information, False, ctypes.c_ulong(pid))
    if not handle:
        return False
    code = ctypes.c_ulong()
    known = kernel.GetExitCodeProcess(ctypes.c_void_p(handle), ctypes.byref(code))
    kernel.CloseHandle(ctypes.c_void_p(handle))
    return bool(known) and code.value == still_active


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


def _info_of(fields: object) -> ConnectionInfo | None:
    kinds = {"address": str, "server_key": str, "pid": int, "protocol_version": int}
    if not isinstance(fields, dict):
        return None
    given = cast(dict[Any, Any], fields)
    if set(given) != set(kinds) or any(
        type(given[name]) is not kind for name, kind in kinds.items()
    ):
        return None
    return ConnectionInfo(**given)
