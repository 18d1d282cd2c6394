# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""What a scene remembers of the work on its keypoints: corrections, what is shown, who is meant."""

import bpy

from ...shared.skeleton import HUMAN36M

JOINTS = tuple(
    (name.upper(), name.replace("_", " ").title(), f"The keypoint {name.replace('_', ' ')}", number)
    for number, name in enumerate(HUMAN36M.joints)
)


class RetakeTrack(bpy.types.PropertyGroup):
    edits: bpy.props.StringProperty(
        name="Corrections", description="Corrections of the keypoints by hand, as JSON"
    )
    show: bpy.props.BoolProperty(
        name="Keypoints over the Clip",
        description="Draw the keypoints in the Movie Clip Editor and through the shot camera",
        default=True,
    )
    joint: bpy.props.EnumProperty(
        name="Keypoint", description="The keypoint that is hidden", items=JOINTS
    )
    first: bpy.props.IntProperty(
        name="From", description="First frame of the clip to correct, from 1", default=1, min=1
    )
    last: bpy.props.IntProperty(
        name="To", description="Last frame of the clip to correct", default=1, min=1
    )
    reach: bpy.props.IntProperty(
        name="Reach",
        description="So many frames before and after follow a keypoint that is dragged",
        default=3,
        min=0,
        max=100,
    )
    place: bpy.props.FloatVectorProperty(
        name="Person",
        description="Who is meant: pixels across and down, and the clip's frame from 0",
        default=(-1, -1, -1),
    )


def register() -> None:
    bpy.utils.register_class(RetakeTrack)
    bpy.types.Scene.retake_track = bpy.props.PointerProperty(type=RetakeTrack)


def unregister() -> None:
    del bpy.types.Scene.retake_track
    bpy.utils.unregister_class(RetakeTrack)
