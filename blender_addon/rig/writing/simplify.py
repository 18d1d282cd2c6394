# pyright: basic
"""A solved motion as few key poses, with the error that Blender's own curves then have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ....shared.arrays import Floats
from ..apply_take import Wearer
from .channels import Channel
from .key_poses import KeyPoses, key_poses
from .pose_error import Curves, Errors, Judge


@dataclass(frozen=True)
class Simplified:
    keys: KeyPoses
    judge: Judge
    rows: list[Channel]

    def measured(self, action, first: float) -> Errors:
        """What the curves of the action are off in the end, at every frame from `first` on."""
        curves = action.layers[0].strips[0].channelbags[0].fcurves
        frames = first + np.arange(len(self.judge.true))
        columns = [
            [curve.evaluate(frame) for frame in frames]
            for row in self.rows
            for index in range(row.values.shape[1])
            if (curve := curves.find(row.data_path, index=index))
        ]
        return self.judge.errors(np.array(columns).T)


def as_key_poses(
    armature_object,
    wearer: Wearer,
    rows: list[Channel],
    unit_cm: float,
    degrees: float,
    centimetres: float,
) -> Simplified:
    """Few keys for the columns of all `rows`; unit_cm: centimetres per unit of the armature."""
    rest = wearer.rig.rest
    true = np.concatenate([row.values for row in rows], axis=1).astype(float)
    judge = Judge(
        rest.only(wearer.bone_map.names()),
        tuple(_curves(armature_object, rows, rest.scale)),
        unit_cm,
        true,
    )

    def excess(values: Floats) -> Floats:
        errors = judge.errors(values)
        return np.maximum(errors.degrees / degrees, errors.centimetres / centimetres)

    return Simplified(key_poses(true, excess), judge, rows)


def _curves(armature_object, rows: list[Channel], scale: float) -> list[Curves]:
    found: list[Curves] = []
    column = 0
    for row in rows:
        last = column + row.values.shape[1]
        kind, axes = "LOCATION", np.eye(3)
        if not row.bone:
            axes = axes / scale
        elif row.data_path.endswith(".location"):
            own = armature_object.data.bones[row.bone]
            if not own.use_local_location:
                axes = np.array(own.matrix_local.to_3x3())
        else:
            kind = armature_object.pose.bones[row.bone].rotation_mode
        found.append(Curves(row.bone, kind, column, last, axes))
        column = last
    return found
