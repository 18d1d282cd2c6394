"""MPI-INF-3DHP from the files that P-STMO's instructions make: `retake prepare mpi-inf-3dhp`.

    data_train_3dhp.npz  data["S1 Seq1"] = [{camera: {data_2d, data_3d}}, frames per second]
    data_test_3dhp.npz   data["TS1"] = {data_2d, data_3d, valid}

data_2d is (F, 17, 2) pixels, data_3d (F, 17, 3) millimetres in the camera's frame, valid (F,).

There are two ground truths, and numbers measured against one say nothing about the other: `annot3`,
the bodies as they are, and `univ_annot3`, every body scaled to one size from knees to neck. The
files do not say which they hold; the bodies' sizes do (`ground_truth`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from ...shared.arrays import Bools, Floats
from ...shared.errors import RetakeError
from ...shared.skeleton import MPI_INF_3DHP
from .dictionaries import read_dictionary
from .lens import pinhole
from .motion_set import Clip, SetWriter, new_set

SAME_SIZE = 0.01
"""Bodies whose knee-to-neck sizes spread by less than this share are of one size."""
TRAIN_IMAGE = (2048, 2048)
TEST_IMAGES = {"TS5": (1920, 1080), "TS6": (1920, 1080)}
"""All other test sequences have the size of the training set."""


class View(NamedTuple):
    """One sequence in one camera, as the files have it: pixels and millimetres."""

    subject: str
    name: str
    camera: str
    fps: float
    keypoints: Floats
    positions: Floats
    valid: Bools


def prepare(train: Path, test: Path, out: Path, stated: str | None = None) -> str:
    """Writes `out` and returns the name of its ground truth.

    RetakeError if the files hold another ground truth than is `stated`, or one each.
    """
    training = list(_training_views(train))
    testing = list(_test_views(test))
    kinds = {ground_truth(training), ground_truth(testing)}
    if len(kinds) > 1:
        raise RetakeError(
            "The training file and the test file hold different ground truths (annot3 and "
            "univ_annot3). Make both from the same one."
        )
    (kind,) = kinds
    if stated not in (None, kind):
        raise RetakeError(f"These files hold the ground truth {kind}, not {stated}.")
    about = {"name": "MPI-INF-3DHP", "keypoints": "ground truth", "ground_truth": kind}
    with new_set(out, MPI_INF_3DHP, "camera", about) as writer:
        for split, views in (("train", training), ("test", testing)):
            for view in tqdm(views, unit="clip", desc=split):
                _add(writer, split, view)
    return kind


def ground_truth(views: list[View]) -> str:
    """`univ_annot3` if all subjects have one size from knees to neck, else `annot3`."""
    sizes: dict[str, list[float]] = {}
    for view in views:
        sizes.setdefault(view.subject, []).append(_knee_to_neck(view.positions))
    each = np.array([np.median(values) for values in sizes.values()])
    return "univ_annot3" if np.ptp(each) < SAME_SIZE * each.mean() else "annot3"


def _knee_to_neck(positions: Floats) -> float:
    """Median length of the way knee - hip - spine - neck, both sides' mean, millimetres."""
    index = MPI_INF_3DHP.joints.index
    way = ("hip", "spine", "neck")
    total = sum(_distance(positions, index(a), index(b)) for a, b in itertools.pairwise(way))
    for side in ("left", "right"):
        total += _distance(positions, index(f"{side}_knee"), index(f"{side}_hip")) / 2
    return float(total)


def _distance(positions: Floats, a: int, b: int) -> float:
    return float(np.median(np.linalg.norm(positions[:, a] - positions[:, b], axis=-1)))


def _training_views(path: Path) -> Iterator[View]:
    sequences = read_dictionary(path, "data", "MPI-INF-3DHP's training data")
    for name, value in sequences.items():
        try:
            cameras, fps = value[0], float(np.asarray(value[1]).ravel()[0])
            for camera, arrays in cameras.items():
                yield _view(name.split(" ")[0], name, str(camera), fps, arrays)
        except (TypeError, KeyError, IndexError, AttributeError, ValueError):
            raise RetakeError(
                f"{path}: '{name}' is not a list of cameras and a frame rate, as expected."
            ) from None


def _test_views(path: Path) -> Iterator[View]:
    sequences = read_dictionary(path, "data", "MPI-INF-3DHP's test data")
    for name, arrays in sequences.items():
        try:
            yield _view(name, name, "", 25.0 if name in TEST_IMAGES else 50.0, arrays)
        except (TypeError, KeyError):
            raise RetakeError(
                f"{path}: '{name}' has no data_2d, data_3d and valid, as expected."
            ) from None


def _view(subject: str, name: str, camera: str, fps: float, arrays: dict[str, Any]) -> View:
    keypoints = np.asarray(arrays["data_2d"], np.float32)
    positions = np.asarray(arrays["data_3d"], np.float32)
    valid = np.asarray(arrays.get("valid", np.ones(len(positions)))).ravel() > 0
    frames = len(positions)
    if (keypoints.shape, positions.shape, valid.shape) != (
        (frames, 17, 2),
        (frames, 17, 3),
        (frames,),
    ):
        raise RetakeError(
            f"{name}: keypoints {keypoints.shape}, positions {positions.shape}, valid "
            f"{valid.shape}; expected (frames, 17, 2), (frames, 17, 3) and (frames,)."
        )
    return View(subject, name, camera, fps, keypoints, positions, valid)


def _add(writer: SetWriter, split: str, view: View) -> None:
    width, height = TRAIN_IMAGE if split == "train" else TEST_IMAGES.get(view.name, TRAIN_IMAGE)
    metres = view.positions / 1000
    lens, _ = pinhole(metres.reshape(-1, 3), view.keypoints.reshape(-1, 2))
    clip = Clip(
        name=view.name,
        subject=view.subject,
        action=view.name,
        split=split,
        frames=len(metres),
        fps=view.fps,
        camera=view.camera,
        width=width,
        height=height,
        lens=tuple(float(value) for value in lens),
    )
    writer.add(clip, metres, view.keypoints, view.valid)
