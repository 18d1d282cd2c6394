"""How often, and how much, a rig's limits hold a take back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from retake.blender_addon.rig.apply_take import solve_take
from retake.blender_addon.rig.armature.limits import Limits, euler_from_matrix, matrix_from_euler
from retake.blender_addon.rig.armature.rest_pose import RestPose
from retake.blender_addon.rig.mapping.bone_map import find_bone_map
from retake.blender_addon.takes.costs import costs_of
from retake.blender_addon.takes.held import FREE, LOOKS_PER_S, Limited, held_back
from retake.shared.arrays import Floats
from retake.shared.rotations import matrix_from_quaternion
from retake.shared.takes import Takes

MakeRig = Callable[..., RestPose]

WIDE = Limits("XYZ", np.full(3, -7.0), np.full(3, 7.0))
NARROW = Limits("XYZ", np.array([-0.3, -np.inf, -0.2]), np.array([0.4, np.inf, 0.5]))


@pytest.fixture
def danced(dance: Floats, make_takes: Callable[..., Takes]) -> Takes:
    """The dance as a camera sees it, 24 pictures per second."""
    seen = dance[None, :, :, [0, 2, 1]] * (1, -1, 1)
    return make_takes(seen - seen[:, :, :1], root=seen[:, :, 0] + (0, 1, 5), fps=24.0)


def _rig(make_rig: MakeRig, limits: Limits, world: Floats | None = None) -> tuple[Limited, str]:
    rest = make_rig("mixamo", world=world)
    bone_map = find_bone_map(rest)
    arm = bone_map.left.upper_arm
    return Limited(rest, bone_map, {arm: limits}), arm


def test_a_rig_that_allows_everything_holds_nothing_back(make_rig: MakeRig, danced: Takes) -> None:
    rig, _ = _rig(make_rig, WIDE)
    assert held_back(danced, 0, rig) == FREE


LYING = np.array([[0, 0, 2, 1], [2, 0, 0, 0], [0, 2, 0, 3], [0, 0, 0, 1]], float)
"""An armature object that is turned over and twice as large; the rig stands upright in it."""


@pytest.mark.parametrize("world", [np.eye(4), LYING])
def test_share_and_degrees_are_those_of_the_free_motion(
    make_rig: MakeRig, danced: Takes, world: Floats
) -> None:
    """The whole solver's free motion, cut off by hand."""
    rig, arm = _rig(make_rig, NARROW, world)
    free = solve_take(danced, 0, rig.rest, LOOKS_PER_S, bone_map=rig.bone_map).rotations[arm]
    angles = euler_from_matrix(matrix_from_quaternion(free), "XYZ")
    cut = np.clip(angles, NARROW.low, NARROW.high)
    off = matrix_from_euler(angles, "XYZ").swapaxes(1, 2) @ matrix_from_euler(cut, "XYZ")
    degrees = np.degrees(np.arccos(np.clip((np.trace(off, axis1=1, axis2=2) - 1) / 2, -1, 1)))
    found = held_back(danced, 0, rig)
    assert found is not None
    assert found.bone == arm
    assert 0.1 < found.share < 1
    assert found.share == pytest.approx((degrees > 0.5).mean(), abs=0.02)
    assert found.degrees == pytest.approx(degrees.max(), abs=0.01)


def test_named_takes_are_looked_at_only_on_a_rig_with_limits(
    make_rig: MakeRig, danced: Takes
) -> None:
    rig, arm = _rig(make_rig, NARROW)
    assert costs_of(danced).held == {}
    assert costs_of(danced, rig).held[0].bone == arm


def test_the_key_tells_other_limits_and_other_rigs(make_rig: MakeRig) -> None:
    narrow, arm = _rig(make_rig, NARROW)
    wide, _ = _rig(make_rig, WIDE)
    larger = replace(narrow, rest=make_rig("mixamo", world=2 * np.eye(4)))
    assert narrow.key == replace(narrow, limits={arm: replace(NARROW)}).key
    assert len({narrow.key, wide.key, larger.key}) == 3


def test_of_a_rig_that_wears_nothing_nothing_is_said(make_rig: MakeRig, danced: Takes) -> None:
    rig, arm = _rig(make_rig, NARROW)
    matrices = rig.rest.matrices.copy()
    forearm = rig.rest.index[rig.bone_map.left.forearm]
    matrices[forearm, :3, 3] = matrices[rig.rest.index[arm], :3, 3]
    broken = replace(rig, rest=replace(rig.rest, matrices=matrices))
    assert held_back(danced, 0, broken) is None
    assert costs_of(danced, broken).held == {}
