# pyright: basic, reportAttributeAccessIssue=false
"""Motions for the scene's character, solved in a thread before something is shown or written:
Blender does not wait for the solver."""

from __future__ import annotations

import bpy

from ...shared.errors import RetakeError
from .. import session
from ..rig import scene as rigging
from ..slices import with_uid
from . import ready
from .solves import Asked, Kept, Solves, solves_for
from .surroundings import Piece


def once_solved(
    scene, rig, choices, piece: Piece | None, then, failed, is_wanted=lambda: True
) -> None:
    """`then(scene, rig)` once these motions are solved: now, or when a thread has done it; or
    `failed(error)`. Raises RetakeError if the rig cannot wear takes.

    `is_wanted` is asked in the thread, too: what nobody waits for any more is not solved.
    """
    solves = solves_of(scene, rig)
    missing = solves.missing(choices, piece)
    if not missing or bpy.app.background:
        then(scene, rig)
        return
    uids = scene.session_uid, rig.session_uid

    def solve() -> Kept:
        return solves.solved(missing, piece) if is_wanted() else {}

    def go_on(found: Kept) -> None:
        solves.keep(found)
        if not is_wanted():
            return
        scene, rig = with_uid(bpy.data.scenes, uids[0]), with_uid(bpy.data.objects, uids[1])
        if scene is None or rig is None:
            raise RetakeError("The character is gone. Choose another one in the step Rig.")
        then(scene, rig)

    ready.afterwards(solve, go_on, failed)


def solves_of(scene, rig) -> Solves:
    takes = session.takes_of(scene)
    asked = Asked(
        takes,
        session.fps_of(scene),
        session.start_of(scene, takes),
        rigging.wishes_of(scene, rig),
        session.matching_track(scene),
    )
    return solves_for(rig, asked)
