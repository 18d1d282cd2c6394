"""A walking figure in front of a camera, its body, and a model of few lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.shared.model.guidance.bones import Body
from retake.shared.model.representation import Bones
from retake.shared.skeleton import HUMAN36M
from torch import Tensor


@pytest.fixture(scope="session")
def body() -> Body:
    return Body(HUMAN36M, Bones(HUMAN36M))


@pytest.fixture
def shot(walk: Callable[..., Any], film: Callable[..., Any]) -> Any:
    """90 frames at 50 fps; `root` (90, 3) and `poses` (90, 17, 3) in the camera frame."""
    return film(walk(90, 50.0).world)


@pytest.fixture
def motions(shot: Any, body: Body) -> Tensor:
    """(3, 90, 17, 3): the walk in three versions, each with its own lasting tilt of every bone."""
    poses = torch.from_numpy(shot.poses).float().expand(3, -1, -1, -1)
    directions, lengths = body.split(poses)
    tilt = 0.15 * torch.randn(3, 1, 17, 3, generator=torch.Generator().manual_seed(0))
    return body.join(torch.nn.functional.normalize(directions + tilt, dim=-1), lengths, poses)


class Flat(Diffusion):
    """Sees people as flat as their picture, and a little of the noise: right in shape, no more."""

    def predict(self, keypoints: Tensor, noisy: Tensor, t: Tensor) -> Tensor:
        relative = keypoints - keypoints[..., :1, :]
        depth = 0.01 * (noisy[..., 2:3] - noisy[..., :1, 2:3])
        return torch.cat([0.55 * relative, depth], dim=-1)


@pytest.fixture(scope="session")
def model() -> Diffusion:
    config = ModelConfig(frames=9, width=16, depth=2, heads=2, keypoint_frame="person")
    return Flat(config).eval()
