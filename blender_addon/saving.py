# pyright: basic, reportAttributeAccessIssue=false
"""Keeps the files that scenes point to findable when the .blend gets a first or another place.

It knows paths, not what is in the files.
"""

import logging
import os
import shutil
from pathlib import Path

import bpy

from . import session

PATHS = ("track_path", "takes_path")
"""What a scene's session knows by its path."""

log = logging.getLogger(__name__)


@bpy.app.handlers.persistent
def before(filepath, *_):
    """What is written to `filepath` is relative to that place, not to the file's present one."""
    _rebase(bpy.data.filepath, filepath)


@bpy.app.handlers.persistent
def after(filepath, *_):
    """After saving a copy, and after a failure, the open file is still where it was."""
    _rebase(filepath, bpy.data.filepath)
    if filepath and Path(filepath) == Path(bpy.data.filepath):
        _move_in(filepath)


def _rebase(old: str, new: str) -> None:
    """Make all paths of scenes in a file at `old` right for one at `new`."""
    if not old or not new or os.path.dirname(old) == os.path.dirname(new):
        return
    for state in _states():
        for name in PATHS:
            if path := getattr(state, name):
                absolute = bpy.path.abspath(path, start=os.path.dirname(old))
                setattr(state, name, session.relative(Path(absolute), new))


def _move_in(blend: str) -> None:
    """Takes and tracks that were made before the first save move from the extension's folder to the
    file's.

    The file that was just written still names the old place; `session` knows both. Scenes that
    share a file share it after, too.
    """
    waiting, folder = session.user_folder("takes"), session.folder_beside(blend)
    for state in _states():
        for name in PATHS:
            path = Path(getattr(state, name))
            moved = folder / path.name
            try:
                if path.parent == waiting and path.is_file():
                    folder.mkdir(exist_ok=True)
                    shutil.move(path, moved)
            except OSError:
                log.exception("%s stays where it is", path)
            if path.parent == waiting and moved.is_file():
                setattr(state, name, session.relative(moved, blend))


def _states():
    return [session.of(scene) for scene in bpy.data.scenes if scene.library is None]


def _handlers():
    on = bpy.app.handlers
    return ((on.save_pre, before), (on.save_post, after), (on.save_post_fail, after))


def register() -> None:
    for handlers, handler in _handlers():
        handlers.append(handler)


def unregister() -> None:
    for handlers, handler in _handlers():
        handlers.remove(handler)
