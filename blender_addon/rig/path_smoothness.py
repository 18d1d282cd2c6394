"""The way of the hip made smoother, or livelier for jumps, than it was when the takes were made."""

from __future__ import annotations

from ...shared.arrays import Floats
from ...shared.errors import RetakeError
from ...shared.keypoints import KeypointTrack
from ...shared.root import solve_root
from ...shared.takes import Takes


def with_path(
    positions: Floats, takes: Takes, track: KeypointTrack | None, seconds: float
) -> Floats:
    """Joints (F, 17, 3) in the camera frame whose way is smoothed over `seconds` (`solve_root`).

    The root is solved twice, as it was and with `seconds`, and the difference is added: whatever
    else the takes know of the way stays. Needs the keypoints; RetakeError if they are not there or
    are of another clip.
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
    change = solve_root(poses, *seen, smoothness=seconds) - solve_root(poses, *seen)
    return positions + change[:, None]
