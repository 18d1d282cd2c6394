"""Real video: the best take beside MediaPipe's own 3D, in figures and in a picture to look at.

`tasks.py bench real_video CLIP... [--model NAME] [--frames N] [--picture FILE] [--json FILE]`.
There is no truth for these clips. What can be measured: whether bones keep their lengths, how much
joints tremble, how often a knee bends the wrong way. Both are mapped to the same 17 joints,
relative to the hip.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import mediapipe as mp
import numpy as np
import report
from looking.contact_sheet import Strip, contact_sheet
from mediapipe.tasks.python import BaseOptions, vision
from retake.blender_addon.choose.combine import choice_of, combine
from retake.server.detect.detect import detect
from retake.server.detect.model_file import pose_model
from retake.server.detect.scaling import Picture
from retake.server.detect.video import open_video
from retake.server.lifting.lift import lift
from retake.server.lifting.lift_options import LiftOptions
from retake.server.models import default_model, open_model
from retake.shared.arrays import Floats
from retake.shared.bones import decompose
from retake.shared.ground import find_ground
from retake.shared.keypoints import KeypointTrack
from retake.shared.layouts.known import MEDIAPIPE33
from retake.shared.layouts.to_h36m import to_h36m
from retake.shared.model.device import best_device
from retake.shared.model.jumps import possible
from retake.shared.resample import fill_gaps
from retake.shared.rotations import frame
from retake.shared.skeleton import HUMAN36M
from retake.shared.takes import Takes

COLUMNS = 7


@dataclass(frozen=True)
class Clip:
    """One video: its first frames, keypoints, our takes, and MediaPipe's joints (F, 17, 3), m."""

    path: Path
    pictures: list[Picture]
    track: KeypointTrack
    takes: Takes
    theirs: Floats


def main() -> None:
    parser = report.arguments(__doc__ or "")
    parser.add_argument("clips", type=Path, nargs="+", metavar="CLIP")
    parser.add_argument("--model", default=default_model(best_device()))
    parser.add_argument("--frames", type=int, default=300, help="of each clip (default: 300)")
    parser.add_argument("--picture", type=Path, metavar="FILE.png")
    options = parser.parse_args()
    clips = [_read(path, options.model, options.frames) for path in options.clips]
    rows = [row for clip in clips for row in _rows(clip)]
    report.show(f"Real video by {options.model}", rows, options.json)
    if options.picture:
        contact_sheet([_strip(clip) for clip in clips]).save(options.picture, optimize=True)


def _read(path: Path, model: str, frames: int) -> Clip:
    track = _first(detect(path, lambda done, total: None), frames)
    with closing(open_video(path)) as opened:
        pictures = [frame.picture for frame in islice(opened.frames(), track.frame_count)]
    asked = LiftOptions(model=model, hypotheses=10, iterations=5)
    takes = lift(track, open_model(model), asked, lambda stage, done, total: None)
    return Clip(path, pictures, track, takes, _by_mediapipe(pictures, track.times))


def _first(track: KeypointTrack, frames: int) -> KeypointTrack:
    cut = slice(0, frames)
    return KeypointTrack(
        track.points[cut],
        track.confidence[cut],
        track.times[cut],
        track.image_size,
        track.fps,
        track.source,
    )


def _by_mediapipe(pictures: list[Picture], times: Floats) -> Floats:
    """MediaPipe's metric landmarks as 17 joints; frames in which it finds nobody are filled."""
    options = vision.PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_buffer=pose_model()),
        running_mode=vision.RunningMode.VIDEO,
    )
    points = np.full((len(pictures), 33, 3), np.nan)
    with vision.PoseLandmarker.create_from_options(options) as landmarker:
        for frame, (picture, seconds) in enumerate(zip(pictures, times, strict=True)):
            image = mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(picture))
            found: Any = landmarker.detect_for_video(image, round(1000 * float(seconds)))
            for person in found.pose_world_landmarks[:1]:
                points[frame] = [(p.x, p.y, p.z) for p in person]
    joints = to_h36m(points, np.ones(points.shape[:2]), MEDIAPIPE33).points.astype(np.float64)
    full = fill_gaps(joints.reshape(len(joints), 17, 3), times, HUMAN36M.parents)
    return full - full[:, :1]


def _ours(clip: Clip) -> Floats:
    joints = combine(clip.takes, choice_of(clip.takes, None)).astype(np.float64)
    return joints - joints[:, :1]


def _rows(clip: Clip) -> list[dict[str, Any]]:
    both = (("Retake", _ours(clip)), ("MediaPipe", clip.theirs))
    return [
        {"clip": clip.path.stem, "frames": len(poses), "by": name} | _figures(poses, clip.track.fps)
        for name, poses in both
    ]


def _figures(poses: Floats, fps: float) -> dict[str, float]:
    lengths = decompose(poses, HUMAN36M)[0][:, 1:, 0]
    second = np.diff(poses, n=2, axis=0) * fps**2
    legs = np.concatenate([possible(poses, "left_leg"), possible(poses, "right_leg")])
    return {
        "bones vary %": 100 * float((lengths.std(axis=0) / lengths.mean(axis=0)).mean()),
        "trembling m/s2": float(np.median(np.linalg.norm(second[:, 1:], axis=-1))),
        "knees wrong %": 100 * float(1 - legs.mean()),
    }


def _strip(clip: Clip) -> Strip:
    frames = [int((i + 0.5) * len(clip.pictures) / COLUMNS) for i in range(COLUMNS)]
    joints = combine(clip.takes, choice_of(clip.takes, None))
    upright = _upright(joints, clip.takes.fps)
    return Strip(
        title=clip.path.stem,
        times=clip.track.times[frames].tolist(),
        pictures=[clip.pictures[frame] for frame in frames],
        keypoints=clip.track.points[frames] * _reduced(clip),
        ours=_ours(clip)[frames] @ upright.T,
        theirs=clip.theirs[frames] @ upright.T,
    )


def _reduced(clip: Clip) -> float:
    """The pictures' size, as a part of the video's."""
    return clip.pictures[0].shape[1] / clip.track.image_size[0]


def _upright(joints: Floats, fps: float) -> Floats:
    """The rotation (3, 3) from the camera's axes to: x right, y away from it, z up."""
    up = find_ground(joints, fps).rotation[2]
    upward, away, leftward = frame(up, np.array([0.0, 0.0, 1.0])).T
    return np.stack([-leftward, away, upward])


if __name__ == "__main__":
    main()
