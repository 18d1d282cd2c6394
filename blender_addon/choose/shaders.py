# pyright: basic, reportAttributeAccessIssue=false, reportMissingImports=false
"""Blender's own shaders, used once before they are needed: the first use compiles them, for every
kind of picture anew, and no redraw shall have to wait for that."""

from __future__ import annotations

from contextlib import suppress
from itertools import product
from typing import Any

import bpy
import gpu
from gpu_extras.batch import batch_for_shader

from ..durations import timed

SHADERS = (
    ("POLYLINE_UNIFORM_COLOR", 3),
    ("POLYLINE_SMOOTH_COLOR", 3),
    ("SMOOTH_COLOR", 3),
    ("SMOOTH_COLOR", 2),
)
"""What ghosts, keypoints and, in the plane, the strip are drawn with. Each number of coordinates
is another program inside."""

VIEWS = (("SRGB8_A8", "DEPTH32F_STENCIL8"), ("SRGB8_A8", "DEPTH24_STENCIL8"), ("SRGB8_A8", ""))
PLANES = (("RGBA8", ""), ("RGBA16F", ""))
"""Formats of colour and depth that 3D Views, and flat editors such as the Dope Sheet and the Movie
Clip Editor, draw into; other pictures would not help."""

AT_FIRST_S, PAUSE_S = 0.5, 0.1

_left: list[tuple[str, int, str, str]] = []


def is_busy() -> bool:
    return bool(_left)


def finish() -> None:
    """What is left, at once: while a job runs nothing may hold Blender up."""
    while _left:
        _prepare_next()


@timed
def _prepare() -> float | None:
    """Blender's timer, one shader at a time, after the first window is there."""
    if not bpy.context.window_manager.windows:
        return AT_FIRST_S
    if _left:
        _prepare_next()
    return PAUSE_S if _left else None


def _prepare_next() -> None:
    with suppress(RuntimeError, SystemError, ValueError):  # not on this graphics card
        _draw_nothing(*_left.pop(0))


def _draw_nothing(name: str, coordinates: int, colour: str, depth: str) -> None:
    """Lines without length and without colour, into a picture that is thrown away."""
    content: dict[str, Any] = {"pos": [(0.0,) * coordinates] * 6}
    if "SMOOTH" in name:
        content["color"] = [(0.0, 0.0, 0.0, 0.0)] * 6
    shader = gpu.shader.from_builtin(name)
    batch = batch_for_shader(shader, "LINES" if "LINE" in name else "TRIS", content)
    slots = {"color_slots": gpu.types.GPUTexture((8, 8), format=colour)}
    if depth:
        slots["depth_slot"] = gpu.types.GPUTexture((8, 8), format=depth)
    with gpu.types.GPUFrameBuffer(**slots).bind():
        gpu.state.blend_set("ALPHA")
        shader.bind()
        if "LINE" in name:
            shader.uniform_float("viewportSize", (8, 8))
            shader.uniform_float("lineWidth", 2.0)
        if "UNIFORM" in name:
            shader.uniform_float("color", (0.0, 0.0, 0.0, 0.0))
        batch.draw(shader)
        gpu.state.blend_set("NONE")


def register() -> None:
    if not bpy.app.background:
        pictures = [*product(SHADERS, VIEWS), *product(SHADERS[1:], PLANES)]
        _left[:] = [(*shader, *picture) for shader, picture in pictures]
        bpy.app.timers.register(_prepare, first_interval=AT_FIRST_S, persistent=True)


def unregister() -> None:
    _left.clear()
    if bpy.app.timers.is_registered(_prepare):
        bpy.app.timers.unregister(_prepare)
