"""How often a rig's own limits hold a take back: locked axes and limits of rotation.

The whole body is turned as for an action, a dozen times per second, without feet on the floor:
enough to tell takes apart, in a fraction of the time.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np

from ...shared.arrays import Floats
from ...shared.errors import RetakeError
from ...shared.ground import find_ground
from ...shared.resample import resample
from ...shared.takes import Takes
from ..choose.combine import combine
from ..rig.armature.limits import Limits, limited
from ..rig.armature.rest_pose import RestPose
from ..rig.mapping.bone_map import BoneMap
from ..rig.solving.kinematics import all_turns
from ..rig.solving.landmarks import Body
from ..rig.solving.solve import body_turns

LOOKS_PER_S = 12.5


@dataclass(frozen=True)
class Limited:
    """A rig that has limits, as it was read."""

    rest: RestPose
    bone_map: BoneMap
    limits: Mapping[str, Limits]

    @property
    def key(self) -> Hashable:
        """Equal for rigs that hold takes back in the same way."""
        shape = self.rest.bones, self.rest.matrices.tobytes(), self.rest.world.tobytes()
        rows = tuple((n, o.order, *o.low, *o.high) for n, o in sorted(self.limits.items()))
        return shape, rows, repr(self.bone_map)


@dataclass(frozen=True)
class Held:
    """share    part of the frames in which a limit binds
    bone     the one that is held back most, somewhere
    degrees  by so much
    """

    share: float
    bone: str
    degrees: float


FREE = Held(0.0, "", 0.0)


def held_back(takes: Takes, hypothesis: int, rig: Limited) -> Held | None:
    """None if the rig cannot wear the take at all."""
    try:
        body = Body.of(rig.rest, rig.bone_map)
    except RetakeError:
        return None
    wanted = _turns(takes, hypothesis, body)
    allowed, bound = limited(body.rest, wanted, rig.limits)
    if not bound:
        return FREE
    most = {
        name: float(_degrees(wanted, allowed, body.bone(name))[frames].max())
        for name, frames in bound.items()
    }
    bone = max(most, key=lambda name: most[name])
    return Held(float(np.any(list(bound.values()), axis=0).mean()), bone, most[bone])


def _turns(takes: Takes, hypothesis: int, body: Body) -> Floats:
    """(F, B, 3, 3) of all bones."""
    joints = combine(takes, hypothesis)
    world = find_ground(joints, takes.fps).to_world(joints) @ body.placement().rotation.T
    duration = takes.times[-1] - takes.times[0]
    times = takes.times[0] + np.arange(int(duration * LOOKS_PER_S) + 1) / LOOKS_PER_S
    turns = body_turns(resample(world, takes.times, times), body, LOOKS_PER_S, None)
    return all_turns(body.rest, turns, len(times))


def _degrees(one: Floats, other: Floats, bone: int) -> Floats:
    """(F,) between two turns of a bone, each (F, B, 3, 3)."""
    traces = np.sum(one[:, bone] * other[:, bone], axis=(-2, -1))
    return np.degrees(np.arccos(np.clip((traces - 1) / 2, -1, 1)))
