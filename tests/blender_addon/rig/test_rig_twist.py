from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from retake.blender_addon.rig.armature.rest_pose import RestPose
from retake.blender_addon.rig.mapping.bone_map import find_bone_map
from retake.blender_addon.rig.solving.landmarks import Body
from retake.blender_addon.rig.solving.smooth import smooth
from retake.blender_addon.rig.solving.twist import KNEE, hinge_at_rest, hinge_track
from retake.blender_addon.rig.solving.twist_bones import twist_bone_turns
from retake.shared.arrays import Floats
from retake.shared.rotations import matrix_from_quaternion, normalise

DOWN = np.array([[0.0, 0.0, -1.0]])
LEFT = np.array([[1.0, 0.0, 0.0]])


def leg(flexion: Floats, twist: Floats) -> tuple[Floats, Floats]:
    """Thigh (down) and shin (F, 1, 3) of one leg whose knee axis is twisted about the vertical."""
    back = np.stack([-np.sin(twist), np.cos(twist), 0 * twist], axis=-1)
    shin = np.cos(flexion)[:, None] * DOWN + np.sin(flexion)[:, None] * back
    return np.repeat(DOWN[None], len(twist), axis=0), shin[:, None]


def test_bent_knee_shows_its_axis() -> None:
    twist = np.linspace(-0.5, 0.5, 50)
    upper, lower = leg(np.full(50, 1.4), twist)
    hinge = hinge_track(upper, lower, DOWN, LEFT, (KNEE,), fps=24)[:, 0]
    np.testing.assert_allclose(np.arctan2(hinge[:, 1], hinge[:, 0]), twist, atol=0.04)


def test_axis_is_carried_smoothly_through_straight_frames() -> None:
    frames = np.arange(60)
    flexion = np.where((frames > 20) & (frames < 40), 0.03, 0.9)
    noise = np.where(flexion < 0.1, np.random.default_rng(0).uniform(-3, 3, 60), 0.0)
    upper, lower = leg(flexion, 0.3 + noise)
    hinge = hinge_track(upper, lower, DOWN, LEFT, (KNEE,), fps=24)[:, 0]
    angle = np.arctan2(hinge[:, 1], hinge[:, 0])
    np.testing.assert_allclose(angle[flexion > 0.1], 0.3, atol=0.1)
    assert angle.min() > -0.05, "it may relax to pure swing (0), but the noise must not show"
    assert np.abs(np.diff(angle)).max() < 0.1


def test_overstretched_knee_does_not_turn_the_leg_round() -> None:
    flexion = np.where(np.arange(60) % 20 < 5, -0.2, 0.4)
    upper, lower = leg(flexion, np.zeros(60))
    hinge = hinge_track(upper, lower, DOWN, LEFT, (KNEE,), fps=24)[:, 0]
    assert hinge[:, 0].min() > 0.95


def test_straight_rest_pose_takes_the_anatomical_axis() -> None:
    slanted = LEFT + 0.2 * DOWN
    np.testing.assert_allclose(hinge_at_rest(DOWN, DOWN, slanted), LEFT, atol=1e-12)


def test_bent_rest_pose_shows_its_own_axis_unless_it_bends_the_wrong_way() -> None:
    def shin(x: float, y: float) -> Floats:
        vector = np.array([[x, y, -1.0]])
        return vector / np.linalg.norm(vector)

    across = hinge_at_rest(DOWN, shin(-0.1, 0.2), LEFT)
    np.testing.assert_allclose(across[0, :2], np.array([2, 1]) / 5**0.5, atol=1e-9)
    np.testing.assert_allclose(hinge_at_rest(DOWN, shin(0.0, -0.2), LEFT), LEFT, atol=1e-12)


def test_smoothing_solves_its_least_squares_problem() -> None:
    """Against the same problem as one dense system."""
    generator = np.random.default_rng(0)
    for count in (1, 2, 3, 4, 5, 40):
        values, weights = generator.normal(size=(count, 2)), generator.uniform(0.1, 1, (count, 2))
        second = np.diff(np.eye(count), 2, axis=0) if count > 2 else np.zeros((0, count))
        for column in range(2):
            matrix = np.diag(weights[:, column]) + 7.0 * second.T @ second
            expected = np.linalg.solve(matrix, weights[:, column] * values[:, column])
            np.testing.assert_allclose(smooth(values, weights, 7.0)[:, column], expected)


def test_tracks_that_share_weights_are_smoothed_as_if_each_had_its_own() -> None:
    generator = np.random.default_rng(1)
    for count in (3, 4, 31):
        values, weights = generator.normal(size=(count, 6)), generator.uniform(0.1, 1, (count, 2))
        stiffness = np.array([2.0, 9.0])
        apart = smooth(values, np.repeat(weights, 3, axis=1), np.repeat(stiffness, 3))
        np.testing.assert_allclose(smooth(values, weights, stiffness), apart)


def test_twist_bones_share_the_twist_by_their_place() -> None:
    """An arm that only twists, by a radian: the bone 40 % along it turns by 40 % of that."""
    rest = unreal()
    bone_map = find_bone_map(rest)
    body = Body.of(rest, bone_map)
    assert body.twist_bones == {
        f"{limb}_twist_01_{side}": f"{limb}_{side}"
        for limb in ("upperarm", "thigh")
        for side in "lr"
    }
    still = np.eye(3)[None]
    along = normalise(body.rest_joints[12] - body.rest_joints[11])
    half = np.concatenate([[np.cos(0.5)], np.sin(0.5) * along])
    turns = dict.fromkeys(("upperarm_l", "upperarm_r", "thigh_l", "thigh_r"), still)
    turns |= {bone_map.chest: still, bone_map.hips: still}
    turns["upperarm_l"] = matrix_from_quaternion(half)[None]
    found = twist_bone_turns(body, turns)
    angle = np.arccos((np.trace(found["upperarm_twist_01_l"][0]) - 1) / 2)
    np.testing.assert_allclose(angle, 0.4, atol=0.01)
    np.testing.assert_allclose(found["thigh_twist_01_r"], still, atol=1e-9)


def unreal() -> RestPose:
    tables = Path(__file__).resolve().parents[2] / "data" / "humanoid_rigs.json"
    table = json.loads(tables.read_text(encoding="utf-8"))["unreal A"]
    index = {bone: i for i, bone in enumerate(table)}
    matrices = np.tile(np.eye(4), (len(table), 1, 1))
    matrices[:, :3, 3] = [head for _, head, _ in table.values()]
    parents = tuple(index.get(parent, -1) for parent, _, _ in table.values())
    tails = np.array([tail for *_, tail in table.values()])
    return RestPose("unreal", tuple(table), parents, matrices, tails, np.eye(4))
