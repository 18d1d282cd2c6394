"""Which process is it: a number alone is used again, a number and its start are not.

Standard library only, since Blender needs it too. A start is an opaque text that is only compared;
it comes from the system's own counters, not from the wall clock, which may jump.
"""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path


def process_exists(pid: int) -> bool:
    """Whether there is a process of this number, whoever owns it. It is not disturbed."""
    if pid <= 0:
        return False
    if sys.platform == "win32":
        return _ask_windows(pid)[0]
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def start_of(pid: int) -> str:
    """When the process began, as a text to compare; empty if it is gone or the system says not."""
    if pid <= 0 or pid >= 2**31:
        return ""
    if sys.platform == "win32":
        return _ask_windows(pid)[1]
    if sys.platform == "darwin":
        return _start_on_mac(pid)
    fields = _stat(pid)
    return f"{fields[19]} {_boot()}" if len(fields) > 19 else ""


def is_running(pid: int, start: str) -> bool:
    """Whether the process that began at `start` still runs. An empty `start` is not compared."""
    if not process_exists(pid):
        return False
    now = start_of(pid) if start else ""
    return not now or now == start


def _stat(pid: int) -> list[str]:
    """Linux: the fields of a process's state line after its name, which may hold anything."""
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return line.rpartition(")")[2].split()


def _boot() -> str:
    """Starts are counted from the boot on: after the next one the same count may come again."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _is_zombie(pid: int) -> bool:
    """Ended, but its parent has not asked yet how. Linux says so in a file; elsewhere False."""
    return _stat(pid)[:1] == ["Z"]


def _ask_windows(pid: int) -> tuple[bool, str]:
    """(exists, start). Signal 0 would end the process there: os.kill is TerminateProcess."""
    import ctypes

    if sys.platform != "win32":
        raise NotImplementedError
    query_limited_information, still_active = 0x1000, 259
    kernel = ctypes.WinDLL("kernel32")
    kernel.OpenProcess.restype = ctypes.c_void_p
    handle = ctypes.c_void_p(
        kernel.OpenProcess(query_limited_information, False, ctypes.c_ulong(pid))
    )
    if not handle:
        return False, ""
    code, times = ctypes.c_ulong(), [ctypes.c_ulonglong() for _ in range(4)]
    known = kernel.GetExitCodeProcess(handle, ctypes.byref(code))
    timed = kernel.GetProcessTimes(handle, *(ctypes.byref(time) for time in times))
    kernel.CloseHandle(handle)
    return bool(known) and code.value == still_active, str(times[0].value) if timed else ""


def _start_on_mac(pid: int) -> str:
    """From `struct proc_bsdinfo` (136 bytes): its last two numbers are seconds and microseconds."""
    import ctypes

    task_information, size = 3, 136
    answer = ctypes.create_string_buffer(size)
    try:
        library = ctypes.CDLL("/usr/lib/libproc.dylib")
        got = library.proc_pidinfo(pid, task_information, ctypes.c_uint64(0), answer, size)
    except (OSError, AttributeError):
        return ""
    return "{}.{:06}".format(*struct.unpack_from("=QQ", answer.raw, 120)) if got == size else ""
