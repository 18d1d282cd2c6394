"""The way of the hip made smoother, livelier for jumps, or true to a camera that moves, than it was
when the takes were made.
"""

from __future__ import annotations

from ...shared.arrays import Floats
from ...shared.errors import RetakeError
from ...shared.keypoints import KeypointTrack
from ...shared.root import SMOOTHNESS_S, CameraPath, solve_root
from ...shared.takes import Takes


def with_path(
    positions: Floats,
    takes: Takes,
    track: KeypointTrack | None,
    seconds: float | None = None,
    camera: CameraPath | None = None,
) -> Floats:
    """Joints (F, 17, 3) in the camera frame whose way is smoothed over `seconds`, None: as usual,
    in the world in which the `camera` moves, None: where it stands (`solve_root`).

    The root is solved twice, as it was and anew, and the difference is added: whatever else the
    takes know of the way stays. Needs the keypoints; RetakeError if they are not there or are of
    another clip.
    """
    if track is None:
        raise RetakeError(
            "To smooth the way anew its keypoints are needed. Give the track of the takes."
        )
    if track.frame_count != takes.frame_count:
        raise RetakeError(
            f"The track has {track.frame_count} frames and the takes have {takes.frame_count}. "
            "Give the track that the takes were made of."
        )
    seen = (track.points, track.confidence, takes.camera, takes.fps)
    poses = positions - positions[:, :1]
    anew = solve_root(poses, *seen, SMOOTHNESS_S if seconds is None else seconds, camera)
    return positions + (anew - solve_root(poses, *seen))[:, None]
