# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false, reportArgumentType=false
"""The demo's scenes in Blender: rigs with bodies, floor, light, cameras, and the pictures of them.

It does not know where motions come from: rigs are animated by the extension's operators.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import bpy
import numpy as np
from mathutils import Matrix
from PIL import Image

from ..shared.arrays import Floats
from .demo_extension import operate
from .demo_views import View

STUDIO_LIGHT = "paint.sl"
BACKDROP = (0.86, 0.88, 0.91)
FLOOR, LINES = (0.95, 0.96, 0.98), (0.70, 0.74, 0.80)
"""Linear RGB."""

FLOOR_RADIUS, FLOOR_MARGIN = 2.0, 1.2
GRID = 0.5
LINE_WIDTH = 0.012

FINE = 3
"""Pictures are rendered this many times larger and reduced: Workbench's own smoothing draws the
costly shadows once per sample."""

PICTURE = "//cell.png"
"""Relative to the .blend, which shall hold no path of this computer."""

LIMBS = (("thigh.L", "shin.L", "foot.L"), ("thigh.R", "shin.R", "foot.R"))
"""Bones of the meta-rig's legs."""


def linear(colour: str) -> tuple[float, float, float]:
    """'#RRGGBB' -> the linear RGB that Blender wants."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return red, green, blue


def add_scene(name: str, fps: float, frame_count: int):
    """A scene with the clip's frame rate and range, made the current one."""
    scene = bpy.data.scenes.new(name)
    bpy.context.window.scene = scene
    scene.render.fps = max(1, round(fps))
    scene.render.fps_base = scene.render.fps / fps
    scene.frame_start, scene.frame_end = 1, frame_count
    _light(scene)
    return scene


def add_rig(name: str, place: Floats):
    """Rigify's human meta-rig, standing at `place` (3,), made the active object."""
    operate(bpy.ops.object.armature_human_metarig_add)
    rig = bpy.context.object
    rig.location = place.tolist()
    bpy.context.view_layer.update()  # or its world matrix would still be the old one
    rig.name = rig.data.name = name
    rig.data.display_type = "STICK"
    rig.show_in_front = True
    return rig


def hip_path(scene, rig, frames: Sequence[int]) -> Floats:
    """(N, 3) world: midway between the heads of both thighs, `frames` after the first."""
    return _ends(scene, rig, frames, [limb[0] for limb in LIMBS])[:, :, 0].mean(axis=1)


def joint_paths(scene, rig, frames: Sequence[int]) -> Floats:
    """(M, 3) world: heads and tails of all bones, `frames` after the first."""
    return _ends(scene, rig, frames, [bone.name for bone in rig.pose.bones]).reshape(-1, 3)


def leg_length(rig) -> float:
    """Thigh and shin, mean of both sides, world."""
    points = [[_world(rig, rig.data.bones[bone].head_local) for bone in limb] for limb in LIMBS]
    return float(np.linalg.norm(np.diff(points, axis=1), axis=-1).sum(axis=1).mean())


def _ends(scene, rig, frames: Sequence[int], names: Sequence[str]) -> Floats:
    """(N, B, 2, 3) world: head and tail of bones."""
    ends = []
    for frame in frames:
        scene.frame_set(scene.frame_start + frame)
        # Only the evaluated copy is up to date in every scene of a file.
        pose = rig.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose
        bones = [pose.bones[name] for name in names]
        ends.append([[_world(rig, bone.head), _world(rig, bone.tail)] for bone in bones])
    return np.array(ends)


def _world(rig, point) -> Floats:
    return np.array(rig.matrix_world @ point)


def add_camera(scene, name: str, view: View):
    camera = bpy.data.objects.new(name, bpy.data.cameras.new(name))
    matrix = Matrix(view.axes.tolist()).to_4x4()
    matrix.translation = view.location.tolist()
    camera.matrix_world = matrix
    camera.data.sensor_fit = "HORIZONTAL"
    camera.data.angle = view.field
    camera.data.shift_x, camera.data.shift_y = view.shift
    camera.data.clip_end = 1000.0
    scene.collection.objects.link(camera)
    return camera


def add_floor(scene, points: Floats) -> None:
    """A round stage with a grid, below all `points` (N, 3) and a little beyond."""
    middle = np.round((points.min(axis=0) + points.max(axis=0))[:2] / 2 / GRID) * GRID
    reach = np.linalg.norm(points[:, :2] - middle, axis=1).max() + FLOOR_MARGIN
    radius = max(FLOOR_RADIUS, float(reach))
    angles = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    rim = np.column_stack([np.cos(angles), np.sin(angles)]) * radius
    _flat(scene, "Floor", [rim], middle, 0.0, FLOOR)
    places = np.arange(-int(radius / GRID), int(radius / GRID) + 1) * GRID
    strips = []
    for place in places:
        half = np.sqrt(max(radius**2 - place**2, 0.0))
        strip = np.array([(-half, -1), (half, -1), (half, 1), (-half, 1)])
        strip[:, 1] = place + strip[:, 1] * LINE_WIDTH / 2
        strips += [strip, strip[::-1, ::-1]]
    _flat(scene, "Floor grid", strips, middle, 0.002, LINES)


def _flat(scene, name: str, outlines: list[Floats], middle: Floats, height: float, colour) -> None:
    """One mesh of flat polygons (N, 2) around `middle`."""
    counts = np.cumsum([0, *map(len, outlines)])
    flat = np.concatenate(outlines) + middle
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(
        np.column_stack([flat, np.full(len(flat), height)]).tolist(),
        [],
        [list(range(*ends)) for ends in pairwise(counts)],
    )
    material = bpy.data.materials.new(name)
    material.diffuse_color = (*colour, 1.0)
    mesh.materials.append(material)
    scene.collection.objects.link(bpy.data.objects.new(name, mesh))


def _light(scene) -> None:
    """Workbench: studio light, soft cavities, the shadow that ties feet to the floor."""
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.view_settings.view_transform = "Standard"
    scene.world = bpy.data.worlds.new(scene.name)
    scene.world.color = BACKDROP
    shading = scene.display.shading
    shading.light, shading.color_type = "STUDIO", "MATERIAL"
    shading.studio_light = STUDIO_LIGHT
    shading.show_cavity, shading.cavity_type = True, "SCREEN"
    shading.show_shadows, shading.shadow_intensity = True, 0.35
    scene.display.light_direction = (0.25, 0.45, 0.86)
    scene.display.shadow_focus = 0.6
    scene.display.render_aa = "OFF"
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.compression = 5


def photograph(scene, camera, frame: int, size: tuple[int, int]) -> Image.Image:
    """The scene at `frame` seen by `camera`, `size` pixels. The file must have been saved."""
    scene.frame_set(frame)
    scene.camera = camera
    set_image_size(scene, size[0] * FINE, size[1] * FINE)
    scene.render.filepath = PICTURE
    bpy.ops.render.render(write_still=True, scene=scene.name)
    with Image.open(bpy.path.abspath(PICTURE)) as image:
        return image.convert("RGB").resize(size, Image.Resampling.LANCZOS)


def set_image_size(scene, width: int, height: int) -> None:
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.render.resolution_percentage = 100


def leave_tidy(scene, camera, image_size: tuple[int, int]) -> None:
    """As somebody wants to find it who opens the file."""
    scene.frame_set(scene.frame_start)
    scene.camera = camera
    set_image_size(scene, *image_size)
    scene.display.render_aa = "8"
    scene.render.filepath = "//"


def prepare_screens() -> None:
    """3D viewports look through the scene's camera, in the colours of the picture.

    File browsers forget this computer's folders.
    """
    for screen in bpy.data.screens:
        for area in screen.areas:
            space = area.spaces.active
            if space.type == "FILE_BROWSER" and space.params:
                space.params.directory = b"//"
            if space.type == "VIEW_3D":
                space.region_3d.view_perspective = "CAMERA"
                space.shading.type = "SOLID"
                space.shading.light, space.shading.color_type = "STUDIO", "MATERIAL"
                space.shading.studio_light = STUDIO_LIGHT
