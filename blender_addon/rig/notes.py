"""What a motion on a rig does not hold, as sentences for the animator."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...shared.arrays import Bools, Floats
from .ground.standing import ANKLES, leg_length, standing_ankle_height
from .solving.landmarks import LIMB_JOINTS, Body

PROPORTION = 1.3
"""Ratio between arms or trunk of rig and source, after scaling by the legs, that is mentioned."""

BENT_AT_REST = 0.5
"""Cosine between a rig's legs and the way down its trunk, at rest: animals have about 0."""

OFF_THE_FLOOR_M = 0.3
"""Feet that a camera of known place shows so far above or below the floor are mentioned."""

LISTED = 6


def notes_on(body: Body, joints: Floats, bound: Mapping[str, Bools]) -> tuple[str, ...]:
    """joints (F, 17, 3) of the source; bound: bone -> frames (F,) in which its limits bind."""
    return (
        "Hands, toes and the twist of forearms and shins cannot be seen in 17 joints; "
        "they keep their rest pose, but for toes that bend on the floor.",
        *_absent(body),
        *_guessed(body),
        *_posture(body),
        *_proportions(body, joints),
        *_limits(bound),
    )


def notes_on_height(world: Floats) -> tuple[str, ...]:
    """world (F, 17, 3): metres, z up, the floor at 0, where a camera of known place saw it."""
    low = float(np.percentile(world[:, ANKLES, 2].min(axis=1), 5))
    off = low - standing_ankle_height(world)
    if abs(off) < OFF_THE_FLOOR_M:
        return ()
    where = "above" if off > 0 else "below"
    return (
        f"The camera shows the feet {abs(off):.1f} m {where} the floor. "
        "Set the floor's height, or check where the camera is and the scale of the scene.",
    )


def _absent(body: Body) -> tuple[str, ...]:
    bone_map = body.bone_map
    sides = (("left", bone_map.left), ("right", bone_map.right))
    absent = [f"{side} clavicle" for side, bones in sides if not bones.clavicle]
    absent += [] if bone_map.neck else ["neck"]
    return (f"The rig has no bones for: {', '.join(absent)}.",) if absent else ()


def _guessed(body: Body) -> tuple[str, ...]:
    confidence = body.bone_map.confidence
    if not confidence:
        return ()
    least = min(confidence, key=lambda name: confidence[name])
    return (
        "The rig's bones were told from its shape, not from their names; the least sure is "
        f"'{least}' ({100 * confidence[least]:.0f} %).",
    )


def _posture(body: Body) -> tuple[str, ...]:
    legs = sum(body.rest_joints[end] - body.rest_joints[start] for start, _, end in LIMB_JOINTS[2:])
    if -(legs @ body.up) > BENT_AT_REST * np.linalg.norm(legs):
        return ()
    return (
        "At rest the rig's legs stand across its trunk, as an animal's do: it will walk upright, "
        "as the filmed person does.",
    )


def _proportions(body: Body, joints: Floats) -> tuple[str, ...]:
    """Where hands will not be where the source has them."""
    scale = body.leg_length / leg_length(joints)
    odd: list[str] = []
    for name, chains in (("arms", LIMB_JOINTS[:2]), ("trunk", ((0, 7, 8),))):
        theirs = float(np.median(_lengths(joints, chains))) * scale
        ratio = float(_lengths(body.rest_joints, chains)) / max(theirs, 1e-9)
        if not 1 / PROPORTION < ratio < PROPORTION:
            odd.append(f"{name} {ratio:.1f} times as long")
    if not odd:
        return ()
    return (
        f"For the length of its legs the rig has {' and '.join(odd)} as the filmed person: "
        "directions are kept, but hands will not touch what they touched.",
    )


def _lengths(joints: Floats, chains: tuple[tuple[int, ...], ...]) -> Floats:
    """(...) of chains of joints (..., 17, 3), added up."""
    steps = [np.diff(joints[..., chain, :], axis=-2) for chain in chains]
    return np.sum([np.linalg.norm(step, axis=-1).sum(axis=-1) for step in steps], axis=0)


def _limits(bound: Mapping[str, Bools]) -> tuple[str, ...]:
    if not bound:
        return ()
    shares = sorted(((100 * frames.mean(), name) for name, frames in bound.items()), reverse=True)
    listed = ", ".join(f"{name} ({share:.0f} %)" for share, name in shares[:LISTED])
    more = f" and {len(shares) - LISTED} more" if len(shares) > LISTED else ""
    return (f"The rig's limits or locks hold back, in this part of the frames: {listed}{more}.",)
