"""Keypoints made to agree with the pins."""

from __future__ import annotations

import numpy as np

from ...arrays import Floats
from ...camera import Camera
from .falloff import fall_off
from .pins import Pins


def pinned_keypoints(pixels: Floats, pins: Pins, root: Floats, camera: Camera) -> Floats:
    """Keypoints (F, 17, 2) that agree with the pins, so that the network does not pull them back.

    `root` (F, 3): the hip in the camera frame, metres. Neighbouring frames follow with the pins'
    own fall-off. A pin on a line is taken to be on a camera ray.
    """
    moved, frames = np.array(pixels, float), np.arange(len(pixels))
    for joint, own in pins.by_joint.items():
        at = np.array([pin.frame for pin in own])
        on_ray = np.array([bool(pin.along.any()) for pin in own])[:, None]
        points = np.stack([pin.point for pin in own]) + root[at]
        seen = camera.project(np.where(on_ray, np.stack([pin.along for pin in own]), points))
        shares = fall_off(frames, at, pins.fall_off, pins.first, pins.last)
        moved[:, joint] += shares @ (seen - pixels[at, joint])
    return moved
