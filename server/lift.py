"""Lifting: one keypoint track in, several 3D motions (takes) out.

The clip's own times are left before the model and returned to after it; all between runs at the
model's frame rate. The sampler is an argument, so that this module knows neither torch nor how a
model is loaded, and neither sockets nor threads: progress and cancelling go through `report`, which
may raise to stop.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from ..shared.arrays import Bools, Floats, Ints
from ..shared.body_height import HEIGHT_RANGE_M, body_scale
from ..shared.camera import Camera
from ..shared.choosing import judge
from ..shared.choosing.alternatives import choice_of
from ..shared.choosing.moments import moments_of
from ..shared.choosing.spread import Calibration, spread_of
from ..shared.contacts import contact_probabilities
from ..shared.errors import FieldError
from ..shared.ground import find_ground, settle
from ..shared.keypoints import MOST_FRAMES, KeypointTrack
from ..shared.resample import MODEL_FPS, fill_gaps, model_times, resample, without_guesses
from ..shared.root import solve_root
from ..shared.skeleton import HUMAN36M
from ..shared.steering import Scene, Steering, finished
from ..shared.takes import Takes

if TYPE_CHECKING:
    from ..shared.model.guidance.plan import Plan
    from ..shared.model.sampler import Guide, Start

Report = Callable[[str, int, int], None]
"""(stage, done, total): `done` of `total` steps of the whole job. May raise to stop the job."""

MOST_HYPOTHESES = 100
MOST_ITERATIONS = 50

FOCAL_RANGE = (0.2, 50.0)
"""Focal lengths in units of the picture's larger side: from a fisheye to a long telephoto lens."""

MOST_POSES = 1_000_000
"""Hypotheses x frames. Takes of this size (about 220 MB) still fit into one message."""


class Sampler(Protocol):
    """`shared.model.windows.sample_clip` with its model already given."""

    def __call__(
        self,
        pixels: Floats,
        width: int,
        height: int,
        *,
        hypotheses: int,
        iterations: int,
        seed: int,
        on_step: Callable[[int, int], None],
        known: Bools | None = None,
        guides: Sequence[Guide] = (),
        start: Start | None = None,
    ) -> npt.NDArray[np.float32]: ...


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


@dataclass(frozen=True, kw_only=True)
class LiftOptions:
    """What is asked of the model.

    focal     pixels; None = the usual guess (`Camera.with_default_focal`)
    height    metres of the person, standing; None = as the model sees it
    steering  what is known or wanted of the motion; by default nothing
    """

    model: str
    hypotheses: int = 5
    iterations: int = 5
    seed: int = 0
    focal: float | None = None
    height: float | None = None
    steering: Steering = field(default_factory=Steering)

    def __post_init__(self) -> None:
        """Raises FieldError."""
        _check_range("hypotheses", "number of hypotheses", self.hypotheses, 1, MOST_HYPOTHESES)
        _check_range("iterations", "number of iterations", self.iterations, 1, MOST_ITERATIONS)
        _check_range("seed", "seed", self.seed, 0, 2**63 - 1)
        if self.focal is not None and not (np.isfinite(self.focal) and self.focal > 0):
            raise FieldError(
                "focal", f"The focal length is {self.focal} pixels; it must be positive."
            )
        if self.height is not None:
            _check_range("height", "height in metres", self.height, *HEIGHT_RANGE_M)
            if self.steering.lengths is not None or self.steering.is_about_a_take:
                raise FieldError(
                    "height", "A height cannot be given beside lengths, pins or a range."
                )


@dataclass(frozen=True)
class _Clip:
    """A track at the model's frame rate.

    Unknown keypoints are bridged, have confidence 0 and are marked in `known` (G, 17).
    """

    times: Floats
    pixels: Floats
    confidence: Floats
    known: Bools


def check_size(track: KeypointTrack, options: LiftOptions) -> None:
    """Raises FieldError if the clip is too long, or too long for so many hypotheses."""
    seconds = float(track.times[-1] - track.times[0])
    if seconds * MODEL_FPS > MOST_FRAMES:
        limit = MOST_FRAMES / MODEL_FPS
        raise FieldError(
            "times", f"The clip lasts {seconds:.0f} s; the limit is {limit:.0f} s. Cut it."
        )
    frames = max(track.frame_count, int(seconds * MODEL_FPS) + 1)
    if options.hypotheses * frames > MOST_POSES:
        most = MOST_POSES // frames
        raise FieldError(
            "hypotheses",
            f"{options.hypotheses} hypotheses are too many for {frames} frames. "
            f"Ask for {most} at most, or cut the clip.",
        )


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
    clip, camera = _at_model_rate(track), _camera_of(track, options)
    plan = _plan(track, clip, camera, model, options, current)
    poses = model.sample(
        plan.pixels if plan else clip.pixels,
        *track.image_size,
        hypotheses=options.hypotheses,
        iterations=options.iterations,
        seed=options.seed,
        on_step=lambda done, total: report("sampling", done, total + options.hypotheses),
        known=clip.known,
        guides=plan.guides if plan else (),
        start=plan.start if plan else None,
    )
    poses = poses * np.float32(body_scale(poses, options.height))
    if current is None:
        roots = _place(poses, clip, camera, options, report)
    else:
        roots = _on_path(current, clip, track, options)
    provenance = _provenance(track, model, options, camera)
    provenance["pins_missed"] = [asdict(miss) for miss in plan.missed(poses)] if plan else []
    calibration = model.calibration
    if calibration and plan:  # the takes are widened by its factors already (`guidance.variety`)
        calibration = Calibration(floors=calibration.floors)
    takes = _takes(track, options, clip, camera, poses, roots, calibration, provenance)
    take = None if current is None else current.poses[None]
    return replace(takes, poses=finished(takes.poses, options.steering, take))


def _plan(
    track: KeypointTrack,
    clip: _Clip,
    camera: Camera,
    model: OpenModel,
    options: LiftOptions,
    current: Current | None,
) -> Plan | None:
    if model.plan is None:
        return None
    scene = Scene(
        times=track.times,
        pixels=clip.pixels,
        camera=camera,
        root=None if current is None else current.root,
        take=None if current is None else current.poses[None],
        calibration=None if model.calibration is None else np.array(model.calibration.factors),
    )
    return model.plan(
        options.steering, scene, hypotheses=options.hypotheses, iterations=options.iterations
    )


def _on_path(current: Current, clip: _Clip, track: KeypointTrack, options: LiftOptions) -> Floats:
    """The path of the steered take for every hypothesis: (H, G, 3). Pins were met with it."""
    root = resample(current.root, track.times, clip.times)
    return np.repeat(root[None], options.hypotheses, axis=0)


def _at_model_rate(track: KeypointTrack) -> _Clip:
    times = model_times(track.times)
    points = without_guesses(track.points, track.confidence)
    filled = fill_gaps(points, track.times, HUMAN36M.parents)
    known = np.isfinite(points).all(axis=-1)
    confidence = np.where(known, track.confidence, 0)
    return _Clip(
        times=times,
        pixels=resample(filled, track.times, times),
        # A cubic may swing past its values.
        confidence=np.clip(resample(confidence, track.times, times), 0, 1),
        known=known[_nearest(track.times, times)],
    )


def _nearest(times: Floats, wanted: Floats) -> Ints:
    """Index of the frame of `times` (F,) nearest to each of `wanted` (G,)."""
    return np.rint(np.interp(wanted, times, np.arange(len(times)))).astype(np.intp)


def _camera_of(track: KeypointTrack, options: LiftOptions) -> Camera:
    width, height = track.image_size
    if options.focal is None:
        return Camera.with_default_focal(width, height)
    least, most = (factor * max(width, height) for factor in FOCAL_RANGE)
    if not least <= options.focal <= most:
        raise FieldError(
            "focal",
            f"The focal length is {options.focal:g} pixels; in a picture of {width} x {height} "
            f"{least:.0f} to {most:.0f} make sense.",
        )
    return Camera(options.focal, options.focal, width / 2, height / 2, width, height)


def _place(
    poses: Floats, clip: _Clip, camera: Camera, options: LiftOptions, report: Report
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
    clip: _Clip,
    camera: Camera,
    poses: Floats,
    roots: Floats,
    calibration: Calibration | None,
    provenance: dict[str, Any],
) -> Takes:
    """Judge the hypotheses at the model's frame rate, then bring all to the track's times."""
    positions = poses + roots[:, :, None]
    errors = judge.reprojection_errors(positions, clip.pixels, clip.confidence, camera)
    weights = judge.weights_of(errors, clip.confidence)
    terms = judge.terms_of(poses, errors, weights, moments_of(poses, MODEL_FPS), MODEL_FPS)
    choice = choice_of(poses, weights, clip.times, costs=judge.costs_of(terms))
    own_poses = _at_own_times(poses, clip, track)
    return Takes(
        poses=own_poses,
        root=_at_own_times(roots, clip, track),
        weights=weights,
        spread=spread_of(own_poses, calibration),
        contacts=_contacts(positions, choice.best["torso_head"], clip, track),
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
    positions: Floats, best: int, clip: _Clip, track: KeypointTrack
) -> npt.NDArray[np.float32]:
    """(F, 4) at the track's times. The best hypothesis gives the floor, all of them vote."""
    ground = find_ground(positions[best], MODEL_FPS)
    probabilities = contact_probabilities(settle(ground.to_world(positions), MODEL_FPS), MODEL_FPS)
    return np.clip(resample(probabilities, clip.times, track.times), 0, 1).astype(np.float32)


def _at_own_times(values: Floats, clip: _Clip, track: KeypointTrack) -> npt.NDArray[np.float32]:
    """(H, G, ...) at the model's times -> (H, F, ...) at the track's."""
    resampled = resample(np.moveaxis(values, 0, 1), clip.times, track.times)
    return np.ascontiguousarray(np.moveaxis(resampled, 1, 0), np.float32)


def _provenance(
    track: KeypointTrack, model: OpenModel, options: LiftOptions, camera: Camera
) -> dict[str, Any]:
    """What is needed, beside the track and the same device, to make the same takes again."""
    is_calibrated = model.calibration is not None and options.steering.variety == 1
    return {
        "model": options.model,
        "model_sha256": model.sha256,
        "spread": "calibrated" if is_calibrated else "raw",
        "hypotheses": options.hypotheses,
        "iterations": options.iterations,
        "seed": options.seed,
        "focal": camera.fx,
        "package_version": version("retake"),
        "track_source": track.source,
        "track_sha256": track_hash(track),
    }


def track_hash(track: KeypointTrack) -> str:
    """SHA-256 of points, confidence, times (little-endian, C order), width and height (decimal)."""
    digest = hashlib.sha256()
    for values, dtype in ((track.points, "<f4"), (track.confidence, "<f4"), (track.times, "<f8")):
        digest.update(np.ascontiguousarray(values, dtype).tobytes())
    digest.update("{} {}".format(*track.image_size).encode())
    return digest.hexdigest()


def _check_range(name: str, words: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise FieldError(name, f"The {words} is {value}; expected {least} to {most}.")
