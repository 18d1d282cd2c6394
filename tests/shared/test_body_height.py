"""The height of a body: read from its bones, whatever it does, and a factor that corrects it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from retake.shared.body_height import body_height, body_scale
from retake.shared.camera import Camera
from retake.shared.errors import RetakeError
from retake.shared.root import solve_root

Make = Callable[..., Any]


def test_the_height_does_not_depend_on_what_the_body_does(walk: Make) -> None:
    walking, lying = walk(60, 50.0).world, walk(60, 50.0).world[..., (2, 1, 0)]
    assert 1.65 < body_height(walking) < 1.85
    assert body_height(lying) == pytest.approx(body_height(walking))
    assert body_height(1.1 * walking) == pytest.approx(1.1 * body_height(walking))


def test_a_known_height_gives_the_depth_back(walk: Make, film: Make, camera: Camera) -> None:
    """The poses are 8 % too small, so that the person seems 8 % too near."""
    shot = film(walk(60, 50.0).world)
    height, small = body_height(shot.poses), 0.92 * shot.poses
    pixels, seen = camera.project(shot.points), np.ones((60, 17))
    wrong = solve_root(small, pixels, seen, camera, 50.0)
    right = solve_root(small * body_scale(small, height), pixels, seen, camera, 50.0)
    assert np.median(wrong[:, 2] / shot.root[:, 2]) == pytest.approx(0.92, abs=0.005)
    assert np.median(right[:, 2] / shot.root[:, 2]) == pytest.approx(1.0, abs=0.005)


def test_an_unknown_height_changes_nothing(walk: Make) -> None:
    assert body_scale(walk(5, 50.0).world, None) == 1.0


@pytest.mark.parametrize("height", [175.0, 0.0, -1.7, np.nan, np.inf])
def test_heights_that_no_person_has(walk: Make, height: float) -> None:
    with pytest.raises(RetakeError, match="height"):
        body_scale(walk(5, 50.0).world, height)
