"""A page of pictures: per clip the video with its keypoints, our take and theirs, from the side.

Knows numbers and images, neither models nor files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from retake.cli.demo_views import aspect_of_path, crop_around
from retake.server.detect.scaling import Picture
from retake.shared.arrays import Floats
from retake.shared.skeleton import HUMAN36M

WIDTH, MARGIN, CAPTIONS, GAP, TITLE, TIMES = 1600, 30, 130, 6, 40, 30
FINE = 3
"""Figures are drawn this many times larger, then reduced: smooth edges."""
TALL_M = 2.1
"""What a cell shows of the world, in height."""
TURNED = np.radians(70.0)
"""From the video's view to the one from the side."""

PAGE, INK, GREY, CELL = "#FFFFFF", "#1C2430", "#5E6875", "#EEF1F5"
LEFT, RIGHT, MIDDLE = "#1F9E74", "#CF4A7F", "#5E6875"


@dataclass(frozen=True)
class Strip:
    """One clip; every sequence has an entry per column.

    times      seconds
    pictures   the video's, RGB
    keypoints  (N, 17, 2) pixels
    ours       (N, 17, 3) metres from the hip, z up, the camera along +y
    theirs     the same by somebody else
    """

    title: str
    times: Sequence[float]
    pictures: Sequence[Picture]
    keypoints: Floats
    ours: Floats
    theirs: Floats


def contact_sheet(strips: Sequence[Strip]) -> Image.Image:
    """All strips below each other."""
    parts = [_drawn(strip) for strip in strips]
    page = Image.new("RGB", (WIDTH, sum(part.height for part in parts) + 2 * MARGIN), PAGE)
    top = MARGIN
    for part in parts:
        page.paste(part, (0, top))
        top += part.height
    return page


def _drawn(strip: Strip) -> Image.Image:
    columns = len(strip.times)
    aspect = min(aspect_of_path(strip.keypoints, 0.6, 1.2), 1.0)
    width = (WIDTH - 2 * MARGIN - CAPTIONS - GAP * (columns - 1)) // columns
    size = (width, round(width / aspect))
    rows = (
        ("video,\nkeypoints", _video_cells(strip, size)),
        ("Retake,\nvideo's side", [_figure(p, 0.0, size) for p in strip.ours]),
        ("Retake,\nfrom the side", [_figure(p, TURNED, size) for p in strip.ours]),
        ("MediaPipe,\nfrom the side", [_figure(p, TURNED, size) for p in strip.theirs]),
    )
    image = Image.new("RGB", (WIDTH, TITLE + len(rows) * (size[1] + GAP) + TIMES), PAGE)
    draw = ImageDraw.Draw(image)
    draw.text((MARGIN, 4), strip.title, INK, ImageFont.load_default(22))
    for row, (caption, cells) in enumerate(rows):
        y = TITLE + row * (size[1] + GAP)
        draw.multiline_text((MARGIN, y + size[1] // 2 - 18), caption, GREY, _small())
        for column, cell in enumerate(cells):
            image.paste(cell, (_x(column, width), y))
    for column, seconds in enumerate(strip.times):
        place = (_x(column, width) + width / 2, image.height - TIMES)
        draw.text(place, f"{seconds:.1f} s", GREY, _small(), anchor="ma")
    return image


def _small() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(15)


def _x(column: int, width: int) -> int:
    return MARGIN + CAPTIONS + column * (width + GAP)


def _video_cells(strip: Strip, size: tuple[int, int]) -> list[Image.Image]:
    """The person of every picture with the keypoints; all of it where nobody is found."""
    return [
        _video_cell(Image.fromarray(np.ascontiguousarray(picture)), points, size)
        for picture, points in zip(strip.pictures, strip.keypoints, strict=True)
    ]


def _video_cell(picture: Image.Image, points: Floats, size: tuple[int, int]) -> Image.Image:
    around = points if np.isfinite(points).any() else np.array([(0, 0), picture.size])
    crop = crop_around(around[None], picture.size, size[0] / size[1])
    large = (size[0] * FINE, size[1] * FINE)
    corners = (crop.left, crop.top, crop.right, crop.bottom)
    cell = _cut(picture, corners, large)
    spots = (points - (crop.left, crop.top)) * (large[0] / crop.width)
    _bones(ImageDraw.Draw(cell), spots, large[1])
    return cell.resize(size, Image.Resampling.LANCZOS)


def _cut(picture: Image.Image, corners: tuple[float, ...], size: tuple[int, int]) -> Image.Image:
    """A box that may reach beyond the picture, black there."""
    left, top, right, bottom = corners
    transform = ((right - left) / size[0], 0, left, 0, (bottom - top) / size[1], top)
    return picture.transform(size, Image.Transform.AFFINE, transform, Image.Resampling.BICUBIC)


def _figure(pose: Floats, turned: float, size: tuple[int, int]) -> Image.Image:
    """One pose (17, 3) from the video's side, or from so many radians beside it."""
    large = (size[0] * FINE, size[1] * FINE)
    cell = Image.new("RGB", large, CELL)
    scale = large[1] / TALL_M
    across = np.cos(turned) * pose[:, 0] + np.sin(turned) * pose[:, 1]
    middle = (pose[:, 2].max() + pose[:, 2].min()) / 2
    spots = np.stack(
        [across * scale + large[0] / 2, (middle - pose[:, 2]) * scale + large[1] / 2], 1
    )
    _bones(ImageDraw.Draw(cell), spots, large[1])
    return cell.resize(size, Image.Resampling.LANCZOS)


def _bones(draw: ImageDraw.ImageDraw, spots: Floats, height: int) -> None:
    for parent, child in HUMAN36M.bones:
        if np.isfinite(spots[[parent, child]]).all():
            line = [tuple(spots[parent].tolist()), tuple(spots[child].tolist())]
            draw.line(line, fill=_colour(child), width=max(1, height // 60))


def _colour(joint: int) -> str:
    if joint in HUMAN36M.left:
        return LEFT
    return RIGHT if joint in HUMAN36M.right else MIDDLE
