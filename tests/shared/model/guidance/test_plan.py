"""All guides together, through the sampler and back to the clip's own frames."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from retake.shared.arrays import Floats
from retake.shared.bones import decompose, recompose
from retake.shared.camera import Camera
from retake.shared.errors import FieldError, RetakeError
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.shared.model.guidance.pins import missed
from retake.shared.model.guidance.plan import Plan, plan
from retake.shared.model.windows import sample_clip
from retake.shared.resample import model_times, resample
from retake.shared.skeleton import HUMAN36M, MPI_INF_3DHP
from retake.shared.steering import PinnedJoint, Range, Scene, Steering, finished

FPS = 30.0
HYPOTHESES = 2
WRIST, FOOT = 16, 3


@pytest.fixture
def lengths(shot: Any) -> Floats:
    return decompose(shot.poses[0], HUMAN36M)[0][:, 0]


@pytest.fixture
def scene(shot: Any, camera: Camera, lengths: Floats) -> Scene:
    """40 frames at 30 fps of the walk; the take is the walk with constant lengths, twice."""
    source = np.arange(90) / 50
    times = 0.01 + np.arange(40) / FPS
    root, poses = (resample(v, source, times) for v in (shot.root, shot.poses))
    grid = model_times(times)
    pixels = camera.project(resample(shot.points, source, grid))
    walked = recompose(lengths[:, None], decompose(poses, HUMAN36M)[1], HUMAN36M)
    take = np.stack([walked, walked]).astype(np.float32)
    return Scene(times=times, pixels=pixels, camera=camera, root=root, take=take)


def sample(model: Diffusion, steering: Steering, scene: Scene, iterations: int = 3) -> Floats:
    """At the model's rate."""
    made = plan(steering, scene, model, HYPOTHESES, iterations)
    return sample_plan(model, made, iterations)


def sample_plan(model: Diffusion, made: Plan, iterations: int) -> Floats:
    return sample_clip(
        model,
        made.pixels,
        1000,
        1000,
        hypotheses=HYPOTHESES,
        iterations=iterations,
        seed=0,
        guides=made.guides,
        start=made.start,
    )


def at_own_times(poses: Floats, scene: Scene) -> Floats:
    back = resample(np.moveaxis(poses, 1, 0), model_times(scene.times), scene.times)
    return np.moveaxis(back, 0, 1)


def in_camera(scene: Scene, joint: int, frame: int, move: Any) -> PinnedJoint:
    assert scene.root is not None
    assert scene.take is not None
    place = scene.root[frame] + scene.take[0, frame, joint] + move
    return PinnedJoint(joint=joint, frame=frame, space="camera", place=tuple(place.tolist()))


def test_everything_at_once(model: Diffusion, scene: Scene, lengths: Floats):
    """Lengths, variety, a range of two limb groups, pins in all three spaces and on both limbs."""
    assert scene.take is not None
    assert scene.root is not None
    spot = scene.camera.project(scene.root + scene.take[0, :, WRIST])[18]
    steering = Steering(
        lengths=lengths,
        variety=3.0,
        range=Range(first=10, last=29, groups=("right_arm", "right_leg")),
        pins=(
            in_camera(scene, WRIST, 15, (0.0, -0.1, -0.05)),
            in_camera(scene, FOOT, 15, (0.0, -0.1, 0.0)),
            PinnedJoint(joint=WRIST, frame=21, space="picture", place=tuple(spot.tolist())),
            PinnedJoint(joint=FOOT, frame=25, space="hip", place=(0.0, 0.7, 0.2)),
        ),
    )
    made = plan(steering, scene, model, HYPOTHESES, 3)
    poses = sample_plan(model, made, 3)
    assert not missed(poses, made.pins)
    found = decompose(poses, HUMAN36M)[0][..., 1:, 0]
    np.testing.assert_allclose(found, np.broadcast_to(lengths[1:], found.shape), atol=5e-3)

    result = finished(at_own_times(poses, scene), steering, scene.take)
    np.testing.assert_array_equal(result[:, :10], scene.take[:, :10])
    np.testing.assert_array_equal(result[:, 30:], scene.take[:, 30:])
    kept = [j for j in range(17) if j not in (1, 2, 3, 14, 15, 16)]
    np.testing.assert_array_equal(result[:, :, kept], scene.take[:, :, kept])
    for pin in steering.pins:
        if pin.space == "camera":
            place = result[:, pin.frame, pin.joint] + scene.root[pin.frame]
            assert np.linalg.norm(place - pin.place, axis=-1).max() < 0.01
    seen = scene.camera.project(result[:, 21, WRIST] + scene.root[21])
    assert np.linalg.norm(seen - spot, axis=-1).max() < 3


def test_known_lengths_are_exact_in_what_comes_back(
    model: Diffusion, scene: Scene, lengths: Floats
):
    steering = Steering(lengths=lengths, variety=2.0)
    poses = sample(model, steering, scene)
    for motion in (poses, finished(at_own_times(poses, scene), steering)):
        found = decompose(motion, HUMAN36M)[0][..., 1:, 0]
        np.testing.assert_allclose(found, np.broadcast_to(lengths[1:], found.shape), atol=1e-6)


def test_a_moving_pin_is_followed_between_the_models_frames(
    model: Diffusion, scene: Scene, lengths: Floats
):
    pins = tuple(in_camera(scene, WRIST, f, (0.0, -0.05, 0.0)) for f in range(12, 22))
    steering = Steering(lengths=lengths, pins=pins)
    poses = finished(at_own_times(sample(model, steering, scene, 1), scene), steering)
    assert scene.root is not None
    for pin in pins:
        place = poses[:, pin.frame, WRIST] + scene.root[pin.frame]
        assert np.linalg.norm(place - pin.place, axis=-1).max() < 0.01


def test_asking_for_nothing_changes_nothing(model: Diffusion, scene: Scene):
    made = plan(Steering(), scene, model, HYPOTHESES, 3)
    assert made == Plan(scene.pixels, (), None, ())


def test_calibration_is_what_variety_one_means(model: Diffusion, scene: Scene):
    factors = np.full(17, 4.0)
    calibrated = replace(scene, calibration=factors)
    np.testing.assert_allclose(
        sample(model, Steering(), calibrated),
        sample(model, Steering(variety=4.0), scene),
        atol=1e-5,
    )


def test_pins_move_the_keypoints_only_where_the_hip_is_known(model: Diffusion, scene: Scene):
    pin = PinnedJoint(joint=WRIST, frame=15, space="hip", place=(0.2, -0.1, 0.1))
    known = plan(Steering(pins=(pin,)), scene, model, HYPOTHESES, 3)
    lost = replace(scene, root=None)
    unknown = plan(Steering(pins=(pin,)), lost, model, HYPOTHESES, 3)
    assert np.abs(known.pixels - scene.pixels).max() > 5
    assert unknown.pixels is scene.pixels


def test_a_range_at_the_clips_ends_reaches_them(model: Diffusion, scene: Scene):
    assert scene.take is not None
    steering = Steering(range=Range(first=0, last=39, strength=1.0))
    poses = at_own_times(sample(model, steering, scene), scene)
    difference = np.linalg.norm(poses - scene.take, axis=-1).mean(axis=(0, 2))
    assert difference[[0, -1]].min() > 0.2 * difference.mean()


def test_what_is_missing_is_named(model: Diffusion, scene: Scene):
    picture = PinnedJoint(joint=WRIST, frame=5, space="picture", place=(500.0, 500.0))
    cases: list[tuple[Steering, dict[str, Any], str]] = [
        (Steering(pins=(picture,)), {"root": None}, "pins[0].space"),
        (Steering(range=Range(first=0, last=5)), {"take": None}, "range"),
        (Steering(range=Range(first=0, last=40)), {}, "range.last"),
    ]
    for steering, lacking, named in cases:
        with pytest.raises(FieldError) as raised:
            plan(steering, replace(scene, **lacking), model, HYPOTHESES, 3)
        assert raised.value.field == named


def test_another_skeleton_is_refused(scene: Scene):
    config = ModelConfig(frames=9, width=16, depth=2, heads=2, skeleton=MPI_INF_3DHP.name)
    with pytest.raises(RetakeError, match="skeleton"):
        plan(Steering(variety=2.0), scene, Diffusion(config), HYPOTHESES, 3)
