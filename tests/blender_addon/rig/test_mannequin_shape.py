"""The mannequin's mesh: closed, bound to bones, symmetric, as large as the rig."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from retake.blender_addon.loft import Ints
from retake.blender_addon.mannequin_shape import Shape, build_shape
from retake.blender_addon.rig.armature.rest_pose import RestPose
from retake.blender_addon.rig.mapping.bone_map import BoneMap, find_bone_map

Made = tuple[Shape, RestPose, BoneMap]


@pytest.fixture(params=["mixamo", "rigify"])
def made(request: pytest.FixtureRequest, make_rig: Callable[..., RestPose]) -> Made:
    rest = make_rig(request.param)
    bone_map = find_bone_map(rest)
    return build_shape(rest, bone_map), rest, bone_map


def triangles(shape: Shape) -> Ints:
    """(T, 3) corners' numbers of all faces, those without area left out."""
    split = np.concatenate([shape.faces[:, :3], shape.faces[:, [0, 2, 3]]])
    return split[split[:, 1] != split[:, 2]]


def test_every_edge_belongs_to_two_faces_in_opposite_directions(made: Made) -> None:
    corners = triangles(made[0])
    edges = Counter(
        map(tuple, np.concatenate([np.roll(corners, -i, axis=1)[:, :2] for i in range(3)]))
    )
    assert set(edges.values()) == {1}
    assert all((b, a) in edges for a, b in edges)


def test_faces_look_outwards(made: Made) -> None:
    """Every closed part has a positive volume."""
    shape, _, _ = made
    corners = triangles(shape)
    volumes = np.linalg.det(shape.vertices[corners]) / 6
    for part in parts(corners, len(shape.vertices)):
        assert volumes[part].sum() > 0


def parts(corners: Ints, count: int) -> list[Ints]:
    """Numbers of the triangles of each connected surface."""
    label = np.arange(count)
    while True:
        lowest = label[corners].min(axis=1)
        new = label.copy()
        np.minimum.at(new, corners.ravel(), np.repeat(lowest, 3))
        if (new == label).all():
            return [np.flatnonzero(label[corners[:, 0]] == name) for name in np.unique(label)]
        label = new


def test_weights_sum_to_one_over_bones_of_the_rig(made: Made) -> None:
    shape, rest, bone_map = made
    assert set(shape.weights) <= set(rest.bones)
    assert set(shape.weights) >= {bone_map.hips, *bone_map.spine, bone_map.head}
    weights = np.array(list(shape.weights.values()))
    assert weights.min() >= 0
    np.testing.assert_allclose(weights.sum(axis=0), 1, atol=1e-9)


def test_a_symmetric_rig_gets_a_symmetric_body(made: Made) -> None:
    shape, _, _ = made
    mirrored = shape.vertices * (-1, 1, 1)
    directions = np.random.default_rng(0).normal(size=(3, 5))
    shadows, mirrors = (np.sort(v @ directions, axis=0) for v in (shape.vertices, mirrored))
    np.testing.assert_allclose(shadows, mirrors, atol=1e-6)


def test_it_stands_on_the_rigs_floor_and_reaches_its_limbs(made: Made) -> None:
    shape, rest, bone_map = made
    low, high = shape.vertices.min(axis=0), shape.vertices.max(axis=0)
    soles = [rest.heads[rest.index[s.foot]] for s in (bone_map.left, bone_map.right)]
    feet = [shape.vertices[shape.weights[s.foot] > 0] for s in (bone_map.left, bone_map.right)]
    for ankle, foot in zip(soles, feet, strict=True):
        assert foot[:, 2].min() < ankle[2]
        assert foot[:, 1].min() < ankle[1] - 0.05, "toes point forward, to -Y"
    hand = rest.tails[rest.index[bone_map.left.hand]]
    assert high[0] > hand[0] - 0.02
    assert high[2] > rest.heads[rest.index[bone_map.head]][2] + 0.1
    assert low[2] == pytest.approx(min(foot[:, 2].min() for foot in feet))


def test_an_objects_own_scale_and_turn_do_not_matter(make_rig: Callable[..., RestPose]) -> None:
    """The body is made in armature space: with the same rig in the world, its world is the same."""
    world = np.array([[0, -2.0, 0, 3], [2.0, 0, 0, 4], [0, 0, 2.0, 0], [0, 0, 0, 1]])
    plain, turned = make_rig("mixamo"), make_rig("mixamo", world=world)
    expected = build_shape(plain, find_bone_map(plain)).vertices
    found = turned.to_world(build_shape(turned, find_bone_map(turned)).vertices)
    np.testing.assert_allclose(found, expected, atol=1e-6)
