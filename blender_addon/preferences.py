# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""The add-on's preferences: which server. Nothing here is needed per shot."""

import os
import sys
from pathlib import Path

import bpy

from .client.server_process import PYTHON_VARIABLE
from .setup import plan
from .sidebar import told

EXTENSION_ID = (__package__ or "").rpartition(".")[0]
"""The name Blender knows the extension by: that of the zip's root, above this package."""


class RetakePreferences(bpy.types.AddonPreferences):
    bl_idname = EXTENSION_ID

    server_python: bpy.props.StringProperty(
        name="Server Python",
        description=(
            "The Python of an environment of your own that has the Retake server. Empty: the one "
            "that Set Up Server has made, then the program retake on the search path"
        ),
        subtype="FILE_PATH",
    )

    def draw(self, context):
        layout = self.layout
        stamp = plan.stamp_of(setup_folder())
        row = layout.row()
        made = told("Server set up: {variant}", variant=stamp.get("variant", told("no")))
        row.label(text=made, icon="CONSOLE", translate=False)
        row.operator("retake.set_up_server", text="Repair" if stamp else "Set Up Server")
        row.operator("retake.remove_server", text="", icon="TRASH")
        layout.use_property_split = True
        layout.prop(self, "server_python")
        row = layout.row()
        row.operator("retake.copy_diagnostics", icon="COPYDOWN")
        row.operator("retake.stop_server", icon="QUIT")


def setup_folder() -> Path:
    """Of the environment that Set Up Server makes, one per version of Python."""
    version = "{}.{}".format(*sys.version_info[:2])
    return Path(bpy.utils.extension_path_user(EXTENSION_ID), "server", f"python-{version}")


def server_python(context) -> str:
    """The animator's choice, the variable's, or the environment that was set up; else empty."""
    addon = context.preferences.addons.get(EXTENSION_ID)
    if addon and addon.preferences.server_python:
        return addon.preferences.server_python
    if variable := os.environ.get(PYTHON_VARIABLE):
        return variable
    folder = setup_folder()
    return str(plan.python_in(folder)) if plan.stamp_of(folder) else ""


def register() -> None:
    bpy.utils.register_class(RetakePreferences)


def unregister() -> None:
    bpy.utils.unregister_class(RetakePreferences)
