"""Sampling a clip: keypoints in pixels in, several 3D motions out. The entry to this package.

Here the request meets the machine: keypoints are cut and normalised window by window, windows go
through the network in batches that fit the memory, noise is made on the CPU, and the caller hears
of progress. What happens between noise and motion is in `stream.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from ..arrays import Bools, Floats, Floats32
from ..camera import normalise_person, normalise_screen
from ..errors import RetakeError
from .batches import Network, Predict, Progress, Recall
from .diffusion import Diffusion
from .memory import passes_per_batch
from .noise import frame_noise
from .precision import Precision, choose_dtype
from .sampler import Guide, Start
from .stream import Clip, FrameNoise, stream, window_starts


@torch.no_grad()
def sample_clip(
    model: Diffusion,
    pixels: Floats,
    width: int,
    height: int,
    *,
    hypotheses: int,
    iterations: int,
    seed: int,
    known: Bools | None = None,
    eta: float = 1.0,
    flip: bool = True,
    first_frame: int = 0,
    guides: Sequence[Guide] = (),
    start: Start | None = None,
    precision: Precision = "auto",
    memory_limit: int | None = None,
    on_step: Callable[[int, int], None] | None = None,
    on_frames: Callable[[int, Floats32], None] | None = None,
    on_layer: Callable[[float], None] | None = None,
    recall: Recall | None = None,
    predict: Predict | None = None,
) -> Floats32:
    """Root-relative positions (H, F, J, 3), metres, camera frame, for 2D keypoints (F, J, 2).

    `pixels` are at 50 fps without gaps; a clip shorter than a window is continued by its last
    frame. The same request on the same device gives the same bits; another `memory_limit` cuts it
    into other batches and changes it by rounding only. RetakeError for what makes no sense.

    known         (F, J): which keypoints are; the others are guesses. A model with `keypoint_mask`
                  is not shown them: they count only in the place and size that `normalise_person`
                  takes off, as in training. Other models see them all. None: all are known
    eta, flip     the paper's sigma times eta; averaged with the mirrored clip's, twice the work
    first_frame   number of the first frame in a longer clip: a frame's noise goes by its number
    guides, start  as in `sampler.ddim`; their frames count from the start of `pixels`
    memory_limit  bytes that this process should not exceed (on a GPU: GPU memory)
    on_step       (done, iterations): another share of the work is done; may raise to stop
    on_frames     (first frame, positions (H, n, J, 3)): finished frames, in order
    on_layer      (share done, 0 to 1): at every layer, so do little; may raise to stop
    recall        what it knows of this very request is not computed again; it is told the rest
    predict       in place of the model's own: to share a device (`together.Together.predict`)
    """
    _check(model, pixels, known, hypotheses, iterations, eta)
    length, frames, passes = model.config.frames, len(pixels), hypotheses * (2 if flip else 1)
    padded = np.pad(pixels, ((0, max(length - frames, 0)), (0, 0), (0, 0)), mode="edge")
    result = np.empty((hypotheses, *pixels.shape[:-1], 3), np.float32)
    at_once = passes_per_batch(model, memory_limit, result.nbytes + padded.nbytes)
    starts = window_starts(frames, length)
    batches = _grouped(starts, max(at_once // passes, 1))
    progress = Progress(iterations, len(starts) * iterations * passes, on_step, on_layer)
    dtype = choose_dtype(model, precision)
    keypoints = _keypoints(model, padded, known, (width, height))
    noise = _noise(model, seed, hypotheses, first_frame)
    clip = Clip(model, frames, batches, iterations, eta, guides, start)
    network = Network(model, keypoints, flip, at_once, dtype, progress, recall, predict)
    with progress.watching(model):
        for first, positions in stream(clip, network, noise):
            _take_in(result, first, positions, on_frames)
    return result


def _take_in(
    result: Floats32,
    first: int,
    positions: Tensor,
    on_frames: Callable[[int, Floats32], None] | None,
) -> None:
    """Finished frames into the result; those that continue a short clip are left out."""
    finished = result[:, first : first + positions.shape[1]]
    finished[:] = positions[:, : finished.shape[1]].cpu().numpy()
    if on_frames:
        on_frames(first, finished)


def _check(
    model: Diffusion,
    pixels: Floats,
    known: Bools | None,
    hypotheses: int,
    iterations: int,
    eta: float,
) -> None:
    joints = model.skeleton.joint_count
    if pixels.shape != (len(pixels), joints, 2) or not len(pixels):
        raise RetakeError(
            f"The keypoints have shape {pixels.shape}; expected (frames, {joints}, 2), with at "
            "least one frame."
        )
    if min(hypotheses, iterations) < 1 or not 0 <= eta <= 1:
        raise RetakeError(
            f"{hypotheses} hypotheses, {iterations} iterations and eta {eta:g} cannot be sampled; "
            "expected at least one of each, and eta between 0 and 1."
        )
    if not np.isfinite(pixels).all():
        raise RetakeError(
            "Some keypoints are missing. Fill the gaps with guesses, and say which are known."
        )
    if known is not None and known.shape != pixels.shape[:-1]:
        raise RetakeError(
            f"What is known has shape {known.shape}; expected that of the keypoints, "
            f"{pixels.shape[:-1]}."
        )


def _grouped(starts: Sequence[int], size: int) -> list[Sequence[int]]:
    return [starts[i : i + size] for i in range(0, len(starts), size)]


def _keypoints(
    model: Diffusion, pixels: Floats, known: Bools | None, picture: tuple[int, int]
) -> Callable[[Sequence[int]], Tensor]:
    """First frames of windows -> their keypoints (k, L, J, 2) as the model takes them."""
    length, device = model.config.frames, next(model.parameters()).device
    hidden = np.zeros(pixels.shape[:-1], np.bool_)
    if known is not None and model.config.keypoint_mask:
        hidden = ~np.pad(known, ((0, len(pixels) - len(known)), (0, 0)), mode="edge")

    def cut(starts: Sequence[int]) -> Tensor:
        windows = np.stack([pixels[s : s + length] for s in starts])
        if model.config.keypoint_frame == "person":
            normalised = normalise_person(windows, model.skeleton.root)
        else:
            normalised = normalise_screen(windows, *picture)
        normalised[np.stack([hidden[s : s + length] for s in starts])] = np.nan
        return _to(device, normalised)

    return cut


def _noise(model: Diffusion, seed: int, hypotheses: int, first_frame: int) -> FrameNoise:
    joints, channels = model.skeleton.joint_count, model.state_width
    device = next(model.parameters()).device

    def draw(iteration: int, first: int, frames: int) -> Tensor:
        drawn = [
            frame_noise(seed, iteration, h, first_frame + first, frames, joints * channels)
            for h in range(hypotheses)
        ]
        return _to(device, np.stack(drawn).reshape(hypotheses, frames, joints, channels))

    return draw


def _to(device: torch.device, values: Floats) -> Tensor:
    """float32 on the device. A GPU copies while it computes: nobody waits."""
    tensor = torch.from_numpy(values.astype(np.float32, copy=False))
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor
