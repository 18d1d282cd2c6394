# pyright: basic, reportAttributeAccessIssue=false
"""Writing 10,000 frames x 65 bones as an action, against a bare `foreach_set` loop in Blender.

`tasks.py bench bake [--frames N] [--rounds N] [--json FILE]`. Both write the same values: four
quaternion curves per bone and three of a location. The loop makes curves and keys and nothing else,
so that the ratio is what the rest of `write_action` costs.
"""

from __future__ import annotations

import os
import sys
import tempfile

os.environ.setdefault("BLENDER_USER_RESOURCES", tempfile.mkdtemp(prefix="retake-bench-"))

import bpy
import numpy as np
import report
from retake.blender_addon.rig.solving.solve import RigMotion
from retake.blender_addon.rig.writing.write_action import write_action

BONES = 65
AIM = 1.3


def main() -> None:
    parser = report.arguments(__doc__ or "")
    parser.add_argument("--frames", type=int, default=10_000, help="default: 10000")
    parser.add_argument("--rounds", type=int, default=5, help="default: 5")
    args = parser.parse_args()
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    rig, motion = make_rig(), make_motion(args.frames)
    frames = 1.0 + np.arange(args.frames)
    seconds = report.alternate(
        {
            "bare loop": lambda: forget(bare_loop(rig, motion, frames)),
            "write_action": lambda: forget(write_action(rig, motion, frames, "Take")),
        },
        args.rounds,
    )
    ratio = seconds["write_action"] / seconds["bare loop"]
    row = {"frames": args.frames, "bones": BONES, **seconds, "ratio": ratio, "aim": AIM}
    report.show("Bake: median seconds", [row], args.json)


def make_rig():
    data = bpy.data.armatures.new("Rig")
    rig = bpy.data.objects.new("Rig", data)
    bpy.context.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for number in range(BONES):
        data.edit_bones.new(f"bone{number}").tail = (0, 0, 1)
    bpy.ops.object.mode_set(mode="OBJECT")
    return rig


def make_motion(frames: int) -> RigMotion:
    generator = np.random.default_rng(0)
    quaternions = generator.normal(size=(BONES, frames, 4))
    quaternions /= np.linalg.norm(quaternions, axis=-1, keepdims=True)
    names = [f"bone{number}" for number in range(BONES)]
    turns = dict(zip(names, quaternions, strict=True))
    return RigMotion(turns, names[0], generator.normal(size=(frames, 3)), ())


def bare_loop(rig, motion: RigMotion, frames: np.ndarray):
    """Curves and keys of the same values, in as few lines as it goes."""
    action = bpy.data.actions.new("Bare")
    slot = action.slots.new(id_type="OBJECT", name="Rig")
    strip = action.layers.new("Layer").strips.new(type="KEYFRAME")
    curves = strip.channelbag(slot, ensure=True).fcurves
    linear = np.ones(len(frames), np.int32)
    rows = [
        (f'pose.bones["{bone}"].rotation_quaternion', values)
        for bone, values in motion.rotations.items()
    ]
    rows.append((f'pose.bones["{motion.root_bone}"].location', motion.root_location))
    for path, values in rows:
        for index in range(values.shape[1]):
            curve = curves.new(path, index=index)
            places = np.empty((len(frames), 2), np.float32)
            places[:, 0], places[:, 1] = frames, values[:, index]
            curve.keyframe_points.add(len(frames))
            curve.keyframe_points.foreach_set("co", places.ravel())
            curve.keyframe_points.foreach_set("interpolation", linear)
            curve.update()
    return action


def forget(action) -> None:
    """Both runs pay for it."""
    bpy.data.actions.remove(action)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # Blender 4.5 may hang in its own exit
