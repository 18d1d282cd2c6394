"""Bones of a humanoid whose names say nothing: found by shape and symmetry.

Two mirrored chains that reach the floor are legs, two that reach furthest to the sides are arms,
the chain between them that reaches highest is spine, neck and head. Names are not looked at.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np

from ....shared.arrays import Floats
from ..armature.rest_pose import RestPose
from .bone_map import BoneMap, Side

ALIKE = 0.06
"""Largest difference between mirrored bones, in body heights."""

LATER_START = 0.93
"""A limb may begin at a later bone of its chain if that costs at most this factor in score: a bone
in the hip that leads to the thigh is not the thigh."""


def map_by_structure(rest: RestPose) -> BoneMap | None:
    """None if no two arms, two legs and a head can be told. Every bone gets a confidence."""
    axes = [np.array([0.0, 0.0, 1.0]), *(rest.world[:3, :3] / rest.scale).T]
    for up in axes:
        found = _Figure(rest, up).bone_map()
        if found is not None:
            return found
    return None


class _Figure:
    """A rest pose with its vertical: heights, chains and what mirrors what."""

    def __init__(self, rest: RestPose, up: Floats) -> None:
        world = rest.in_world()
        self.rest, self.up, self.heads, self.tails = rest, up, world.heads, world.tails
        points = np.concatenate([world.heads, world.tails]) @ up
        self.floor, self.height = float(points.min()), max(float(np.ptp(points)), 1e-9)
        self.high = np.maximum(world.heads @ up, world.tails @ up)
        self.low = np.minimum(world.heads @ up, world.tails @ up)
        self.children = [
            [c for c, parent in enumerate(rest.parents) if parent == bone]
            for bone in range(len(rest.bones))
        ]

    def bone_map(self) -> BoneMap | None:
        legs = self._legs()
        if legs is None:
            return None
        hips, thighs = legs
        arms = self._arms(hips, thighs)
        if arms is None:
            return None
        chest, shoulders = arms
        way = self.rest.ancestors(chest)
        spine = (chest, *way[: way.index(hips)])[::-1]
        upwards = self._chain_to(chest, self.high, shoulders)
        if not upwards or chest == hips:
            return None
        head = self._head(upwards)
        limbs = [self._side(arm, leg) for arm, leg in zip(shoulders, thighs, strict=True)]
        if None in limbs:
            return None
        left, right = self._left_first([limb for limb in limbs if limb is not None])
        name = self.rest.bones.__getitem__
        bones = BoneMap(
            hips=name(hips),
            spine=tuple(map(name, spine)),
            neck=tuple(map(name, upwards[: upwards.index(head)])),
            head=name(head),
            left=left,
            right=right,
        )
        return replace(bones, confidence=self._confidence(bones))

    def _mirrored(self, bone: int) -> list[tuple[int, int]]:
        """Pairs of a bone's children that begin equally high and hold equally many bones."""
        pairs: list[tuple[int, int]] = []
        for a, b in combinations(self.children[bone], 2):
            apart = np.linalg.norm(self.tails[a] - self.tails[b]) / self.height
            level = abs((self.tails[a] - self.tails[b]) @ self.up) / self.height
            same = len(self.rest.descendants(a)) == len(self.rest.descendants(b))
            if same and level < ALIKE and apart > ALIKE / 2:
                pairs.append((a, b))
        return pairs

    def _legs(self) -> tuple[int, tuple[int, int]] | None:
        """Where the legs meet, and their topmost bones: the pair that reaches lowest."""
        found: list[tuple[float, int, tuple[int, int]]] = []
        for bone in range(len(self.rest.bones)):
            for pair in self._mirrored(bone):
                above = float(np.mean(self.heads[[*pair]] @ self.up)) - self.floor
                reach = max(self._lowest(side) for side in pair) - self.floor
                if reach < 0.1 * self.height and 0.3 < above / self.height < 0.75:
                    found.append((reach, bone, pair))
        return min(found)[1:] if found else None

    def _arms(self, hips: int, thighs: tuple[int, int]) -> tuple[int, tuple[int, int]] | None:
        """Where the arms meet, and their topmost bones: the pair that reaches furthest apart."""
        found: list[tuple[float, int, tuple[int, int]]] = []
        for bone in self.rest.descendants(hips):
            for pair in self._mirrored(bone):
                if not {*pair, bone} & {*thighs}:
                    a, b = (self.tails[[*self.rest.descendants(side), side]] for side in pair)
                    reach = np.linalg.norm(a[:, None] - b[None], axis=-1).max()
                    found.append((float(reach), bone, pair))
        best = max(found, default=None)
        return best[1:] if best and best[0] > 0.35 * self.height else None

    def _side(self, arm: int, leg: int) -> Side | None:
        tips = np.linalg.norm(self.tails - self.heads[arm], axis=-1)
        arm_chain = [arm, *self._chain_to(arm, tips, ())]
        leg_chain = [leg, *self._chain_to(leg, -self.low, ())]
        hand = self._hand(arm_chain)
        lowest = [i for i, b in enumerate(leg_chain) if self._above(b) < 0.15]
        if hand < 2 or not lowest or lowest[0] < 2:
            return None
        upper, lower = self._two_bones(arm_chain[: hand + 1])
        thigh, shin = self._two_bones(leg_chain[: lowest[0] + 1])
        name = self.rest.bones.__getitem__
        foot = leg_chain[lowest[0]]
        toes = self._chain_to(foot, np.linalg.norm(self.tails - self.heads[foot], axis=-1), ())
        return Side(
            clavicle=name(arm_chain[upper - 1]) if upper else "",
            upper_arm=name(arm_chain[upper]),
            forearm=name(arm_chain[lower]),
            hand=name(arm_chain[hand]),
            thigh=name(leg_chain[thigh]),
            shin=name(leg_chain[shin]),
            foot=name(foot),
            toe=name(toes[0]) if toes else "",
        )

    def _hand(self, chain: list[int]) -> int:
        """The place in the chain where fingers part, in its outer third; else its end."""
        heads = self.heads[chain]
        way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(heads, axis=0), axis=-1))])
        parted = [i for i, bone in enumerate(chain) if len(self.children[bone]) > 1]
        outer = [i for i in parted if way[i] > 0.66 * way[-1]]
        return outer[-1] if outer else len(chain) - 1

    def _two_bones(self, chain: list[int]) -> tuple[int, int]:
        """Start and hinge of a limb that ends with the chain: two long bones, about equally so."""
        heads = self.heads[chain]
        scores: dict[tuple[int, int], float] = {}
        for start, hinge in combinations(range(len(chain) - 1), 2):
            upper, lower = (
                np.linalg.norm(heads[b] - heads[a]) for a, b in ((start, hinge), (hinge, -1))
            )
            scores[start, hinge] = float(
                (upper + lower) * min(upper, lower) / max(upper, lower, 1e-9)
            )
        best = max(scores.values())
        return max(key for key, score in scores.items() if score >= LATER_START * best)

    def _head(self, upwards: list[int]) -> int:
        """The bone that carries a face, else the last long one."""
        face = [bone for bone in upwards if len(self.children[bone]) > 2]
        length = np.linalg.norm(self.tails - self.heads, axis=-1)
        long = [bone for bone in upwards if length[bone] > 0.05 * self.height]
        return (face or long[-1:] or upwards[-1:])[0]

    def _left_first(self, sides: list[Side]) -> list[Side]:
        """Feet point forwards; left is across that and up."""
        index = self.rest.index
        feet = [index[side.foot] for side in sides]
        forward = sum(self.tails[foot] - self.heads[foot] for foot in feet)
        left = np.cross(self.up, forward)
        return sorted(sides, key=lambda side: -float(self.heads[index[side.foot]] @ left))

    def _chain_to(self, bone: int, value: Floats, without: tuple[int, ...]) -> list[int]:
        """The way (without `bone`) down to the descendant with the largest value."""
        below = [
            b for b in self.rest.descendants(bone) if not {b, *self.rest.ancestors(b)} & {*without}
        ]
        if not below:
            return []
        end = max(below, key=lambda b: value[b])
        way = (end, *self.rest.ancestors(end))
        return list(way[: way.index(bone)])[::-1]

    def _lowest(self, bone: int) -> float:
        return float(self.low[[bone, *self.rest.descendants(bone)]].min())

    def _above(self, bone: int) -> float:
        return (float(self.heads[bone] @ self.up) - self.floor) / self.height

    def _confidence(self, bones: BoneMap) -> dict[str, float]:
        """How alike both sides are for limbs; the trunk is as sure as the limbs it lies between."""
        index, sure = self.rest.index, dict[str, float]()
        for part, left in vars(bones.left).items():
            right = getattr(bones.right, part)
            if left and right:
                lengths = [
                    np.linalg.norm(self.tails[index[n]] - self.heads[index[n]])
                    for n in (left, right)
                ]
                sure |= dict.fromkeys((left, right), 0.9 * min(lengths) / max(*lengths, 1e-9))
        least = min(sure.values())
        return dict.fromkeys(bones.names(), least) | {n: float(value) for n, value in sure.items()}
