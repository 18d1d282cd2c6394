"""The demo's page, composed of synthetic pictures."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from retake.cli import demo_picture
from retake.cli.demo_picture import Band, Typeface
from retake.cli.demo_views import Box
from retake.shared.arrays import Floats

COLUMNS = 3
CROP = Box(0.0, 0.0, 100.0, 120.0)


def colour_share(image: Image.Image, colour: str) -> float:
    """Part of the pixels that have this colour, roughly."""
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    pixels = np.asarray(image.convert("RGB")).astype(int)
    return float((np.abs(pixels - wanted).max(axis=-1) < 24).mean())


@pytest.fixture
def figure() -> Floats:
    """A standing figure, its left half in the right half of the picture."""
    points = np.zeros((17, 2))
    points[:, 1] = (60, 60, 85, 110, 60, 85, 110, 45, 32, 24, 15, 32, 45, 60, 32, 45, 60)
    points[:, 0] = (50, 42, 40, 38, 58, 60, 62, 50, 50, 50, 50, 65, 75, 85, 35, 25, 15)
    return points


@pytest.fixture
def band(figure: Floats) -> Band:
    size = demo_picture.cell_size(COLUMNS, CROP.width / CROP.height)
    return Band(
        title="Walk",
        facts="3 frames",
        times=(0.0, 0.5, 1.0),
        keypoints=np.stack([figure] * COLUMNS),
        crop=CROP,
        camera=[Image.new("RGB", size, "#FF0000")] * COLUMNS,
        side=[Image.new("RGB", size, "#0000FF")] * COLUMNS,
        best_name="best take",
        other_name="take 2",
    )


def test_left_and_right_have_their_colours_on_their_sides(figure: Floats) -> None:
    image = demo_picture.stick_figure(figure, CROP, (200, 240))
    right_half, left_half = image.crop((0, 0, 90, 240)), image.crop((110, 0, 200, 240))
    assert colour_share(left_half, demo_picture.LEFT) > 0.01
    assert colour_share(left_half, demo_picture.RIGHT) == 0
    assert colour_share(right_half, demo_picture.RIGHT) > 0.01
    assert colour_share(right_half, demo_picture.LEFT) == 0


def test_a_keypoint_that_is_missing_is_left_out(figure: Floats) -> None:
    figure[[11, 12, 13, 4, 5, 6]] = np.nan
    image = demo_picture.stick_figure(figure, CROP, (200, 240))
    assert colour_share(image, demo_picture.LEFT) == 0
    assert colour_share(image, demo_picture.RIGHT) > 0


def test_every_row_is_on_the_page_in_full(band: Band) -> None:
    page = demo_picture.compose([band, band], ["credit"], Typeface())
    assert page.width == demo_picture.WIDTH
    width, height = demo_picture.cell_size(COLUMNS, CROP.width / CROP.height)
    cells = 2 * COLUMNS * width * height / (page.width * page.height)
    for colour in ("#FF0000", "#0000FF"):
        assert colour_share(page, colour) == pytest.approx(cells, rel=0.01)


def test_credits_are_written_at_the_foot(band: Band) -> None:
    without = demo_picture.compose([band], [], Typeface())
    page = demo_picture.compose([band], ["thanks to all", "and to her"], Typeface())
    assert page.height > without.height
    foot = page.crop((0, page.height - 80, page.width, page.height))
    assert np.asarray(foot.convert("L")).min() < 170
