# pyright: basic, reportAttributeAccessIssue=false
"""Keeps the files that scenes point to findable when the .blend gets a first or another place, and
those that are packed up to date.

It knows paths, not what is in the files.
"""

import logging
import os
import shutil
from pathlib import Path

import bpy

from ..shared.errors import RetakeError
from . import files, session
from .durations import timed

PACKED = {"track_path": "packed_track", "takes_path": "packed_takes"}
"""What a scene's session knows by its path, and where it is if it is packed."""

log = logging.getLogger(__name__)


@bpy.app.handlers.persistent
@timed
def before(filepath, *_):
    """What is written to `filepath` is relative to that place, not to the file's present one."""
    _rebase(bpy.data.filepath, filepath)
    for scene in _scenes():
        _pack_again(scene)


@bpy.app.handlers.persistent
@timed
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
        for name in PACKED:
            if path := getattr(state, name):
                absolute = bpy.path.abspath(path, start=os.path.dirname(old))
                setattr(state, name, files.relative(Path(absolute), new))


def _move_in(blend: str) -> None:
    """Takes and tracks that were made before the first save move from the extension's folder to the
    file's.

    The file that was just written still names the old place; `session` knows both. Scenes that
    share a file share it after, too.
    """
    waiting, folder = files.user_folder("takes"), files.folder_beside(blend)
    for state in _states():
        for name in PACKED:
            path = Path(getattr(state, name))
            moved = folder / path.name
            try:
                if path.parent == waiting and path.is_file():
                    folder.mkdir(exist_ok=True)
                    shutil.move(path, moved)
            except OSError:
                log.exception("%s stays where it is", path)
            if path.parent == waiting and moved.is_file():
                setattr(state, name, files.relative(moved, blend))


def _pack_again(scene) -> None:
    """Whoever has packed the files wants those of today in the .blend."""
    for place, packed in PACKED.items():
        state = session.of(scene)
        old, path = getattr(state, packed), Path(bpy.path.abspath(getattr(state, place)))
        if not is_packing(scene) or not path.is_file():
            continue
        try:
            setattr(state, packed, files.pack(path, old))
        except RetakeError as error:
            log.warning("%s", error)
        files.drop(old)


def is_packing(scene) -> bool:
    return any(files.is_packed(getattr(session.of(scene), packed)) for packed in PACKED.values())


def _scenes():
    return [scene for scene in bpy.data.scenes if scene.library is None]


def _states():
    return [session.of(scene) for scene in _scenes()]


def _handlers():
    on = bpy.app.handlers
    return ((on.save_pre, before), (on.save_post, after), (on.save_post_fail, after))


def register() -> None:
    for handlers, handler in _handlers():
        handlers.append(handler)


def unregister() -> None:
    for handlers, handler in _handlers():
        handlers.remove(handler)
