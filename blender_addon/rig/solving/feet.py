"""A rig's feet as the floor sees them: soles, balls and toes, and how a foot rolls on its ball.

Pure geometry of the rest pose; positions are relative, in world units.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ....shared.arrays import Floats
from ..armature.rest_pose import RestPose

STEEPEST = np.radians(60.0)
"""A foot on its toes rolls no further."""


@dataclass(frozen=True)
class Foot:
    """One foot at rest.

    ball   (3,) from the ankle: where the toe bone begins, else the foremost point of the sole
    sole   (N, 3) from the ankle: heads and tails of the foot's bones, those of the toes left out
    toes   (M, 3) from the ball: heads and tails of the toe bone and of those below; may be empty
    up     (3,) the floor's normal at rest
    """

    ball: Floats
    sole: Floats
    toes: Floats
    up: Floats

    @staticmethod
    def of(world: RestPose, ankle: int, toe: int | None, up: Floats, forward: Floats) -> Foot:
        toes = [] if toe is None else [toe, *world.descendants(toe)]
        rear = [bone for bone in (ankle, *world.descendants(ankle)) if bone not in toes]
        sole = _ends(world, rear) - world.heads[ankle]
        if toe is None:
            return Foot(sole[int(np.argmax(sole @ forward))], sole, np.zeros((0, 3)), up)
        ball = world.heads[toe] - world.heads[ankle]
        return Foot(ball, np.vstack([sole, ball]), _ends(world, toes) - world.heads[toe], up)

    @property
    def points(self) -> Floats:
        """(N + M, 3) from the ankle: the whole foot at rest."""
        return np.vstack([self.sole, self.toes + self.ball])

    @property
    def ankle_height(self) -> float:
        """Of the ankle above the lowest point of a foot that lies flat."""
        return -float((self.points @ self.up).min())

    @property
    def ball_height(self) -> float:
        return self.ankle_height + float(self.ball @ self.up)

    def roll(self, ankle_heights: Floats) -> Floats:
        """Radians (F,) by which the heel is lifted with the ankle so high (F,) and the ball down.

        The ankle goes round the ball on a circle.
        """
        above = -float(self.ball @ self.up)
        behind = float(np.linalg.norm(self.ball + above * self.up))
        radius = max(np.hypot(above, behind), 1e-9)
        sine = np.clip((ankle_heights - self.ball_height) / radius, -1.0, 1.0)
        return np.clip(np.arcsin(sine) - np.arctan2(above, behind), 0.0, STEEPEST)

    def lowest(self, turns: Floats) -> Floats:
        """(F,) height above the ankle of the lowest point of the sole under turns (F, 3, 3).

        The ball counts as thick as the toes, which may bend but not shrink.
        """
        thickness = -float((self.toes @ self.up).min(initial=0.0))
        return np.minimum(
            (turns[:, 2] @ self.sole.T).min(axis=1), turns[:, 2] @ self.ball - thickness
        )

    def lowest_toe(self, turns: Floats) -> Floats:
        """(F,) height above the ball of the lowest point of the toes under turns (F, 3, 3)."""
        return (turns[:, 2] @ self.toes.T).min(axis=1)


def _ends(world: RestPose, bones: list[int]) -> Floats:
    return np.concatenate([world.heads[bones], world.tails[bones]])
