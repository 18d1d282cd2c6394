# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""What a scene wishes of motions on its rig, and the rig's bone map as fields that one can fill.

The fields keep nothing themselves: they read and write what the rig carries (`saved_map`).
"""

import bpy

from ..choose import reading
from ..choose.choice_track import GROUPS
from ..choose.here import group_words
from . import scene as rigging
from .mapping import saved_map
from .mapping.map_slots import OPTIONAL, SLOTS, words

TRUNK_HELP = {
    "hips": "The bone that carries the whole body",
    "spine": "The lowest bone of the spine above the hips",
    "chest": "The highest bone of the spine, which carries the arms",
    "neck": "The lowest bone of the neck",
    "head": "The bone that turns the head",
}


def _field(slot: str):
    def read(self) -> str:
        rig = rigging.rig_of(self.id_data)
        return rigging.shown_map(rig).slots.bones.get(slot, "") if rig else ""

    def write(self, bone: str) -> None:
        rig = rigging.rig_of(self.id_data)
        if rig is not None and rig.is_editable:
            rigging.set_bone(rig, slot, bone)

    may_miss = ". The rig need not have one" if slot in OPTIONAL else ""
    return bpy.props.StringProperty(
        name=words(slot).title(),
        description=TRUNK_HELP.get(slot, f"The bone that is the {words(slot)}") + may_miss,
        get=read,
        set=write,
    )


RetakeBones = type(
    "RetakeBones",
    (bpy.types.PropertyGroup,),
    {"__annotations__": {slot: _field(slot) for slot in SLOTS}, "__module__": __name__},
)


def _get_first(self) -> int:
    return reading.frame_of(self.id_data, self.first)


def _set_first(self, frame: int) -> None:
    self.first = reading.seconds_of(self.id_data, frame)
    self.last = max(self.first, self.last)


def _get_last(self) -> int:
    return reading.frame_of(self.id_data, self.last)


def _set_last(self, frame: int) -> None:
    self.last = reading.seconds_of(self.id_data, frame)
    self.first = min(self.first, self.last)


class RetakeSmoothing(bpy.types.PropertyGroup):
    """How much a limb is smoothed, everywhere or in a range."""

    group: bpy.props.EnumProperty(
        name="Limb",
        description="What is smoothed",
        items=tuple(
            (group, group_words(group).title(), f"Smooth the {group_words(group)}")
            for group in GROUPS
        ),
    )
    seconds: bpy.props.FloatProperty(
        name="Smoothing",
        description="Movements faster than this are smoothed where the takes are uncertain. "
        "0: nothing is smoothed here",
        default=0.1,
        min=0.0,
        soft_max=0.5,
        subtype="TIME",
        unit="TIME_ABSOLUTE",
    )
    use_range: bpy.props.BoolProperty(
        name="In a Range", description="In these frames alone; otherwise in the whole clip"
    )
    first: bpy.props.FloatProperty(name="From", description="Second of the clip")
    last: bpy.props.FloatProperty(name="To", description="Second of the clip")
    first_frame: bpy.props.IntProperty(
        name="From", description="First frame of the scene", get=_get_first, set=_set_first
    )
    last_frame: bpy.props.IntProperty(
        name="To", description="Last frame of the scene", get=_get_last, set=_set_last
    )


class RetakeRig(bpy.types.PropertyGroup):
    bones: bpy.props.PointerProperty(type=RetakeBones)
    root: bpy.props.EnumProperty(
        name="Root",
        description="What carries the way over the floor",
        items=(
            ("HIPS", "Hips", "The hips carry everything; root bone and object stay"),
            ("ROOT", "Root Bone", "The topmost bone above the hips goes, the hips sway over it"),
            ("OBJECT", "Object", "The armature object goes, the hips sway over it"),
        ),
        default="HIPS",
    )
    way: bpy.props.EnumProperty(
        name="Way From",
        description="What tells how far the rig goes. It matters for rigs of other proportions",
        items=(
            ("LEGS", "Legs", "As far as its legs step: feet are where the person's were"),
            (
                "BODY",
                "Whole Body",
                "As far as its whole size says: the whole body is where the person's was, which "
                "covers the picture of the shot camera best. Steps may be short or long for it",
            ),
        ),
        default="LEGS",
    )
    in_place: bpy.props.BoolProperty(
        name="In Place", description="Leave the way over the floor out, as games want it"
    )
    place: bpy.props.EnumProperty(
        name="Place",
        description="Where in the scene the motion is",
        items=(
            ("RIG", "At the Rig", "It begins where and as the rig stands in its rest pose"),
            (
                "CAMERA",
                "By Shot Camera",
                "Where the shot camera saw the person. For cameras whose place is known, or solved",
            ),
        ),
        default="RIG",
    )
    use_scale: bpy.props.BoolProperty(
        name="Own Scale",
        description="Set the scale of the way over the floor by hand; otherwise Way From tells",
    )
    scale: bpy.props.FloatProperty(
        name="Scale",
        description="Units of the scene per metre that the person went",
        default=1.0,
        min=0.001,
        soft_max=10.0,
    )
    use_floor: bpy.props.BoolProperty(
        name="Own Floor", description="Set the floor by hand; otherwise it is under the rig's soles"
    )
    floor: bpy.props.FloatProperty(
        name="Floor", description="Height of the floor in the scene", subtype="DISTANCE"
    )
    smoothing: bpy.props.FloatProperty(
        name="Smoothing",
        description="Movements faster than this are smoothed where the takes are uncertain; "
        "what is certain stays. 0: nothing is smoothed",
        default=0.0,
        min=0.0,
        soft_max=0.5,
        subtype="TIME",
        unit="TIME_ABSOLUTE",
    )
    smoothings: bpy.props.CollectionProperty(type=RetakeSmoothing)
    active_smoothing: bpy.props.IntProperty(name="Active Smoothing", min=0)
    use_path: bpy.props.BoolProperty(
        name="Own Path Smoothing",
        description="Find the hip's way through space again; otherwise it is as the takes have it. "
        "Needs the scene's track",
    )
    path: bpy.props.FloatProperty(
        name="Path",
        description="Seconds over which the hip's way through space is smoothed: less for jumps, "
        "more for calm walks",
        default=0.1,
        min=0.01,
        soft_max=0.5,
        subtype="TIME",
        unit="TIME_ABSOLUTE",
    )
    controls: bpy.props.EnumProperty(
        name="Controls",
        description="What drives arms and legs of a rig that has IK controls; FK gets keys, too",
        items=(
            ("AUTO", "Automatic", "IK where the rig's IK shows the pose exactly, else FK"),
            ("FK", "FK", "The bones themselves, or a control rig's FK controls"),
            ("IK", "IK", "IK controls of arms and legs, where the rig has them"),
            ("IK_LEGS", "IK Legs", "IK controls of the legs, FK of the arms"),
        ),
        default="AUTO",
    )
    use_neutral: bpy.props.BoolProperty(
        name="Neutral Moment",
        description="At a moment of the clip the person stands upright as the rig does at rest: "
        "trunk and head are set right by it",
    )
    neutral: bpy.props.FloatProperty(
        name="Neutral at", description="Second of the clip", subtype="TIME", unit="TIME_ABSOLUTE"
    )
    contacts: bpy.props.StringProperty(
        name="Contacts", description="When feet stand, as JSON; empty: as the takes say"
    )


CLASSES = (RetakeBones, RetakeSmoothing, RetakeRig)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.retake_rig = bpy.props.PointerProperty(type=RetakeRig)
    setattr(
        bpy.types.Object,
        saved_map.KEY,
        bpy.props.StringProperty(
            name="Bone Map",
            description="Retake's bone map of a linked character, as JSON",
            override={"LIBRARY_OVERRIDABLE"},
        ),
    )


def unregister() -> None:
    rigging.forget_shown()
    delattr(bpy.types.Object, saved_map.KEY)
    del bpy.types.Scene.retake_rig
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
