# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
# ruff: noqa: RUF012  (bl_options is a set that Blender only reads)
"""Operators that give the scene its 2D keypoints."""

from pathlib import Path

import bpy

from ...shared.errors import RetakeError
from .. import session
from ..reporting import AsksForFile, reported

SAMPLES = Path(__file__).parents[1] / "samples"


class RETAKE_OT_load_track(AsksForFile, bpy.types.Operator):
    """Load the 2D keypoints of one person from a file"""

    bl_idname = "retake.load_track"
    bl_label = "Load Track"
    bl_options = {"REGISTER", "UNDO"}

    @reported
    def execute(self, context):
        track = session.set_track(context.scene, self.filepath)
        self.report({"INFO"}, f"Track with {track.frame_count} frames: {track.source}")
        return {"FINISHED"}


class RETAKE_OT_load_sample(bpy.types.Operator):
    """Load a track that comes with the add-on, to try things out"""

    bl_idname = "retake.load_sample"
    bl_label = "Load Sample"
    bl_options = {"REGISTER", "UNDO"}

    name: bpy.props.StringProperty(
        name="Sample", description="Name of the sample; empty: the first one"
    )

    @reported
    def execute(self, context):
        track = session.set_track(context.scene, str(find_sample(self.name)))
        self.report({"INFO"}, f"Sample with {track.frame_count} frames: {track.source}")
        return {"FINISHED"}


def find_sample(name: str) -> Path:
    """The bundled track called `name`, or the first. RetakeError if there is none."""
    names = sorted(path.stem for path in SAMPLES.glob("*.npz"))
    if not names or (name and name not in names):
        raise RetakeError(f"There is no sample '{name}'. Samples: {', '.join(names) or 'none'}.")
    return SAMPLES / f"{name or names[0]}.npz"


CLASSES = (RETAKE_OT_load_track, RETAKE_OT_load_sample)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
