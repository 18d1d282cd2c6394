"""Moments: angles that last count in full, jitter and the rest of the clip do not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from retake.shared.arrays import Floats
from retake.shared.choosing.moments import MOMENT_S, chord_of, degrees_of, moments_of

ELBOW = {"arm": (12,)}


def apart(poses: Floats, groups: dict[str, tuple[int, ...]], fps: float = 50) -> Floats:
    """Degrees between two hypotheses at every moment of the first group."""
    points = moments_of(poses, fps, groups)[next(iter(groups))].points
    return degrees_of(np.linalg.norm(points[:, 0] - points[:, 1], axis=-1))


@pytest.mark.parametrize("fps", [24.0, 50.0, 120.0])
def test_the_angle_of_one_bone_counts_in_full_while_it_lasts(
    figure: Callable[..., Floats], fps: float
) -> None:
    angle = np.radians(40)
    raised = figure(left_elbow=(0, np.cos(angle), -np.sin(angle)))
    poses = np.stack([figure(), figure()])[:, None].repeat(round(10 * fps), axis=1)
    poses[1, round(4 * fps) : round(5 * fps)] = raised
    degrees = apart(poses, {"arm": (12,)}, fps)
    assert degrees.max() == pytest.approx(40, abs=0.1)
    assert np.mean(degrees > 1) < 0.2


def test_several_bones_amount_to_less_than_the_one_that_turned(
    figure: Callable[..., Floats],
) -> None:
    poses = np.stack([figure(), figure(left_wrist=(0, 0, -1))])[:, None].repeat(30, axis=1)
    chord = np.sqrt(2 * 0.25 / (0.16 + 0.29 + 0.25))
    assert apart(poses, {"arm": (11, 12, 13)}) == pytest.approx(
        np.degrees(2 * np.arcsin(chord / 2))
    )


def test_jitter_is_taken_out(figure: Callable[..., Floats], jitter: Callable[..., Floats]) -> None:
    poses = jitter(np.broadcast_to(figure(), (2, 500, 17, 3)))
    points = moments_of(poses, 1 / MOMENT_S, {"arm": (11, 12, 13)})["arm"].points
    frame_by_frame = degrees_of(np.linalg.norm(points[:, 0] - points[:, 1], axis=-1))
    assert np.median(frame_by_frame) > 8
    assert apart(poses, {"arm": (11, 12, 13)}).max() < 8


def test_the_size_of_the_body_and_the_root_do_not_matter(figure: Callable[..., Floats]) -> None:
    poses = np.stack([figure(), figure(spine=(0, -1, 0.3))])[:, None].repeat(30, axis=1)
    torso = {"torso": (0, 7, 8, 9, 10)}
    plain = apart(poses, torso)
    assert plain.max() > 5
    np.testing.assert_allclose(apart(poses * 1.3 + 5, torso), plain, atol=1e-9)


def test_a_clip_shorter_than_a_moment_is_one_moment(figure: Callable[..., Floats]) -> None:
    poses = figure()[None, None].repeat(3, axis=1)
    moments = moments_of(poses, 50, ELBOW)["arm"]
    assert moments.frames(0) == slice(0, 3)
    assert len(moments.points) == 1


def test_moments_cover_the_clip(figure: Callable[..., Floats]) -> None:
    moments = moments_of(figure()[None, None].repeat(101, axis=1), 50, ELBOW)["arm"]
    seen = {f for m in range(len(moments.first)) for f in range(*moments.frames(m).indices(101))}
    assert len(seen) > 101 - round(50 * MOMENT_S / 4)


@pytest.mark.parametrize("degrees", [0.0, 8.0, 90.0, 179.0])
def test_chords_and_degrees_are_inverse(degrees: float) -> None:
    assert float(degrees_of(np.array(chord_of(degrees)))) == pytest.approx(degrees)
