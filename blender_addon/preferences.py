# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""The add-on's preferences: where the server's Python is. Nothing here is needed per shot."""

import bpy

EXTENSION_ID = (__package__ or "").rpartition(".")[0]
"""The name Blender knows the extension by: that of the zip's root, above this package."""


class RetakePreferences(bpy.types.AddonPreferences):
    bl_idname = EXTENSION_ID

    server_python: bpy.props.StringProperty(
        name="Server Python",
        description=(
            "The Python that has the Retake server: the one in the folder .venv of the Retake "
            "checkout. Empty: the environment variable RETAKE_SERVER_PYTHON, then the program "
            "retake on the search path"
        ),
        subtype="FILE_PATH",
    )

    def draw(self, context):
        self.layout.use_property_split = True
        self.layout.prop(self, "server_python")


def server_python(context) -> str:
    """The animator's choice; empty if none was made."""
    addon = context.preferences.addons.get(EXTENSION_ID)
    return addon.preferences.server_python if addon else ""


def register() -> None:
    bpy.utils.register_class(RetakePreferences)


def unregister() -> None:
    bpy.utils.unregister_class(RetakePreferences)
