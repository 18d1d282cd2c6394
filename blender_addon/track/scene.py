# pyright: basic, reportAttributeAccessIssue=false, reportMissingImports=false
"""The scene's keypoints as they are shown and corrected: at which frame, and where in a region."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import bpy
import numpy as np
from bpy_extras.view3d_utils import location_3d_to_region_2d

from ...shared.errors import RetakeError
from ...shared.keypoints import KeypointTrack
from .. import files, jobs, session
from ..clip.scene import rate_of
from .edits import Edit, edited, from_json, to_json
from .figure import frame_at
from .report import Finding, findings

log = logging.getLogger(__name__)

_Key = tuple[str, int, str]
"""Path, when it was written, and the corrections: what the shown track depends on."""

_KEPT = 4
_tracks: dict[_Key, KeypointTrack | None] = {}
"""What was shown lately, with its corrections. Drawing must not read files."""


def _load(key: _Key) -> KeypointTrack | None:
    """None if it cannot be read."""
    if key not in _tracks:
        try:
            _keep(key, edited(KeypointTrack.load(Path(key[0])), from_json(key[2])))
        except RetakeError as error:
            log.warning("the keypoints cannot be shown: %s", error)
            _keep(key, None)
    return _tracks[key]


def _keep(key: _Key, track: KeypointTrack | None) -> None:
    while len(_tracks) >= _KEPT:
        del _tracks[next(iter(_tracks))]
    _tracks[key] = track


@lru_cache(maxsize=_KEPT)
def _findings(key: _Key) -> list[Finding]:
    track = _load(key)
    return findings(track) if track else []


def _key(scene) -> _Key | None:
    if not session.of(scene).track_path:
        return None
    try:
        path = session.track_file(scene)
        return str(path), path.stat().st_mtime_ns, scene.retake_track.edits
    except (OSError, RetakeError):
        return None


def shown(scene) -> KeypointTrack | None:
    """The whole track with its corrections; None if there is none that can be read."""
    key = _key(scene)
    return _load(key) if key else None


def findings_of(scene) -> list[Finding]:
    key = _key(scene)
    return _findings(key) if key else []


def clip_start(scene) -> int:
    """Frame of the scene at which the clip's first frame stands."""
    clip = scene.retake_clip.clip
    return clip.frame_start if clip else scene.frame_start


def track_frame(scene, track: KeypointTrack) -> int | None:
    """The track's frame, from 0, that belongs to the scene's present one."""
    seconds = (scene.frame_current_final - clip_start(scene)) / rate_of(scene)
    return frame_at(track.times - track.times[0], seconds)


def go_to(scene, frame: int) -> None:
    """Show the track's frame `frame`, from 0. RetakeError if there is no track."""
    track = shown(scene)
    if track is None:
        raise RetakeError("There is no track yet. Detect or load one first.")
    frame = min(max(frame, 0), track.frame_count - 1)
    seconds = float(track.times[frame] - track.times[0])
    scene.frame_set(round(clip_start(scene) + seconds * rate_of(scene)))


def add_edit(scene, edit: Edit) -> None:
    """One more correction. RetakeError if the track would not be one any more."""
    key = _key(scene)
    if key is None:
        raise RetakeError("There is no track yet. Detect or load one first.")
    edits = (*from_json(scene.retake_track.edits), edit)
    edited(KeypointTrack.load(Path(key[0])), edits)
    scene.retake_track.edits = to_json(edits)


@dataclass(frozen=True)
class Seen:
    """The keypoints of the present frame where they lie over the clip's picture in a region."""

    track: KeypointTrack
    frame: int
    corners: np.ndarray


def seen(context) -> Seen | None:
    """None where no picture is seen, or there are no keypoints in this frame."""
    track, corners = shown(context.scene), picture_corners(context)
    if track is None or corners is None:
        return None
    frame = track_frame(context.scene, track)
    return None if frame is None else Seen(track, frame, corners)


def edit_count(scene) -> int:
    """How many corrections there are; 0 if they are damaged."""
    try:
        return len(from_json(scene.retake_track.edits))
    except RetakeError:
        return 0


def picture_corners(context):
    """(4, 2) places in the region of the picture's corners, from the lower left against the clock.

    None where the clip's picture is not seen.
    """
    region, space, scene = context.region, context.space_data, context.scene
    if space.type == "CLIP_EDITOR":
        if space.clip != scene.retake_clip.clip or space.clip is None:
            return None
        places = ((0, 0), (1, 0), (1, 1), (0, 1))
        return np.array([region.view2d.view_to_region(*at, clip=False) for at in places], float)
    return _camera_corners(context, region, scene)


def _camera_corners(context, region, scene):
    view, camera = context.region_data, scene.camera
    if view is None or view.view_perspective != "CAMERA" or camera is None:
        return None
    if camera != scene.retake_clip.camera:
        return None
    upper_right, lower_right, lower_left, upper_left = camera.data.view_frame(scene=scene)
    order = (lower_left, lower_right, upper_right, upper_left)
    corners = [location_3d_to_region_2d(region, view, camera.matrix_world @ at) for at in order]
    return None if None in corners else np.array(corners, float)


def new_track_path(scene, job_id: str) -> Path:
    """Where a job's track shall be saved. RetakeError if there is no place to write."""
    clip = scene.retake_clip.clip
    stem = Path(clip.filepath).stem if clip else "track"
    return files.folder() / f"{stem} keypoints-{job_id[:8]}.npz"


def set_track(scene, path: Path, track: KeypointTrack | None = None) -> KeypointTrack:
    """A new track has no corrections yet. RetakeError if the file is none.

    `track` is what is in the file, if somebody has read it already.
    """
    track = session.set_track(scene, files.relative(path, bpy.data.filepath), track)
    scene.retake_track.edits = ""
    if key := _key(scene):
        _keep(key, track)
    state = scene.retake_track
    state.first, state.last = 1, track.frame_count
    return track


def show_track(job_id: str, track: KeypointTrack, path: Path) -> None:
    """Give the track to the scene that asked for it, if it still exists."""
    scene, _ = jobs.end(job_id)
    if scene is not None:
        set_track(scene, path, track)
        session.push_undo("Detect Keypoints")


def forget() -> None:
    _tracks.clear()
    _findings.cache_clear()
