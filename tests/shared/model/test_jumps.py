"""Limbs mirrored in depth: the same picture and bones, no leaps, no broken knees."""

import numpy as np
import pytest
from retake.shared.arrays import Floats
from retake.shared.bones import decompose, recompose
from retake.shared.model.jumps import FLAT_DEGREES, LIMBS, jumped, jumps_of, stretches
from retake.shared.skeleton import HUMAN36M

FRAMES = 100
LENGTHS = np.array([0, *(0.13, 0.44, 0.41) * 2, 0.24, 0.26, 0.1, 0.11, *(0.16, 0.29, 0.25) * 2])
STANDING = np.array(
    [(0, 0, 0), *[(-1, 0, 0), (0, 1, 0), (0, 1, 0)], *[(1, 0, 0), (0, 1, 0), (0, 1, 0)]]
    + [(0, -1, 0)] * 4
    + [(1, 0, 0), (0, 1, 0), (0, 1, 0), (-1, 0, 0), (0, 1, 0), (0, 1, 0)],
    float,
)
"""Facing the camera, which looks along +z; y points down."""


def figure(bends: dict[int, Floats]) -> Floats:
    """The standing figure; bone -> degrees (F,) by which it is lifted towards the camera."""
    directions = np.repeat(STANDING[None], FRAMES, axis=0)
    for bone, degrees in bends.items():
        angle = np.radians(degrees)
        directions[:, bone, 1], directions[:, bone, 2] = np.cos(angle), -np.sin(angle)
    return recompose(np.broadcast_to(LENGTHS[:, None], (FRAMES, 17, 1)), directions, HUMAN36M)


def hump(first: int, last: int, top: float) -> Floats:
    degrees = np.zeros(FRAMES)
    degrees[first:last] = top * np.sin(np.pi * (np.arange(first, last) - first) / (last - first))
    return degrees


def test_a_reaching_arm_has_a_mirror_image():
    poses = figure({12: hump(20, 80, 60), 13: hump(20, 80, 80)})
    (ranked,) = jumps_of(poses, "left_arm")
    assert [jump.bones for jump in ranked] == [(12, 13), (13,), (12,)]
    proposal = jumped(poses, 1)[0]
    np.testing.assert_allclose(proposal[..., :2], poses[..., :2], atol=1e-9)
    middle = slice(40, 60)
    np.testing.assert_allclose(proposal[middle, 13, 2], -poses[middle, 13, 2], atol=1e-9)
    np.testing.assert_allclose(decompose(proposal, HUMAN36M)[0], decompose(poses, HUMAN36M)[0])


def test_other_limbs_and_other_times_stay():
    poses = figure({13: hump(20, 80, 80)})
    proposal = jumped(poses, 2)
    others = [joint for joint in range(17) if joint != 13]
    np.testing.assert_allclose(proposal[:, :, others], np.stack([poses[:, others]] * 2), atol=1e-9)
    np.testing.assert_allclose(proposal[:, :18], np.stack([poses[:18]] * 2), atol=1e-9)


def test_motions_stay_whole():
    """The limb turns into its mirror image only where both nearly agree."""
    poses = figure({12: hump(10, 60, 70), 13: hump(30, 90, 80)})
    proposal = jumped(poses, 1)[0]
    before, after = (decompose(p, HUMAN36M)[1] for p in (poses, proposal))
    largest = [
        np.degrees(2 * np.arcsin(np.linalg.norm(np.diff(d, axis=0), axis=-1).max() / 2))
        for d in (before, after)
    ]
    assert largest[1] < largest[0] + FLAT_DEGREES


def test_knees_are_not_bent_backwards():
    bent = {2: hump(20, 80, 60), 3: hump(20, 80, -20)}
    assert jumps_of(figure(bent), "left_leg") == []
    (ranked,) = jumps_of(figure(bent), "right_leg")
    assert (2, 3) not in [jump.bones for jump in ranked]


def test_limbs_in_the_pictures_plane_have_none():
    poses = figure({})
    assert all(jumps_of(poses, group) == [] for group in LIMBS)
    np.testing.assert_allclose(jumped(poses, 3), np.stack([poses] * 3), atol=1e-9)


def test_a_blink_is_no_stretch():
    degrees = np.zeros(FRAMES)
    degrees[50:55] = 90
    assert stretches(degrees) == []
    degrees[:30] = 90
    assert stretches(degrees) == [slice(0, 30)]


def test_other_skeletons_are_refused():
    with pytest.raises(ValueError, match=r"expected \(F, 17, 3\)"):
        jumped(np.zeros((4, 16, 3)), 1)
