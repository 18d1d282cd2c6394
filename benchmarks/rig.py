"""Joints onto rigs: round trips and recorded motion on real Blender rest poses.

`tasks.py bench rig [--data FOLDER] [--frames N] [--json FILE]`, where FOLDER holds cmu17_test.npz.
Without it only the round trip and the speed are measured.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import report
from retake.blender_addon.rig.armature.rest_pose import RestPose
from retake.blender_addon.rig.mapping.bone_map import BoneMap, find_bone_map
from retake.blender_addon.rig.smoothing import SURE_M, smoothed
from retake.blender_addon.rig.solving.kinematics import all_turns, posed_heads
from retake.blender_addon.rig.solving.landmarks import LIMB_JOINTS, Body
from retake.blender_addon.rig.solving.solve import Asked, RigMotion, solve_motion
from retake.blender_addon.rig.solving.twist import hinge_at_rest
from retake.shared.arrays import Floats
from retake.shared.bones import decompose, recompose
from retake.shared.contacts import STANDS, contact_probabilities
from retake.shared.errors import RetakeError
from retake.shared.ground import joint_height
from retake.shared.rotations import matrix_from_quaternion, normalise
from retake.shared.skeleton import HUMAN36M
from retake.training.mocap import MocapSet
from rigging import measures, others

FPS = 50.0
ROUND_TRIP_FRAMES = 1000
SPEED_FRAMES = 10_000
IN_THE_AIR = 4.0
"""Leg lengths: a round trip is about rotations alone, so that no foot may meet the floor."""
LIMB_SLOTS = [slot for limb in LIMB_JOINTS for slot in limb[1:]]
TRUNK_SLOTS = [7, 8, 9, 10, 11, 14]
Z_UP = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
Way = Callable[[Floats, RestPose, BoneMap], RigMotion]


def ours(world: Floats, rest: RestPose, bone_map: BoneMap) -> RigMotion:
    """With the contacts of the joints, as takes bring theirs along."""
    contacts = contact_probabilities(world[None], FPS) > STANDS
    return solve_motion(world, rest, bone_map, fps=FPS, asked=Asked(contacts=contacts))


def other(way: Callable[[Floats, Body], others.Turns]) -> Way:
    return lambda world, rest, bone_map: others.motion_of(way, world, rest, bone_map)


WAYS: dict[str, Way] = {
    "ours": ours,
    "damped track": other(others.damped_track),
    "world up": other(others.world_up),
    "copied from T": other(others.copied_from_t_pose),
}


def main() -> None:
    parser = report.arguments(__doc__ or "")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="where cmu17_test.npz is")
    parser.add_argument("--frames", type=int, default=300, help="per clip (default: 300)")
    parser.add_argument("--rig", help="only rigs whose name holds this")
    args = parser.parse_args()
    from rigging.rigs import rest_poses

    rigs = {n: r for n, r in rest_poses().items() if not args.rig or args.rig in n}
    maps = dict(mapped(rigs))

    def json_of(part: str) -> Path | None:
        return args.json and args.json.with_stem(f"{args.json.stem}-{part}")

    rows = [round_trip(way, rigs[n], maps[n], n) for n in maps for way in WAYS]
    report.show("Round trip (degrees)", rows, json_of("round-trip"))
    if args.data:
        clips = list(recorded(args.data, args.frames))
        rows = [on_rig(way, clips, rigs[n], maps[n], n) for n in maps for way in WAYS]
        report.show(
            f"\n{len(clips)} clips of cmu17_test (mm, legs 835 mm)", rows, json_of("motion")
        )
        rows = list(smoothing(clips))
        report.show(
            "\nSmoothing: degrees between bones, degrees per frame^3", rows, json_of("smooth")
        )
    report.show("\nSpeed", [speed(rigs, maps)], json_of("speed"))


def mapped(rigs: dict[str, RestPose]) -> Iterator[tuple[str, BoneMap]]:
    for name, rest in rigs.items():
        try:
            yield name, find_bone_map(rest)
        except RetakeError as error:
            print(f"{name}: {error}")


def round_trip(way: str, rest: RestPose, bone_map: BoneMap, name: str) -> dict[str, Any]:
    """Rotations that no solver made -> joints -> solver -> joints and rotations."""
    body = Body.of(rest, bone_map)
    turns, bent = natural(body)
    filled = all_turns(body.rest, turns, ROUND_TRIP_FRAMES)
    joints = body.joints(posed_heads(body.rest, filled), filled[:, body.bone(bone_map.head)])
    joints[..., 2] += IN_THE_AIR * body.leg_length
    motion = WAYS[way](joints, rest, bone_map)
    found = measures.shown(rest, bone_map, motion)
    twist = []
    for limb, (upper, lower, _) in enumerate(body.limb_bones):
        along = normalise(body.rest.heads[body.bone(lower)] - body.rest.heads[body.bone(upper)])
        off = measures.twist_degrees(turns[upper], found.turns[upper], along)
        twist.append(np.abs((off + 180) % 360 - 180)[bent[:, limb] > np.radians(20)])
    steps = [np.abs(np.sum(q[1:] * q[:-1], axis=1)).min() for q in motion.rotations.values()]
    return {
        "rig": name,
        "way": way,
        "limbs max": measures.direction_error(joints, found.joints, LIMB_SLOTS),
        "trunk max": measures.direction_error(joints, found.joints, TRUNK_SLOTS),
        "arm twist": float(np.median(np.concatenate(twist[:2]))),
        "thigh twist": float(np.median(np.concatenate(twist[2:]))),
        "twist 95 %": float(np.percentile(np.concatenate(twist), 95)),
        "largest step": float(np.degrees(2 * np.arccos(min(steps)))),
    }


def natural(body: Body) -> tuple[dict[str, Floats], Floats]:
    """Turns of a body that sways and swings, and how far elbows and knees are bent (F, 4)."""
    rng = np.random.default_rng(5)
    time = np.arange(ROUND_TRIP_FRAMES) / FPS

    def wave(size: float) -> Floats:
        rate, phase = rng.uniform(0.1, 0.7), rng.uniform(0, 6)
        return size * np.sin(2 * np.pi * rate * time + phase)

    def about(axis: Floats, angle: Floats) -> Floats:
        half = angle[:, None] / 2
        return matrix_from_quaternion(np.concatenate([np.cos(half), np.sin(half) * axis], axis=1))

    def sway(*sizes: float) -> Floats:
        left, up, forward = body.axes.T
        return (
            about(up, wave(sizes[2])) @ about(left, wave(sizes[0])) @ about(forward, wave(sizes[1]))
        )

    names = body.bone_map
    turn = about(np.array([0.0, 0.0, 1.0]), 0.5 * time) @ sway(0.2, 0.1, 0.3)
    turns = {names.hips: turn}
    for bone in names.spine:
        turn = turn @ sway(0.3 / len(names.spine), 0.15 / len(names.spine), 0.4 / len(names.spine))
        turns[bone] = turn
    for bone in (*names.neck, names.head):
        turn = turn @ sway(0.15, 0.1, 0.2)
        turns[bone] = turn
    bent = np.zeros((ROUND_TRIP_FRAMES, 4))
    rest = body.rest_joints
    for limb, ((upper, lower, _), (a, b, c)) in enumerate(
        zip(body.limb_bones, LIMB_JOINTS, strict=True)
    ):
        above = turns[names.chest if limb < 2 else names.hips]
        sizes = (0.7, 0.7, 0.5) if limb < 2 else (0.6, 0.2, 0.3)
        along, below = normalise(rest[b] - rest[a]), normalise(rest[c] - rest[b])
        anatomical = np.cross(along, body.axes[:, 2]) if limb < 2 else body.axes[:, 0]
        hinge = hinge_at_rest(along, below, anatomical)
        bent[:, limb] = 0.9 + wave(0.85)
        turns[upper] = above @ sway(*sizes)
        at_rest = np.arccos(np.clip(along @ below, -1, 1))
        turns[lower] = turns[upper] @ about(hinge, bent[:, limb] - at_rest)
    return turns, bent


def recorded(data: Path, frames: int) -> Iterator[Floats]:
    """World joints (F, 17, 3), z up, of every clip; a standing ankle is where it should be."""
    mocap = MocapSet.load(data / "cmu17_test.npz")
    for clip in range(len(mocap.subjects)):
        yield mocap.clip(clip)[:frames].astype(np.float64) @ Z_UP.T


def on_rig(
    way: str, clips: list[Floats], rest: RestPose, bone_map: BoneMap, name: str
) -> dict[str, Any]:
    unit = measures.LEG_M / Body.of(rest, bone_map).leg_length
    errors, slides, below, jerks = [], [], [], []
    for world in clips:
        found = measures.shown(rest, bone_map, WAYS[way](world, rest, bone_map))
        contacts = contact_probabilities(world[None], FPS) > STANDS
        source = world * (measures.LEG_M / (joint_height(world) / 0.09))
        errors.append(measures.joint_error(source, found.joints * unit))
        slides.append(measures.slides(found, contacts) * unit)
        below.append(measures.penetration(found.soles) * unit)
        jerk, sized = (
            measures.jerk(found.joints * unit, FPS),
            measures.in_lengths_of(source, found.joints * unit),
        )
        jerks.append((jerk / measures.jerk(source, FPS), jerk / measures.jerk(sized, FPS)))
    slide, deep = np.concatenate(slides) * 1000, np.concatenate(below) * 1000
    return {
        "rig": name,
        "way": way,
        "joint error": float(np.mean(errors)),
        "slide mean": float(slide.mean()),
        "above 2 mm (%)": 100 * float((slide > 2).mean()),
        "slide max": float(slide.max()),
        "below floor max": float(deep.max()),
        "jerk / source": float(np.mean([own for own, _ in jerks])),
        "in its lengths": float(np.mean([own for _, own in jerks])),
        "of a clip, max": float(np.max([own for _, own in jerks])),
        "its number": int(np.argmax([own for _, own in jerks])),
    }


def smoothing(clips: list[Floats]) -> Iterator[dict[str, Any]]:
    """Noise on every other second, told by the spread: nothing done, the same for all, ours."""
    rng = np.random.default_rng(8)
    noise = [rng.normal(scale=0.15, size=clip.shape) for clip in clips]
    doubtful = [(np.arange(len(clip)) // int(FPS)) % 2 == 1 for clip in clips]
    for name, seconds, told in (
        ("nothing", 0.0, 1.0),
        ("the same for all", 0.03, 1.0),
        ("the same, stronger", 0.06, 1.0),
        ("by the spread", 0.03, 4.0),
    ):
        wrong: list[Floats] = []
        sure: list[Floats] = []
        jerks: list[float] = []
        for clip, error, doubt in zip(clips, noise, doubtful, strict=True):
            lengths, ways = decompose(clip, HUMAN36M)
            rough = normalise(ways + error * doubt[:, None, None])
            joints = recompose(lengths, rough, HUMAN36M)
            spread = np.where(doubt, told * SURE_M, SURE_M)[:, None] * np.ones(17)
            found = decompose(smoothed(joints, spread, seconds, FPS), HUMAN36M)[1][:, 1:]
            off = np.degrees(np.linalg.norm(found - ways[:, 1:], axis=-1))
            wrong.append(off[doubt].ravel())
            sure.append(off[~doubt].ravel())
            jerks.append(np.degrees(np.linalg.norm(np.diff(found, 3, axis=0), axis=-1).mean()))
        yield {
            "smoothing": name,
            "doubtful frames": float(np.concatenate(wrong).mean()),
            "certain frames": float(np.concatenate(sure).mean()),
            "certain 95 %": float(np.percentile(np.concatenate(sure), 95)),
            "jerk": float(np.mean(jerks)),
        }


def speed(rigs: dict[str, RestPose], maps: dict[str, BoneMap]) -> dict[str, Any]:
    """The largest named rig, against reading the joints and writing as many numbers once."""
    name = max(maps, key=lambda n: (len(rigs[n].bones) < 70, len(rigs[n].bones)))
    rest, bone_map = rigs[name], maps[name]
    body = Body.of(rest, bone_map)
    turns, _ = natural(body)
    filled = all_turns(body.rest, turns, ROUND_TRIP_FRAMES)
    joints = body.joints(posed_heads(body.rest, filled), filled[:, body.bone(bone_map.head)])
    joints = np.concatenate([joints, joints[::-1]] * (SPEED_FRAMES // ROUND_TRIP_FRAMES // 2))
    array = np.ones((SPEED_FRAMES, len(rest.bones), 7))
    seconds = report.alternate(
        {"solve": lambda: ours(joints, rest, bone_map), "read once": lambda: array.sum()}, 3
    )
    return {
        "rig": f"{name}, {len(rest.bones)} bones",
        "frames": SPEED_FRAMES,
        "seconds": seconds["solve"],
        "CPU, best of 5": min(cpu_seconds(lambda: ours(joints, rest, bone_map)) for _ in range(5)),
        "ratio to reading": seconds["solve"] / seconds["read once"],
    }


def cpu_seconds(run: Callable[[], object]) -> float:
    """Of this process: what the clock would say on a core of its own."""
    start = time.process_time()
    run()
    return time.process_time() - start


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # Blender 4.5 can hang in its own exit
