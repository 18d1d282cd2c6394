"""Windows, bodies, cameras, detector noise, frame rates: geometry, repeatability, whole epochs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from retake.shared.bones import decompose
from retake.shared.camera import normalise_screen
from retake.shared.errors import RetakeError
from retake.shared.model.config import ModelConfig
from retake.shared.resample import MODEL_FPS, fill_gaps, model_times, resample
from retake.shared.skeleton import HUMAN36M, MPI_INF_3DHP
from retake.training.batches import Batches, in_time
from retake.training.bodies import random_bodies
from retake.training.config import TrainConfig
from retake.training.data.motion_set import MotionSet
from retake.training.data.windows import draw_world
from retake.training.detector_noise import corrupt
from retake.training.source_rate import RATES, source_times, to_model, to_source
from retake.training.virtual_camera import NEAREST, view

MODEL = ModelConfig(
    frames=9, width=16, depth=1, heads=2, keypoint_frame="person", keypoint_mask=True
)
CONFIG = TrainConfig(model=MODEL, steps=10, batch=4, learning_rate=1e-3, hide_keypoints=True)
SCREEN = TrainConfig(
    model=ModelConfig(frames=9, width=16, depth=1, heads=2), epochs=1, batch=8, learning_rate=1e-3
)


@pytest.fixture
def world(world_set: Path) -> MotionSet:
    return MotionSet.open(world_set).split("train")


def test_windows_never_cross_from_one_clip_into_the_next(world: MotionSet):
    windows = draw_world(world, np.random.default_rng(0), 200, 30)
    speed = np.abs(np.diff(windows[:, :, 0, 0], axis=1))
    assert windows.shape == (200, 30, 17, 3)
    assert speed.max() < 0.02


def test_other_bodies_keep_directions_and_are_symmetric(world: MotionSet):
    rng = np.random.default_rng(0)
    own = draw_world(world, rng, 4, 10)
    old_lengths, old = decompose(own, HUMAN36M)
    new_lengths, new = decompose(random_bodies(rng, own), HUMAN36M)
    np.testing.assert_allclose(new[..., 1:, :], old[..., 1:, :], atol=1e-3)
    factor = new_lengths[..., 1:, 0] / old_lengths[..., 1:, 0]
    np.testing.assert_allclose(factor, np.broadcast_to(factor[:, :1], factor.shape), atol=1e-2)
    left, right = ([j - 1 for j in side] for side in (HUMAN36M.left, HUMAN36M.right))
    np.testing.assert_allclose(factor[..., left], factor[..., right], atol=1e-2)


def test_cameras_see_people_upright_in_front_of_them(world: MotionSet):
    rng = np.random.default_rng(0)
    positions, points = view(rng, draw_world(world, rng, 100, 5))
    assert positions[..., 2].min() > NEAREST - 1e-4
    # The head above the foot, y down.
    assert (points[:, :, 10, 1] < points[:, :, 3, 1]).mean() > 0.99


def test_a_camera_does_not_change_the_body(world: MotionSet):
    rng = np.random.default_rng(0)
    own = draw_world(world, rng, 10, 5)
    positions, _ = view(rng, own)
    np.testing.assert_allclose(
        decompose(positions, HUMAN36M)[0], decompose(own, HUMAN36M)[0], atol=1e-4
    )
    # No mirror image: left of the person stays on the left of its facing direction.
    for p in (own, positions):
        across = p[..., 4, :] - p[..., 1, :]
        up, forward = p[..., 8, :] - p[..., 0, :], p[..., 9, :] - p[..., 8, :]
        assert (np.sum(np.cross(across, up) * forward, axis=-1) > 0).mean() > 0.95


def test_noise_is_small_and_some_windows_stay_exact(world: MotionSet):
    rng = np.random.default_rng(0)
    _, points = view(rng, draw_world(world, rng, 200, 27))
    error = np.linalg.norm(corrupt(rng, points.copy()) - points, axis=-1)
    height = points[..., 1].max((1, 2)) - points[..., 1].min((1, 2))
    untouched = np.median(error, axis=(1, 2)) < 1e-6
    assert 0.15 < untouched.mean() < 0.45
    assert 0.002 < np.median(error[~untouched] / height[~untouched, None, None]) < 0.05


def test_hips_are_nearer_and_lower_as_detectors_see_them(world: MotionSet):
    rng = np.random.default_rng(0)
    _, points = view(rng, draw_world(world, rng, 300, 27))
    noisy = corrupt(rng, points.copy(), clean_share=0)
    trunk = points[:, :, 8] - points[:, :, 0]
    lower = -np.sum((noisy - points)[:, :, 0] * trunk, axis=-1) / np.sum(trunk**2, axis=-1)
    width = [np.linalg.norm(p[:, :, 1] - p[:, :, 4], axis=-1).mean(axis=1) for p in (points, noisy)]
    assert 0.04 < np.median(lower) < 0.1
    assert 0.7 < np.median(width[1] / width[0]) < 1.0
    upper = [11, 12, 14, 15]
    assert abs(np.median((noisy - points)[:, :, upper])) < 1e-3


def test_rates_are_a_distribution():
    assert sum(RATES.values()) == pytest.approx(1)


@pytest.mark.parametrize("fps", list(RATES))
def test_keypoints_take_the_way_of_run_time(fps: float):
    """Gaps bridged at the video's frames, then resampled, as `server.lift` does with a track."""
    frames, rng = 40, np.random.default_rng(3)
    smooth = np.sin(np.arange(frames) / 9)[:, None, None] + rng.normal(size=(17, 2))
    seen = to_source(smooth[None].astype(np.float32), fps)
    times = source_times(frames, fps) if fps != MODEL_FPS else np.arange(frames) / MODEL_FPS
    known = np.ones((1, len(times), 17), bool)
    known[0, 5:12, 3] = False
    points, still_known = to_model(seen, known, fps, frames)
    track = np.where(known[0][..., None], seen[0], np.nan)
    at = model_times(times)[:frames]
    expected = resample(fill_gaps(track, times, HUMAN36M.parents), times, at)
    np.testing.assert_allclose(points[0, : len(at)], expected, atol=1e-6)
    assert points.shape == (1, frames, 17, 2)
    lost = np.flatnonzero(~still_known[0, :, 3]) / MODEL_FPS
    assert times[4] <= lost.min() <= times[5] + 0.02
    assert times[11] - 0.02 <= lost.max() <= times[12]
    others = np.delete(np.arange(17), 3)
    np.testing.assert_allclose(
        points[0, 2:-2, others], smooth[2:-2, others].swapaxes(0, 1), atol=5e-3
    )


def test_the_same_number_gives_the_same_batch(world_set: Path):
    one, two = Batches(world_set, CONFIG)[7], Batches(world_set, CONFIG)[7]
    for a, b in zip(one[:2], two[:2], strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0, equal_nan=True)
    assert one[2] == two[2]
    assert one[0].shape == (4, 9, 17, 2)
    assert one[1][..., 0, :].abs().max() == 0
    assert not one[1].equal(Batches(world_set, CONFIG)[8][1])


def test_hidden_keypoints_are_nan_and_only_if_asked(world_set: Path):
    def share(config: TrainConfig) -> float:
        batches = Batches(world_set, config)
        return float(np.mean([batches[i][0].isnan().float().mean() for i in range(30)]))

    assert 0.02 < share(CONFIG) < 0.4
    assert share(replace(CONFIG, hide_keypoints=False)) == 0


def test_windows_may_be_a_single_frame(world_set: Path):
    batches = Batches(world_set, replace(CONFIG, model=replace(MODEL, frames=1)))
    drawn = [batches[i] for i in range(25)]  # of every frame rate
    assert {points.shape for points, _, _ in drawn} == {(4, 1, 17, 2)}
    assert all(positions.isfinite().all() for _, positions, _ in drawn)


def test_an_epoch_holds_every_window_once_and_once_mirrored(human36m_set: Path):
    batches = Batches(human36m_set, SCREEN)
    assert batches.per_epoch is not None
    drawn = [batches[i] for i in range(batches.per_epoch)]
    windows = np.concatenate([points.numpy() for points, _, _ in drawn])
    poses = np.concatenate([positions.numpy() for _, positions, _ in drawn])
    laid = sum(-(-clip.frames // 9) for clip in MotionSet.open(human36m_set).split("train").clips)
    assert len(windows) == 2 * laid
    keys = {window.tobytes() for window in windows}
    assert len(keys) == 2 * laid
    mirrored = windows[..., HUMAN36M.mirror, :] * np.array([-1, 1], np.float32)
    assert {window.tobytes() for window in np.ascontiguousarray(mirrored)} == keys
    assert abs(float(poses[..., 0].mean())) < 1e-6
    again = [batches[batches.per_epoch + i] for i in range(batches.per_epoch)]
    assert not again[0][0].equal(drawn[0][0])  # another order


def test_windows_are_normalised_by_their_own_picture(mpi_set: Path):
    config = replace(SCREEN, model=replace(SCREEN.model, skeleton=MPI_INF_3DHP.name))
    data = MotionSet.open(mpi_set)
    clip = data.split("train").clips[0]
    points, positions = Batches(mpi_set, config).epochs.windows(np.array([1]))  # pyright: ignore[reportOptionalMemberAccess]
    start = 9 - (27 - clip.frames) // 2  # three windows, centred
    own = data.points(clip)[start : start + 9]
    np.testing.assert_allclose(points[0], normalise_screen(own, 2048, 2048), atol=1e-6)
    motion = data.motion(clip)[start : start + 9]
    np.testing.assert_allclose(positions[0], motion - motion[:, 14:15], atol=1e-6)


def test_processes_that_load_ahead_change_nothing(human36m_set: Path):
    numbers = range(3, 40, 6)
    ahead = in_time(Batches(human36m_set, SCREEN), numbers, workers=1)
    at_once = in_time(Batches(human36m_set, SCREEN), numbers, workers=0)
    for one, two in zip(ahead, at_once, strict=True):
        assert one[0].equal(two[0])
        assert one[1].equal(two[1])
        assert one[2] == two[2]


def test_a_set_for_another_skeleton_is_refused(mpi_set: Path, tmp_path: Path):
    with pytest.raises(RetakeError, match=r"skeleton human3\.6m-17, .* has mpi-inf-3dhp-17"):
        Batches(mpi_set, SCREEN)
