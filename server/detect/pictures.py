"""Pictures in order as a clip: a folder of them, or a pattern such as `shot.####.png`.

Animators render and film this way. The numbers in the names tell the time, so a missing picture is
a gap in time. It does not know what the pictures are for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...shared.errors import RetakeError
from ...shared.keypoints import MOST_FRAMES
from .scaling import MOST_PIXELS, Frame, small_size

ENDINGS = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")
_KINDS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP")

_PATTERN = re.compile(r"#+|%0?\d*d")
_LAST_NUMBER = re.compile(r"(\d{1,9})(?=\D*$)")


def are_pictures(path: Path) -> bool:
    """Whether `path` means pictures in order rather than one file."""
    if path.is_dir():
        return any(entry.suffix.lower() in ENDINGS for entry in path.iterdir())
    if path.is_file():
        return path.suffix.lower() in ENDINGS
    return not path.exists() and _PATTERN.search(path.name) is not None


def numbered(path: Path) -> list[tuple[int, Path]]:
    """(number, file) of each picture, in order. Raises RetakeError, in a sentence."""
    if path.is_dir():
        files = [p for p in path.iterdir() if p.suffix.lower() in ENDINGS and p.is_file()]
        found = [(_LAST_NUMBER.search(p.stem), p) for p in files]
    elif path.is_file():
        pattern = _LAST_NUMBER.sub(lambda number: "#" * len(number[0]), path.stem) + path.suffix
        raise RetakeError(
            f"{path} is one picture. For all of its sequence give the folder, or {pattern}."
        )
    else:
        files = list(path.parent.iterdir()) if path.parent.is_dir() else []
        name = re.compile("(\\d{1,9})".join(re.escape(t) for t in _PATTERN.split(path.name, 1)))
        found = [(match, p) for p in files if (match := name.fullmatch(p.name)) and p.is_file()]
    if not found:
        raise RetakeError(f"There is no picture {path}; expected files such as shot.0001.png.")
    if any(match is None for match, _ in found):
        raise RetakeError(f"The pictures in {path} have no numbers, such as shot.0001.png has.")
    pairs = sorted((int(match[1]), p) for match, p in found if match is not None)
    numbers = [number for number, _ in pairs]
    if len(set(numbers)) < len(numbers):
        raise RetakeError(
            f"{path} holds several sequences of pictures: numbers occur twice. "
            "Give a pattern, such as shot.####.png."
        )
    if numbers[-1] - numbers[0] >= MOST_FRAMES:
        raise RetakeError(f"The pictures of {path} span over {MOST_FRAMES} numbers.")
    return pairs


@dataclass
class Pictures:
    """A clip as `video.Video` is one. `damaged`: some pictures could not be read."""

    files: list[tuple[int, Path]]
    fps: float
    damaged: bool = field(default=False)

    @property
    def expected_frames(self) -> int | None:
        return len(self.files)

    def frames(self) -> Iterator[Frame]:
        """Raises RetakeError where a picture has another size than the ones before."""
        size = None
        for number, path in self.files:
            frame = self._read(path, (number - self.files[0][0]) / self.fps)
            if frame is None:
                self.damaged = True
                continue
            if size not in (None, frame.size):
                raise RetakeError(
                    f"{path} has {frame.size[0]} x {frame.size[1]} pixels, the pictures before it "
                    f"{size[0]} x {size[1]}. Give pictures of one size."
                )
            size = frame.size
            yield frame

    def _read(self, path: Path, time: float) -> Frame | None:
        """None of a file that cannot be read as a picture."""
        from PIL import Image, ImageOps

        try:
            with Image.open(path, formats=_KINDS) as image:
                if image.width * image.height > MOST_PIXELS:
                    return None
                turned = ImageOps.exif_transpose(_eight_bits(image))
                small = turned.convert("RGB").resize(small_size(*turned.size), reducing_gap=2)
                return Frame(time, np.asarray(small).copy(), turned.size)
        # Pillow raises these, and by the format others yet, for damaged files.
        except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError):
            return None

    def close(self) -> None:
        """No file stays open."""


def _eight_bits(image: Any) -> Any:
    """Pillow cuts off what is brighter than 8 bits of a 16-bit grey picture."""
    if not image.mode.startswith("I"):
        return image
    from PIL import Image

    levels = np.asarray(image).astype(np.float32) / 257
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))


def open_pictures(path: Path, fps: float) -> Pictures:
    """Raises RetakeError: no pictures, no frame rate, none that can be read."""
    files = numbered(path)
    if not 0 < fps < 10_000:
        raise RetakeError("Pictures have no frame rate. Give it with --fps, such as --fps 24.")
    return Pictures(files, fps)
