from __future__ import annotations

import os
import subprocess
import sys

import pytest
from retake.shared.processes import is_running, process_exists, start_of

pytestmark = pytest.mark.skipif(
    sys.platform not in ("linux", "win32", "darwin"), reason="no way to ask this system"
)


def test_a_process_keeps_its_start() -> None:
    start = start_of(os.getpid())
    assert start
    assert start_of(os.getpid()) == start
    assert is_running(os.getpid(), start)


def test_two_processes_have_two_starts() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert start_of(child.pid) not in ("", start_of(os.getpid()))
    finally:
        child.kill()
        child.communicate()


def test_a_number_that_is_used_again_is_another_process() -> None:
    assert not is_running(os.getpid(), "1 another boot")


def test_without_a_start_the_number_counts() -> None:
    assert is_running(os.getpid(), "")


def test_a_process_that_has_ended_does_not_run() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    start = start_of(child.pid)
    child.kill()
    if sys.platform == "linux":  # elsewhere it may exist until it was asked for its exit code
        while is_running(child.pid, start):
            pass
    child.communicate()
    assert not is_running(child.pid, start)
    assert not process_exists(child.pid)


@pytest.mark.parametrize("pid", [0, -1, 2**40])
def test_impossible_numbers_are_no_processes(pid: int) -> None:
    assert not process_exists(pid)
    assert start_of(pid) == ""
    assert not is_running(pid, "")


@pytest.mark.skipif(sys.platform != "linux", reason="names are told in /proc only")
def test_a_name_with_brackets_and_spaces_is_read() -> None:
    """The name stands in the same line as the start, and may look like the fields after it."""
    program = (
        "import ctypes, sys\n"
        "ctypes.CDLL(None).prctl(15, b'a) Z 1 2 3', 0, 0, 0)\n"
        "print('', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout
        child.stdout.readline()
        assert process_exists(child.pid)
        assert start_of(child.pid).split()[0].isdigit()
        child.kill()
