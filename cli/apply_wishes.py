# pyright: basic
"""What `retake apply` may be asked of the motion: options, files of contacts and of hands.

Only `in_scene` needs Blender: for cameras and objects that are in the .blend.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..blender_addon.rig.wishes import CONTROLS, ROOTS, WAYS, Reach, Smoothing, Wishes
from ..shared.contact_spans import ContactSpans
from ..shared.errors import RetakeError
from ..shared.takes import Takes
from .output import check_output

HAND_KEYS = {"hand", "first", "last", "at", "object"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--smooth",
        action="append",
        default=[],
        metavar="SECONDS[:GROUPS[:FIRST-LAST]]",
        help="smooth movements faster than this where the takes are uncertain; of some limb groups "
        "(left_arm,right_arm) and in a range of seconds alone. May be given several times.",
    )
    parser.add_argument(
        "--neutral",
        type=float,
        metavar="SECONDS",
        help="time of the clip at which the person stands as the rig does in its rest pose",
    )
    parser.add_argument("--contacts", type=Path, help="file (.json) that says when feet stand")
    parser.add_argument(
        "--write-contacts", type=Path, help="write when feet stand into this file, to be edited"
    )
    parser.add_argument("--hands", type=Path, help="file (.json) that says where hands are, when")
    parser.add_argument(
        "--controls",
        choices=CONTROLS,
        default="auto",
        help="what drives arms and legs of a rig with IK controls (default: auto: IK where "
        "that shows the pose exactly). All but fk give keys to both, so that one may switch over",
    )
    parser.add_argument(
        "--root", choices=ROOTS, default="hips", help="what carries the way over the floor"
    )
    parser.add_argument(
        "--way",
        choices=WAYS,
        default="legs",
        help="what tells how far the rig goes: its legs, whose steps fit then (default), or its "
        "whole body, which covers the picture best",
    )
    parser.add_argument("--in-place", action="store_true", help="leave the way over the floor out")
    parser.add_argument(
        "--scale", type=float, help="of the way over the floor, in rig units per metre filmed"
    )
    parser.add_argument(
        "--path-smooth",
        type=float,
        metavar="SECONDS",
        help="smooth the way over this time, in place of 0.1; less for jumps. Needs --track",
    )
    parser.add_argument("--floor", type=float, metavar="Z", help="height of the floor in the world")
    parser.add_argument(
        "--camera",
        metavar="NAME",
        help="the solved or animated camera in the .blend through which the clip was seen",
    )


def read(args: argparse.Namespace, takes: Takes) -> Wishes:
    """The wishes that need no scene. Checks --write-contacts. Raises RetakeError."""
    contacts = ContactSpans.load(args.contacts) if args.contacts else None
    if args.write_contacts:
        given = (args.takes, args.rig, args.contacts, args.hands)
        check_output(args.write_contacts, *(file for file in given if file))
        if args.write_contacts.resolve() == args.out.resolve():
            raise RetakeError(f"{args.out} cannot hold both the contacts and the result.")
    return Wishes(
        smoothing=tuple(_smoothing(text) for text in args.smooth),
        neutral=args.neutral,
        contacts=contacts,
        controls=args.controls,
        root=args.root,
        way=args.way,
        in_place=args.in_place,
        scale=args.scale,
        floor=args.floor,
        path_s=args.path_smooth,
    )


def _smoothing(text: str) -> Smoothing:
    """SECONDS, SECONDS:GROUP,GROUP or SECONDS:GROUP,GROUP:FIRST-LAST; no groups are all groups."""
    seconds, groups, span, *more = [*text.split(":"), "", ""][: max(3, text.count(":") + 1)]
    try:
        if more:
            raise ValueError
        first, _, last = span.partition("-")
        limits = (float(first), float(last)) if span else (-np.inf, np.inf)
        return Smoothing(float(seconds), tuple(g for g in groups.split(",") if g), *limits)
    except ValueError:
        raise RetakeError(
            f"--smooth {text} cannot be read; expected SECONDS, SECONDS:GROUPS or "
            "SECONDS:GROUPS:FIRST-LAST, such as 0.1:left_arm,right_arm:2.5-4."
        ) from None


def in_scene(
    wishes: Wishes, args: argparse.Namespace, takes: Takes, scene: Any, fps: float
) -> Wishes:
    """The wishes with cameras and objects of the open .blend looked up. Raises RetakeError."""
    from ..blender_addon.rig.apply_take import scene_times
    from ..blender_addon.rig.camera_path import matrices_over_time

    def path(name: str, times: np.ndarray, kind: str = "") -> np.ndarray:
        thing = scene.objects.get(name)
        if thing is None:
            raise RetakeError(f"The scene of {args.rig} has no object '{name}'.")
        if kind and thing.type != kind:
            raise RetakeError(f"The object '{name}' is of type {thing.type}; expected {kind}.")
        frames = scene.frame_start + (times - takes.times[0]) * fps
        return matrices_over_time(thing, scene, frames)

    reaches: list[Reach] = []
    for row in _hand_rows(args.hands) if args.hands else []:
        if "object" in row:
            place = path(row["object"], scene_times(takes, fps))[:, :3, 3]
        else:
            place = np.array(row["at"], dtype=float)
        reaches.append(Reach(row["hand"], float(row["first"]), float(row["last"]), place))
    camera = path(args.camera, takes.times, "CAMERA") if args.camera else None
    return replace(wishes, reaches=tuple(reaches), camera=camera)


def _hand_rows(file: Path) -> list[dict[str, Any]]:
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RetakeError(f"The hands {file} cannot be read: {error}.") from None
    if not isinstance(rows, list) or not all(_is_hand_row(row) for row in rows):
        raise RetakeError(
            f"{file} does not hold hands; expected a list of "
            '{"hand": "left", "first": 1.0, "last": 2.0, "at": [x, y, z]}, '
            'or "object": "NAME" in place of "at".'
        )
    return rows


def _is_hand_row(row: Any) -> bool:
    if not isinstance(row, dict) or not {"hand", "first", "last"} <= set(row) <= HAND_KEYS:
        return False
    times = all(type(row[key]) in (int, float) for key in ("first", "last"))
    if "object" in row:
        return times and "at" not in row and isinstance(row["object"], str)
    place = row.get("at")
    if not isinstance(place, list) or len(place) != 3:
        return False
    return times and all(type(x) in (int, float) for x in place)
