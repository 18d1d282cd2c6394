"""Twist bones of upper arms and thighs: each takes the share of its limb's twist that its place
along the limb gives it, so that skin turns gradually from shoulder or hip to elbow or knee.

Those of forearms and shins keep their rest pose, as nothing below them turns in 17 joints.
"""

from __future__ import annotations

import numpy as np

from ....shared.arrays import Floats
from .landmarks import LIMB_JOINTS, Body
from .vectors import between, mul, partway, turned


def twist_bone_turns(body: Body, turns: dict[str, Floats]) -> dict[str, Floats]:
    """Turns (F, 3, 3) of the twist bones, given those of trunk and limbs."""
    found: dict[str, Floats] = {}
    for limb, (upper, *_) in enumerate(body.limb_bones):
        names = [name for name, bone in body.twist_bones.items() if bone == upper]
        if not names:
            continue
        above = turns[body.bone_map.chest if limb < 2 else body.bone_map.hips]
        start, hinge = (body.rest_joints[LIMB_JOINTS[limb][i]] for i in (0, 1))
        way = hinge - start
        along = way / np.linalg.norm(way)
        swing = mul(between(turned(above, along), turned(turns[upper], along)), above)
        for name in names:
            place = (body.rest.heads[body.bone(name)] - start) @ way / (way @ way)
            found[name] = partway(swing, turns[upper], float(np.clip(place, 0.0, 1.0)))
    return found
