"""Inverse kinematics on bone directions: the smallest turn that brings joints to their targets.

A joint's place is a sum over the bones on its path, C = root + sum l_b d_b. From directions d those
d' are sought that minimise

    sum over bones  l_b E_b(angle(d_b, d'_b))  +  sum over targets  |T_p - C_p|^2 / (2 c_p)

with an elastic energy E_b of every bone (stiffness s_b, infinite at its largest angle) and a
compliance c_p of every target. Newton's method on the spheres, for all frames and hypotheses at
once: with the target's pulls (the Lagrange multipliers) as unknowns each step is a system of three
equations per target. The targets move to their places step by step, so that the answer depends
smoothly on pose, target and compliance, as motion needs. Bones that share a target and targets that
share a bone are nothing special; a target out of reach stretches the limb towards it; no length
changes. The factor l_b lets the bones of a limb fold evenly.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

APPROACH, POLISH = 12, 12
"""Newton steps while the targets move, and after that."""

LARGEST_TURN = 0.3
"""Radians that a bone turns in one step."""

NEAR_LIMIT = 0.97
"""Share of its largest angle that a bone uses."""


class Limbs(NamedTuple):
    """N poses with B bones and P targets each; float64."""

    directions: Tensor
    """(N, B, 3) unit vectors"""
    lengths: Tensor
    """(N, B) metres"""
    stiffness: Tensor
    """(N, B): twice as stiff turns half as far"""
    limit: Tensor
    """(N, B) radians: the largest angle of a bone"""
    member: Tensor
    """(N, P, B): 1 where the bone moves the target's joint, else 0"""
    targets: Tensor
    """(N, P, 3) metres: how far each target's joint should move"""
    free: Tensor
    """(N, P, 3): unit vector along which a target does not matter; zero where all three do"""
    compliance: Tensor
    """(N, P): metres of error per unit of pull; nearly 0 for a target that must be met"""


def solve(limbs: Limbs, bent: Tensor) -> Tensor:
    """The new directions (N, B, 3).

    The search starts at the directions `bent` (N, B, 3), close to those given: a straight limb does
    not know which way to fold.
    """
    directions, pull = bent, torch.zeros_like(limbs.targets)
    for count in range(1, APPROACH + POLISH + 1):
        share = min(count / APPROACH, 1.0)
        step, pull = _newton(limbs, directions, pull, share)
        size = step.norm(dim=-1).amax(dim=-1)[:, None, None]
        step = step * (LARGEST_TURN / size.clamp_min(LARGEST_TURN))
        directions = _held(limbs, _turned(directions, step))
    return directions


def _newton(limbs: Limbs, directions: Tensor, pull: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """The next step, tangent to `directions` (N, B, 3), and the pulls (N, P, 3) behind it."""
    turned = _log(limbs.directions, directions)
    used = (turned.norm(dim=-1) / limbs.limit).clamp(max=NEAR_LIMIT) ** 2
    force = (limbs.stiffness / (1 - used))[..., None] * turned
    stiffness = limbs.stiffness * (1 + used) / (1 - used) ** 2
    # Pulled along itself a bone becomes stiffer: the sphere curves away from the target.
    along = (_on_bones(limbs, pull) * directions).sum(dim=-1)
    stiffness = torch.maximum(stiffness + along, stiffness / 2)[..., None]
    error = share * limbs.targets - _moved(limbs, directions - limbs.directions)
    pull = _pulls(limbs, directions, stiffness, error + _moved(limbs, force / stiffness))
    across = _on_bones(limbs, pull)
    across = across - (across * directions).sum(dim=-1, keepdim=True) * directions
    return (across - force) / stiffness, pull


def _pulls(limbs: Limbs, directions: Tensor, stiffness: Tensor, wanted: Tensor) -> Tensor:
    """Solves for the pulls (N, P, 3) that move the targets' joints by `wanted`, to first order."""
    count = wanted.shape[1]
    eye = torch.eye(3 * count, dtype=wanted.dtype)
    tangent = torch.eye(3, dtype=wanted.dtype) - _outer(directions)
    give = (limbs.lengths[..., None] / stiffness)[..., None] * tangent
    matrix = torch.einsum("npb,nqb,nbij->npiqj", limbs.member, limbs.member, give)
    matrix = matrix.reshape(-1, 3 * count, 3 * count)
    matrix = matrix + torch.diag_embed(limbs.compliance.repeat_interleave(3, dim=-1))
    loose = torch.einsum("pq,npij->npiqj", torch.eye(count).to(wanted), _outer(limbs.free))
    loose = loose.reshape(-1, 3 * count, 3 * count)
    tight = eye - loose
    right_side = (tight @ wanted.flatten(1)[..., None])[..., 0]
    return torch.linalg.solve(tight @ matrix @ tight + loose, right_side).view_as(wanted)


def _held(limbs: Limbs, directions: Tensor) -> Tensor:
    """`directions`, none of them farther from the given ones than its limit."""
    away = -_log(directions, limbs.directions)
    size = away.norm(dim=-1, keepdim=True)
    most = NEAR_LIMIT * limbs.limit[..., None]
    return torch.where(
        size > most, _turned(limbs.directions, away * (most / size.clamp_min(1e-12))), directions
    )


def _moved(limbs: Limbs, changes: Tensor) -> Tensor:
    """How far changes of direction (N, B, 3) move the targets' joints: (N, P, 3)."""
    return torch.einsum("npb,nbk->npk", limbs.member, limbs.lengths[..., None] * changes)


def _on_bones(limbs: Limbs, pull: Tensor) -> Tensor:
    """What the pulls (N, P, 3) sum to at every bone: (N, B, 3)."""
    return torch.einsum("npb,npk->nbk", limbs.member, pull)


def _log(start: Tensor, end: Tensor) -> Tensor:
    """The tangent at `end` of the arc from `start` to it, as long as the arc: (N, B, 3)."""
    dot = (start * end).sum(dim=-1, keepdim=True)
    tangent = end * dot - start
    size = tangent.norm(dim=-1, keepdim=True)
    return torch.atan2(size, dot) * tangent / size.clamp_min(1e-12)


def _turned(directions: Tensor, tangent: Tensor) -> Tensor:
    """Unit vectors moved along great circles by tangents (N, B, 3), radians."""
    angle = tangent.norm(dim=-1, keepdim=True)
    moved = torch.cos(angle) * directions + torch.sinc(angle / torch.pi) * tangent
    return moved / moved.norm(dim=-1, keepdim=True)


def _outer(vectors: Tensor) -> Tensor:
    return vectors[..., :, None] * vectors[..., None, :]
