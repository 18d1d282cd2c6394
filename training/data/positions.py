"""Files of world joint positions (`MocapSet`) into our format: `retake prepare positions`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...shared.arrays import Floats
from ...shared.resample import MODEL_FPS, model_times, resample
from ...shared.skeleton import HUMAN36M
from ..mocap import MocapSet
from .motion_set import Clip, SetWriter, new_set


def prepare(files: dict[str, Path], out: Path) -> None:
    """Writes `out` from one file per split (train, val, test); other rates become 50 fps."""
    about = {
        "name": ", ".join(path.name for path in files.values()),
        "keypoints": "virtual cameras",
    }
    with new_set(out, HUMAN36M, "world", about) as writer:
        for split, path in files.items():
            _add_file(writer, split, path)


def _add_file(writer: SetWriter, split: str, path: Path) -> None:
    mocap = MocapSet.load(path)
    for k, subject in enumerate(mocap.subjects):
        clip = Clip(
            name=mocap.names[k], subject=subject, action=mocap.actions[k], split=split, frames=0
        )
        writer.add(clip, at_model_rate(mocap.clip(k), mocap.fps))


def at_model_rate(world: Floats, fps: float) -> Floats:
    """(F, J, 3) at `fps` -> (G, J, 3) at the model's 50 frames per second."""
    if fps == MODEL_FPS:
        return world
    times = np.arange(len(world)) / fps
    return resample(world, times, model_times(times))
