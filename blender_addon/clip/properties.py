# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""What a scene remembers of its clip: the video, its rate, the range, where the lens comes from."""

import bpy

from . import scene as stage
from .focal import Source


def _clip_changed(self, context):
    stage.read_about(self)
    stage.set_focal(self.id_data)


def _timing_changed(self, context):
    stage.set_timing(self.id_data)


def _focal_changed(self, context):
    stage.set_focal(self.id_data)


class RetakeClip(bpy.types.PropertyGroup):
    clip: bpy.props.PointerProperty(
        name="Clip",
        description="The video of one person, filmed by one camera",
        type=bpy.types.MovieClip,
        update=_clip_changed,
    )
    camera: bpy.props.PointerProperty(
        name="Shot Camera",
        description="The camera that stands where the clip was filmed from, the clip behind it",
        type=bpy.types.Object,
        poll=lambda self, thing: thing.type == "CAMERA",
    )
    fps: bpy.props.FloatProperty(
        name="Frame Rate", description="Frames per second as the file itself says", min=0
    )
    is_variable: bpy.props.BoolProperty(
        name="Variable", description="Whether the frames last unequally long, as phones film"
    )
    rotation: bpy.props.IntProperty(
        name="Rotation", description="Degrees by which the camera was held turned"
    )
    focal_35mm: bpy.props.FloatProperty(
        name="35 mm", description="Focal length on 35 mm film that the file names; 0: none"
    )
    rate: bpy.props.EnumProperty(
        name="Rate",
        description="What to do if the clip and the scene have different frame rates",
        items=(
            ("MATCH", "Match Scene", "Give the scene the clip's frame rate and range"),
            (
                "RESAMPLE",
                "Keep Scene",
                "Keep the scene's frame rate; the motion and the clip are resampled to it",
            ),
        ),
        default="RESAMPLE",
        update=_timing_changed,
    )
    first: bpy.props.IntProperty(
        name="In",
        description="First frame of the clip that is used, counted from 1",
        default=1,
        min=1,
        update=_timing_changed,
    )
    last: bpy.props.IntProperty(
        name="Out",
        description="Last frame of the clip that is used; 0: to its end",
        default=0,
        min=0,
        update=_timing_changed,
    )
    focal_from: bpy.props.EnumProperty(
        name="Focal Length",
        description="Where the camera's focal length comes from",
        items=(
            (Source.GUESS.value, "Assumed", "The usual guess: 53° across the picture's diagonal"),
            (Source.METADATA.value, "File", "What the camera wrote into the file, if it did"),
            (Source.CAMERA.value, "Camera", "The lens of the shot camera, as it is set now"),
            (Source.PIXELS.value, "Pixels", "A number, for who has calibrated the camera"),
        ),
        default=Source.GUESS.value,
        update=_focal_changed,
    )
    focal_text: bpy.props.StringProperty(
        name="About the Focal Length", description="Where the focal length comes from"
    )


CLASSES = (RetakeClip,)


def register() -> None:
    bpy.utils.register_class(RetakeClip)
    bpy.types.Scene.retake_clip = bpy.props.PointerProperty(type=RetakeClip)


def unregister() -> None:
    del bpy.types.Scene.retake_clip
    bpy.utils.unregister_class(RetakeClip)
