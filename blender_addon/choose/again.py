"""Sampling a range again: what is asked of the server. Knows no Blender and no server."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...shared.arrays import Floats
from ...shared.errors import RetakeError
from ...shared.keypoints import KeypointTrack
from ...shared.protocol import Array, Lift, Pin, Span, Steer, Take
from ...shared.skeleton import HUMAN36M
from ...shared.steering import PinnedJoint, Range, Steering
from ...shared.takes import LIMB_GROUPS, Takes
from ..takes.messages import LiftSettings, lift_request
from .choice_track import WHOLE
from .stage import Stage, nearest_frame

BLEND = 6
"""Frames at the model's rate over which the new motion is blended in."""


@dataclass(frozen=True)
class ScenePin:
    """A pin as it lies in the scene: a joint, a second of the clip, metres from the hip."""

    joint: int
    seconds: float
    from_hip: tuple[float, float, float]

    def to_json(self) -> str:
        return json.dumps({"joint": HUMAN36M.joints[self.joint], "seconds": self.seconds})


def read_pin(text: str, offset: Floats, stage: Stage) -> ScenePin:
    """A pin from what its empty remembers and where it lies from the character's hip (3,), in the
    scene. RetakeError if it is none of ours."""
    try:
        row = json.loads(text)
        joint, seconds = HUMAN36M.joints.index(row["joint"]), float(row["seconds"])
    except (ValueError, KeyError, TypeError):
        raise RetakeError(f"A pin cannot be read: {text:.80}. Remove it and add another.") from None
    return ScenePin(
        joint, seconds, _triple(offset @ stage.rotation / stage.scale @ stage.ground.rotation)
    )


def _triple(values: Floats) -> tuple[float, float, float]:
    x, y, z = values.tolist()
    return x, y, z


def steering_of(
    takes: Takes,
    first: float,
    last: float,
    group: str,
    strength: float,
    pins: Sequence[ScenePin] = (),
) -> Steering:
    """What is asked for; pins outside of the range or of the limb say nothing about it.

    Raises RetakeError that says what does not fit.
    """
    frames = nearest_frame(first, takes), nearest_frame(last, takes)
    groups = tuple(LIMB_GROUPS) if group == WHOLE else (group,)
    span = Range(
        first=frames[0],
        last=max(frames),
        groups=groups,
        strength=strength,
        blend=_blend(last - first),
    )
    wanted: dict[tuple[int, int], PinnedJoint] = {}
    for pin in pins:
        frame = nearest_frame(pin.seconds, takes)
        if span.first <= frame <= span.last and _moves(pin.joint, groups):
            wanted[pin.joint, frame] = PinnedJoint(
                joint=pin.joint, frame=frame, space="hip", place=pin.from_hip
            )
    steering = Steering(pins=tuple(wanted.values()), range=span)
    steering.check_clip(takes.frame_count)
    return steering


def again_request(
    job_id: str,
    track: KeypointTrack,
    takes: Takes,
    motion: Floats,
    steering: Steering,
    settings: LiftSettings,
) -> Lift:
    """The request for more takes of a range around `motion` (F, 17, 3), camera frame with root.

    Model and camera are those of the takes, so that the new ones fit to them.
    """
    if track.frame_count != takes.frame_count:
        raise RetakeError(
            f"The track has {track.frame_count} frames and the takes have {takes.frame_count}: "
            "they are not of the same clip. Load the track that the takes were made of."
        )
    own = replace(settings, model=takes.model, focal=takes.camera.fx)
    root = motion[:, 0]
    return replace(
        lift_request(job_id, track, own),
        steer=_message(steering),
        take=Take(
            poses=Array.pack((motion - root[:, None]).astype(np.float32)),
            root=Array.pack(root.astype(np.float32)),
        ),
    )


def _blend(seconds: float) -> int:
    """Both blends together take up half of a short range at most."""
    return max(0, min(BLEND, int(seconds * 50 / 4)))


def _moves(joint: int, groups: Sequence[str]) -> bool:
    """Whether one of the groups moves the joint: one of its bones lies on the way to it."""
    path = set(HUMAN36M.path(joint)) - {HUMAN36M.root}
    return any(path & set(LIMB_GROUPS[group]) for group in groups)


def _message(steering: Steering) -> Steer:
    span = steering.range
    assert span is not None
    return Steer(
        pins=[
            Pin(joint=p.joint, frame=p.frame, space=p.space, place=list(p.place))
            for p in steering.pins
        ]
        or None,
        range=Span(
            first=span.first,
            last=span.last,
            groups=list(span.groups),
            strength=span.strength,
            blend=span.blend,
        ),
        variety=steering.variety,
    )
