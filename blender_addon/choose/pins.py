# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false, reportMissingImports=false
# ruff: noqa: RUF012  (bl_options is a set that Blender only reads)
"""Pins in the scene, and *Sample Again Here*: more takes of a range, none replaced.

A pin is an empty that slides along the ray of the video's camera, so that what the picture shows
stays true; unlocked it goes anywhere.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from functools import partial
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ...shared.errors import RetakeError
from ...shared.skeleton import HUMAN36M
from .. import session, timer
from ..client.outcomes import TakesReady
from ..preferences import server_python
from ..reporting import reported
from ..sidebar import told
from ..slices import with_uid
from ..takes import overlay
from ..waiting import WaitsForJob
from . import character, reading, ready
from . import scene as choosing
from .again import ScenePin, again_request, read_pin, steering_of
from .combine import combine
from .here import Again, alternatives_in, with_more
from .stage import stage_of

COLLECTION = "Retake Pins"
SIZE_M = 0.08

HIP = "retake_hip"
"""The pin's other custom property: where the character's hip was at its frame."""


class RETAKE_OT_add_pin(bpy.types.Operator):
    """Hold a joint at this frame when the range is sampled again. Moving the pin (G) slides it
    along the ray of the video's camera"""

    bl_idname = "retake.add_pin"
    bl_label = "Add Pin"
    bl_options = {"REGISTER", "UNDO"}

    free: bpy.props.BoolProperty(
        name="Free", description="It may leave the camera's ray: for joints that nobody sees"
    )

    @classmethod
    def poll(cls, context):
        return _needs_takes(cls, context)

    @reported
    def execute(self, context):
        scene = context.scene
        joint = HUMAN36M.joints.index(reading.of(scene).pin_joint)
        pin = add_pin(scene, joint, self.free)
        form = "{name}: move it where the joint is, then sample again"
        self.report({"INFO"}, told(form, name=pin.name))
        return {"FINISHED"}


class RETAKE_OT_remove_pin(bpy.types.Operator):
    """Remove a pin"""

    bl_idname = "retake.remove_pin"
    bl_label = "Remove Pin"
    bl_options = {"REGISTER", "UNDO"}

    name: bpy.props.StringProperty(name="Pin", description="Name of the pin's object")

    @reported
    def execute(self, context):
        pin = next((p for p in reading.pins_in(context.scene) if p.name == self.name), None)
        if pin is None:
            raise RetakeError(f"There is no pin '{self.name}'.")
        for thing in (pin.parent, pin):
            if thing is not None:
                bpy.data.objects.remove(thing)
        return {"FINISHED"}


class RETAKE_OT_sample_again(WaitsForJob, bpy.types.Operator):
    """Sample more takes of the range and limb that are open, around what is chosen now and through
    the pins. They join the others"""

    bl_idname = "retake.sample_again"
    bl_label = "Sample Again Here"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context):
        if timer.client.job:
            cls.poll_message_set("The last job is still running")
            return False
        return _needs_takes(cls, context)

    @reported
    def execute(self, context):
        scene, job_id = context.scene, uuid.uuid4().hex
        character.end_preview()
        request, again = asked(scene, job_id)
        request = replace(request, partial=not self.wait)
        path = session.new_takes_path(scene, job_id)
        timer.connect(server_python(context))
        timer.client.lift(request, path)
        session.remember_job(scene, job_id, partial(join, again=again))
        if not self.wait:
            timer.watch(overlay.look)
        else:
            self.outcome(TakesReady, "were no takes")
        return {"FINISHED"}


def _needs_takes(cls, context) -> bool:
    if not session.of(context.scene).takes_path:
        cls.poll_message_set("Sample or load takes first")
        return False
    return True


def asked(scene, job_id: str):
    """The request and what it will be remembered by. RetakeError if something does not fit."""
    state, takes = reading.of(scene), session.takes_of(scene)
    track = session.matching_track(scene)
    if track is None:
        raise RetakeError("The track that the takes were made of is not loaded. Load it first.")
    motion = combine(takes, reading.choice_track(scene), track)
    pins = [_read(scene, takes, pin) for pin in reading.pins_in(scene) if not pin.hide_viewport]
    first, last = reading.seconds_open(scene)
    steering = steering_of(takes, first, last, state.group, state.strength, pins)
    settings = session.settings_of(scene)
    seed = settings.seed + takes.hypothesis_count  # another one each time, and the same every time
    settings = replace(settings, seed=seed)
    request = again_request(job_id, track, takes, motion, steering, settings)
    assert steering.range is not None
    again = Again(first, last, steering.range.groups, state.strength, seed)
    return request, again


def join(scene, more, path: Path, again: Again) -> None:
    """What the timer does with the takes that were asked for: they join the scene's, if these are
    the same once a thread has written the file."""
    takes, name = session.takes_of(scene), session.of(scene).takes_name
    merged, group = with_more(takes, more, again), reading.of(scene).group
    span = reading.range_of(scene, takes)
    key = (session.relative(path, bpy.data.filepath), group, *span)
    uid, had, found = scene.session_uid, session.of(scene).takes_path, []

    def save() -> None:
        merged.save(path)
        found.append(alternatives_in(merged, group, *span))

    def saved() -> None:
        scene = with_uid(bpy.data.scenes, uid)
        if scene is None:
            return
        if session.of(scene).takes_path != had:
            raise RetakeError(
                f"Other takes are loaded by now. Those that were sampled again are in {path}: "
                "load them to go on with them."
            )
        choosing.remember_alternatives(key, found[0])
        session.list_takes(scene, merged, path, name, continues=True)
        session.push_undo("Sample Again Here")

    if bpy.app.background:
        save()
        saved()
    else:
        ready.afterwards(save, lambda _: saved(), timer.say)


def add_pin(scene, joint: int, free: bool):
    """An empty at the joint's place in the chosen motion, at the current frame."""
    takes = session.takes_of(scene)
    motion = combine(takes, reading.choice_track(scene))
    stage = stage_of(takes, motion, reading.place_of(reading.character_of(scene)))
    frame = reading.clip_frame(scene, takes)
    hip = reading.hip_now(scene, stage.place(motion[frame, 0]))
    place = hip + stage.turn(motion[frame, joint] - motion[frame, 0])
    words = HUMAN36M.joints[joint].replace("_", " ")
    pin = bpy.data.objects.new(f"Pin {words} {scene.frame_current}", None)
    pin.empty_display_type, pin.empty_display_size = "SPHERE", SIZE_M * stage.scale
    pin.show_in_front = True
    seconds = float(takes.times[frame])
    pin[reading.PIN] = ScenePin(joint, seconds, (0.0, 0.0, 0.0)).to_json()
    pin[HIP] = hip.tolist()
    _collection(scene).objects.link(pin)
    _onto_ray(pin, place, reading.camera_place(scene, stage))
    pin.lock_location = (not free, not free, False)
    return pin


def _onto_ray(pin, place, camera) -> None:
    """Its parent lies at the camera and looks along the ray: two locks hold the pin on it."""
    way = Vector((place - camera).tolist())
    ray = Matrix.Translation(camera.tolist()) @ way.to_track_quat("Z", "Y").to_matrix().to_4x4()
    anchor = bpy.data.objects.new(f"{pin.name} ray", None)
    anchor.empty_display_size = 0.0
    anchor.hide_select = anchor.hide_render = True
    anchor.matrix_world = ray
    pin.users_collection[0].objects.link(anchor)
    pin.parent = anchor
    pin.location = (0.0, 0.0, way.length)


def _collection(scene):
    found = bpy.data.collections.get(COLLECTION)
    if found is None:
        found = bpy.data.collections.new(COLLECTION)
    if found.name not in scene.collection.children:
        scene.collection.children.link(found)
    return found


def _read(scene, takes, pin) -> ScenePin:
    motion = combine(takes, reading.choice_track(scene))
    stage = stage_of(takes, motion, reading.place_of(reading.character_of(scene)))
    anchor = pin.parent.matrix_world if pin.parent else Matrix()
    place = np.array((anchor @ pin.matrix_parent_inverse @ pin.matrix_basis).translation)
    return read_pin(str(pin[reading.PIN]), place - np.array(pin[HIP]), stage)


CLASSES = (RETAKE_OT_add_pin, RETAKE_OT_remove_pin, RETAKE_OT_sample_again)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
