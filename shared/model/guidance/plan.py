"""From what an animator asks for to what the sampler takes.

The guides' order: variety, known lengths, the range that may change, pins. Variety turns bones and
may come first because everything after it is exact: lengths hold whatever the directions are, the
range keeps all else bit by bit, and pins turn bones inside the range only and change no length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...arrays import Bools, Floats
from ...errors import FieldError, RetakeError
from ...resample import MODEL_FPS, model_times, resample
from ...skeleton import HUMAN36M
from ...steering import PinnedJoint, Range, Scene, Steering
from ..diffusion import Diffusion
from ..sampler import Guide, Start, steps_of
from .bones import Body
from .lengths import KnownLengths
from .picture import pinned_keypoints
from .pins import Miss, Pin, Pins, missed
from .variety import Variety
from .within import Within


@dataclass(frozen=True)
class Plan:
    """Arguments for `windows.sample_clip`, and the pins at the model's frames."""

    pixels: Floats
    guides: tuple[Guide, ...]
    start: Start | None
    pins: tuple[Pin, ...]
    known: Bools | None = None

    def missed(self, poses: Floats) -> tuple[Miss, ...]:
        """Pins that sampled poses (H, G, 17, 3), at the model's rate, do not meet."""
        return missed(poses, self.pins)


def plan(
    steering: Steering, scene: Scene, model: Diffusion, hypotheses: int, iterations: int
) -> Plan:
    """Raises FieldError for what does not fit the clip, RetakeError for a foreign skeleton."""
    _check(steering, scene, model)
    body, device = Body.of(model), next(model.parameters()).device
    start = _start(steering, scene, model, hypotheses)
    guides: list[Guide] = []
    factors = steering.variety * np.ones(HUMAN36M.joint_count)
    if scene.calibration is not None:
        factors = factors * scene.calibration
    if np.any(factors != 1):
        last_t = steps_of(model, iterations, start)[-1][0]
        guides.append(Variety(_tensor(factors, device), body, last_t))
    if steering.lengths is not None:
        guides.append(KnownLengths(_tensor(steering.lengths, device), body))
    if steering.range is not None and start is not None:
        first, last = _model_range(steering.range, scene.times)
        wanted = steering.range
        guides.append(Within(start.positions, first, last, wanted.blend, wanted.joints, body))
    pixels, known = scene.pixels, scene.known
    pins = _pins(steering, scene, body)
    if pins.pins:
        guides.append(pins)
        if scene.root is not None:
            times = scene.times[0] + np.arange(len(pixels)) / MODEL_FPS
            root = resample(scene.root, scene.times, times)
            pixels = pinned_keypoints(pixels, pins, root, scene.camera)
            known = _with_pins(known, pins.pins)
    return Plan(pixels, tuple(guides), start, pins.pins, known)


def _check(steering: Steering, scene: Scene, model: Diffusion) -> None:
    if model.skeleton.name != HUMAN36M.name:
        raise RetakeError(
            f"The keypoints have the skeleton {HUMAN36M.name}, the model has "
            f"{model.skeleton.name}. Choose another model."
        )
    steering.check_clip(len(scene.times))
    for index, pin in enumerate(steering.pins):
        if pin.space != "hip" and scene.root is None:
            raise FieldError(
                f"pins[{index}].space",
                f"A pin in the space '{pin.space}' needs to know where the hip is. Lift the clip "
                "first, or pin relative to the hip.",
            )
        if pin.space == "hip" and scene.root is not None:
            depth = scene.root[pin.frame, 2] + pin.place[2]
            if depth <= 0:
                raise FieldError(
                    f"pins[{index}].place",
                    f"A pin lies {depth:g} m in front of the camera; expected more than 0.",
                )
    if steering.range is not None and scene.take is None:
        raise FieldError("range", "A range needs a take to change. Lift the clip first.")


def _start(steering: Steering, scene: Scene, model: Diffusion, hypotheses: int) -> Start | None:
    """The take at the model's rate, for every hypothesis, where a range of it is to change."""
    if steering.range is None or scene.take is None:
        return None
    times = model_times(scene.times)
    take = np.moveaxis(resample(np.moveaxis(scene.take, 1, 0), scene.times, times), 0, 1)
    positions = _tensor(take, next(model.parameters()).device)
    if len(positions) not in (1, hypotheses):
        raise FieldError(
            "range", f"The take has {len(positions)} hypotheses; expected 1 or {hypotheses}."
        )
    t = round(steering.range.strength * (model.config.timesteps - 1))
    return Start(positions.expand(hypotheses, -1, -1, -1), t)


def _model_range(wanted: Range, times: Floats) -> tuple[int, int]:
    """The model's frames between the clip's frames before and after the range.

    At the clip's ends, where nothing has to fit, the range goes on for as long as the blend.
    """
    at = (times - times[0]) * MODEL_FPS
    beyond = wanted.blend + 1
    before = at[wanted.first - 1] if wanted.first else -float(beyond)
    after = at[wanted.last + 1] if wanted.last + 1 < len(at) else np.ceil(at[-1]) + beyond
    return int(np.floor(before + 1e-6)) + 1, int(np.ceil(after - 1e-6)) - 1


def _pins(steering: Steering, scene: Scene, body: Body) -> Pins:
    frames = len(scene.pixels)
    first, last, joints = 0, frames - 1, tuple(range(HUMAN36M.joint_count))
    if steering.range is not None:
        first, last = _model_range(steering.range, scene.times)
        joints = steering.range.joints
    found: dict[tuple[int, int], Pin] = {}
    for run in _runs(steering.pins):
        found |= {(pin.joint, pin.frame): pin for pin in _at_model_rate(run, scene)}
    within = tuple(pin for pin in found.values() if first <= pin.frame <= last)
    return Pins(within, body, first, last, joints)


def _with_pins(known: Bools | None, pins: tuple[Pin, ...]) -> Bools | None:
    """`known` (G, 17) and the pins' keypoints: whoever pins a hidden hand knows where it is."""
    if known is None:
        return None
    known = known.copy()
    known[[pin.frame for pin in pins], [pin.joint for pin in pins]] = True
    return known


def _runs(pins: tuple[PinnedJoint, ...]) -> Iterator[list[PinnedJoint]]:
    """Pins of one joint in one space at consecutive frames of the clip."""
    run: list[PinnedJoint] = []
    for pin in sorted(pins, key=lambda pin: (pin.joint, pin.space, pin.frame)):
        if run and (pin.joint, pin.space, pin.frame - 1) != (
            run[-1].joint,
            run[-1].space,
            run[-1].frame,
        ):
            yield run
            run = []
        run.append(pin)
    if run:
        yield run


def _at_model_rate(run: list[PinnedJoint], scene: Scene) -> Iterator[Pin]:
    """A run of pins at all of the model's frames that its clip frames lie between.

    A lone frame between two of the model's pins both, so that it is met after resampling.
    """
    times = scene.times[[pin.frame for pin in run]]
    ends = (times[[0, -1]] - scene.times[0]) * MODEL_FPS
    frames = np.arange(np.floor(ends[0] + 1e-6), np.ceil(ends[1] - 1e-6) + 1).astype(int)
    frames = frames[frames < len(scene.pixels)]
    at = scene.times[0] + frames / MODEL_FPS
    places = resample(np.array([pin.place for pin in run], float), times, at)
    root = np.zeros_like(places[:, :1].repeat(3, axis=1))
    if run[0].space != "hip" and scene.root is not None:
        root = resample(scene.root, scene.times, at)
    along = np.zeros_like(root)
    if run[0].space == "picture":
        along = np.pad(scene.camera.rays(places), ((0, 0), (0, 1)), constant_values=1.0)
        along = along / np.linalg.norm(along, axis=-1, keepdims=True)
        places = np.zeros_like(root)
    for frame, point, line in zip(frames.tolist(), places - root, along, strict=True):
        yield Pin(run[0].joint, frame, point, line)


def _tensor(values: Floats, device: torch.device) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, np.float32)).to(device)
