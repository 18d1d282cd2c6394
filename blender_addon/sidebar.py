# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""What panels of all steps share: the tab they stand in, and sentences that fit into it.

Panels draw what others know and change nothing. They are never hidden by mode or selection: what
cannot be done is grey and says why.
"""

import textwrap

import bpy

from .forms import in_language

LINE_LENGTH = 40
"""Characters of a line where no sidebar is drawn whose width could be asked."""

SHORTEST_LINE = 20
BOX_LETTERS = 3
EDGES_PX, LETTER_PX = 70, 5.75
"""Of a sidebar at the interface's usual scale: what is no text, and a letter on average."""


class RetakePanel:
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Retake"


def line_length() -> int:
    """Characters that fit into the region that is drawn."""
    region = bpy.context.region
    if region is None or region.type != "UI":
        return LINE_LENGTH
    width = region.width / bpy.context.preferences.system.ui_scale
    return max(SHORTEST_LINE, int((width - EDGES_PX) / LETTER_PX))


def boxed_length() -> int:
    """The same in a box, which has edges of its own."""
    return line_length() - BOX_LETTERS


def told(text: str, **values) -> str:
    """The text in the interface's language, with the values put where it names them.

    Without values it may be a whole sentence that has its values already.
    """
    if not values:
        return in_language(text, bpy.app.translations.pgettext_iface)
    return bpy.app.translations.pgettext_iface(text).format(**values)


def draw_sentence(layout, text: str, icon: str, length: int = 0) -> None:
    """Wrapped to the sidebar, or to `length` characters."""
    column = layout.column(align=True)
    for number, line in enumerate(textwrap.wrap(told(text), length or line_length())):
        column.label(text=line, icon=icon if number == 0 else "BLANK1", translate=False)
