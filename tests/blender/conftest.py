# pyright: basic, reportAttributeAccessIssue=false
"""Tests in real Blender, the `bpy` module: one Blender per process, an empty scene per test."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

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
