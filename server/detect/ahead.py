"""Makes the next items of an iterator in a thread, while the last one is worked on."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, cast

T = TypeVar("T")

_END = object()


def read_ahead(items: Iterator[T], count: int = 2) -> Generator[T]:
    """The same items in the same order, at most `count` of them made before they are asked for.

    An error of `items` is raised where the item would have come. All are made by one thread, which
    has ended when this generator has.
    """
    with ThreadPoolExecutor(1, "read-ahead") as pool:
        waiting = deque(pool.submit(next, items, _END) for _ in range(count))
        while (item := waiting.popleft().result()) is not _END:
            waiting.append(pool.submit(next, items, _END))
            yield cast(T, item)
