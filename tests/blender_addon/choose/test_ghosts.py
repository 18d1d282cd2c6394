"""Ghosts stand where the character stands, show the alternatives, and are found by the mouse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from retake.blender_addon.choose import ghosts, stage
from retake.blender_addon.choose.choice_track import WHOLE, ChoiceTrack, Decision
from retake.blender_addon.choose.colours import colour_of
from retake.blender_addon.choose.combine import combine
from retake.shared.skeleton import HUMAN36M
from retake.shared.takes import LIMB_GROUPS, Alternative, Takes

TWO = (Alternative("back", 0.64, 0), Alternative("front", 0.36, 1))


def test_without_a_rig_they_stand_on_the_floor_of_the_clip(clip: Takes) -> None:
    place = stage.stage_of(clip, combine(clip))
    drawn = ghosts.ghosts_of(clip, ChoiceTrack(), TWO, WHOLE, 0, 59, place)
    assert drawn.points.shape == (2, 60, 16, 2, 3)
    low = drawn.points[0, ..., 2].min()
    assert 0 < low < 0.12  # an ankle's height
    np.testing.assert_allclose(drawn.points[:, :, 0, 0], np.stack([drawn.hips] * 2), atol=1e-6)


def test_a_stage_turns_scales_and_moves_with_the_rig(clip: Takes) -> None:
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    origin = np.array([1.0, 2.0, 3.0])
    motion = combine(clip)
    plain = stage.stage_of(clip, motion)
    legs = np.linalg.norm(np.diff(motion[0, [1, 2, 3]], axis=0), axis=-1).sum()
    placed = stage.stage_of(clip, motion, stage.Place(2 * legs, turn, origin))
    np.testing.assert_allclose(
        placed.place(motion), 2 * plain.place(motion) @ turn.T + origin, atol=1e-3
    )
    np.testing.assert_allclose(placed.into_camera(placed.place(motion)), motion, atol=1e-9)
    np.testing.assert_allclose(
        placed.turn(motion[0, 1] - motion[0, 0]),
        placed.place(motion[0, 1]) - placed.place(motion[0, 0]),
        atol=1e-9,
    )


def test_a_ghost_of_a_limb_hangs_on_the_chosen_body(clip: Takes) -> None:
    place = stage.stage_of(clip, combine(clip))
    track = ChoiceTrack((Decision(0.0, 2.4, 2),))
    drawn = ghosts.ghosts_of(clip, track, TWO, "left_arm", 20, 39, place)
    assert drawn.points.shape[2] == len(LIMB_GROUPS["left_arm"])
    thorax = place.place(combine(clip, track)[20:40, 8])
    np.testing.assert_allclose(drawn.points[0, :, 0, 0], thorax, atol=1e-5)
    hand = clip.poses[1, 30, 13] - clip.poses[1, 30, 11]
    np.testing.assert_allclose(
        drawn.points[1, 10, -1, 1] - drawn.points[1, 10, 0, 1], place.turn(hand), atol=1e-5
    )


def test_doubt_lies_on_the_cameras_rays(clip: Takes) -> None:
    spread = np.full_like(clip.spread, 0.1)
    spread[:, 13] = ghosts.LEAST_DOUBT_M / 2
    clip = replace(clip, spread=spread)
    motion = combine(clip)
    place = stage.stage_of(clip, motion)
    drawn = ghosts.ghosts_of(clip, ChoiceTrack(), TWO, "left_arm", 20, 39, place)
    lines = place.into_camera(drawn.doubt.astype(float))
    assert lines.shape == (20, 3, 2, 3)
    seen, joints = clip.camera.project(lines), motion[20:40, [11, 12, 13]]
    np.testing.assert_allclose(seen[..., 0, :], seen[..., 1, :], atol=0.05)
    np.testing.assert_allclose(lines.mean(axis=2), joints, atol=1e-5)
    lengths = np.linalg.norm(lines[..., 1, :] - lines[..., 0, :], axis=-1)
    np.testing.assert_allclose(lengths[:, :2], 0.2, atol=1e-5)
    np.testing.assert_allclose(lengths[:, 2], 0.0, atol=1e-5)
    whole = ghosts.ghosts_of(clip, ChoiceTrack(), TWO, WHOLE, 20, 39, place)
    assert len(whole.doubt_at(25)) == 16


def test_frames_outside_of_the_range_show_its_ends(clip: Takes) -> None:
    place = stage.stage_of(clip, combine(clip))
    drawn = ghosts.ghosts_of(clip, ChoiceTrack(), TWO, WHOLE, 20, 39, place)
    np.testing.assert_array_equal(drawn.at(0)[0], drawn.points[:, 0])
    np.testing.assert_array_equal(drawn.at(30)[0], drawn.points[:, 10])
    np.testing.assert_array_equal(drawn.at(900)[0], drawn.points[:, -1])


def test_more_share_is_thicker_and_colours_differ() -> None:
    widths = [ghosts.width_of(share) for share in (0.0, 0.2, 0.5, 1.0)]
    assert widths == sorted(widths)
    assert (widths[0], widths[-1]) == (ghosts.THINNEST, ghosts.THICKEST)
    assert len({colour_of(i) for i in range(6)}) == 6
    assert colour_of(6) == colour_of(7)


def test_the_mouse_means_the_nearest_bone() -> None:
    lines = np.array([[[(0, 0), (100, 0)]], [[(0, 50), (100, 50)]]], dtype=float)
    assert ghosts.nearest(lines, (50, 5)) == 0
    assert ghosts.nearest(lines, (50, 44)) == 1
    assert ghosts.nearest(lines, (50, 25)) is None
    assert ghosts.nearest(lines, (150, 0)) is None
    lines[1] = np.nan  # behind the viewer
    assert ghosts.nearest(lines, (50, 50)) is None
    assert ghosts.nearest(np.empty((0, 1, 2, 2)), (0, 0)) is None


def test_the_bone_under_the_mouse_names_its_limb() -> None:
    places = np.array([(10.0 * j, 3.0 * j * (j % 3)) for j in range(17)])
    lines = np.array([places[list(bone)] for bone in HUMAN36M.bones])
    for joint, group in ((13, "left_arm"), (3, "right_leg"), (10, "torso_head")):
        parent = HUMAN36M.parents[joint]
        middle = (0.3 * places[parent] + 0.7 * places[joint]).tolist()
        assert ghosts.nearest_group(lines, tuple(middle), WHOLE) == group
    assert ghosts.nearest_group(lines, (0, 0), "left_leg") == "left_leg"


def test_projection_is_that_of_the_view() -> None:
    matrix = np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, -1, 0]])
    points = np.array([(0.0, 0, -2), (1, 1, -2), (0, 0, 2)])
    pixels = ghosts.projected(points, matrix, 200, 100)
    np.testing.assert_allclose(pixels[:2], [(100, 50), (150, 75)])
    assert np.isnan(pixels[2]).all()


def test_frames_and_seconds_are_inverse(clip: Takes) -> None:
    for second in (0.0, 0.5, 2.36):
        frame = stage.frame_of(second, clip, 24.0, 101)
        assert stage.seconds_of(frame, clip, 24.0, 101) == pytest.approx(second)
    assert stage.seconds_of(-50, clip, 24.0, 101) == 0.0
    assert stage.nearest_frame(1.01, clip) == 25


@pytest.mark.parametrize("degrees", [-45.0, 45.0, 90.0])
def test_the_depth_view_looks_across_the_cameras_line(degrees: float) -> None:
    camera, person = np.array([0.0, -4.0, 1.5]), np.array([0.5, 0.0, 1.0])
    look, right = stage.depth_view(person, camera, degrees)
    line = (person - camera)[:2] / np.linalg.norm((person - camera)[:2])
    flat = look[:2] / np.linalg.norm(look[:2])
    assert np.degrees(np.arccos(line @ flat)) == pytest.approx(abs(degrees))
    assert look @ right == pytest.approx(0)
    assert right[2] == 0
    above = np.array([0.5, 0.0, 4.0])
    straight_down = stage.depth_view(person, above)[0]
    assert np.isfinite(straight_down).all()
