"""Composes the demo's picture: per clip a row of 2D keypoints above two rows of rendered takes.

It is given images and numbers, draws with Pillow, and knows neither Blender nor how they came
about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..shared.arrays import Floats
from ..shared.skeleton import HUMAN36M
from .demo_views import Box

WIDTH, MARGIN, GUTTER, GAP = 1600, 44, 132, 8
"""Pixels of the page: its width, its border, the column of captions, between cells."""

FINE = 3
"""Stick figures are drawn this many times larger, then reduced: smooth edges."""

HEADER, BAND_TITLE, TIMES, BAND_GAP, CREDIT_LINE = 104, 46, 26, 26, 20

PAGE, INK, GREY, DIM = "#FFFFFF", "#1C2430", "#5E6875", "#8A94A1"
SCREEN = "#1D232E"
LEFT, RIGHT, MIDDLE = "#4FD1A5", "#F07AA8", "#E8ECF2"
BEST, OTHER = "#DE7A1C", "#3D74C9"

REGULAR, BOLD = 400, 650


@dataclass(frozen=True)
class Band:
    """One clip. All sequences have one entry per shown frame.

    times      seconds
    keypoints  (N, 17, 2) pixels of the video; NaN = missing
    crop       the part of the video that is shown
    camera     the best take from the video's camera, in the shape of `crop`
    side       both takes from the side, in the same shape
    """

    title: str
    facts: str
    times: Sequence[float]
    keypoints: Floats
    crop: Box
    camera: Sequence[Image.Image]
    side: Sequence[Image.Image]
    best_name: str
    other_name: str


@dataclass(frozen=True)
class Typeface:
    """A variable font's file; None = the one inside Pillow, which has one weight."""

    path: Path | None = None

    def at(self, size: int, weight: int = REGULAR) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
        return _font(self.path, size, weight)


@cache
def _font(path: Path | None, size: int, weight: int):
    if path is None:
        return ImageFont.load_default(size)
    font = ImageFont.truetype(str(path), size)
    font.set_variation_by_axes([min(max(size, 14), 32), weight])
    return font


def cell_size(columns: int, aspect: float) -> tuple[int, int]:
    """Pixels of one picture when `columns` stand side by side."""
    width = (WIDTH - 2 * MARGIN - GUTTER - GAP * (columns - 1)) // columns
    return width, round(width / aspect)


def compose(bands: Sequence[Band], credits: Sequence[str], typeface: Typeface) -> Image.Image:
    """The whole page, RGB."""
    heights = [_band_height(band) for band in bands]
    credits_height = 20 + CREDIT_LINE * len(credits)
    page = Image.new("RGB", (WIDTH, HEADER + sum(heights) + credits_height + MARGIN // 2), PAGE)
    draw = ImageDraw.Draw(page)
    _header(draw, typeface)
    top = HEADER
    for band, height in zip(bands, heights, strict=True):
        _band(page, draw, band, top, typeface)
        top += height
    draw.line((MARGIN, top + 4, WIDTH - MARGIN, top + 4), fill="#DDE2E8")
    for line, text in enumerate(credits):
        place = (MARGIN, top + 18 + line * CREDIT_LINE)
        draw.text(place, text, DIM, typeface.at(14))
    return page


def stick_figure(points: Floats, crop: Box, size: tuple[int, int]) -> Image.Image:
    """Keypoints (17, 2) as a coloured stick figure on a dark screen. NaN: left out."""
    image = Image.new("RGB", (size[0] * FINE, size[1] * FINE), SCREEN)
    draw = ImageDraw.Draw(image)
    scale = image.width / crop.width
    spots = (points - (crop.left, crop.top)) * scale
    bone, joint = max(1, round(image.height * 0.016)), image.height * 0.013
    for parent, child in sorted(HUMAN36M.bones, key=lambda bone: _depth_order(bone[1])):
        if np.isfinite(spots[[parent, child]]).all():
            line = [tuple(spots[parent].tolist()), tuple(spots[child].tolist())]
            draw.line(line, fill=_colour(child), width=bone)
    for number, (x, y) in enumerate(spots.tolist()):
        if np.isfinite((x, y)).all():
            draw.ellipse((x - joint, y - joint, x + joint, y + joint), fill=_colour(number))
    return image.resize(size, Image.Resampling.LANCZOS)


def _depth_order(joint: int) -> int:
    """The trunk is drawn first, then the limbs."""
    return int(joint in HUMAN36M.left or joint in HUMAN36M.right)


def _colour(joint: int) -> str:
    if joint in HUMAN36M.left:
        return LEFT
    return RIGHT if joint in HUMAN36M.right else MIDDLE


def _band_height(band: Band) -> int:
    height = cell_size(len(band.times), band.crop.width / band.crop.height)[1]
    return BAND_TITLE + 3 * height + 2 * GAP + TIMES + BAND_GAP


def _header(draw: ImageDraw.ImageDraw, typeface: Typeface) -> None:
    draw.text((MARGIN, 30), "Retake", INK, typeface.at(34, BOLD))
    left = MARGIN + draw.textlength("Retake", typeface.at(34, BOLD)) + 18
    line = "video keypoints in, several 3D takes on a Blender rig out"
    draw.text((left, 44), line, GREY, typeface.at(20))


def _band(
    page: Image.Image, draw: ImageDraw.ImageDraw, band: Band, top: int, typeface: Typeface
) -> None:
    size = cell_size(len(band.times), band.crop.width / band.crop.height)
    draw.text((MARGIN, top), band.title, INK, typeface.at(22, BOLD))
    after = MARGIN + draw.textlength(band.title, typeface.at(22, BOLD)) + 14
    draw.text((after, top + 4), band.facts, GREY, typeface.at(17))
    figures = [stick_figure(points, band.crop, size) for points in band.keypoints]
    for row, images in enumerate((figures, band.camera, band.side)):
        y = top + BAND_TITLE + row * (size[1] + GAP)
        _caption(draw, row, band, y + size[1] // 2, typeface)
        for column, image in enumerate(images):
            corner = (MARGIN + GUTTER + column * (size[0] + GAP), y)
            page.paste(image.convert("RGB").resize(size), corner, _rounded(size))
    y = top + BAND_TITLE + 3 * size[1] + 2 * GAP + 6
    for column, seconds in enumerate(band.times):
        x = MARGIN + GUTTER + column * (size[0] + GAP) + size[0] / 2
        draw.text((x, y), f"{seconds:.2f} s", GREY, typeface.at(15), anchor="mt")


@cache
def _rounded(size: tuple[int, int]) -> Image.Image:
    """A mask with round corners."""
    mask = Image.new("L", (size[0] * FINE, size[1] * FINE), 0)
    box = (0, 0, mask.width - 1, mask.height - 1)
    ImageDraw.Draw(mask).rounded_rectangle(box, 6 * FINE, fill=255)
    return mask.resize(size, Image.Resampling.LANCZOS)


def _caption(
    draw: ImageDraw.ImageDraw, row: int, band: Band, middle: int, typeface: Typeface
) -> None:
    lines = (
        (("video", INK), ("keypoints", INK), ("left", "#1F9E74"), ("right", "#CF4A7F")),
        (("best take,", INK), ("camera side", INK)),
        (("two takes,", INK), ("from the side", INK), (band.best_name, BEST))
        + (((band.other_name, OTHER),) if band.other_name else ()),
    )[row]
    y = middle - 12 * len(lines)
    for text, colour in lines:
        x = MARGIN
        if colour != INK:
            draw.rounded_rectangle((x, y + 5, x + 11, y + 16), 3, fill=colour)
            x += 18
        draw.text((x, y), text, GREY if colour == INK else INK, typeface.at(16))
        y += 24
