# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
# pyright: reportMissingImports=false
# ruff: noqa: RUF012  (bl_options is a set that Blender only reads)
"""Operators that set the server up, remove it, and say what works on this computer."""

import json
import platform
import shutil
import sys
from pathlib import Path

import bpy

from ...shared.errors import RetakeError
from .. import session, timer
from ..durations import longest_s
from ..preferences import server_python, setup_folder
from ..reporting import reported
from ..sidebar import draw_sentence, told
from ..version import VERSION
from . import plan
from .child import Child
from .redaction import redacted
from .state import Setup

WHEELS = Path(__file__).resolve().parents[2] / "server_wheel"
"""In the zip; a checkout has none."""

SIZES = "About {mb} MB to download, {gb:.1f} GB on disk"

DIALOG_WIDTH, DIALOG_LINE = 460, 64
"""Pixels at the usual scale, and the characters that fit into them."""

setup = Setup()
diagnosis = []
"""The running `retake doctor`, if there is one."""


def variant_items(self, context):
    known = plan.variants(platform.system(), plan.sees_nvidia())
    variant_items.kept = [
        (v.name, v.text, told(SIZES, mb=v.download_mb, gb=v.disk_mb / 1000)) for v in known
    ]  # Blender keeps no reference to the texts itself
    return variant_items.kept


def refuse_offline() -> None:
    """RetakeError unless the animator has allowed Blender to go online."""
    if not bpy.app.online_access:
        raise RetakeError(
            "Blender may not go online. Allow it in Preferences > System > Network, or set the "
            "server up by hand and name its Python in the preferences of Retake."
        )


class RETAKE_OT_set_up_server(bpy.types.Operator):
    """Make an environment for the server and install it there. Shows size and source first"""

    bl_idname = "retake.set_up_server"
    bl_label = "Set Up Server"
    bl_options = {"REGISTER"}

    variant: bpy.props.EnumProperty(
        name="Computed on", description="What the server shall compute on", items=variant_items
    )

    @classmethod
    def poll(cls, context):
        if setup.is_running:
            cls.poll_message_set("The set-up is running")
            return False
        return True

    def invoke(self, context, event):
        return context.window_manager.invoke_props_dialog(
            self, width=DIALOG_WIDTH, confirm_text="Download"
        )

    def draw(self, context):
        layout, chosen = self.layout, plan.variant_called(self.variant)
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(self, "variant")
        size = told(
            "Download: about {mb} MB, from {source}", mb=chosen.download_mb, source=chosen.source
        )
        disk = told("On disk: about {gb:.1f} GB", gb=chosen.disk_mb / 1000)
        column = layout.column(align=True)
        draw_sentence(column, size, "IMPORT", DIALOG_LINE)
        draw_sentence(column, disk, "DISK_DRIVE", DIALOG_LINE)
        draw_sentence(column, redacted(str(setup_folder())), "FILE_FOLDER", DIALOG_LINE)
        text = "Blender stays usable meanwhile. It can be cancelled."
        draw_sentence(column, text, "INFO", DIALOG_LINE)
        if not bpy.app.online_access:
            layout.label(text="Blender may not go online at present.", icon="ERROR")
            row = layout.row()
            row.operator("screen.userpref_show", text="Open Network Preferences").section = "SYSTEM"

    @reported
    def execute(self, context):
        refuse_offline()
        wheel, folder = plan.find_wheel(WHEELS), setup_folder()
        variant = plan.variant_called(self.variant)
        plan.check_computer(sys.version_info[:2], folder, variant)
        timer.client.close()  # a server that runs from there would hold its files
        setup.start(plan.order(folder, wheel, variant))
        timer.watch(look)
        return {"FINISHED"}


def look() -> bool:
    """For the timer: take in what the set-up says."""
    before = (setup.stage, setup.share)
    running = setup.look()
    if not running or before != (setup.stage, setup.share):
        timer.redraw_sidebars()
    return running


class RETAKE_OT_cancel_setup(bpy.types.Operator):
    """Stop the set-up; what it has made so far is removed"""

    bl_idname = "retake.cancel_setup"
    bl_label = "Cancel Set-Up"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context):
        return setup.is_running

    def execute(self, context):
        setup.cancel()
        return {"FINISHED"}


class RETAKE_OT_remove_server(bpy.types.Operator):
    """Delete the server's environment that Set Up Server has made"""

    bl_idname = "retake.remove_server"
    bl_label = "Remove Server"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context):
        if setup.is_running or not setup_folder().is_dir():
            cls.poll_message_set("There is no server that was set up here")
            return False
        return True

    def invoke(self, context, event):
        return context.window_manager.invoke_confirm(self, event)

    @reported
    def execute(self, context):
        timer.client.close()
        try:
            shutil.rmtree(setup_folder())
        except OSError as error:
            raise RetakeError(
                f"The server could not be removed: {error.strerror}. It may still be running; "
                "try again in a minute."
            ) from None
        return {"FINISHED"}


class RETAKE_OT_start_server(bpy.types.Operator):
    """Find the running server, or start one"""

    bl_idname = "retake.start_server"
    bl_label = "Start Server"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context):
        if timer.client.is_open:
            cls.poll_message_set("The server is connected")
            return False
        return True

    @reported
    def execute(self, context):
        timer.connect(server_python(context))
        return {"FINISHED"}


class RETAKE_OT_copy_diagnostics(bpy.types.Operator):
    """Copy a page about what works here to the clipboard, without names and paths of yours"""

    bl_idname = "retake.copy_diagnostics"
    bl_label = "Copy Diagnostics"
    bl_options = {"REGISTER"}

    def execute(self, context):
        context.window_manager.clipboard = own_page()
        python = server_python(context)
        if not python or diagnosis:
            self.report({"INFO"}, told("Copied what Blender knows. There is no server to ask"))
            return {"FINISHED"}
        command = [python, "-P", "-m", "retake.cli", "doctor", "--json"]
        log = session.user_folder("logs") / "doctor.json"
        try:
            diagnosis.append((Child(command, log, plan.clean_environment()), log))
        except RetakeError as error:
            self.report({"WARNING"}, told(str(error)))
            return {"FINISHED"}
        timer.watch(look_at_diagnosis)
        self.report({"INFO"}, told("Copied; the server's own page follows in some seconds"))
        return {"FINISHED"}


def look_at_diagnosis() -> bool:
    child, log = diagnosis[-1]
    if child.exit_status is None:
        return True
    child.close()
    diagnosis.clear()
    text = redacted(log.read_text("utf-8", errors="replace"))
    bpy.context.window_manager.clipboard = f"{own_page()}\n{text}"
    return False


def own_page() -> str:
    """What Blender knows, as JSON for people and programs."""
    failure = timer.client.failure
    facts = {
        "retake": VERSION,
        "blender": bpy.app.version_string,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "graphics": _graphics(),
        "server": timer.client.status,
        "set up": plan.stamp_of(setup_folder()).get("variant", "no"),
        "last failure": [failure.code, failure.text, failure.detail] if failure else None,
        "set-up failure": [setup.failure, setup.detail] if setup.failure else None,
        "longest callbacks, ms": {name: round(s * 1000, 1) for name, s in longest_s.items()},
    }
    return redacted(json.dumps(facts, indent=2))


def _graphics() -> str:
    if bpy.app.background:
        return "none (background)"
    import gpu

    return f"{gpu.platform.renderer_get()}, {gpu.platform.backend_type_get()}"


CLASSES = (
    RETAKE_OT_set_up_server,
    RETAKE_OT_cancel_setup,
    RETAKE_OT_remove_server,
    RETAKE_OT_start_server,
    RETAKE_OT_copy_diagnostics,
)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    setup.close()
    for child, _ in diagnosis:
        child.kill()
        child.close()
    diagnosis.clear()
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
