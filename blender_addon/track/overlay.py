# pyright: basic, reportAttributeAccessIssue=false, reportMissingImports=false
"""Draws the keypoints over the clip: in the Movie Clip Editor and through the shot camera."""

import logging

import bpy
import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader

from ..durations import timed
from . import scene as stage
from .edits import Edit, edited
from .figure import Figure, figure_of, on_quad

log = logging.getLogger(__name__)

LINE_WIDTH, DOT_RADIUS = 2.5, 4.0
"""Pixels, at the interface's usual scale."""

pending: Edit | None = None
"""A correction while the mouse is dragged: shown, but not made yet."""

_handles = []


@timed
def draw() -> None:
    context = bpy.context
    if not context.scene.retake_track.show:
        return
    try:
        _draw(context)
    except (ValueError, ReferenceError):  # a border: an error here would repeat at every redraw
        log.exception("the keypoints could not be drawn")


def _draw(context) -> None:
    seen = stage.seen(context)
    if seen is None:
        return
    track = edited(seen.track, (pending,)) if pending else seen.track
    figure = figure_of(track.points[seen.frame], track.confidence[seen.frame])
    draw_figure(figure, track.image_size, seen.corners, context.preferences.system.ui_scale)


def draw_figure(figure: Figure, size: tuple[int, int], corners: np.ndarray, scale: float) -> None:
    """corners (4, 2) of the picture in the region."""
    gpu.state.blend_set("ALPHA")
    try:
        _draw_lines(on_quad(figure.line_ends, size, corners), figure.line_colours, scale)
        _draw_dots(on_quad(figure.dots, size, corners), figure.dot_colours, scale)
    finally:
        gpu.state.blend_set("NONE")


def _draw_lines(ends: np.ndarray, colours: np.ndarray, scale: float) -> None:
    if not len(ends):
        return
    shader = gpu.shader.from_builtin("POLYLINE_SMOOTH_COLOR")
    batch = batch_for_shader(shader, "LINES", {"pos": _flat(ends), "color": colours})
    shader.bind()
    shader.uniform_float("viewportSize", gpu.state.viewport_get()[2:])
    shader.uniform_float("lineWidth", LINE_WIDTH * scale)
    batch.draw(shader)


def _draw_dots(middles: np.ndarray, colours: np.ndarray, scale: float) -> None:
    """Little diamonds of two triangles each: points have no size on all graphics drivers."""
    if not len(middles):
        return
    radius = DOT_RADIUS * scale
    shape = np.array([(0, -1), (1, 0), (0, 1), (0, 1), (-1, 0), (0, -1)]) * radius
    places = (middles[:, None] + shape).reshape(-1, 2)
    shader = gpu.shader.from_builtin("SMOOTH_COLOR")
    batch = batch_for_shader(
        shader, "TRIS", {"pos": _flat(places), "color": np.repeat(colours, len(shape), axis=0)}
    )
    shader.bind()
    batch.draw(shader)


def _flat(places: np.ndarray) -> np.ndarray:
    """(N, 2) -> (N, 3): these shaders want a depth."""
    return np.column_stack([places, np.zeros(len(places))]).astype(np.float32)


def redraw(context) -> None:
    """The areas in which the clip may be seen."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in ("CLIP_EDITOR", "VIEW_3D"):
                area.tag_redraw()


def register() -> None:
    for space in (bpy.types.SpaceClipEditor, bpy.types.SpaceView3D):
        _handles.append((space, space.draw_handler_add(draw, (), "WINDOW", "POST_PIXEL")))


def unregister() -> None:
    global pending
    pending = None
    while _handles:
        space, handle = _handles.pop()
        space.draw_handler_remove(handle, "WINDOW")
    stage.forget()
