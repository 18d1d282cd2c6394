# pyright: basic, reportAttributeAccessIssue=false, reportMissingImports=false
"""Takes that arrive, drawn in the 3D View while the rest is computed."""

from __future__ import annotations

import bpy
import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader

from .. import session, timer
from ..choose import reading
from ..choose.colours import colour_of
from ..durations import timed
from .arriving import LEVEL, camera_axes, figures_at

WIDTH, ALPHA = 3.0, 0.7
USUAL_HIP_M = 0.95

_handle = None
_seen = 0


@timed
def draw() -> None:
    """Draw callback of the 3D View."""
    preview = timer.client.preview
    if preview is None or timer.client.job is None:
        return
    scene = bpy.context.scene
    lines = figures_at(preview.poses, *_where(scene))
    if lines is None:
        return
    shader = gpu.shader.from_builtin("POLYLINE_UNIFORM_COLOR")
    shader.bind()
    shader.uniform_float("viewportSize", (bpy.context.region.width, bpy.context.region.height))
    shader.uniform_float("lineWidth", WIDTH)
    gpu.state.blend_set("ALPHA")
    for index, figure in enumerate(lines):
        shader.uniform_float("color", (*colour_of(index), ALPHA))
        batch_for_shader(shader, "LINES", {"pos": figure.reshape(-1, 3)}).draw(shader)
    gpu.state.blend_set("NONE")


def _where(scene):
    """Seconds from the clip's beginning, and where and how the figures hang."""
    seconds = (scene.frame_current - scene.frame_start) / session.fps_of(scene)
    hip = reading.hip_now(scene, np.array([0.0, 0.0, USUAL_HIP_M]))
    camera = scene.retake_clip.camera
    axes = camera_axes(np.array(camera.matrix_world)) if camera else LEVEL
    return seconds, hip, axes


def look() -> bool:
    """At every tick of the timer while a job runs: have new frames drawn."""
    global _seen
    preview = timer.client.preview
    count = preview.poses.shape[1] if preview else 0
    if count != _seen:
        _seen = count
        reading.redraw()
    return timer.client.job is not None


def register() -> None:
    global _handle
    _handle = bpy.types.SpaceView3D.draw_handler_add(draw, (), "WINDOW", "POST_VIEW")


def unregister() -> None:
    global _handle
    if _handle is not None:
        bpy.types.SpaceView3D.draw_handler_remove(_handle, "WINDOW")
    _handle = None
