"""Batches within a limit in bytes, and that they change nothing but rounding."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from retake.shared.errors import RetakeError
from retake.shared.model import memory, windows
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.shared.model.memory import (
    bytes_per_pass,
    largest_tensor,
    most_on_gpu,
    passes_per_batch,
)
from retake.shared.model.windows import sample_clip

FULL_SIZE = ModelConfig()


def a_model(config: ModelConfig) -> Diffusion:
    torch.manual_seed(0)
    return Diffusion(config).eval()


SMALL = a_model(ModelConfig(frames=9, width=16, depth=2, heads=2, keypoint_frame="person"))


def test_a_larger_limit_allows_more_until_more_is_no_faster():
    model = a_model(ModelConfig(frames=27, width=96, depth=1))
    each, fixed = bytes_per_pass(model.config), memory.RUNTIME_BYTES
    counts = [passes_per_batch(model, fixed + (n << 20), 0) for n in (16, 64, 256, 1024, 4096)]
    assert counts == sorted(counts)
    assert counts[0] == (16 << 20) // each
    assert counts[-1] == counts[-2] == memory.FAST_BLOCK_BYTES // largest_tensor(model.config)
    assert passes_per_batch(model, None, 0) == counts[-1]


def test_what_the_caller_holds_counts():
    model = a_model(ModelConfig(frames=27, width=96, depth=1))
    limit = memory.RUNTIME_BYTES + (100 << 20)
    assert passes_per_batch(model, limit, 50 << 20) < passes_per_batch(model, limit, 0)


def test_the_full_size_fits_into_2_gib():
    weights = 4 * 26_000_000
    assert bytes_per_pass(FULL_SIZE) + memory.RUNTIME_BYTES + weights < 2 << 30


@pytest.mark.parametrize("frames", [1, 27, 243, 100_000])
def test_a_gpu_gets_no_more_sequences_than_its_kernels_take(
    frames: int,
):
    """As on a GPU with much memory: a made-up device, for a model that stays where it is."""

    class OnGpu(Diffusion):
        def parameters(self, recurse: bool = True) -> Iterator[Any]:
            yield SimpleNamespace(device=torch.device("cuda"))

    config = ModelConfig(frames=frames, width=16, depth=1, heads=2)
    most = most_on_gpu(config)
    assert most * max(frames, 17) <= 65_535
    assert (most + 1) * max(frames, 17) > 65_535
    model = OnGpu(config)
    assert passes_per_batch(model, 1 << 50, 0) == max(most, 1)
    assert passes_per_batch(model, 3 * bytes_per_pass(config), 0) == min(max(most, 1), 3)


def test_too_little_memory_is_one_sentence_with_the_amount_needed():
    with pytest.raises(RetakeError, match=r"limit is 100 MiB; .* at least \d+ MiB") as caught:
        passes_per_batch(SMALL, 100 << 20, 0)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("hypotheses", "at_once"), [(1, 1), (3, 1), (3, 2), (3, 5), (3, 7), (3, 99)]
)
@pytest.mark.parametrize("flip", [True, False])
def test_the_split_into_batches_changes_only_rounding(
    monkeypatch: pytest.MonkeyPatch, hypotheses: int, at_once: int, flip: bool
):
    rng = np.random.default_rng(0)
    pixels = rng.uniform(100, 400, (31, 17, 2))

    def lift(hypotheses: int, at_once: int):
        def given(*_: object) -> int:
            return at_once

        monkeypatch.setattr(windows, "passes_per_batch", given)
        return sample_clip(
            SMALL, pixels, 640, 480, hypotheses=hypotheses, iterations=2, seed=1, flip=flip
        )

    np.testing.assert_allclose(lift(hypotheses, at_once), lift(3, 6)[:hypotheses], atol=1e-5)


PEAK = """
import re, sys
from pathlib import Path
import numpy as np
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.shared.model.windows import sample_clip
model = Diffusion(ModelConfig(frames=81, width=256, depth=2)).eval()
sample_clip(model, np.ones((100, 17, 2)), 640, 480, hypotheses=4, iterations=1, seed=0,
            memory_limit=int(sys.argv[1]))
# Not getrusage: what it counts begins with the size of the process that started this one.
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(int(peak[1]) * 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is measured as Linux counts it")
def test_a_process_stays_within_its_limit():
    limit = 700 << 20
    done = subprocess.run(
        [sys.executable, "-c", PEAK, str(limit)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < limit
