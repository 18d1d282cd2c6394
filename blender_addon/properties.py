# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""The fields in which a scene remembers the work: track, settings, takes, who wears them.

`session` reads and writes them. The steps Clip, Track, Choose and Rig have fields of their own.
"""

import bpy

from .takes.rows import BEST


class RetakeTake(bpy.types.PropertyGroup):
    """One row of the Takes list; its name is the row's."""

    share: bpy.props.FloatProperty(name="Share", description="How much of all takes' weight it has")
    hypothesis: bpy.props.IntProperty(name="Take", default=BEST, min=BEST)
    named: bpy.props.BoolProperty(
        name="Named", description="Whether it is one of the distinct takes of the whole body"
    )
    colour: bpy.props.FloatVectorProperty(
        name="Colour", description="The colour of its ghost", subtype="COLOR_GAMMA", min=0, max=1
    )
    slide_cm_s: bpy.props.FloatProperty(
        name="Foot Slide", description="How fast standing feet slide, in centimetres per second"
    )
    wrong_knees: bpy.props.FloatProperty(
        name="Wrong Knees", description="Part of the frames in which a knee bends the wrong way"
    )
    through: bpy.props.FloatProperty(
        name="Through the Body",
        description="Part of the frames in which a limb passes through the body",
    )
    too_far: bpy.props.FloatProperty(
        name="Too Far",
        description="Part of the frames in which a joint turns further than a person's",
    )
    joint: bpy.props.StringProperty(name="Joint", description="The joint that turns too far most")
    held: bpy.props.FloatProperty(
        name="Limits", description="Part of the frames in which the rig's limits hold the take back"
    )
    held_bone: bpy.props.StringProperty(name="Bone", description="The bone held back most")
    held_degrees: bpy.props.FloatProperty(name="Held Back", description="Degrees of that bone")
    star: bpy.props.BoolProperty(name="Star", description="Mark this take, to find it again")
    rejected: bpy.props.BoolProperty(
        name="Reject", description="Hide this take. It is kept, and can be shown again"
    )


def _known_models(self, context, text):
    """Those that the server has named; others may be typed."""
    from .timer import client  # not before: it needs these fields itself

    return client.models


class RetakeSession(bpy.types.PropertyGroup):
    track_path: bpy.props.StringProperty(
        name="Track",
        description="File with the 2D keypoints of one person",
        subtype="FILE_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
    )
    track_text: bpy.props.StringProperty(name="About the Track")
    hypotheses: bpy.props.IntProperty(
        name="Takes", description="How many motions to sample", default=5, min=1, max=100
    )
    iterations: bpy.props.IntProperty(
        name="Iterations",
        description="Denoising steps per take; more are slower and a little more exact",
        default=5,
        min=1,
        max=50,
    )
    model: bpy.props.StringProperty(
        name="Model",
        description="Which model of the server samples. Empty: the one for its device, a small one "
        "for processors, a larger one for GPUs",
        search=_known_models,
        search_options={"SUGGESTION"},
    )
    seed: bpy.props.IntProperty(
        name="Seed", description="Another number gives other takes", default=0, min=0
    )
    focal_px: bpy.props.FloatProperty(
        name="Focal Length (px)",
        description="Focal length of the camera in pixels of the video; 0: guessed from its size",
        default=0,
        min=0,
        precision=0,
    )
    takes_name: bpy.props.StringProperty(name="Name of the Takes")
    takes_path: bpy.props.StringProperty(
        name="Takes File", subtype="FILE_PATH", options={"PATH_SUPPORTS_BLEND_RELATIVE"}
    )
    packed_track: bpy.props.PointerProperty(name="Packed Track", type=bpy.types.Text)
    packed_takes: bpy.props.PointerProperty(name="Packed Takes", type=bpy.types.Text)
    track_video: bpy.props.StringProperty(
        name="Video of the Track", description="SHA-256 of the video; empty: not known"
    )
    takes_video: bpy.props.StringProperty(
        name="Video of the Takes", description="SHA-256 of the video; empty: not known"
    )
    job: bpy.props.StringProperty(
        name="Job", description="What the server was last asked for and has not answered yet"
    )
    takes: bpy.props.CollectionProperty(type=RetakeTake)
    active_index: bpy.props.IntProperty(name="Active Take", default=0, min=0)
    show: bpy.props.EnumProperty(
        name="Show",
        description="Which takes are listed. None is ever deleted",
        items=(
            ("NAMED", "Distinct", "The takes that differ, by name"),
            ("STARRED", "Starred", "Takes with a star"),
            ("ALL", "All", "Every take that is not rejected"),
            ("REJECTED", "Rejected", "Takes that were rejected"),
        ),
        default="NAMED",
    )
    character: bpy.props.PointerProperty(
        name="Character",
        description="The armature that wears the takes. Empty: the active one",
        type=bpy.types.Object,
        poll=lambda self, thing: thing.type == "ARMATURE",
    )


CLASSES = (RetakeTake, RetakeSession)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.retake = bpy.props.PointerProperty(type=RetakeSession)


def unregister() -> None:
    del bpy.types.Scene.retake
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
