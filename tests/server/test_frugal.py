"""Memory that runs out: smaller parts, said once, and an end to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from retake.server.frugal import MOST_HALVINGS, OutOfMemory, within_memory

GIB = 2**30


def attempt_with(room: int, log: list[int | None]) -> Callable[[int | None], str]:
    """Succeeds with a limit of at most `room` bytes."""

    def attempt(limit: int | None) -> str:
        log.append(limit)
        if limit is None or limit > room:
            raise OutOfMemory
        return "takes"

    return attempt


def test_what_fits_is_not_limited() -> None:
    said: list[str] = []
    assert within_memory(lambda limit: limit, lambda: GIB, said.append) is None
    assert said == []


def test_the_limit_is_halved_until_it_fits_and_said_once() -> None:
    tried, said = list[int | None](), list[str]()
    takes = within_memory(attempt_with(GIB, tried), lambda: 6 * GIB, said.append)
    assert takes == "takes"
    assert tried == [None, 3 * GIB, 3 * GIB // 2, 3 * GIB // 4]
    assert len(said) == 1


def test_there_is_an_end_to_it() -> None:
    tried: list[int | None] = []
    with pytest.raises(OutOfMemory):
        within_memory(attempt_with(0, tried), lambda: GIB, lambda text: None)
    assert len(tried) == MOST_HALVINGS + 1


def test_other_errors_are_not_repeated() -> None:
    tried: list[int | None] = []

    def attempt(limit: int | None) -> None:
        tried.append(limit)
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        within_memory(attempt, lambda: GIB, lambda text: None)
    assert tried == [None]
