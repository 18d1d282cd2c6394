"""A small track, takes and their message, for the tests of the add-on's plain Python."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace

import numpy as np
import pytest
from retake.shared.keypoints import KeypointTrack
from retake.shared.protocol import Array, Result
from retake.shared.takes import LIMB_GROUPS, Alternative, Takes

FRAMES, HYPOTHESES = 6, 3


@pytest.fixture
def track() -> KeypointTrack:
    points = np.random.default_rng(0).uniform(0, 500, (FRAMES, 17, 2)).astype(np.float32)
    points[2, 5] = np.nan
    return KeypointTrack(
        points=points,
        confidence=np.ones((FRAMES, 17), np.float32),
        times=np.arange(FRAMES) / 25,
        image_size=(640, 480),
        fps=25.0,
        source="a test",
    )


@pytest.fixture
def takes(make_takes: Callable[..., Takes]) -> Takes:
    return make_takes(
        np.random.default_rng(1).normal(size=(HYPOTHESES, FRAMES, 17, 3)),
        weights=np.array([0.2, 0.5, 0.3], np.float32),
        spread=np.ones((FRAMES, 17), np.float32),
        groups={group: (Alternative("A", 0.5, 1),) for group in LIMB_GROUPS},
        best=dict.fromkeys(LIMB_GROUPS, 1),
        seed=7,
        provenance={"track_source": "a test"},
    )


@pytest.fixture
def result(takes: Takes) -> Result:
    """As the server sends it for the job `one`."""
    names = ("fps", "best", "seed", "model", "provenance")
    meta = {name: getattr(takes, name) for name in names}
    meta["camera"] = asdict(takes.camera)
    meta["groups"] = {g: [asdict(a) for a in rows] for g, rows in takes.groups.items()}
    return Result(
        job_id="one",
        poses=Array.pack(takes.poses),
        root=Array.pack(takes.root),
        weights=Array.pack(takes.weights),
        spread=Array.pack(takes.spread),
        contacts=Array.pack(takes.contacts),
        times=Array.pack(takes.times),
        meta=json.dumps(meta),
    )


@pytest.fixture
def damaged(result: Result) -> Result:
    return replace(result, meta="{}")
