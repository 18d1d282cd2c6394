# pyright: basic, reportAttributeAccessIssue=false
"""Tests in real Blender, the `bpy` module: one Blender per process, an empty scene per test."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from retake.shared.camera import Camera
from retake.shared.takes import Takes

# Before `import bpy`, or it reads and writes the person's own Blender configuration.
RESOURCES = tempfile.mkdtemp(prefix="retake-blender-")
os.environ["BLENDER_USER_RESOURCES"] = RESOURCES

import bpy  # noqa: E402

HERE = Path(__file__).resolve().parent
EXIT_STATUS = pytest.StashKey[int]()


@pytest.fixture(autouse=True)
def clean_scene() -> None:
    """An empty file. Unlike `read_factory_settings` this leaves an installed extension enabled."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)


@pytest.fixture
def turning_takes(make_takes: Callable[..., Takes]) -> Callable[[], Takes]:
    """30 frames at 24 per second: somebody turns round on one leg, the arms held out."""

    def make() -> Takes:
        standing = np.array(
            [
                (0.0, 0.0, 0.9),
                *((-0.12, 0.0, 0.9), (-0.12, -0.03, 0.48), (-0.12, 0.0, 0.08)),
                *((0.12, 0.0, 0.9), (0.12, -0.25, 0.6), (0.12, -0.1, 0.25)),
                *((0.0, 0.01, 1.14), (0.0, 0.0, 1.41), (0.0, -0.06, 1.52), (0.0, -0.06, 1.63)),
                *((0.17, 0.0, 1.38), (0.35, 0.02, 1.2), (0.4, -0.2, 1.3)),
                *((-0.17, 0.0, 1.38), (-0.3, 0.02, 1.15), (-0.35, -0.15, 0.98)),
            ]
        )
        angle = np.linspace(0, 2, 30)
        turn = np.zeros((30, 3, 3))
        turn[:, 0, 0] = turn[:, 1, 1] = np.cos(angle)
        turn[:, 1, 0] = np.sin(angle)
        turn[:, 0, 1], turn[:, 2, 2] = -turn[:, 1, 0], 1
        world = standing @ np.swapaxes(turn, 1, 2)
        seen = np.stack([world[..., 0], 1.0 - world[..., 2], world[..., 1] + 4], axis=-1)
        return make_takes(
            (seen - seen[:, :1]).astype(np.float32)[None],
            fps=24.0,
            root=seen[None, :, 0].astype(np.float32),
            camera=Camera.with_default_focal(1280, 720),
        )

    return make


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("blender")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[EXIT_STATUS] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End at once: with anything of ours still registered, Blender 4.5 hangs in its own exit."""
    status = config.stash.get(EXIT_STATUS, None)
    if status is None:
        return
    shutil.rmtree(RESOURCES, ignore_errors=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
