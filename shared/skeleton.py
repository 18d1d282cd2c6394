"""Skeletons: joints, parents, sides and everything that follows from the tree.

Knows no positions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Skeleton:
    """A tree of joints with a left and a right side.

    `parents[j]` is the parent of joint j, -1 for the root. Bone i of the field's literature ends at
    a child joint; arrays "per slot" are indexed by that child, and the root's slot is the root's
    own index.
    """

    name: str
    joints: tuple[str, ...]
    parents: tuple[int, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.joints) != len(self.parents):
            raise ValueError(f"{len(self.joints)} joints but {len(self.parents)} parents")
        if self.parents.count(-1) != 1:
            raise ValueError(f"expected one root (parent -1), got {self.parents.count(-1)}")
        if len(self.left) != len(self.right):
            raise ValueError(f"{len(self.left)} left joints but {len(self.right)} right joints")

    @property
    def joint_count(self) -> int:
        return len(self.joints)

    @cached_property
    def root(self) -> int:
        return self.parents.index(-1)

    @cached_property
    def bones(self) -> tuple[tuple[int, int], ...]:
        """(parent, child) of every bone, in the order of the child."""
        return tuple((p, c) for c, p in enumerate(self.parents) if p >= 0)

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        return tuple(
            tuple(c for c, p in enumerate(self.parents) if p == j) for j in range(self.joint_count)
        )

    @cached_property
    def levels(self) -> tuple[int, ...]:
        """Hierarchy level of every joint: its distance from the root (six levels in the paper)."""
        return tuple(len(self.path(j)) - 1 for j in range(self.joint_count))

    @cached_property
    def root_first(self) -> tuple[int, ...]:
        """All joints, parents before children."""
        return tuple(sorted(range(self.joint_count), key=lambda j: self.levels[j]))

    @cached_property
    def triplets(self) -> tuple[tuple[int, int, int], ...]:
        """Every (parent, joint, child) once, root first: the 13 triplets of Algorithm 1."""
        return tuple(
            (self.parents[j], j, c)
            for j in self.root_first
            if self.parents[j] >= 0
            for c in self.children[j]
        )

    @cached_property
    def chains(self) -> tuple[tuple[int, ...], ...]:
        """Paths from the root to every leaf, in the order of the leaves."""
        return tuple(self.path(j) for j in range(self.joint_count) if not self.children[j])

    @cached_property
    def mirror(self) -> tuple[int, ...]:
        """Permutation that swaps left and right: mirrored[j] = original[mirror[j]]."""
        swapped = dict(zip(self.left + self.right, self.right + self.left, strict=True))
        return tuple(swapped.get(j, j) for j in range(self.joint_count))

    def path(self, joint: int) -> tuple[int, ...]:
        """The joints from the root to `joint`, both included."""
        way = [joint]
        while self.parents[way[-1]] >= 0:
            way.append(self.parents[way[-1]])
        return tuple(reversed(way))


HUMAN36M = Skeleton(
    name="human3.6m-17",
    joints=(
        "hip",
        "right_hip",
        "right_knee",
        "right_foot",
        "left_hip",
        "left_knee",
        "left_foot",
        "spine",
        "thorax",
        "neck",
        "head",
        "left_shoulder",
        "left_elbow",
        "left_wrist",
        "right_shoulder",
        "right_elbow",
        "right_wrist",
    ),
    parents=(-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15),
    left=(4, 5, 6, 11, 12, 13),
    right=(1, 2, 3, 14, 15, 16),
)

MPI_INF_3DHP = Skeleton(
    name="mpi-inf-3dhp-17",
    joints=(
        "head_top",
        "neck",
        "right_shoulder",
        "right_elbow",
        "right_wrist",
        "left_shoulder",
        "left_elbow",
        "left_wrist",
        "right_hip",
        "right_knee",
        "right_foot",
        "left_hip",
        "left_knee",
        "left_foot",
        "hip",
        "spine",
        "head",
    ),
    parents=(1, 15, 1, 2, 3, 1, 5, 6, 14, 8, 9, 14, 11, 12, -1, 14, 1),
    left=(5, 6, 7, 11, 12, 13),
    right=(2, 3, 4, 8, 9, 10),
)

SKELETONS = {skeleton.name: skeleton for skeleton in (HUMAN36M, MPI_INF_3DHP)}
