"""Schedule, noise, DDIM and windows together: fixed numbers, seeds, seams, short clips."""

import numpy as np
import pytest
import torch
from retake.shared.arrays import Floats
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.shared.model.noise import frame_noise
from retake.shared.model.sampler import ddim
from retake.shared.model.schedule import CosineSchedule
from retake.shared.model.stream import window_starts, window_weights
from retake.shared.model.windows import sample_clip


@pytest.fixture(scope="module")
def model() -> Diffusion:
    torch.manual_seed(0)
    return Diffusion(
        ModelConfig(frames=9, width=16, depth=2, heads=2, keypoint_frame="person")
    ).eval()


def a_clip(frames: int) -> Floats:
    rng = np.random.default_rng(0)
    return rng.uniform(100, 400, (1, 17, 2)) + np.cumsum(rng.normal(0, 2, (frames, 17, 2)), axis=0)


def lift(model: Diffusion, pixels: Floats, hypotheses: int = 2, seed: int = 5) -> Floats:
    return sample_clip(model, pixels, 640, 480, hypotheses=hypotheses, iterations=2, seed=seed)


def test_the_schedule_ends_in_pure_noise():
    schedule = CosineSchedule(1000)
    assert float(schedule.alpha_bar[999]) == pytest.approx(2.4e-9, rel=0.05)
    assert float(schedule.alpha_bar[0]) > 0.999
    assert (schedule.alpha_bar.diff() < 0).all()


def test_the_steps_are_those_of_the_paper():
    assert CosineSchedule(1000).ddim_steps(2) == [(999, 499), (499, -1)]
    assert [t for t, _ in CosineSchedule(1000).ddim_steps(10)] == list(range(999, 0, -100))


def test_ddim_with_a_perfect_denoiser_ends_at_the_truth(model: Diffusion):
    truth = torch.randn(3, 17, 3, generator=torch.Generator().manual_seed(0))
    fresh = torch.Generator().manual_seed(1)
    out = ddim(
        model,
        lambda state, t: truth,
        lambda i: torch.randn(3, 17, 4, generator=fresh),
        iterations=5,
    )
    torch.testing.assert_close(out, truth)


def test_without_eta_only_the_initial_noise_counts(model: Diffusion):
    def run(later: float) -> torch.Tensor:
        def noise(iteration: int) -> torch.Tensor:
            return torch.full((9, 17, 4), 0.1 if iteration == 0 else later)

        def denoise(state: torch.Tensor, t: int) -> torch.Tensor:
            return state[..., :3].cumsum(dim=-2)

        return ddim(model, denoise, noise, iterations=4, eta=0)

    torch.testing.assert_close(run(0.0), run(9.0))


def test_noise_is_normal_and_belongs_to_its_frame():
    whole = frame_noise(3, 1, 2, 0, 400, 68)
    assert whole.mean() == pytest.approx(0, abs=0.02)
    assert whole.std() == pytest.approx(1, abs=0.02)
    np.testing.assert_array_equal(frame_noise(3, 1, 2, 123, 50, 68), whole[123:173])
    for other in ((4, 1, 2), (3, 0, 2), (3, 1, 1)):
        assert np.abs(frame_noise(*other, 0, 400, 68) - whole).mean() > 0.5


def test_odd_numbers_of_values_are_possible():
    assert frame_noise(0, 0, 0, 0, 7, 5).shape == (7, 5)


@pytest.mark.parametrize("frames", [1, 8, 9, 10, 13, 14, 40])
def test_windows_cover_every_frame(frames: int):
    covered = {start + i for start in window_starts(frames, 9) for i in range(9)}
    assert covered >= set(range(frames))
    assert max(covered) == max(frames, 9) - 1


def test_every_frame_of_a_window_has_weight():
    assert (window_weights(9) > 0).all()
    assert window_weights(9).argmax() == 4


def test_the_same_request_gives_the_same_bits(model: Diffusion):
    np.testing.assert_array_equal(lift(model, a_clip(20)), lift(model, a_clip(20)))


def test_another_seed_gives_other_poses(model: Diffusion):
    assert np.abs(lift(model, a_clip(20)) - lift(model, a_clip(20), seed=6)).max() > 1e-4


def test_more_hypotheses_leave_the_first_ones_alone(model: Diffusion):
    two, four = lift(model, a_clip(20)), lift(model, a_clip(20), hypotheses=4)
    np.testing.assert_allclose(four[:2], two, atol=1e-5)


@pytest.mark.parametrize("frames", [2, 9, 23])
def test_any_length_is_lifted(model: Diffusion, frames: int):
    poses = lift(model, a_clip(frames))
    assert poses.shape == (2, frames, 17, 3)
    assert np.isfinite(poses).all()
    assert not poses[:, :, 0].any()


def test_place_and_size_in_the_picture_do_not_matter(model: Diffusion):
    clip = a_clip(12)
    np.testing.assert_allclose(lift(model, clip), lift(model, clip * 2 + 50), atol=1e-4)


def test_progress_is_told_and_may_stop_the_work(model: Diffusion):
    steps: list[tuple[int, int]] = []
    sample_clip(
        model,
        a_clip(9),
        640,
        480,
        hypotheses=1,
        iterations=3,
        seed=0,
        on_step=lambda done, total: steps.append((done, total)),
    )
    assert steps == [(1, 3), (2, 3), (3, 3)]

    def stop(done: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        sample_clip(model, a_clip(9), 640, 480, hypotheses=1, iterations=3, seed=0, on_step=stop)
