"""Trunk, neck and clavicles: whatever a rig can show is shown, on every table of bones."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from retake.blender_addon.rig.armature.rest_pose import RestPose
from retake.blender_addon.rig.mapping.bone_map import find_bone_map
from retake.blender_addon.rig.solving.kinematics import all_turns, posed_heads
from retake.blender_addon.rig.solving.landmarks import Body
from retake.blender_addon.rig.solving.solve import Asked, RigMotion, solve_motion
from retake.shared.arrays import Floats
from retake.shared.bones import decompose
from retake.shared.rotations import matrix_from_quaternion, normalise
from retake.shared.skeleton import HUMAN36M

TABLES: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[2] / "data" / "humanoid_rigs.json").read_text("utf-8")
)
FRAMES = 120
PosedJoints = Callable[[RestPose, RigMotion], Floats]


def rest_of(table: dict[str, tuple[str, list[float], list[float]]]) -> RestPose:
    """With random rolls, standing in the world."""
    names = tuple(table)
    rng = np.random.default_rng(1)
    matrices = np.tile(np.eye(4), (len(names), 1, 1))
    tails = np.array([tail for _, _, tail in table.values()], dtype=float)
    for i, (_, head, tail) in enumerate(table.values()):
        along = normalise(np.array(tail, dtype=float) - head)
        sideways = normalise(np.cross(along, rng.normal(size=3)))
        matrices[i, :3, :3] = np.stack([sideways, along, np.cross(sideways, along)], axis=-1)
        matrices[i, :3, 3] = head
    parents = tuple(names.index(p) if p in names else -1 for p, _, _ in table.values())
    return RestPose("Hero", names, parents, matrices, tails, np.eye(4))


def swaying(body: Body) -> dict[str, Floats]:
    """Hips, spine, neck and head sway, each against the one below."""
    rng = np.random.default_rng(2)
    time = np.linspace(0, 2 * np.pi, FRAMES)

    def sway(size: float) -> Floats:
        turn = np.repeat(np.eye(3)[None], FRAMES, axis=0)
        for axis in np.eye(3):
            half = size * rng.uniform(0.5, 1) * np.sin(time + rng.uniform(0, 6))[:, None] / 2
            quats = np.concatenate([np.cos(half), np.sin(half) * axis], axis=1)
            turn = turn @ matrix_from_quaternion(quats)
        return turn

    names, turns = body.bone_map, {}
    turn = sway(0.5)
    turns[names.hips] = turn
    for bone in (*names.spine, *names.neck, names.head):
        turn = turn @ sway(0.4 / len(names.spine) if bone in names.spine else 0.2)
        turns[bone] = turn
    return turns


@pytest.mark.parametrize("kind", list(TABLES))
def test_directions_of_the_trunk_come_back(kind: str, posed_joints: PosedJoints) -> None:
    rest = rest_of(TABLES[kind])
    body = Body.of(rest, find_bone_map(rest))
    filled = all_turns(body.rest, swaying(body), FRAMES)
    head = filled[:, body.bone(body.bone_map.head)]
    joints = body.joints(posed_heads(body.rest, filled), head)
    joints[..., 2] += 4
    asked = Asked(contacts=np.zeros((FRAMES, 2), bool))
    motion = solve_motion(joints, rest, body.bone_map, fps=50, asked=asked)
    found = posed_joints(rest, motion)
    ways = [decompose(j, HUMAN36M)[1] for j in (joints, found)]
    sine = np.linalg.norm(np.cross(ways[0], ways[1]), axis=-1)
    assert np.degrees(np.arcsin(np.clip(sine, 0, 1)))[:, 1:].max() < 0.05
    assert np.degrees(np.arccos(np.clip(ways[0][0, 7] @ ways[0][20, 7], -1, 1))) > 1, "no sway"


def test_noise_in_the_joints_makes_no_bone_spin(dance: Floats) -> None:
    rest = rest_of(TABLES["bvh joints A"])
    noisy = dance + 0.005 * np.random.default_rng(3).normal(size=dance.shape)
    still, rough = (solve_motion(j, rest, find_bone_map(rest)) for j in (dance, noisy))
    for name in ("Hips", "Chest", "Head"):
        apart = np.abs(np.sum(still.rotations[name] * rough.rotations[name], axis=1))
        assert np.degrees(2 * np.arccos(np.clip(apart, 0, 1))).max() < 30, name


def test_a_single_bone_does_not_break_the_spine_sideways() -> None:
    """As on generated Rigify: two bones above the waist, of which one bends."""
    table = {name: bone for name, bone in TABLES["mixamo T"].items() if "Spine1" not in name}
    lower, upper = table["mixamorig:Spine"], table["mixamorig:Spine2"]
    waist = (np.array(lower[1]) * 0.6 + np.array(upper[1]) * 0.4).tolist()
    table["mixamorig:Spine"] = ("mixamorig:Hips", waist, upper[1])
    table["mixamorig:Spine2"] = ("mixamorig:Spine", *upper[1:])
    rest = rest_of(table)
    body = Body.of(rest, find_bone_map(rest))
    joints = np.repeat(body.rest_joints[None], 10, axis=0)
    joints[:, 7] += 0.03 * normalise(joints[:, 4] - joints[:, 1])
    motion = solve_motion(joints, rest, body.bone_map)
    turn = 2 * np.degrees(np.arccos(np.abs(motion.rotations["mixamorig:Spine2"][:, 0])))
    assert 10 < turn.min() <= turn.max() < 30, "60 where nothing holds the bend back"
