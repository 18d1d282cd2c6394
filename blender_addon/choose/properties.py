# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""What a scene remembers of choosing: decisions, what was reviewed, and what is open now.

Decisions are one string of JSON (`choice_track`), so that undo, copies of the scene and the file
carry them along without any help. Times are seconds of the clip; the panel shows frames.
"""

import bpy

from . import reading, ready
from . import scene as choosing
from .choice_track import GROUPS
from .here import group_words
from .review import DOUBTFUL_DEGREES

GROUP_ITEMS = tuple(
    (group, group_words(group).title(), f"Choose for the {group_words(group)}") for group in GROUPS
)


def _opened(self, context):
    choosing.open_range(self.id_data)


def _shown(self, context):
    reading.redraw()


def _get_first(self):
    return ready.frame_shown(self.id_data, self.first)


def _set_first(self, frame):
    self.first = reading.seconds_of(self.id_data, frame)
    self.last = max(self.first, self.last)


def _get_last(self):
    return ready.frame_shown(self.id_data, self.last)


def _set_last(self, frame):
    self.last = reading.seconds_of(self.id_data, frame)
    self.first = min(self.first, self.last)


class RetakeAlternative(bpy.types.PropertyGroup):
    """One row of what there is to choose from; its name says what it shows."""

    share: bpy.props.FloatProperty(name="Share", description="How much of all takes' weight it has")
    hypothesis: bpy.props.IntProperty(name="Take", min=0)
    colour: bpy.props.FloatVectorProperty(
        name="Colour", description="The colour of its ghost", subtype="COLOR_GAMMA", min=0, max=1
    )


class RetakeStretch(bpy.types.PropertyGroup):
    """One row of the review list; its name is its key."""

    first: bpy.props.FloatProperty(name="From", subtype="TIME")
    last: bpy.props.FloatProperty(name="To", subtype="TIME")
    groups: bpy.props.StringProperty(name="Limbs")
    degrees: bpy.props.FloatProperty(
        name="Degrees", description="How far the takes disagree about the bones"
    )
    millimetres: bpy.props.FloatProperty(
        name="Millimetres", description="How far apart that brings hands, feet or head on the rig"
    )
    done: bpy.props.BoolProperty(name="Done", description="Ticked off")


class RetakeChoose(bpy.types.PropertyGroup):
    decisions: bpy.props.StringProperty(name="Decisions", description="The choice track, as JSON")
    reviewed: bpy.props.StringProperty(
        name="Reviewed", description="Stretches that are ticked off, as JSON"
    )
    takes_key: bpy.props.StringProperty(name="Takes", description="What the decisions are about")
    shelf: bpy.props.StringProperty(
        name="Shelf", description="Decisions about other takes that were listed before, as JSON"
    )
    group: bpy.props.EnumProperty(
        name="Limb",
        description="What the choice is for",
        items=GROUP_ITEMS,
        default="whole",
        update=_opened,
    )
    first: bpy.props.FloatProperty(name="From (s)", subtype="TIME", update=_opened)
    last: bpy.props.FloatProperty(name="To (s)", subtype="TIME", update=_opened)
    first_frame: bpy.props.IntProperty(
        name="From", description="First frame of the choice", get=_get_first, set=_set_first
    )
    last_frame: bpy.props.IntProperty(
        name="To", description="Last frame of the choice", get=_get_last, set=_set_last
    )
    from_here: bpy.props.BoolProperty(
        name="From Here On", description="The choice holds from its first frame to the clip's end"
    )
    blend_frames: bpy.props.IntProperty(
        name="Blend",
        description="Frames of the cross-fade on either side of a seam; 0 cuts",
        default=4,
        min=0,
        max=60,
    )
    snap: bpy.props.BoolProperty(
        name="Snap to Agreement",
        description="Move seams to the frame near by where both takes agree best",
        default=True,
    )
    alternatives: bpy.props.CollectionProperty(type=RetakeAlternative)
    active_alternative: bpy.props.IntProperty(
        name="Active Alternative", default=0, min=0, update=_shown
    )
    stretches: bpy.props.CollectionProperty(type=RetakeStretch)
    active_stretch: bpy.props.IntProperty(name="Active Stretch", default=0, min=0)
    doubt_degrees: bpy.props.FloatProperty(
        name="Doubt From",
        description="Stretches in which the takes disagree by more degrees are listed",
        default=DOUBTFUL_DEGREES,
        min=1,
        max=90,
        precision=0,
        update=lambda self, context: ready.want_review(self.id_data),
    )
    show_ghosts: bpy.props.BoolProperty(
        name="Ghosts",
        description="Draw the alternatives as stick figures in the 3D View",
        default=True,
        update=_shown,
    )
    show_doubt: bpy.props.BoolProperty(
        name="Doubt in Depth",
        description="Draw through the joints, along the video camera's line of sight, how far off "
        "they may be: the error to be expected where the model's was measured, otherwise how far "
        "the takes lie apart. Not while the animation plays",
        default=True,
        update=_shown,
    )
    show_strip: bpy.props.BoolProperty(
        name="Strip in the Timeline",
        description="Draw doubt, chosen takes and standing feet in Timeline and Dope Sheet. Their "
        "ends can be dragged",
        default=True,
        update=_shown,
    )
    turn_view: bpy.props.BoolProperty(
        name="Turn the View",
        description="The first doubtful stretch turns to the Depth View: from the camera's side, "
        "takes look alike",
        default=True,
    )
    apply_best: bpy.props.BoolProperty(
        name="Apply at Once",
        description="Put the best take on the character as soon as takes arrive",
        default=True,
    )
    strength: bpy.props.FloatProperty(
        name="Strength",
        description="How much may change when the range is sampled again: "
        "little (0) to everything (1)",
        default=0.6,
        min=0.05,
        max=1,
        subtype="FACTOR",
    )
    pin_joint: bpy.props.EnumProperty(
        name="Joint",
        description="The joint that a new pin holds",
        items=choosing.JOINT_ITEMS,
        default="left_wrist",
    )


CLASSES = (RetakeAlternative, RetakeStretch, RetakeChoose)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.retake_choose = bpy.props.PointerProperty(type=RetakeChoose)


def unregister() -> None:
    del bpy.types.Scene.retake_choose
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
