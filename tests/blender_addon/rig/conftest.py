"""Synthetic humanoid rigs, a dance of a stick figure, Blender's pose mathematics as a twin."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from retake.blender_addon.rig.armature.rest_pose import RestPose
from retake.blender_addon.rig.mapping.bone_map import find_bone_map
from retake.blender_addon.rig.solving.landmarks import Body
from retake.blender_addon.rig.solving.solve import RigMotion
from retake.shared.arrays import Floats
from retake.shared.rotations import matrix_from_quaternion, normalise

Table = dict[str, tuple[str, list[float], list[float]]]

DATA = Path(__file__).resolve().parents[2] / "data" / "synthetic_rigs.json"
"""Left halves of a T-pose with Mixamo names and an A-pose with Rigify names: parent, head, tail."""

STICK = {  # a standing figure of 1.7 m that faces -Y
    0: (0.0, 0.0, 0.9),
    1: (-0.12, 0.0, 0.9),
    2: (-0.12, 0.0, 0.48),
    3: (-0.12, 0.0, 0.08),
    7: (0.0, 0.01, 1.14),
    8: (0.0, 0.0, 1.41),
    9: (0.0, -0.06, 1.52),
    10: (0.0, -0.06, 1.63),
    14: (-0.17, 0.0, 1.38),
    15: (-0.45, 0.0, 1.38),
    16: (-0.71, 0.0, 1.38),
}
MIRROR = {4: 1, 5: 2, 6: 3, 11: 14, 12: 15, 13: 16}


def _both_sides(table: Table) -> Table:
    def mirrored(name: str) -> str:
        return name.replace(".L", ".R").replace("Left", "Right")

    full = dict(table)
    for name, (parent, head, tail) in table.items():
        if mirrored(name) != name:
            full[mirrored(name)] = (
                mirrored(parent),
                [-head[0], *head[1:]],
                [-tail[0], *tail[1:]],
            )
    return full


def _make_rig(
    kind: str, prefix: str = "", world: Floats | None = None, without: str = "-"
) -> RestPose:
    """A rig with random rolls. It stands in the same place of the world whatever its matrix."""
    world = np.eye(4) if world is None else world
    table = _both_sides(json.loads(DATA.read_text())[kind])
    table = {name: bone for name, bone in table.items() if without not in name}
    names = tuple(table)
    generator = np.random.default_rng(7)
    inverse = np.linalg.inv(world)
    matrices = np.tile(np.eye(4), (len(names), 1, 1))
    tails = np.empty((len(names), 3))
    for i, (_, head, tail) in enumerate(table.values()):
        matrices[i, :3, 3] = (inverse @ [*head, 1])[:3]
        tails[i] = (inverse @ [*tail, 1])[:3]
        along = normalise(tails[i] - matrices[i, :3, 3])
        across = normalise(np.cross(along, generator.normal(size=3)))
        matrices[i, :3, :3] = np.stack([across, along, np.cross(across, along)], axis=-1)
    parents = tuple(names.index(p) if p in names else -1 for p, _, _ in table.values())
    return RestPose("Hero", tuple(prefix + n for n in names), parents, matrices, tails, world)


def _posed_joints(rest: RestPose, motion: RigMotion) -> Floats:
    """(F, 17, 3) in the world, by Blender's own rule: pose = parent pose x rest offset x basis."""
    count = len(motion.root_location)
    poses = np.empty((count, len(rest.bones), 4, 4))
    for bone in rest.parents_first:
        basis = np.tile(np.eye(4), (count, 1, 1))
        name, parent = rest.bones[bone], rest.parents[bone]
        if name in motion.rotations:
            basis[:, :3, :3] = matrix_from_quaternion(motion.rotations[name])
        if name == motion.root_bone:
            basis[:, :3, 3] = motion.root_location
        if parent < 0:
            poses[:, bone] = rest.matrices[bone] @ basis
        else:
            offset = np.linalg.inv(rest.matrices[parent]) @ rest.matrices[bone]
            poses[:, bone] = poses[:, parent] @ offset @ basis
    bone_map = find_bone_map(rest)
    body = Body.of(rest, bone_map)
    heads = rest.to_world(poses[..., :3, 3])[:, [rest.index[n] for n in body.rest.bones]]
    head = rest.index[bone_map.head]
    to_world = rest.world[:3, :3] / rest.scale
    turn = to_world @ poses[:, head, :3, :3] @ rest.rotations[head].T @ to_world.T
    return body.joints(heads, turn)


def _about(axis: tuple[float, float, float], angles: Floats) -> Floats:
    """Rotations (F, 3, 3) about a fixed axis."""
    half = angles[:, None] / 2
    quat = np.concatenate([np.cos(half), np.sin(half) * normalise(np.array(axis))], axis=1)
    return matrix_from_quaternion(quat)


def _dance(frames: int = 90, seed: int = 0) -> Floats:
    """(F, 17, 3) metres, z up: a figure that turns round, bends, twists and moves its limbs."""
    generator = np.random.default_rng(seed)
    time = np.linspace(0, 1, frames)

    def wave(size: float) -> Floats:
        rate, phase = generator.uniform(1, 2.5), generator.uniform(0, 6)
        return size * np.sin(2 * np.pi * rate * time + phase)

    def sway(x: float, y: float, z: float) -> Floats:
        return _about((1, 0, 0), wave(x)) @ _about((0, 1, 0), wave(y)) @ _about((0, 0, 1), wave(z))

    rest = np.zeros((17, 3))
    for joint, place in STICK.items():
        rest[joint] = place
    for joint, other in MIRROR.items():
        rest[joint] = rest[other] * (-1, 1, 1)
    joints = np.zeros((frames, 17, 3))

    def hang(child: int, parent: int, turn: Floats) -> None:
        joints[:, child] = joints[:, parent] + turn @ (rest[child] - rest[parent])

    pelvis = _about((0, 0, 1), 2 * np.pi * time) @ sway(0.3, 0.1, 0.0)
    chest = pelvis @ sway(0.25, 0.15, 0.4)
    head = chest @ sway(0.4, 0.1, 0.4)
    for child, parent, turn in ((1, 0, pelvis), (4, 0, pelvis), (7, 0, pelvis), (8, 7, chest)):
        hang(child, parent, turn)
    for child, parent, turn in ((9, 8, head), (10, 9, head), (11, 8, chest), (14, 8, chest)):
        hang(child, parent, turn)
    for start, bend in ((11, (0, 0, -1)), (14, (0, 0, 1)), (4, (1, 0, 0)), (1, (1, 0, 0))):
        arm = start > 10
        upper = (chest if arm else pelvis) @ (sway(0.8, 0.8, 0.8) if arm else sway(0.5, 0.2, 0.3))
        lower = upper @ _about(bend, 0.6 + wave(0.6))
        hang(start + 1, start, upper)
        hang(start + 2, start + 1, lower)
    joints[..., 2] += 0.08 - joints[:, (3, 6), 2].min(axis=1)[:, None]
    return joints + np.stack([time, -2 * time, 0 * time], axis=-1)[:, None]


@pytest.fixture
def make_rig() -> Callable[..., RestPose]:
    return _make_rig


@pytest.fixture
def posed_joints() -> Callable[[RestPose, RigMotion], Floats]:
    return _posed_joints


@pytest.fixture
def dance() -> Floats:
    return _dance()
