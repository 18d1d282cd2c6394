"""What part of a lift's time is sampling and what placing, as remembered from the last lift.

It differs by a factor of ten between a processor and a GPU; a bar that counted steps would rush or
stand still.
"""

from __future__ import annotations

PARTS = 1000
"""A lift's progress counts thousandths."""


class Shares:
    def __init__(self) -> None:
        self._iteration_s, self._placing_s = 3.0, 1.0  # a small model on a processor

    def remember(self, iterations: int, sampling_s: float, placing_s: float) -> None:
        """What a lift has taken."""
        self._iteration_s, self._placing_s = sampling_s / iterations, placing_s

    def of_sampling(self, iterations: int) -> float:
        """0 to 1: the share of sampling in a lift with so many iterations."""
        sampling_s = self._iteration_s * iterations
        both_s = sampling_s + self._placing_s
        return sampling_s / both_s if both_s > 0 else 0.5


def parts_done(sampling: float, done: int, iterations: int, hypotheses: int) -> int:
    """Parts of `PARTS`, after `done` of iterations + hypotheses steps; `sampling` is its share."""
    if done <= iterations:
        return round(PARTS * sampling * done / iterations)
    return round(PARTS * (sampling + (1 - sampling) * (done - iterations) / hypotheses))
