# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""What panels of all steps share: the tab they stand in, and sentences that fit into it.

Panels draw what others know and change nothing. They are never hidden by mode or selection: what
cannot be done is grey and says why.
"""

import textwrap

LINE_LENGTH = 44
"""Characters that fit into the sidebar at its usual width."""


class RetakePanel:
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Retake"


def draw_sentence(layout, text: str, icon: str) -> None:
    column = layout.column(align=True)
    for number, line in enumerate(textwrap.wrap(text, LINE_LENGTH)):
        column.label(text=line, icon=icon if number == 0 else "BLANK1")
