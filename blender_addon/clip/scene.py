# pyright: basic, reportAttributeAccessIssue=false, reportMissingImports=false
"""The clip in a scene: Blender's movie clip, the scene's time, a camera with the clip behind it."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix

from ...shared.errors import RetakeError
from .. import session
from ..choose.combine import combine
from ..rig.armature.read_rest_pose import read_rig
from ..rig.mapping.saved_map import bone_map_for
from ..rig.solving.landmarks import Body
from . import focal, timing
from .focal import Focal, Source
from .shot_camera import Pose, fitted_pose, usual_pose
from .video_header import VideoHeader, read_header

CAMERA_NAME = "Shot Camera"
SENSOR_MM = 36.0
FIT_FRAMES = 24
"""Places of the take at which the rig is looked at to find where the camera stands."""


def load(path: Path):
    """Blender's movie clip of a video. RetakeError if Blender cannot read it."""
    try:
        clip = bpy.data.movieclips.load(str(path), check_existing=True)
    except RuntimeError:
        raise RetakeError(f"There is no video at {path} that can be read.") from None
    if min(clip.size) < 1 or clip.frame_duration < 2:
        is_picture = min(clip.size) > 0
        if not clip.users:
            bpy.data.movieclips.remove(clip)
        if is_picture:
            raise RetakeError(f"{path.name} is a single picture; a motion needs a video.")
        raise RetakeError(f"Blender cannot read {path.name}. Convert a copy to MP4 (H.264) first.")
    return clip


def show_clip(scene, path: Path, match: bool) -> None:
    """Make a video the scene's clip, with a shot camera. RetakeError if it cannot be read."""
    clip = load(path)
    state = scene.retake_clip
    clip.frame_start = scene.frame_start
    state.clip = clip
    state.first, state.last = 1, clip.frame_duration
    if state.focal_35mm:
        state.focal_from = Source.METADATA.value
    state.rate = "MATCH" if match else "RESAMPLE"
    add_shot_camera(scene)


def read_about(state) -> None:
    """Fill in what the file says of itself; else Blender's word; else (pictures) the scene's."""
    about = None
    if state.clip:
        about = read_header(Path(bpy.path.abspath(state.clip.filepath)))
    about = about or VideoHeader()
    state.fps = about.fps or (state.clip.fps or rate_of(state.id_data) if state.clip else 0.0)
    state.is_variable, state.rotation = about.is_variable, about.rotation
    state.focal_35mm = about.focal_35mm or 0.0


def rate_of(scene) -> float:
    return scene.render.fps / scene.render.fps_base


def set_timing(scene) -> None:
    """Rate and range of the scene, as the animator wants them for this clip."""
    state = scene.retake_clip
    if not state.clip or not state.fps:
        return
    last = min(state.last or state.clip.frame_duration, state.clip.frame_duration)
    first = min(state.first, last)
    count, start = last - first + 1, state.clip.frame_start
    if state.rate == "MATCH":
        time = timing.matched(start + first - 1, count, state.fps)
        scene.render.fps, scene.render.fps_base = time.fps, time.base
    else:
        own = timing.SceneTime(scene.render.fps, scene.render.fps_base, start, start)
        begin = timing.scene_frame((first - 1) / state.fps, own.rate, start)
        time = timing.resampled(round(begin), count, state.fps, own)
    scene.frame_start, scene.frame_end = time.first, max(time.first, time.last)
    if state.camera:
        _put_behind(state)


def focal_of(scene) -> Focal:
    """The focal length as the animator wants it, in pixels of the upright clip."""
    state = scene.retake_clip
    width, height = _size(scene)
    match Source(state.focal_from):
        case Source.METADATA:
            found = focal.from_film(state.focal_35mm, width, height) if state.focal_35mm else None
            usual = focal.guess(width, height)
            return found or Focal(usual.pixels, f"the file says nothing; {usual.text}")
        case Source.CAMERA if state.camera:
            lens = state.camera.data
            return focal.from_lens(
                lens.lens, lens.sensor_width, max(width, height), state.camera.name
            )
        case Source.PIXELS:
            pixels = session.of(scene).focal_px or focal.guess(width, height).pixels
            return Focal(pixels, "as you have set it")
        case _:
            return focal.guess(width, height)


def set_focal(scene) -> None:
    """Tell the step Takes, and the shot camera."""
    state = scene.retake_clip
    if not state.clip:
        return
    found = focal_of(scene)
    state.focal_text = found.text
    session.of(scene).focal_px = 0 if state.focal_from == Source.GUESS.value else found.pixels
    if state.camera and state.focal_from != Source.CAMERA.value:
        _set_lens(state.camera, found.pixels, _size(scene))


def _size(scene) -> tuple[int, int]:
    clip = scene.retake_clip.clip
    return (clip.size[0], clip.size[1]) if clip else (1920, 1080)


def add_shot_camera(scene):
    """The scene's shot camera, made if there is none; it gets the clip and becomes active."""
    state = scene.retake_clip
    if state.camera is None or state.camera.name not in scene.objects:
        camera = bpy.data.objects.new(CAMERA_NAME, bpy.data.cameras.new(CAMERA_NAME))
        scene.collection.objects.link(camera)
        place(camera, usual_pose())
        state.camera = camera
    camera = state.camera
    camera.data.clip_end = 1000.0
    _put_behind(state)
    set_focal(scene)
    scene.camera = camera
    scene.render.resolution_x, scene.render.resolution_y = _size(scene)
    return camera


def place(camera, pose: Pose) -> None:
    matrix = Matrix(pose.axes.tolist()).to_4x4()
    matrix.translation = pose.location.tolist()
    camera.matrix_world = matrix


def _set_lens(camera, pixels: float, size: tuple[int, int]) -> None:
    camera.data.sensor_fit = "AUTO"
    camera.data.sensor_width = SENSOR_MM
    camera.data.lens = pixels * SENSOR_MM / max(size)


def _put_behind(state) -> None:
    """The clip as the camera's picture. At another rate than the scene's it is an image that a
    driver runs through at the clip's own speed: Blender shows a movie clip frame by frame."""
    data, scene = state.camera.data, state.id_data
    data.driver_remove("background_images[0].image_user.frame_offset")
    data.background_images.clear()
    picture = data.background_images.new()
    picture.frame_method, picture.alpha = "FIT", 0.8
    data.show_background_images = True
    if abs(rate_of(scene) - state.fps) < 1e-2:
        picture.source, picture.clip = "MOVIE_CLIP", state.clip
        return
    picture.source = "IMAGE"
    picture.image = bpy.data.images.load(state.clip.filepath, check_existing=True)
    picture.image_user.frame_duration = state.clip.frame_duration
    picture.image_user.frame_start = state.clip.frame_start
    picture.image_user.use_auto_refresh = True
    start, faster = state.clip.frame_start, state.fps / rate_of(scene) - 1
    driver = data.driver_add("background_images[0].image_user.frame_offset").driver
    driver.type = "SCRIPTED"
    driver.expression = f"(frame - {start}) * {faster:.9g}"


def align_camera(scene, rig) -> None:
    """Put the shot camera where the clip was filmed from, seen from a rig that wears the take.

    RetakeError if the rig or the take cannot tell.
    """
    takes = session.takes_of(scene)
    rest = read_rig(rig).rest
    bone_map = bone_map_for(rig, rest)
    body = Body.of(rest, bone_map)
    shown = np.unique(np.linspace(0, takes.frame_count - 1, FIT_FRAMES).round().astype(int))
    seconds = takes.times - takes.times[0]
    frames = session.start_of(scene, takes) + seconds[shown] * rate_of(scene)
    thighs = (bone_map.left.thigh, bone_map.right.thigh)
    joints = combine(takes)
    place(
        scene.retake_clip.camera or add_shot_camera(scene),
        fitted_pose(
            joints, takes.fps, shown, thigh_paths(scene, rig, thighs, frames), body.leg_length
        ),
    )


def thigh_paths(scene, rig, thighs, frames) -> np.ndarray:
    """(N, 2, 3) world: where both thighs begin, at frames of the scene. The frame is put back."""
    now, heads = (scene.frame_current, scene.frame_subframe), []
    try:
        for frame in frames:
            scene.frame_set(int(frame), subframe=float(frame % 1))
            posed = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
            heads.append([posed.matrix_world @ posed.pose.bones[name].head for name in thighs])
    finally:
        scene.frame_set(now[0], subframe=now[1])
    return np.array(heads)
