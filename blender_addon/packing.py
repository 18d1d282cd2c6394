# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
# ruff: noqa: RUF012  (bl_options is a set that Blender only reads)
"""Where the scene's files lie, for the animator: pack them into the .blend, get them out, find what
was moved."""

from pathlib import Path

import bpy

from ..shared.errors import RetakeError
from ..shared.keypoints import KeypointTrack
from ..shared.takes import Takes
from . import files, session
from .reporting import AsksForFile, reported
from .saving import PACKED, is_packing
from .sidebar import RetakePanel, draw_sentence, told
from .track import scene as track_scene

FIND_CLIP, FIND_TRACK, FIND_TAKES = "CLIP", "TRACK", "TAKES"


class RETAKE_OT_pack_takes(bpy.types.Operator):
    """Put the track and the takes into the .blend, so that one file can be given to others"""

    bl_idname = "retake.pack_takes"
    bl_label = "Pack Takes"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        state = session.of(context.scene)
        if not state.track_path and not state.takes_path:
            cls.poll_message_set("There are no keypoints and no takes yet")
            return False
        if is_packing(context.scene):
            cls.poll_message_set("They are packed already; saving keeps them up to date")
            return False
        return True

    @reported
    def execute(self, context):
        state = session.of(context.scene)
        if state.track_path:
            state.packed_track = files.pack(session.track_file(context.scene), None)
        if state.takes_path:
            state.packed_takes = files.pack(session.takes_file(context.scene), None)
        self.report({"INFO"}, told("Packed {mb:.1f} MB into the .blend", mb=packed_mb(state)))
        return {"FINISHED"}


class RETAKE_OT_unpack_takes(bpy.types.Operator):
    """Write the packed files beside the .blend, and take them out of it"""

    bl_idname = "retake.unpack_takes"
    bl_label = "Unpack Takes"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        if not is_packing(context.scene):
            cls.poll_message_set("Nothing is packed")
            return False
        return True

    @reported
    def execute(self, context):
        state, folder = session.of(context.scene), files.folder()
        for place, packed in PACKED.items():
            text = getattr(state, packed)
            if not files.is_packed(text):
                continue
            name = Path(bpy.path.abspath(getattr(state, place))).name
            path = files.unpack(text, folder / name)
            setattr(state, place, files.relative(path, bpy.data.filepath))
            setattr(state, packed, None)
            files.drop(text)
        self.report({"INFO"}, told("The files are in {folder}", folder=folder))
        return {"FINISHED"}


class RETAKE_OT_find_file(AsksForFile, bpy.types.Operator):
    """Say where a file of this scene is now. Stars and decisions stay if it holds the same takes"""

    bl_idname = "retake.find_file"
    bl_label = "Find File"
    bl_options = {"REGISTER", "UNDO"}

    filter_glob: bpy.props.StringProperty(default="*", options={"HIDDEN"})
    what: bpy.props.EnumProperty(
        name="What",
        description="Which file is looked for",
        items=(
            (FIND_TAKES, "Takes", "The takes of the scene"),
            (FIND_TRACK, "Track", "The keypoints of the scene"),
            (FIND_CLIP, "Clip", "The video of the scene"),
        ),
    )

    @reported
    def execute(self, context):
        scene, path = context.scene, Path(bpy.path.abspath(self.filepath))
        if self.what == FIND_CLIP:
            _find_clip(scene, path)
        elif self.what == FIND_TRACK:
            _find_track(scene, path)
        else:
            _find_takes(scene, path)
        return {"FINISHED"}


def _find_clip(scene, path: Path) -> None:
    """Blender's own clip gets another file. RetakeError if there is none."""
    clip = scene.retake_clip.clip
    if clip is None or not path.is_file():
        raise RetakeError(f"There is no video {path}. Choose the video of this scene.")
    clip.filepath = str(path)
    scene.retake_clip.clip = clip  # rate, rotation and focal length are read again


def _find_track(scene, path: Path) -> None:
    """The corrections stay if they fit."""
    state, edits = session.of(scene), scene.retake_track.edits
    track = KeypointTrack.load(path)
    same = state.track_text == session.track_text(track)
    track_scene.set_track(scene, path, track)
    if same:
        scene.retake_track.edits = edits


def _find_takes(scene, path: Path) -> None:
    takes = Takes.load(path)
    rows = {row.hypothesis for row in session.of(scene).takes} - {session.BEST}
    continues = rows == set(range(takes.hypothesis_count))
    session.list_takes(scene, takes, path, path.stem, continues)


def packed_mb(state) -> float:
    return sum(files.packed_mb(getattr(state, packed)) for packed in PACKED.values())


class RETAKE_PT_files(RetakePanel, bpy.types.Panel):
    """Under the takes: where they are kept."""

    bl_label = "Files"
    bl_parent_id = "RETAKE_PT_takes"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        state = session.of(context.scene)
        if is_packing(context.scene):
            text = told("Packed into the .blend, {mb:.1f} MB", mb=packed_mb(state))
            draw_sentence(self.layout, text, "PACKAGE")
            self.layout.operator("retake.unpack_takes", text="Unpack", icon="UGLYPACKAGE")
            return
        if bpy.data.filepath:
            folder = files.folder_beside(bpy.data.filepath).name
            text = told("Beside the .blend, in the folder {folder}", folder=folder)
        else:
            text = "In Retake's own folder, until the .blend is saved"
        draw_sentence(self.layout, text, "FILE_FOLDER")
        self.layout.operator("retake.pack_takes", text="Pack", icon="PACKAGE")


CLASSES = (RETAKE_OT_pack_takes, RETAKE_OT_unpack_takes, RETAKE_OT_find_file, RETAKE_PT_files)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
