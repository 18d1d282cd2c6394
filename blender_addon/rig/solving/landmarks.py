"""A rig as a body: its 17 Human3.6M joints in any pose, its axes, its size and its place.

All in world space, Blender units. Axes come from the rig's own rest geometry. Knows no motion and
no Blender.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ....shared.arrays import Floats, Ints
from ....shared.errors import RetakeError
from ....shared.rotations import frame, normalise
from ..armature.rest_pose import RestPose
from ..mapping.bone_map import BoneMap, find_twist_bones
from .feet import Foot
from .vectors import turned

SPINE_FRACTION = 0.48
"""Joint 7 lies this far up the spine from joint 0 to joint 8 (definition of the training data)."""

MOUTH_FORWARD, CROWN_UP = 0.066, 0.132
"""Joint 9 in front of the skull base and joint 10 above joint 9, in leg lengths: 5.5 and 11 cm in a
body of 1.70 m, whose legs measure 0.835 m from hip to ankle (Drillis and Contini 1966)."""

LIMB_BONES = (
    ("left", "upper_arm", "forearm", "hand"),
    ("right", "upper_arm", "forearm", "hand"),
    ("left", "thigh", "shin", "foot"),
    ("right", "thigh", "shin", "foot"),
)
"""The four limbs: both arms, both legs. Order of every array with one row per limb."""

LIMB_JOINTS = ((11, 12, 13), (14, 15, 16), (4, 5, 6), (1, 2, 3))
"""Start, hinge and end joint of the limbs."""


@dataclass(frozen=True)
class Placement:
    """Where a motion's world is put: turned (3, 3) about the vertical, then moved (3,)."""

    rotation: Floats
    origin: Floats


WORLD = Placement(np.eye(3), np.zeros(3))
"""The motion stays where it is."""


@dataclass(frozen=True)
class Body:
    """A rest pose in world space, reduced to the mapped bones and their ancestors, seen as a body.

    up        (3,) the floor's normal in the rest pose (`_upright_axis`)
    sole      (3,) the lowest point of the feet at rest, along `up`
    feet      left and right
    twist_bones  twist bone -> upper arm or thigh that it hangs on
    per_unit  world units per armature unit
    """

    rest: RestPose
    bone_map: BoneMap
    up: Floats
    sole: Floats
    feet: tuple[Foot, Foot]
    twist_bones: dict[str, str]
    per_unit: float

    @staticmethod
    def of(rest: RestPose, bone_map: BoneMap) -> Body:
        """Raises RetakeError if limbs have no length or the object's scale is unusable."""
        world = rest.in_world()
        up = _upright_axis(rest, world, bone_map)
        forward = _forward_axis(world, bone_map, up)
        left, right = (
            Foot.of(world, world.index[side.foot], world.index.get(side.toe), up, forward)
            for side in (bone_map.left, bone_map.right)
        )
        every = np.concatenate(
            [
                foot.points + world.heads[world.index[side.foot]]
                for foot, side in ((left, bone_map.left), (right, bone_map.right))
            ]
        )
        twists = find_twist_bones(rest, bone_map)
        body = Body(
            rest=world.only(bone_map.names() | set(twists)),
            bone_map=bone_map,
            up=up,
            sole=every[int(np.argmin(every @ up))],
            feet=(left, right),
            twist_bones=twists,
            per_unit=rest.scale,
        )
        body.refuse_empty_limbs()
        return body

    def bone(self, name: str) -> int:
        return self.rest.index[name]

    @cached_property
    def limb_bones(self) -> tuple[tuple[str, str, str], ...]:
        """Names of upper bone, lower bone and end of the four limbs."""
        part = self.bone_map.part
        return tuple(
            (part(side, upper), part(side, lower), part(side, end))
            for side, upper, lower, end in LIMB_BONES
        )

    @cached_property
    def axes(self) -> Floats:
        """(3, 3): columns left (by hips and shoulders), up (to the neck), forward, at rest."""
        heads = self.rest.heads
        shoulders, hips = self._limb_heads(heads)[:2, 0], self._limb_heads(heads)[2:, 0]
        left = normalise(shoulders[0] - shoulders[1]) + normalise(hips[0] - hips[1])
        return frame(left, heads[self.bone(self.bone_map.neck_base)] - hips.mean(axis=0))

    @cached_property
    def leg_length(self) -> float:
        """Thigh and shin, mean of both sides."""
        legs = self._limb_heads(self.rest.heads)[2:]
        return float(np.linalg.norm(np.diff(legs, axis=1), axis=-1).sum(axis=1).mean())

    @cached_property
    def ankle_height(self) -> float:
        """Mean height of both ankles above the soles at rest."""
        ankles = self._limb_heads(self.rest.heads)[2:, 2]
        return float(((ankles - self.sole) @ self.up).mean())

    @cached_property
    def rest_joints(self) -> Floats:
        """(17, 3) joints of the rest pose."""
        return self.joints(self.rest.heads, np.eye(3))

    def joints(self, heads: Floats, head_turn: Floats) -> Floats:
        """Joints (..., 17, 3) of bone heads (..., B, 3) and the head's turn (..., 3, 3)."""
        joints = np.moveaxis(np.empty((17, 3, *heads.shape[:-2])), (0, 1), (-2, -1))
        for names, numbers in zip(self.limb_bones, LIMB_JOINTS, strict=True):
            for name, number in zip(names, numbers, strict=True):
                joints[..., number, :] = heads[..., self.bone(name), :]
        joints[..., 0, :] = (joints[..., 1, :] + joints[..., 4, :]) / 2
        joints[..., 8, :] = heads[..., self.bone(self.bone_map.neck_base), :]
        joints[..., 7, :] = self._on_spine(heads, joints[..., 0, :])
        forward, up = MOUTH_FORWARD * self.axes[:, 2], CROWN_UP * self.axes[:, 1]
        skull_base = heads[..., self.bone(self.bone_map.head), :]
        joints[..., 9, :] = skull_base + turned(head_turn, forward * self.leg_length)
        joints[..., 10, :] = joints[..., 9, :] + turned(head_turn, up * self.leg_length)
        return joints

    def placement(self) -> Placement:
        """Where the rig stands at rest: below its hips, at its soles' height, facing its way."""
        left = self.axes[:, 0] * (1.0, 1.0, 0.0)
        turn = frame(left, np.array([-left[1], left[0], 0.0]))
        hip = self.rest_joints[0]
        return Placement(turn, np.array([hip[0], hip[1], self.sole[2]]))

    def refuse_empty_limbs(self) -> None:
        lengths = np.linalg.norm(np.diff(self._limb_heads(self.rest.heads), axis=1), axis=-1)
        empty = [
            names[i]
            for names, pair in zip(self.limb_bones, lengths, strict=True)
            for i in range(2)
            if pair[i] < 1e-6
        ]
        if empty:
            raise RetakeError(
                f"Bones of the armature '{self.rest.name}' have no length: {', '.join(empty)}."
            )

    def _limb_heads(self, heads: Floats) -> Floats:
        """(..., 4, 3, 3): start, hinge and end of the limbs."""
        index = np.array([[self.bone(name) for name in names] for names in self.limb_bones])
        return heads[..., index, :]

    @cached_property
    def spine_points(self) -> Floats:
        """The spine's polyline at rest: joint 0, heads of the spine bones, neck's base."""
        hips = self._limb_heads(self.rest.heads)[2:, 0].mean(axis=0)
        return np.concatenate([hips[None], self.rest.heads[self._spine_bones]])

    @cached_property
    def spine_shares(self) -> Floats:
        """Where the middle of each spine bone lies, as a fraction of the way from joint 0 to 8."""
        lengths = self._spine_lengths
        return (lengths[1:-1] + lengths[2:]) / 2 / lengths[-1]

    @cached_property
    def middle_of_spine(self) -> tuple[int, float]:
        """Which piece of the spine's polyline joint 7 lies on, and at what share of it."""
        lengths = self._spine_lengths
        target = SPINE_FRACTION * lengths[-1]
        piece = int(np.searchsorted(lengths[1:-1], target))
        size = max(lengths[piece + 1] - lengths[piece], 1e-9)
        return piece, float((target - lengths[piece]) / size)

    @cached_property
    def _spine_bones(self) -> Ints:
        """The bones at whose heads the spine's polyline bends, and the neck's base."""
        return np.array(
            [self.bone(name) for name in (*self.bone_map.spine, self.bone_map.neck_base)]
        )

    @cached_property
    def _spine_lengths(self) -> Floats:
        """Length along the spine's polyline at rest from joint 0 to each of its points."""
        steps = np.linalg.norm(np.diff(self.spine_points, axis=0), axis=-1)
        return np.concatenate([[0.0], np.cumsum(steps)])

    def _on_spine(self, heads: Floats, hip: Floats) -> Floats:
        piece, share = self.middle_of_spine
        start = hip if piece == 0 else heads[..., self._spine_bones[piece - 1], :]
        return start * (1 - share) + heads[..., self._spine_bones[piece], :] * share


def _upright_axis(rest: RestPose, world: RestPose, bone_map: BoneMap) -> Floats:
    """The world's vertical or an axis of the armature object, whichever is nearest to hips -> neck.

    Not that direction itself: a rig may be made with a stoop, but it is made standing on its grid.
    """
    hips = world.heads[[rest.index[side.thigh] for side in (bone_map.left, bone_map.right)]]
    way = world.heads[rest.index[bone_map.neck_base]] - hips.mean(axis=0)
    axes = (rest.world[:3, :3] / rest.scale).T
    candidates = np.concatenate([[[0.0, 0.0, 1.0]], axes, -axes])
    return candidates[int(np.argmax(candidates @ way))]


def _forward_axis(world: RestPose, bone_map: BoneMap, up: Floats) -> Floats:
    right, left = (world.heads[world.index[s.thigh]] for s in (bone_map.right, bone_map.left))
    return normalise(np.cross(left - right, up))
