from pathlib import Path

import numpy as np
import pytest
from retake.shared.skeleton import HUMAN36M

STANDING = np.array(
    [
        [0, 0, 0],
        [-0.1, 0, 0],
        [-0.1, -0.45, 0],
        [-0.1, -0.9, 0],
        [0.1, 0, 0],
        [0.1, -0.45, 0],
        [0.1, -0.9, 0],
        [0, 0.25, 0],
        [0, 0.5, 0],
        [0, 0.58, 0.08],
        [0, 0.7, 0.06],
        [0.18, 0.47, 0],
        [0.45, 0.47, 0],
        [0.7, 0.47, 0],
        [-0.18, 0.47, 0],
        [-0.45, 0.47, 0],
        [-0.7, 0.47, 0],
    ]
)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small set of joint positions for training, validation and test."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for part in ("train", "val", "test"):
        sway = np.cumsum(rng.normal(0, 0.004, (90, 17, 3)), axis=0)
        sway[:, HUMAN36M.root] = 0
        root = np.stack([np.linspace(0, 1, 90), np.full(90, 0.95), np.zeros(90)], axis=-1)
        np.savez(
            folder / f"cmu17_{part}.npz",
            pos=(STANDING + sway).astype(np.float16),
            root=root.astype(np.float32),
            start=np.array([0, 40, 90], np.int32),
            subject=np.array(["01", "02"]),
        )
    return folder
