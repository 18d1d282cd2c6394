"""Small data sets: motion capture in world space, and both sets of the field in camera space."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from accelerate.state import AcceleratorState, GradientState, PartialState
from retake.shared.skeleton import HUMAN36M
from retake.training.data import human36m, mpi_inf_3dhp, positions, synthetic

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

ACTIONS = ("Sitting", "Walking")
FRAMES = 24


@pytest.fixture(autouse=True)
def fresh_accelerator() -> Iterator[None]:
    """Accelerate keeps its settings for the whole process; every test may choose others."""
    yield
    for state in (AcceleratorState, PartialState, GradientState):
        state._reset_state()  # pyright: ignore[reportPrivateUsage]


@pytest.fixture(scope="session")
def mocap_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small file of joint positions for training, validation and test."""
    folder = tmp_path_factory.mktemp("mocap")
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


@pytest.fixture(scope="session")
def world_set(mocap_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sets") / "world"
    files = {part: mocap_files / f"cmu17_{part}.npz" for part in ("train", "val", "test")}
    positions.prepare(files, out)
    return out


@pytest.fixture(scope="session")
def field_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both sets of the field, made up, in their own file formats."""
    folder = tmp_path_factory.mktemp("field")
    synthetic.write_human36m(folder, FRAMES, ACTIONS)
    synthetic.write_3dhp(folder, FRAMES)
    return folder


@pytest.fixture(scope="session")
def human36m_set(field_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a detector's keypoints."""
    out = tmp_path_factory.mktemp("sets") / "h36m"
    human36m.prepare(
        field_files / "data_3d_h36m.npz",
        field_files / "data_2d_h36m_cpn_ft_h36m_dbb.npz",
        field_files / "data_2d_h36m_gt.npz",
        out,
    )
    return out


@pytest.fixture(scope="session")
def mpi_set(field_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sets") / "3dhp"
    mpi_inf_3dhp.prepare(
        field_files / "data_train_3dhp.npz", field_files / "data_test_3dhp.npz", out
    )
    return out
