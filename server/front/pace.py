"""How long a job will still take, at the pace of the later half of the time so far.

The first half may have been something else: loading, waiting for others, or running through what is
known from an earlier try. Pure; it knows no clock.
"""

from __future__ import annotations

MOST_MARKS = 64


class Pace:
    def __init__(self) -> None:
        self._marks: list[tuple[float, float]] = []

    def __len__(self) -> int:
        """Marks kept."""
        return len(self._marks)

    def seconds_left(self, now: float, done: int, total: int) -> float | None:
        """`done` of `total` steps at `now`, in seconds. None as long as nothing can be said."""
        if not 0 <= done <= total or not total:
            return None
        share = done / total
        self._marks.append((now, share))
        if len(self._marks) > MOST_MARKS:
            del self._marks[1:-1:2]
        since, before = self._half_way(now)
        if share <= before:  # a long step: the whole time has to do
            since, before = self._marks[0]
        if share <= before or now <= since:
            return 0.0 if done == total else None
        return (now - since) / (share - before) * (1 - share)

    def _half_way(self, now: float) -> tuple[float, float]:
        """The last mark that lies at least half of the time back."""
        middle = (self._marks[0][0] + now) / 2
        return next(mark for mark in reversed(self._marks) if mark[0] <= middle)
