# pyright: basic, reportAttributeAccessIssue=false
"""What a scene's status line has to tell beside the server: what is missing, changed or waiting,
each with the button that helps."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass, field
from pathlib import Path

import bpy

from ...shared.errors import RetakeError
from .. import jobs, session, timer
from ..choose import ready
from ..choose.origin import note_of
from ..clip import fingerprint
from ..sidebar import told
from ..takes.rows import BEST
from ..track import scene as track_scene
from .fixes import Button

LOOK_AGAIN_S = 3
RATES_APART = 0.05
"""Of the frame rate; less is how differently programs read the same file."""

RATE_SAME = 0.001
"""Frames per second: `origin.provenance` rounds."""

CONTINUE = Button("retake.continue_job", "", "PLAY")
FORGET = Button("retake.forget_job", "", "TRASH")
DETECT = Button("retake.detect_keypoints", "Detect Again", "TRACKER")
LOAD_TRACK = Button("retake.load_track", "Load Track", "FILE_FOLDER")
SAMPLE = Button("retake.sample_takes", "Sample Again", "PLAY")


def _find(what: str) -> Button:
    return Button("retake.find_file", "Find...", "VIEWZOOM", (("what", what),))


@dataclass(frozen=True)
class Notice:
    """`form` is a sentence into which `values` go, in whatever language."""

    form: str
    buttons: tuple[Button, ...]
    values: dict[str, object] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return told(self.form, **self.values)


def notices(scene) -> list[Notice]:
    """The most important first. Panels ask at every redraw: nothing here reads a file."""
    told_of = (
        _interrupted(scene),
        _lost_clip(scene),
        _lost_track(scene),
        _lost_takes(scene),
        _changed(scene),
        _mismatched(scene),
        _out_of_step(scene),
    )
    return [notice for notice in told_of if notice]


def _interrupted(scene) -> Notice | None:
    if timer.client.job or jobs.interrupted(scene) is None:
        return None
    return Notice(
        "A run was not finished when this file was saved. What the server has done is kept.",
        (CONTINUE, FORGET),
    )


def _lost_clip(scene) -> Notice | None:
    clip = scene.retake_clip.clip
    if clip is None or _is_there(bpy.path.abspath(clip.filepath), _moment()):
        return None
    return Notice(
        "The video {name} is not where this file expects it.",
        (_find("CLIP"),),
        {"name": _name(clip.filepath)},
    )


def _lost_track(scene) -> Notice | None:
    path = session.of(scene).track_path
    if not path or _is_found(scene, session.track_file):
        return None
    return Notice(
        "The keypoints {name} did not come with this file.",
        (_find("TRACK"), DETECT),
        {"name": _name(path)},
    )


def _lost_takes(scene) -> Notice | None:
    path = session.of(scene).takes_path
    if path and ready.is_damaged(scene):
        form = "The takes {name} are damaged."
    elif not path or _is_found(scene, session.takes_file):
        return None
    else:
        form = "The takes {name} did not come with this file."
    return Notice(
        form,
        (_find("TAKES"), SAMPLE),
        {"name": _name(path)},
    )


def _is_found(scene, file) -> bool:
    try:
        return _is_there(str(file(scene)), _moment())
    except RetakeError:
        return False


def _name(path: str) -> str:
    """Of a path of either kind of system."""
    return Path(path.replace("\\", "/")).name


def _changed(scene) -> Notice | None:
    """The video is another one than that which the takes, or else the keypoints, were made of."""
    state, clip = session.of(scene), scene.retake_clip.clip
    expected = state.takes_video if state.takes_path else state.track_video
    if not clip or not expected:
        return None
    now = fingerprint.sha256_of(Path(bpy.path.abspath(clip.filepath)))
    if fingerprint.is_reading():
        timer.watch(_until_read)
    if not now or now == expected:
        return None
    return Notice(
        "The video is not the one that the takes were made of, or it was changed since.",
        (_find("CLIP"), DETECT),
    )


def _until_read() -> bool:
    if fingerprint.is_reading():
        return True
    timer.redraw_sidebars()
    return False


def _mismatched(scene) -> Notice | None:
    """Keypoints that were loaded may be those of another video."""
    track, clip = track_scene.shown(scene), scene.retake_clip.clip
    if track is None or clip is None or min(clip.size) < 1:
        return None
    size, rate = track.image_size, scene.retake_clip.fps
    if size == tuple(clip.size) and abs(track.fps / rate - 1) < RATES_APART:
        return None
    return Notice(
        "The keypoints are those of a video of {w} x {h} at {fps:.4g} fps, which the clip is not.",
        (DETECT, LOAD_TRACK),
        {"w": size[0], "h": size[1], "fps": track.fps},
    )


def _out_of_step(scene) -> Notice | None:
    """The motion has a key per frame of the rate that the scene had when it was applied."""
    rig = session.of(scene).character
    action = rig.animation_data.action if rig and rig.animation_data else None
    note = note_of(action) if action else {}
    rate = note.get("fps")
    if not isinstance(rate, int | float) or abs(rate - session.fps_of(scene)) < RATE_SAME:
        return None
    again = (("hypothesis", note.get("take", BEST)),)
    return Notice(
        "The motion was applied at {old:.4g} fps, the scene has {new:.4g}: it does not run with "
        "the video.",
        (Button("retake.apply_take", "Apply Again", "CHECKMARK", again),),
        {"old": rate, "new": session.fps_of(scene)},
    )


def _moment() -> int:
    return int(time.monotonic() / LOOK_AGAIN_S)


@functools.lru_cache(maxsize=16)
def _is_there(path: str, moment: int) -> bool:
    """Looked up once in a while: the folder may be on a slow drive."""
    return Path(path).is_file()
