"""Reading ahead changes nothing but when items are made."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from retake.server.detect.ahead import read_ahead


def test_all_come_in_order_and_few_before_they_are_asked_for() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(20):
            made.append(number)
            yield number

    for number, item in enumerate(read_ahead(items(), 2)):
        assert item == number
        assert len(made) <= number + 4  # this one, two that wait, and one in the making
    assert made == list(range(20))


def test_an_error_comes_where_the_item_would_have() -> None:
    def items() -> Iterator[int]:
        yield 0
        yield 1
        raise ZeroDivisionError

    seen: list[int] = []
    with pytest.raises(ZeroDivisionError):
        seen.extend(read_ahead(items()))
    assert seen == [0, 1]


def test_no_thread_stays_behind_when_it_is_left_early() -> None:
    before = threading.active_count()
    reader = read_ahead(iter(range(1000)))
    assert next(reader) == 0
    reader.close()
    assert threading.active_count() == before
    assert list(read_ahead(iter(()))) == []
