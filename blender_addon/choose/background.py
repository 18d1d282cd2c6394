"""Arrays that take longer than a redraw may: computed in a thread, shown when they are there.

Only pure functions are run there; Blender is touched by nobody but its own thread.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from ...shared.errors import RetakeError

Result = TypeVar("Result")

_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="retake-choose")


def in_thread(work: Callable[[], Result]) -> Future[Result]:
    return _threads.submit(work)


class Later(Generic[Result]):
    """The last result of some work, named by what it was made of."""

    def __init__(self) -> None:
        self.problem = ""
        """The sentence of the RetakeError that the last work ended with."""
        self._key: Hashable = None
        self._result: Result | None = None
        self._coming: tuple[Hashable, Future[Result]] | None = None

    @property
    def is_busy(self) -> bool:
        return self._coming is not None

    def want(self, key: Hashable, work: Callable[[], Result], wait: bool = False) -> None:
        """See to it that `get(key)` will be what `work` returns. One piece of work at a time: what
        is wanted while another is under way has to be wanted again."""
        if self._key != key and self._coming is None:
            self._coming = (key, in_thread(work))
        if wait:
            while self._coming is not None:
                self._take_in()
            if self._key != key:
                self.want(key, work, wait=True)

    @property
    def last(self) -> tuple[Any, Result | None]:
        """What came last, and of what it was made."""
        return self._key, self._result

    def get(self, key: Hashable) -> Result | None:
        """The result if it is there and still what is asked for."""
        return self._result if self._key == key else None

    def arrived(self) -> bool:
        """Whether a result has come since the last call; to be called from time to time."""
        if self._coming is None or not self._coming[1].done():
            return False
        self._take_in()
        return True

    def forget(self) -> None:
        self._key, self._result, self._coming, self.problem = None, None, None, ""

    def _take_in(self) -> None:
        assert self._coming is not None
        key, future = self._coming
        self._coming = None
        self._key, self._result, self.problem = key, None, ""
        try:
            self._result = future.result()
        except RetakeError as error:
            self.problem = str(error)
