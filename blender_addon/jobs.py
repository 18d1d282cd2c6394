# pyright: basic, reportAttributeAccessIssue=false
"""Which scene asked for which job of the server, also after Blender was closed in between.

The running jobs are known here, which survives undo; the last one of a scene is known to the scene
too, which survives the end of Blender.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import bpy

TAKES, TRACK = "takes", "track"
"""What a job is for."""


@dataclass(frozen=True)
class Asked:
    """`receive(scene, takes, path)` takes an outcome that does not replace the scene's."""

    scene: int
    kind: str
    receive: Callable | None


_asked: dict[str, Asked] = {}
_ended: set[str] = set()


def remember(scene, job_id: str, receive: Callable | None = None, kind: str = TAKES) -> None:
    """To be called when the job has been asked for."""
    _asked[job_id] = Asked(scene.session_uid, kind, receive)
    _ended.discard(job_id)
    if receive is None:
        scene.retake.job = f"{kind} {job_id}"


def end(job_id: str) -> tuple[bpy.types.Scene | None, Asked | None]:
    """The scene that asked for it, if it still exists, and what it asked for.

    The scene of a file that was opened again meanwhile knows the job, too.
    """
    asked, scene = _asked.get(job_id), None
    _ended.add(job_id)
    for each in bpy.data.scenes:
        names_it = each.retake.job.endswith(f" {job_id}")
        if names_it and each.library is None:
            each.retake.job = ""
        if (asked and each.session_uid == asked.scene) or (names_it and scene is None):
            scene = each
    return scene, asked


def kind_of(job_id: str) -> str:
    """Empty if it is none of ours."""
    return _asked[job_id].kind if job_id in _asked else ""


def interrupted(scene) -> tuple[str, str] | None:
    """(kind, job id) of what was running when the file was saved, and is not running any more."""
    kind, _, job_id = scene.retake.job.partition(" ")
    is_known = job_id in _ended or job_id in _asked
    return (kind, job_id) if job_id and kind in (TAKES, TRACK) and not is_known else None


def forget_all() -> None:
    _asked.clear()
    _ended.clear()
