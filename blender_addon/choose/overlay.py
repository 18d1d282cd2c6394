# pyright: basic, reportAttributeAccessIssue=false, reportMissingImports=false
"""Ghosts in the 3D View: the alternatives as stick figures over the character.

Everything is ready as arrays; a batch is built when the frame or the ghosts change and drawn as it
is otherwise. No depsgraph is evaluated.
"""

from __future__ import annotations

from typing import Any

import bpy
import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader

from ..durations import timed
from . import reading, ready
from .ghosts import projected

FAINT, SOLID = 0.45, 1.0
HOVER_WIDER = 2.0

DOUBT_COLOUR, DOUBT_WIDTH = (1.0, 0.95, 0.6, 0.75), 2.0

hovered: int | None = None
"""The alternative under the mouse."""

_handle = None
_batches = []
_doubt: Any = None
_batches_key = None

built = 0
"""How often batches were built: drawing again builds none."""


def lines_now(scene):
    """Ghosts, the clip's frame, their lines (A, bones, 2, 3) and the offset (3,) that hangs them on
    the character. None if there is nothing to draw, as outside of the range.
    """
    found = ready.ghosts(scene)
    takes = reading.takes_or_none(scene) if found else None
    if found is None or takes is None:
        return None
    frame = reading.clip_frame(scene, takes)
    if not found.first <= frame < found.first + found.points.shape[1]:
        return None
    lines, hip = found.at(frame)
    return found, frame, lines, reading.hip_now(scene, hip) - hip


def shows_keypoints(context) -> bool:
    """Whether the keypoints are over the video there. Ghosts of one camera's takes all lie on them,
    so that each would hide the other."""
    view = context.region_data
    return (
        view is not None
        and view.view_perspective == "CAMERA"
        and context.scene.retake_track.show
        and bool(context.scene.retake.track_path)
    )


@timed
def draw() -> None:
    """Draw callback of the 3D View."""
    context = bpy.context
    state, overlay = reading.of(context.scene), getattr(context.space_data, "overlay", None)
    shown = state.show_ghosts and (overlay is None or overlay.show_overlays)
    if shown and not shows_keypoints(context):
        now = lines_now(context.scene)
        if now is not None:
            _draw(context.region, state, *now)
        elif len(state.alternatives) and ready.ghosts(context.scene) is None:
            ready.want_soon()


def _draw(region, state, found, frame, lines, offset) -> None:
    shader = gpu.shader.from_builtin("POLYLINE_UNIFORM_COLOR")
    _build(shader, found, frame, lines)
    shader.bind()
    shader.uniform_float("viewportSize", (region.width, region.height))
    gpu.state.blend_set("ALPHA")
    active = state.active_alternative
    with gpu.matrix.push_pop():
        gpu.matrix.translate(offset.tolist())
        if state.show_doubt and not bpy.context.screen.is_animation_playing:
            shader.uniform_float("lineWidth", DOUBT_WIDTH)
            shader.uniform_float("color", DOUBT_COLOUR)
            _doubt.draw(shader)
        for index in _order(len(_batches), active):
            is_marked = index in (active, hovered)
            width = found.widths[index] + (HOVER_WIDER if index == hovered else 0.0)
            shader.uniform_float("lineWidth", width)
            shader.uniform_float("color", (*found.colours[index], SOLID if is_marked else FAINT))
            _batches[index].draw(shader)
    gpu.state.blend_set("NONE")


def _order(count: int, active: int):
    """The active one last, over the others."""
    return sorted(range(count), key=lambda index: index == active)


def _build(shader, found, frame, lines) -> None:
    global _batches, _doubt, _batches_key, built
    key = (found.key, lines.ctypes.data)
    if key == _batches_key:
        return
    _batches = [_lines(shader, each) for each in lines]
    _doubt = _lines(shader, found.doubt_at(frame))
    _batches_key = key
    built += 1


def _lines(shader, ends):
    return batch_for_shader(shader, "LINES", {"pos": np.ascontiguousarray(ends.reshape(-1, 3))})


def pixels(context):
    """Where the ghosts' bones are in the region (A, bones, 2, 2), and the ghosts; None if none."""
    now, view = lines_now(context.scene), context.region_data
    if now is None or view is None or shows_keypoints(context):
        return None
    found, _, lines, offset = now
    region = context.region
    matrix = np.array(view.perspective_matrix)
    return found, projected(lines + offset, matrix, region.width, region.height)


def register() -> None:
    global _handle
    _handle = bpy.types.SpaceView3D.draw_handler_add(draw, (), "WINDOW", "POST_VIEW")


def unregister() -> None:
    global _handle, _batches, _doubt, _batches_key
    if _handle is not None:
        bpy.types.SpaceView3D.draw_handler_remove(_handle, "WINDOW")
    _handle, _batches, _doubt, _batches_key = None, [], None, None
