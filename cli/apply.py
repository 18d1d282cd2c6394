# pyright: basic, reportAttributeAccessIssue=false
"""`retake apply TAKES --rig RIG.blend -o SHOT.blend`: a take onto a rig, in headless Blender.

The Blender is the `bpy` module in this very process. The .blend it is given is never written.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from ..blender_addon.rig.wishes import Wishes
from ..shared.errors import RetakeError
from ..shared.keypoints import KeypointTrack
from ..shared.takes import Takes
from . import apply_wishes
from .blender_process import chatter_in, leave
from .output import check_output

HELP = "write a take onto a rig in a .blend file, saved as another file"

BLEND_BEGINNINGS = (b"BLENDER", b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
"""Plain, gzip and Zstandard compressed files."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("takes", type=Path, help="takes file (.npz), as `retake lift` writes it")
    parser.add_argument("--rig", type=Path, required=True, help=".blend file with the rig")
    parser.add_argument("--armature", help="name of the armature, if the file has several")
    parser.add_argument("-o", "--out", type=Path, required=True, help=".blend file to write")
    parser.add_argument(
        "--hypothesis",
        type=int,
        help="which take, counted from 0 (default: the likeliest of every limb)",
    )
    parser.add_argument(
        "--track", type=Path, help="keypoint track (.npz) that the takes were made of"
    )
    apply_wishes.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Ends the process itself once Blender is loaded: Blender 4.5 can hang in its own exit."""
    check_files(args.takes, args.rig, args.out)
    takes = Takes.load(args.takes)
    track = KeypointTrack.load(args.track) if args.track else None
    wishes = apply_wishes.read(args, takes)
    try:
        with tempfile.TemporaryDirectory() as resources, chatter_in(Path(resources, "log")):
            # Before `import bpy`, or it reads and writes the person's own Blender configuration.
            os.environ["BLENDER_USER_RESOURCES"] = resources
            did = apply_in_file(takes, args, wishes, track)
    except RetakeError as error:
        return leave(1, f"retake: {error}")
    print("\n".join(did))
    return leave(0)


def check_files(takes: Path, rig: Path, out: Path) -> None:
    """Raises RetakeError before anything is loaded or written."""
    if not rig.is_file():
        kind = "is not a file; expected a .blend file" if rig.exists() else "does not exist"
        raise RetakeError(f"{rig} {kind}.")
    with rig.open("rb") as file:
        if not file.read(8).startswith(BLEND_BEGINNINGS):
            raise RetakeError(f"{rig} is not a .blend file.")
    if out.suffix != ".blend":
        raise RetakeError(f"The result {out} is a Blender file: its name must end in .blend.")
    check_output(out, takes, rig)


def apply_in_file(
    takes: Takes, args: argparse.Namespace, wishes: Wishes, track: KeypointTrack | None
) -> list[str]:
    """Opens the rig's file, applies, saves a copy; returns what was done and what to know of it."""
    import bpy

    from ..blender_addon.rig.apply_take import apply_take
    from ..blender_addon.rig.take_in_world import contacts_shown

    try:
        bpy.ops.wm.open_mainfile(filepath=str(args.rig.resolve()), load_ui=False, use_scripts=False)
    except RuntimeError as error:
        raise RetakeError(f"Blender cannot open {args.rig}: {_reason(error)}.") from None
    armature = find_armature(args.armature, args.rig)
    scene = bpy.context.scene
    fps = scene.render.fps / scene.render.fps_base
    wishes = apply_wishes.in_scene(wishes, args, takes, scene, fps)
    if args.write_contacts:
        contacts_shown(takes, args.hypothesis, wishes, track).save(args.write_contacts)
    action, notes = apply_take(
        armature,
        takes,
        args.hypothesis,
        fps,
        scene.frame_start,
        args.takes.stem,
        wishes,
        track,
    )
    bpy.context.preferences.filepaths.save_version = 0
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(args.out.resolve()), copy=True)
    except RuntimeError as error:
        raise RetakeError(f"Blender cannot write {args.out}: {_reason(error)}.") from None
    first, last = action.frame_range
    made = f"action '{action.name}' on '{armature.name}', frames {first:.0f} to {last:.0f}"
    length = f"({(last - first) / fps:.2f} s at the scene's {fps:g} fps)."
    return [f"{args.out}: {made} {length}", *notes]


def find_armature(name: str | None, rig: Path):
    """The armature object of that name, or the only one. RetakeError names those there are."""
    import bpy

    armatures = {o.name: o for o in bpy.data.objects if o.type == "ARMATURE"}
    names = ", ".join(f"'{n}'" for n in armatures)
    if not armatures:
        raise RetakeError(f"{rig} has no armature.")
    if name is None:
        if len(armatures) > 1:
            raise RetakeError(f"{rig} has several armatures: {names}. Name one with --armature.")
        return next(iter(armatures.values()))
    if name not in armatures:
        raise RetakeError(f"{rig} has no armature '{name}'. There is: {names}.")
    return armatures[name]


def _reason(error: RuntimeError) -> str:
    """Blender's own words without its prefix."""
    return str(error).strip().removeprefix("Error: ").rstrip(".")
