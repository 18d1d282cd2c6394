# pyright: basic, reportAttributeAccessIssue=false, reportMissingImports=false
"""The strip of doubt and chosen takes, drawn into the Timeline and the Dope Sheet."""

from __future__ import annotations

import blf
import bpy
import gpu
from bpy.app.translations import pgettext_iface as iface_  # pyright: ignore[reportMissingImports]
from gpu_extras.batch import batch_for_shader

from .. import session
from ..durations import timed
from . import reading, ready
from .here import group_words
from .strips import ROWS, placed

LABEL_PX = 10

_handle = None
_batch = None
_batch_key = None

built = 0
"""How often the batch was built."""


@timed
def draw() -> None:
    """Draw callback of the Dope Sheet, of which the Timeline is one."""
    context = bpy.context
    scene, region = context.scene, context.region
    if not reading.of(scene).show_strip or not session.of(scene).takes_path:
        return
    shader = gpu.shader.from_builtin("SMOOTH_COLOR")
    batch = _build(shader, scene)
    if batch is None:
        return
    scale = context.preferences.system.ui_scale
    left, right = (region.view2d.view_to_region(f, 0, clip=False)[0] for f in (0, 1000))
    gpu.state.blend_set("ALPHA")
    bottom, height = placed(region.height / scale)
    with gpu.matrix.push_pop():
        gpu.matrix.translate((left, bottom * scale))
        gpu.matrix.scale(((right - left) / 1000, height * scale))
        shader.bind()
        batch.draw(shader)
    gpu.state.blend_set("NONE")
    if height > LABEL_PX:
        _draw_labels(scale, bottom, height)


def _draw_labels(scale: float, bottom: float, height: float) -> None:
    blf.size(0, LABEL_PX * scale)
    blf.enable(0, blf.SHADOW)
    blf.shadow(0, 3, 0, 0, 0, 1)
    blf.color(0, 1, 1, 1, 0.9)
    for row, group in enumerate(ROWS):
        blf.position(0, 6 * scale, (bottom + height * row + 1) * scale, 0)
        blf.draw(0, iface_(group_words(group).capitalize()))
    blf.disable(0, blf.SHADOW)


def _build(shader, scene):
    """The batch to draw; None if there is nothing yet."""
    global _batch, _batch_key, built
    state = reading.of(scene)
    key = (
        session.of(scene).takes_path,
        state.decisions,
        state.doubt_degrees,
        session.fps_of(scene),
        scene.frame_start,
    )
    if key == _batch_key:
        return _batch
    quads = ready.strip(scene, key)
    if quads is None:  # not there yet: the last one of the same takes is better than none
        return _batch if _batch_key and _batch_key[0] == key[0] else None
    _batch = batch_for_shader(shader, "TRIS", {"pos": quads.corners, "color": quads.colours})
    _batch_key = key
    built += 1
    return _batch


def register() -> None:
    global _handle
    _handle = bpy.types.SpaceDopeSheetEditor.draw_handler_add(draw, (), "WINDOW", "POST_PIXEL")


def unregister() -> None:
    global _handle, _batch, _batch_key
    if _handle is not None:
        bpy.types.SpaceDopeSheetEditor.draw_handler_remove(_handle, "WINDOW")
    _handle = _batch = _batch_key = None
