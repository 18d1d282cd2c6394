# pyright: basic, reportAttributeAccessIssue=false
"""An action that is written over several ticks: gone again unless it becomes whole.

It bears the mark of a preview until somebody gives it another note, so that one that an undo step
has caught is swept away with previews.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import bpy

from ..rig.writing.write_action import new_action
from ..slices import with_uid
from .origin import OURS

HALF = json.dumps({"preview_of": ""})


@contextmanager
def half_written(rig, name: str) -> Iterator[int]:
    """The session_uid of a new action, which is removed in the end if it has no other note by then.
    RetakeError if the rig cannot be animated."""
    action = new_action(rig, name)
    action[OURS] = HALF
    uid = action.session_uid
    try:
        yield uid
    finally:
        action = with_uid(bpy.data.actions, uid)
        if action is not None and action.get(OURS) == HALF:
            bpy.data.actions.remove(action)
