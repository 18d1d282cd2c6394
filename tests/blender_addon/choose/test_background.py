"""Work in a thread: named by what it was made of, never two at once, errors are sentences."""

from __future__ import annotations

import threading
import time

import pytest
from retake.blender_addon.choose.background import Later
from retake.shared.errors import RetakeError


def _arrive(later: Later[int]) -> None:
    deadline = time.monotonic() + 10
    while not later.arrived():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_result_comes_later_and_answers_to_its_name() -> None:
    later, gate = Later[int](), threading.Event()
    later.want("one", lambda: gate.wait(10) and 1)
    assert later.get("one") is None
    assert later.is_busy
    assert not later.arrived()
    gate.set()
    _arrive(later)
    assert (later.get("one"), later.get("two"), later.last) == (1, None, ("one", 1))


def test_only_one_piece_of_work_is_under_way() -> None:
    later, gate, begun = Later[int](), threading.Event(), list[int]()
    later.want("one", lambda: gate.wait(10) and 1)
    later.want("two", lambda: begun.append(2) or 2)
    gate.set()
    _arrive(later)
    assert begun == []
    later.want("two", lambda: 2, wait=True)
    assert later.get("two") == 2


def test_what_is_there_is_not_made_again() -> None:
    later, made = Later[int](), list[int]()
    for _ in range(3):
        later.want("one", lambda: made.append(1) or 1, wait=True)
    assert made == [1]
    later.forget()
    assert later.get("one") is None


def test_what_the_animator_can_mend_is_a_sentence() -> None:
    later = Later[int]()

    def fail() -> int:
        raise RetakeError("The clip is gone.")

    later.want("one", fail, wait=True)
    assert (later.problem, later.get("one")) == ("The clip is gone.", None)


def test_what_nobody_expects_is_not_swallowed() -> None:
    later = Later[int]()
    with pytest.raises(ZeroDivisionError):
        later.want("one", lambda: 1 // 0, wait=True)
