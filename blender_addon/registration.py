# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""Registers the modules of the add-on in order and unregisters them in reverse.

If a bundled library cannot be loaded (an update or a copied settings folder may leave the wheels
behind), nothing of the add-on can work; then only a panel is registered that says what to do.
"""

import importlib
import logging

import bpy

BUNDLED = ("msgpack", "zmq")

STEPS = ("client", "clip", "track", "takes", "choose", "rig")
"""Folders with operators and a panel, in the order of the sidebar."""

MODULES = (
    *("preferences", "translations", "properties", "session", "saving", "timer", "slices"),
    *("clip.properties", "track.properties", "choose.properties"),
    *("rig.properties", "rig.mapping.operators", "rig.wish_operators"),
    *(f"{step}.operators" for step in STEPS),
    *("choose.scene", "choose.ready", "choose.character", "choose.wearing"),
    *("choose.pins", "choose.previews"),
    *(
        "choose.tool",
        "choose.overlay",
        "choose.strip",
        "choose.dragging",
        "choose.shaders",
        "takes.overlay",
    ),
    *("sample.operators", "setup.operators", "track.tool", "track.overlay"),
    *(f"{step}.panel" for step in STEPS),
    "packing",
)

log = logging.getLogger(__name__)

_undo = []
"""What `unregister` calls, last first."""


class RETAKE_PT_broken(bpy.types.Panel):
    """All that is left of the sidebar when a bundled library is missing."""

    bl_label = "Retake"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Retake"

    library = ""

    def draw(self, context):
        for number, line in enumerate(broken_text(RETAKE_PT_broken.library)):
            self.layout.label(text=line, icon="ERROR" if number == 0 else "BLANK1")


def broken_text(library: str) -> tuple[str, ...]:
    return (
        f"The bundled library {library} did not load.",
        "Disable and enable Retake in the preferences,",
        "or restart Blender. If it stays: install it again.",
    )


def register() -> None:
    try:
        modules = [importlib.import_module(f".{name}", __package__) for name in MODULES]
    except ImportError as error:
        library = (error.name or "").partition(".")[0]
        if library not in BUNDLED:
            raise
        _register_broken(library)
        return
    try:
        for module in modules:
            _join_lines(module)
            module.register()
            _undo.append(module.unregister)
    except Exception:
        unregister()  # Blender does not: half of the add-on would stay until the next start
        raise


def _join_lines(module) -> None:
    """A tooltip is a docstring; Blender would show its line breaks, and translate it with them."""
    for cls in vars(module).values():
        is_operator = isinstance(cls, type) and issubclass(cls, bpy.types.Operator)
        if is_operator and cls.__module__ == module.__name__ and cls.__doc__:
            cls.bl_description = " ".join(cls.__doc__.split())


def unregister() -> None:
    while _undo:
        _undo.pop()()


def _register_broken(library: str) -> None:
    log.error(" ".join(broken_text(library)))
    RETAKE_PT_broken.library = library
    bpy.utils.register_class(RETAKE_PT_broken)
    _undo.append(lambda: bpy.utils.unregister_class(RETAKE_PT_broken))
