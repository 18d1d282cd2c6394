# pyright: basic, reportAttributeAccessIssue=false, reportMissingImports=false
"""The strip of doubt, chosen takes and standing feet, drawn into Timeline and Dope Sheet."""

from __future__ import annotations

import blf
import bpy
import gpu
from bpy.app.translations import pgettext_iface as iface_  # pyright: ignore[reportMissingImports]
from gpu_extras.batch import batch_for_shader

from ...shared.contact_spans import ContactSpans
from ...shared.errors import RetakeError
from .. import session
from ..durations import timed
from ..rig import scene as rigging
from . import reading, ready
from .colours import heat
from .here import group_words
from .strips import FEET, ROWS, STANDING, Layout, chosen_of, placed, standing_of

WORDS_PX = 10
LEGEND = (
    (heat(0.2), "takes agree"),
    (heat(1.0), "takes differ"),
    ((0.9, 0.62, 0.0), "chosen take"),
    (STANDING, "foot stands"),
)

_handle = None
_batches = {}
"""What is drawn -> what it was made of, and its batch."""

_spans: tuple[object, ContactSpans] = (None, ContactSpans())

built = 0
"""How often a batch was built."""


@timed
def draw() -> None:
    """Draw callback of the Dope Sheet, of which the Timeline is one."""
    context = bpy.context
    scene, region = context.scene, context.region
    takes = ready.takes_at_hand(scene) if reading.of(scene).show_strip else None
    if takes is None:
        return
    scale = context.preferences.system.ui_scale
    layout = placed(region.height / scale)
    shader = gpu.shader.from_builtin("SMOOTH_COLOR")
    shader.bind()
    gpu.state.blend_set("ALPHA")
    left, wide = frame_scale(region)
    for bottom, batches in _rows(scene, takes, shader, layout):
        with gpu.matrix.push_pop():
            gpu.matrix.translate((left, bottom * scale))
            gpu.matrix.scale((wide, layout.row * scale))
            for batch in filter(None, batches):
                batch.draw(shader)
    gpu.state.blend_set("NONE")
    if layout.has_words:
        _draw_words(scale, layout)


def _rows(scene, takes, shader, layout: Layout):
    """Bottom and batches, the limbs' and the feet's."""
    track, spans = reading.decided(scene), standing(scene)
    frame_of = reading.exact_frame_of(scene, takes)
    clip = (session.of(scene).takes_path, session.fps_of(scene), session.start_of(scene, takes))
    hot = _heat(scene, (*clip, reading.of(scene).doubt_degrees), shader)
    chosen = _batch(shader, "chosen", (*clip, track), lambda: chosen_of(takes, track, frame_of))
    yield layout.limbs, [hot, chosen]
    if layout.feet is not None:
        feet = _batch(shader, "feet", (*clip, spans), lambda: standing_of(spans, frame_of))
        yield layout.feet, [feet]


def _heat(scene, key, shader):
    """None while it is computed for the first time; after a change the old one of the same takes
    is better than none."""
    known = _batches.get("heat")
    quads = None if known and known[0] == key else ready.heat(scene, key)
    if quads is not None:
        return _batch(shader, "heat", key, lambda: quads)
    return known[1] if known and known[0][0] == key[0] else None


def _batch(shader, name: str, key, quads_of):
    global built
    known = _batches.get(name)
    if known and known[0] == key:
        return known[1]
    corners, colours = quads_of()
    batch = None  # Blender makes none of nothing
    if len(corners):
        batch = batch_for_shader(shader, "TRIS", {"pos": corners, "color": colours})
    _batches[name] = (key, batch)
    built += 1
    return batch


def _draw_words(scale: float, layout: Layout) -> None:
    blf.size(0, WORDS_PX * scale)
    blf.enable(0, blf.SHADOW)
    blf.shadow(0, 3, 0, 0, 0, 1)
    words = [(layout.limbs + layout.row * i, group_words(g)) for i, g in enumerate(ROWS)]
    if layout.feet is not None:
        words += [(layout.feet + layout.row * i, group_words(p)) for i, p in enumerate(FEET)]
    blf.color(0, 1, 1, 1, 0.9)
    for bottom, text in words:
        blf.position(0, 6 * scale, (bottom + 2) * scale, 0)
        blf.draw(0, iface_(text.capitalize()))
    if layout.legend is not None:
        _draw_legend(scale, layout.legend)
    blf.disable(0, blf.SHADOW)


def _draw_legend(scale: float, bottom: float) -> None:
    x = 6 * scale
    for colour, text in LEGEND:
        for part, shade in (("\u25a0 ", colour), (iface_(text), (0.8, 0.8, 0.8))):
            blf.color(0, *shade, 1)
            blf.position(0, x, (bottom + 2) * scale, 0)
            blf.draw(0, part)
            x += blf.dimensions(0, part)[0]
        x += 14 * scale


def standing(scene) -> ContactSpans:
    """None if the contacts are damaged; made anew only when they change."""
    global _spans
    key = (session.of(scene).takes_path, rigging.of(scene).contacts)
    if key != _spans[0]:
        try:
            _spans = (key, rigging.contacts_of(scene))
        except RetakeError:
            _spans = (key, ContactSpans())
    return _spans[1]


def frame_scale(region) -> tuple[float, float]:
    """Pixels of frame 0 from the region's left, and of one frame: `view_to_region` rounds."""
    left, right = (region.view2d.view_to_region(f, 0, clip=False)[0] for f in (0, 1000))
    return left, (right - left) / 1000


def register() -> None:
    global _handle
    _handle = bpy.types.SpaceDopeSheetEditor.draw_handler_add(draw, (), "WINDOW", "POST_PIXEL")


def unregister() -> None:
    global _handle, _spans
    if _handle is not None:
        bpy.types.SpaceDopeSheetEditor.draw_handler_remove(_handle, "WINDOW")
    _handle, _spans = None, (None, ContactSpans())
    _batches.clear()
