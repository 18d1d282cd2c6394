"""Confidence means the share of points that are right, and tells the error in pixels."""

from __future__ import annotations

import numpy as np
import pytest
from retake.server.detect.calibration import calibrated, expected_error, median_error
from retake.shared.keypoints import KeypointTrack

MEASURED = {
    0.05: (0.00, 0.60),
    0.15: (0.04, 0.43),
    0.27: (0.20, 0.30),
    0.42: (0.24, 0.30),
    0.60: (0.36, 0.27),
    0.77: (0.61, 0.053),
    0.90: (0.65, 0.045),
    0.965: (0.72, 0.030),
}
"""Visibility -> share within 0.1 body sizes, median error in body sizes: with parts hidden."""


def test_the_map_keeps_the_order_and_its_ends() -> None:
    scores = np.linspace(0, 1, 1001)
    for layout in ("mediapipe-33", "coco-17"):
        mapped = calibrated(scores, layout)
        assert mapped[0] == 0
        assert np.all(np.diff(mapped) > 0)
        assert mapped[-1] <= 1
    np.testing.assert_allclose(calibrated(scores, "coco-17"), scores, atol=1e-7)
    assert calibrated(np.array([np.nan, -1.0, 7.0]), "coco-17").tolist() == [0, 0, 1]


@pytest.mark.parametrize("visibility", MEASURED)
def test_the_map_is_what_was_measured(visibility: float) -> None:
    """Between clips with parts hidden and clips with all in sight: within 0.15, and a factor."""
    right, error = MEASURED[visibility]
    confidence = calibrated(np.array([visibility]), "mediapipe-33")
    assert confidence[0] == pytest.approx(right, abs=0.15)
    assert abs(np.log(median_error(confidence)[0] / error)) < np.log(2)


def track(confidence: float, size: float) -> KeypointTrack:
    """Hip and thorax `size` pixels apart."""
    points = np.zeros((3, 17, 2), np.float32)
    points[:, 8, 1] = size
    return KeypointTrack(
        points=points,
        confidence=np.full((3, 17), confidence, np.float32),
        times=np.arange(3) / 25,
        image_size=(640, 480),
        fps=25.0,
        source="test",
    )


def test_the_error_in_pixels_grows_with_the_person_and_with_doubt() -> None:
    assert expected_error(track(0.87, 200)) == pytest.approx(0.035 * 200, rel=1e-3)
    assert expected_error(track(0.87, 400)) == pytest.approx(2 * expected_error(track(0.87, 200)))
    errors = [expected_error(track(c, 200)) for c in (0.1, 0.3, 0.5, 0.7, 0.8)]
    assert errors == sorted(errors, reverse=True)
