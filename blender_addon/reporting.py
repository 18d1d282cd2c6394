# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""What operators of all steps share: errors become reports, files are asked for."""

import functools
import re

import bpy

from ..shared.errors import RetakeError
from .sidebar import told

BLENDERS_WORDS = re.compile(r"^Error: |^Operator bpy\.ops\.\S+\.poll\(\) ")
"""What Blender puts before an operator's own sentence."""


def reported(execute):
    """Decorates `execute`: what the animator can understand and mend is reported, not raised."""

    @functools.wraps(execute)
    def wrapped(self, context):
        try:
            return execute(self, context)
        except RetakeError as error:
            self.report({"ERROR"}, told(str(error)))
            return {"CANCELLED"}

    return wrapped


def carried_out(operator, *how, **options):
    """Call another operator, `how` as Blender takes it: ("EXEC_DEFAULT", True) with an undo step.

    RetakeError with what it reported if it failed: Blender raises that as a RuntimeError, which
    would be shown as a traceback.
    """
    try:
        return operator(*how, **options)
    except RuntimeError as error:
        raise RetakeError(BLENDERS_WORDS.sub("", str(error).strip())) from None


class AsksForFile:
    """An operator that opens Blender's file browser first, unless a file was dropped onto it."""

    filepath: bpy.props.StringProperty(
        subtype="FILE_PATH", options={"SKIP_SAVE", "PATH_SUPPORTS_BLEND_RELATIVE"}
    )
    filter_glob: bpy.props.StringProperty(default="*.npz", options={"HIDDEN"})

    def invoke(self, context, event):
        if self.filepath:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}
