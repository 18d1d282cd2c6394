"""Noise that depends on (seed, iteration, hypothesis, absolute frame) and on nothing else.

A counter-based generator lets every frame have its own place in the stream: the same frame gets the
same noise whatever the window, the batch or the device, so that a clip can be cut, extended or
sampled again in part.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Floats32

_WORDS_PER_COUNT = 4  # Philox makes four 64-bit words at each count


def frame_noise(
    seed: int, iteration: int, hypothesis: int, first_frame: int, frames: int, values: int
) -> Floats32:
    """Standard normal (frames, values) from `first_frame` on, of one hypothesis and iteration.

    Made on the CPU by the Box-Muller transform, which takes a fixed number of words for each value.
    An odd number of values leaves the last of the frame's words unused.
    """
    pairs = (values + 1) // 2
    counts = -(-2 * pairs // _WORDS_PER_COUNT)
    key = np.random.SeedSequence((seed, iteration, hypothesis)).generate_state(2, np.uint64)
    stream = np.random.Philox(key=key).advance(first_frame * counts)
    words = stream.random_raw(frames * counts * _WORDS_PER_COUNT).reshape(frames, -1)
    # 53 bits and half a step: strictly between 0 and 1.
    uniform = ((words >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    radius = np.sqrt(-2 * np.log(uniform[:, :pairs]))
    angle = 2 * np.pi * uniform[:, pairs : 2 * pairs]
    normal = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return normal[:, :values].astype(np.float32)
