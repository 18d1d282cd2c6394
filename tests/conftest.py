"""What holds for every test: tests/blender runs only when it is named, in a process of its own.

`import bpy` turns the process into a Blender: one scene for all tests, and at the end Blender 4.5
can hang. `tasks.py test` therefore calls pytest twice, and a bare `pytest` stays without Blender.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from retake.shared.arrays import Floats
from retake.shared.camera import Camera
from retake.shared.takes import LIMB_GROUPS, Alternative, Takes

# The models of the tests are tiny: a second thread costs more than it brings, on a busy machine by
# far.
os.environ.setdefault("OMP_NUM_THREADS", "1")

with contextlib.suppress(ImportError):  # the newer Blender's environment does without
    from hypothesis import HealthCheck, settings

    # A machine that does much else is slow, which says nothing about the code.
    slow = [HealthCheck.too_slow]
    settings.register_profile("patient", deadline=None, suppress_health_check=slow)
    settings.load_profile("patient")

BLENDER = Path(__file__).resolve().parent / "blender"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    named = [config.invocation_params.dir / argument.split("::")[0] for argument in config.args]
    if collection_path == BLENDER and not any(p.resolve().is_relative_to(BLENDER) for p in named):
        return True
    return None


@pytest.fixture(scope="session")
def make_takes() -> Callable[..., Takes]:
    """make_takes(poses (H, F, 17, 3), fps=25, **fields) -> Takes; `fields` replace the defaults."""

    def make(poses: Floats, fps: float = 25.0, **fields: Any) -> Takes:
        hypotheses, frames = poses.shape[:2]
        plain: dict[str, Any] = {
            "root": np.full((hypotheses, frames, 3), 4, np.float32),
            "weights": np.full(hypotheses, 1 / hypotheses, np.float32),
            "spread": np.zeros((frames, 17), np.float32),
            "contacts": np.zeros((frames, 4), np.float32),
            "times": np.arange(frames) / fps,
            "camera": Camera.with_default_focal(640, 480),
            "groups": {group: (Alternative("Take 1", 1.0, 0),) for group in LIMB_GROUPS},
            "best": dict.fromkeys(LIMB_GROUPS, 0),
            "seed": 0,
            "model": "small",
            "provenance": {},
        }
        return Takes(poses=poses.astype(np.float32), fps=fps, **{**plain, **fields})

    return make
