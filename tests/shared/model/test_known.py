"""Unknown keypoints through `sample_clip`: a model with a mask is not shown what stands there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from retake.shared.arrays import Bools, Floats, Floats32
from retake.shared.camera import normalise_person
from retake.shared.errors import RetakeError
from retake.shared.model import windows
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.shared.model.noise import frame_noise
from retake.shared.model.windows import sample_clip

FRAMES, LENGTH = 31, 9


def a_model(**fields: Any) -> Diffusion:
    torch.manual_seed(0)
    config = ModelConfig(frames=LENGTH, width=16, depth=2, heads=2, **fields)
    return Diffusion(config).eval()


MASKED = a_model(keypoint_mask=True)
PERSON = a_model(keypoint_mask=True, keypoint_frame="person")


@pytest.fixture
def pixels() -> Floats:
    return np.random.default_rng(0).uniform(100, 400, (FRAMES, 17, 2))


def lift(model: Diffusion, pixels: Floats, known: Bools | None, **more: Any) -> Floats32:
    request: dict[str, Any] = {"hypotheses": 2, "iterations": 2, "seed": 5} | more
    return sample_clip(model, pixels, 640, 480, known=known, **request)


def unknown(*places: Any) -> Bools:
    known = np.ones((FRAMES, 17), np.bool_)
    for place in places:
        known[place] = False
    return known


def guessed_anew(pixels: Floats, known: Bools) -> Floats:
    """The same keypoints, with other guesses where they are not known."""
    return np.where(known[..., None], pixels, pixels + 70)


LIMB = np.s_[5:12, [14, 15, 16]]
ROOT = np.s_[:, 0]
A_WINDOW_AND_MORE = np.s_[8:24]
ALL = np.s_[:]
HIDDEN = {"limb": LIMB, "root": ROOT, "whole windows": A_WINDOW_AND_MORE, "all": ALL}
EACH = pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN.keys())


@EACH
@pytest.mark.parametrize("flip", [True, False])
def test_what_stands_at_an_unknown_keypoint_is_not_seen(pixels: Floats, hidden: Any, flip: bool):
    known = unknown(hidden)
    found = lift(MASKED, pixels, known, flip=flip)
    again = lift(MASKED, guessed_anew(pixels, known), known, flip=flip)
    np.testing.assert_array_equal(found, again)
    assert np.isfinite(found).all()
    assert np.abs(found - lift(MASKED, pixels, None, flip=flip)).max() > 1e-4


@EACH
def test_relative_to_the_person_the_poses_are_finite_too(pixels: Floats, hidden: Any):
    known = unknown(hidden)
    found = lift(PERSON, pixels, known)
    assert np.isfinite(found).all()
    assert np.abs(found - lift(PERSON, pixels, None)).max() > 1e-4


@torch.no_grad()
def test_place_and_size_come_from_the_guesses_as_in_training(pixels: Floats):
    clip, known = pixels[:LENGTH], unknown(ROOT, LIMB)[:LENGTH]
    points = normalise_person(clip, 0)
    points[~known] = np.nan
    noise = frame_noise(5, 0, 0, 0, LENGTH, 17 * 4).reshape(1, LENGTH, 17, 4)
    expected = PERSON.denoise(
        torch.from_numpy(points.astype(np.float32))[None],
        torch.from_numpy(noise),
        torch.tensor([999]),
    )
    found = lift(PERSON, clip, known, hypotheses=1, iterations=1)
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-6)


def test_only_the_windows_with_an_unknown_keypoint_change(pixels: Floats):
    found, whole = (lift(MASKED, pixels, k) for k in (unknown(np.s_[2, 5]), None))
    difference = np.abs(found - whole).max(axis=(0, 2, 3))
    assert difference[:5].min() > 1e-6
    assert difference[2 * LENGTH :].max() < 1e-6


def test_all_known_is_the_same_as_nothing_said(pixels: Floats):
    for model in (MASKED, PERSON):
        np.testing.assert_array_equal(lift(model, pixels, unknown()), lift(model, pixels, None))


def test_a_model_without_a_mask_sees_the_guesses(pixels: Floats):
    plain, known = a_model(), unknown(LIMB)
    found = lift(plain, pixels, known)
    np.testing.assert_array_equal(found, lift(plain, pixels, None))
    assert np.abs(found - lift(plain, guessed_anew(pixels, known), known)).max() > 1e-4


@pytest.mark.parametrize("at_once", [1, 3, 8])
@pytest.mark.parametrize("flip", [True, False])
def test_batches_do_not_mix_what_is_known(
    monkeypatch: pytest.MonkeyPatch, pixels: Floats, at_once: int, flip: bool
):
    known = unknown(LIMB, np.s_[20:23, 0], np.s_[27:])
    expected = lift(PERSON, pixels, known, flip=flip)

    def given(*_: object) -> int:
        return at_once

    monkeypatch.setattr(windows, "passes_per_batch", given)
    found = lift(PERSON, pixels, known, flip=flip)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_mirrored_twice_is_mirrored_not_at_all(pixels: Floats):
    """Unknown keypoints change sides with all others: an arm hidden left is hidden right."""
    points = torch.from_numpy(pixels[None, :LENGTH].astype(np.float32)) / 400
    points[:, 2:4, 13] = torch.nan
    flipped = MASKED.flip(points)
    assert flipped.isnan().any(dim=-1).nonzero()[:, 1:].tolist() == [[2, 16], [3, 16]]
    noisy = torch.randn(1, LENGTH, 17, 4, generator=torch.Generator().manual_seed(0))
    t = torch.tensor([500])
    with torch.no_grad():
        straight = MASKED.denoise(points, noisy, t)
        mirrored = MASKED.denoise(flipped, MASKED.flip(noisy), t)
        at_origin = MASKED.denoise(points.nan_to_num(0.0), noisy, t)
    torch.testing.assert_close(MASKED.flip(mirrored), straight, atol=1e-5, rtol=1e-4)
    assert (at_origin - straight).abs().max() > 1e-3  # unknown is not the same as zero


def test_a_clip_shorter_than_a_window_goes_on_as_it_ends(pixels: Floats):
    known = unknown(np.s_[3, 8])[:4]
    found = lift(MASKED, pixels[:4], known)
    again = lift(MASKED, guessed_anew(pixels[:4], known), known)
    np.testing.assert_array_equal(found, again)


def test_what_is_known_has_the_shape_of_the_clip(pixels: Floats):
    with pytest.raises(RetakeError, match=r"shape \(30, 17\); expected .*\(31, 17\)"):
        lift(MASKED, pixels, unknown()[:30])
    pixels[3, 4] = np.nan
    for known in (None, unknown(np.s_[3, 4])):
        with pytest.raises(RetakeError, match="Fill the gaps"):
            lift(MASKED, pixels, known)
