"""Opens what an order names: a video, or pictures in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from .order import Order
from .pictures import are_pictures, open_pictures
from .scaling import Frame


class Clip(Protocol):
    """`frames()` can be read once; `damaged` is known when it has ended."""

    fps: float
    damaged: bool

    @property
    def expected_frames(self) -> int | None: ...

    def frames(self) -> Iterator[Frame]: ...

    def close(self) -> None: ...


def open_clip(order: Order) -> Clip:
    """Raises RetakeError, in a sentence, for what is no clip."""
    if are_pictures(order.clip):
        return open_pictures(order.clip, order.fps)
    from .video import open_video

    return open_video(order.clip)
