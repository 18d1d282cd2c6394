"""Lifting: one keypoint track in, several 3D motions (takes) out.

The clip's own times are left before the model and returned to after it; all between runs at the
model's frame rate. The sampler is an argument, so that this module knows neither torch nor how a
model is loaded, and neither sockets nor threads: progress and cancelling go through `report`, which
may raise to stop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ...shared.arrays import Bools, Floats, Floats32
from ...shared.body_height import body_scale
from ...shared.camera import Camera
from ...shared.choosing import judge
from ...shared.choosing.alternatives import choice_of
from ...shared.choosing.moments import moments_of
from ...shared.choosing.spread import Calibration, spread_of
from ...shared.contacts import contact_probabilities
from ...shared.errors import FieldError, RetakeError
from ...shared.ground import find_ground, settle
from ...shared.keypoints import KeypointTrack
from ...shared.resample import MODEL_FPS, resample
from ...shared.root import solve_root
from ...shared.steering import Scene, Steering, finished
from ...shared.takes import Takes
from .lift_options import LiftOptions, camera_of, check_size
from .model_clip import ModelClip, at_model_rate, at_own_times
from .proposed import believed, proposals_for
from .provenance import provenance_of

if TYPE_CHECKING:
    from ...shared.model.guidance.plan import Plan
    from ...shared.model.sampler import Guide, Start

Report = Callable[[str, int, int], None]
"""(stage, done, total): `done` of `total` steps of the whole job. May raise to stop the job."""


class Sampler(Protocol):
    """`shared.model.proposals.sample_and_propose` with its model already given."""

    def __call__(
        self,
        pixels: Floats,
        width: int,
        height: int,
        *,
        hypotheses: int,
        iterations: int,
        proposals: int = 0,
        seed: int,
        on_step: Callable[[int, int], None],
        known: Bools | None = None,
        guides: Sequence[Guide] = (),
        start: Start | None = None,
    ) -> Floats32: ...


class Planner(Protocol):
    """`shared.model.guidance.plan.plan` with its model already given."""

    def __call__(
        self, steering: Steering, scene: Scene, *, hypotheses: int, iterations: int
    ) -> Plan: ...


@dataclass(frozen=True)
class OpenModel:
    """A model ready to sample, the SHA-256 of its weights, and how its spread is calibrated.

    Without a calibration the spread of its takes is raw; without a planner it cannot be steered.
    """

    sample: Sampler
    sha256: str
    calibration: Calibration | None = None
    plan: Planner | None = None


@dataclass(frozen=True)
class Current:
    """The take that is steered: (F, 17, 3) and the hip's path (F, 3), metres, camera frame.

    What a range leaves alone stays as it is here, and the hip stays on its path.
    """

    poses: Floats
    root: Floats


def lift(
    track: KeypointTrack,
    model: OpenModel,
    options: LiftOptions,
    report: Report,
    current: Current | None = None,
) -> Takes:
    """The takes of `track`, at the track's own times. RetakeError if it cannot be lifted.

    `current`: the take that `options.steering` is about. Progress counts one step per iteration of
    the model and one per hypothesis placed in space.
    """
    check_size(track, options)
    if current is not None and options.height is not None:
        raise FieldError("height", "A height cannot be given beside a take, whose path is kept.")
    clip, camera = at_model_rate(track), camera_of(track, options)
    plan = _plan(track, clip, camera, model, options, current)
    proposals = proposals_for(options)
    poses = model.sample(
        plan.pixels if plan else clip.pixels,
        *track.image_size,
        hypotheses=options.hypotheses,
        iterations=options.iterations,
        proposals=proposals,
        seed=options.seed,
        on_step=lambda done, total: report("sampling", done, total + options.hypotheses),
        known=plan.known if plan else clip.known,
        guides=plan.guides if plan else (),
        start=plan.start if plan else None,
    )
    poses = poses * np.float32(body_scale(poses, options.height))
    if current is None:
        roots = _place(poses, clip, camera, options, report)
    else:
        roots = _on_path(current, clip, track, options)
    is_fitted = model.calibration is not None
    provenance = provenance_of(track, options, camera, model.sha256, is_fitted)
    provenance["proposals"] = proposals
    provenance["pins_missed"] = [asdict(miss) for miss in plan.missed(poses)] if plan else []
    calibration = model.calibration
    if calibration and plan:  # the takes are widened by its factors already (`guidance.variety`)
        calibration = Calibration(floors=calibration.floors)
    takes = _takes(track, options, clip, camera, poses, roots, calibration, provenance)
    take = None if current is None else current.poses[None]
    return replace(takes, poses=finished(takes.poses, options.steering, take))


def _plan(
    track: KeypointTrack,
    clip: ModelClip,
    camera: Camera,
    model: OpenModel,
    options: LiftOptions,
    current: Current | None,
) -> Plan | None:
    if model.plan is None:
        if options.steering.asks_for_something:
            raise RetakeError(f"The model {options.model} cannot be steered. Choose another one.")
        return None
    scene = Scene(
        times=track.times,
        pixels=clip.pixels,
        camera=camera,
        known=clip.known,
        root=None if current is None else current.root,
        take=None if current is None else current.poses[None],
        calibration=None if model.calibration is None else np.array(model.calibration.factors),
    )
    return model.plan(
        options.steering, scene, hypotheses=options.hypotheses, iterations=options.iterations
    )


def _on_path(
    current: Current, clip: ModelClip, track: KeypointTrack, options: LiftOptions
) -> Floats:
    """The path of the steered take for every hypothesis: (H, G, 3). Pins were met with it."""
    root = resample(current.root, track.times, clip.times)
    return np.repeat(root[None], options.hypotheses, axis=0)


def _place(
    poses: Floats, clip: ModelClip, camera: Camera, options: LiftOptions, report: Report
) -> Floats:
    """The root of every hypothesis: (H, G, 3) m, camera frame."""
    roots: list[Floats] = []
    for done, pose in enumerate(poses, start=1):
        roots.append(solve_root(pose, clip.pixels, clip.confidence, camera, MODEL_FPS))
        report("placing", options.iterations + done, options.iterations + len(poses))
    return np.stack(roots)


def _takes(
    track: KeypointTrack,
    options: LiftOptions,
    clip: ModelClip,
    camera: Camera,
    poses: Floats,
    roots: Floats,
    calibration: Calibration | None,
    provenance: dict[str, Any],
) -> Takes:
    """Judge the hypotheses at the model's frame rate, then bring all to the track's times.

    How sure a joint is, and whether a foot stands, is for those to tell that were sampled.
    """
    positions = poses + roots[:, :, None]
    sampled = len(poses) - proposals_for(options)
    errors = judge.reprojection_errors(positions, clip.pixels, clip.confidence, camera)
    weights = believed(judge.weights_of(errors, clip.confidence), sampled)
    terms = judge.terms_of(poses, errors, weights, moments_of(poses, MODEL_FPS), MODEL_FPS)
    choice = choice_of(poses, weights, clip.times, costs=judge.costs_of(terms))
    own_poses = at_own_times(poses, clip, track)
    return Takes(
        poses=own_poses,
        root=at_own_times(roots, clip, track),
        weights=weights,
        spread=spread_of(own_poses[:sampled], calibration),
        contacts=_contacts(positions, choice.best["torso_head"], sampled, clip, track),
        times=track.times,
        fps=track.fps,
        camera=camera,
        groups=choice.groups,
        best=choice.best,
        seed=options.seed,
        model=options.model,
        provenance=provenance,
        whole=choice.whole,
    )


def _contacts(
    positions: Floats, best: int, sampled: int, clip: ModelClip, track: KeypointTrack
) -> Floats32:
    """(F, 4) at the track's times. The best hypothesis gives the floor, the first ones vote."""
    world = find_ground(positions[best], MODEL_FPS).to_world(positions[:sampled])
    probabilities = contact_probabilities(settle(world, MODEL_FPS), MODEL_FPS)
    return np.clip(resample(probabilities, clip.times, track.times), 0, 1).astype(np.float32)
