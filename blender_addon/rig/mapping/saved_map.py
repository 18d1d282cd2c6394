# pyright: basic
"""The bone map that an armature carries: read, kept and taken off again. Without one it is found.

It lies as JSON in a custom property of the armature's data, so that it travels with the rig and
scripts can read it. Data that is linked from another file cannot hold it; there a property of the
object does, which library overrides keep. Applying a take never writes it.
"""

from __future__ import annotations

from ....shared.errors import RetakeError
from ..armature.rest_pose import RestPose
from .bone_map import BoneMap, find_bone_map
from .map_file import from_json, to_json
from .map_slots import Slots, bone_map_of

KEY = "retake_bones"
"""The custom property of the data, and the registered property of an override."""


def text_of(armature_object) -> str:
    """As it is kept; empty if the rig has none."""
    text = getattr(armature_object, KEY, "") or armature_object.data.get(KEY, "")
    return text if isinstance(text, str) else "?"


def saved_slots(armature_object) -> Slots | None:
    """None if the rig carries no map. RetakeError if somebody has damaged it."""
    text = text_of(armature_object)
    return from_json(text, f"The bone map of '{armature_object.name}'") if text else None


def bone_map_for(armature_object, rest: RestPose) -> BoneMap:
    """The map that the rig carries, else the one that is found. RetakeError if it cannot be used.

    `rest` is the rig's, perhaps of its controls alone.
    """
    slots = saved_slots(armature_object)
    if slots is None:
        return find_bone_map(rest)
    return bone_map_of(slots, rest, armature_object.data.bones.keys())


def keep(armature_object, slots: Slots) -> None:
    """RetakeError for a linked rig without an override."""
    if armature_object.library is not None:
        raise RetakeError(
            f"The armature '{armature_object.name}' is linked from another file. "
            "Make a library override of it first."
        )
    text = to_json(slots, armature_object.name)
    if armature_object.data.is_editable:
        armature_object.data[KEY] = text
    else:
        setattr(armature_object, KEY, text)


def forget(armature_object) -> None:
    """The map is found again from now on."""
    if getattr(armature_object, KEY, ""):
        armature_object.property_unset(KEY)
    if armature_object.data.is_editable and KEY in armature_object.data:
        del armature_object.data[KEY]
