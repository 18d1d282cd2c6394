"""Lifting with a sampler that knows the answer, so that all around the model can be checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from retake.server.lifting.lift import OpenModel, lift
from retake.server.lifting.lift_options import LiftOptions
from retake.server.lifting.provenance import track_hash
from retake.shared.arrays import Floats, Floats32, Floats64
from retake.shared.body_height import body_height
from retake.shared.camera import Camera
from retake.shared.choosing.spread import Calibration
from retake.shared.errors import FieldError, RetakeError
from retake.shared.keypoints import KeypointTrack
from retake.shared.resample import model_times
from retake.shared.steering import Steering
from retake.shared.takes import LIMB_GROUPS, Takes

SECONDS = 2.0
CAMERA = Camera.with_default_focal(1280, 720)
STANDING = np.array(
    [  # x right, y down, z forward: facing the camera, its left on our right
        *[(0, 0, 0), (-0.13, 0, 0), (-0.13, 0.43, 0), (-0.13, 0.85, 0)],
        *[(0.13, 0, 0), (0.13, 0.43, 0), (0.13, 0.85, 0)],
        *[(0, -0.24, 0), (0, -0.5, 0), (0, -0.58, -0.05), (0, -0.69, -0.03)],
        *[(0.16, -0.47, 0), (0.2, -0.2, 0), (0.22, 0.03, -0.1)],
        *[(-0.16, -0.47, 0), (-0.2, -0.2, 0), (-0.22, 0.03, -0.1)],
    ]
)


def truth(times: Floats, speed: float = 0.8) -> tuple[Floats, Floats]:
    """Poses (F, 17, 3) and root (F, 3) of somebody who waves and slides at `speed` m/s."""
    poses = np.repeat(STANDING[None], len(times), axis=0)
    poses[:, 13, 0] += 0.2 * np.sin(2 * np.pi * times)
    root = np.stack([speed * times, 0 * times, 4 + 0 * times], axis=-1)
    return poses, root


def film(times: Floats64, speed: float = 0.8) -> KeypointTrack:
    poses, root = truth(times, speed)
    return KeypointTrack(
        points=CAMERA.project(poses + root[:, None]).astype(np.float32),
        confidence=np.ones((len(times), 17), np.float32),
        times=times,
        image_size=(1280, 720),
        fps=24.0,
        source="a test",
    )


class KnowingSampler:
    """Hypothesis h is the truth, its left wrist bent by h * 0.3 m out of the camera's plane."""

    def __init__(self) -> None:
        self.pixels = np.zeros((0, 17, 2))
        self.known: object = None

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
        **more: object,
    ) -> Floats32:
        self.pixels, self.known = pixels, more["known"]
        for step in range(iterations):
            on_step(step + 1, iterations)
        poses = np.repeat(truth(np.arange(len(pixels)) / 50)[0][None], hypotheses, axis=0)
        poses[:, :, 13, :2] += 0.3 * np.arange(hypotheses)[:, None, None]
        return poses.astype(np.float32)


KNOWING = OpenModel(KnowingSampler(), "5a")


def ignore(stage: str, done: int, total: int) -> None:
    pass


@pytest.fixture
def track() -> KeypointTrack:
    return film(np.arange(int(SECONDS * 24)) / 24)


@pytest.fixture
def takes(track: KeypointTrack) -> Takes:
    return lift(track, KNOWING, LiftOptions(model="knowing", hypotheses=3), ignore)


def test_takes_stand_where_and_when_the_person_stood(track: KeypointTrack, takes: Takes) -> None:
    poses, root = truth(track.times)
    np.testing.assert_array_equal(takes.times, track.times)
    np.testing.assert_allclose(takes.poses[0], poses, atol=0.005)
    np.testing.assert_allclose(takes.root[0], root, atol=0.06)


def test_the_hypothesis_that_fits_the_picture_is_the_best(takes: Takes) -> None:
    proposed = takes.weights[2]
    assert takes.weights[0] > proposed > takes.weights[1]
    assert set(takes.best.values()) == {0}


def test_only_the_limb_that_differs_has_alternatives(takes: Takes) -> None:
    assert set(takes.groups) == set(LIMB_GROUPS)
    arm = takes.groups["left_arm"]
    assert [take.hypothesis for take in arm] == [0, 2]  # the second explains the picture too badly
    assert [take.name for take in takes.whole] == [take.name for take in arm]
    others = {rows[0].name for group, rows in takes.groups.items() if group != "left_arm"}
    assert others == {"all agree within 8°"}


def test_spread_shows_the_joint_in_doubt(takes: Takes) -> None:
    assert takes.spread[:, 13].min() > 0.2  # of the two that are sampled
    assert np.delete(takes.spread, 13, axis=1).max() < 1e-6


def test_a_calibrated_model_gives_calibrated_spread(track: KeypointTrack, takes: Takes) -> None:
    calibration = Calibration(factors=(3.0,) * 17, floors=(0.02,) * 17)
    options = LiftOptions(model="knowing", hypotheses=3)
    calibrated = lift(track, replace(KNOWING, calibration=calibration), options, ignore)
    np.testing.assert_allclose(calibrated.spread, np.hypot(3 * takes.spread, 0.02), rtol=1e-5)
    assert calibrated.provenance["spread"] == "calibrated"
    assert takes.provenance["spread"] == "raw"


def test_standing_feet_touch_the_floor_and_sliding_ones_do_not(takes: Takes) -> None:
    still = film(takes.times, speed=0)
    standing = lift(still, KNOWING, LiftOptions(model="knowing", hypotheses=2), ignore)
    assert standing.contacts.min() >= 0
    assert standing.contacts.mean() > 0.9 > 0.1 > takes.contacts.mean()


def test_the_model_sees_50_frames_per_second_without_gaps(track: KeypointTrack) -> None:
    points = track.points.copy()
    points[10:14, 5] = np.nan
    gappy = KeypointTrack(
        points, track.confidence, track.times, track.image_size, track.fps, track.source
    )
    sampler = KnowingSampler()
    lift(gappy, OpenModel(sampler, ""), LiftOptions(model="knowing"), ignore)
    assert len(sampler.pixels) == len(model_times(track.times))
    assert np.isfinite(sampler.pixels).all()
    known = sampler.known
    assert isinstance(known, np.ndarray)
    assert set(np.flatnonzero(~known.all(axis=0))) == {5}
    seconds = model_times(track.times)[~known[:, 5]]
    assert track.times[9] < seconds.min() < seconds.max() < track.times[14]


def test_a_guessed_keypoint_is_unknown(track: KeypointTrack) -> None:
    confidence = track.confidence.copy()
    confidence[:, 16] = 0.1
    sampler = KnowingSampler()
    guessed = replace(track, confidence=confidence)
    lift(guessed, OpenModel(sampler, ""), LiftOptions(model="knowing"), ignore)
    assert isinstance(sampler.known, np.ndarray)
    assert not sampler.known[:, 16].any()
    assert sampler.known[:, :16].all()


def test_a_given_height_sizes_the_body_and_its_distance(track: KeypointTrack, takes: Takes) -> None:
    options = LiftOptions(model="knowing", hypotheses=2, height=1.2)
    small = lift(track, KNOWING, options, ignore)
    factor = 1.2 / body_height(takes.poses)
    assert body_height(small.poses) == pytest.approx(1.2, rel=1e-3)
    depth = takes.root[0, :, 2].mean()
    assert small.root[0, :, 2].mean() == pytest.approx(depth * factor, rel=0.02)


def test_progress_counts_every_step_of_the_whole_job(track: KeypointTrack) -> None:
    steps: list[tuple[str, int, int]] = []
    options = LiftOptions(model="knowing", hypotheses=2, iterations=3)

    def note(stage: str, done: int, total: int) -> None:
        steps.append((stage, done, total))

    lift(track, KNOWING, options, note)
    assert [done for _, done, _ in steps] == [1, 2, 3, 4, 5]
    assert {total for _, _, total in steps} == {5}


def test_report_can_stop_it(track: KeypointTrack) -> None:
    class Enough(Exception):
        pass

    def stop(stage: str, done: int, total: int) -> None:
        raise Enough

    with pytest.raises(Enough):
        lift(track, KNOWING, LiftOptions(model="knowing"), stop)


def test_a_given_focal_length_moves_the_person(track: KeypointTrack, takes: Takes) -> None:
    options = LiftOptions(model="knowing", hypotheses=1, focal=2 * CAMERA.fx)
    far = lift(track, KNOWING, options, ignore)
    assert far.camera.fx == 2 * CAMERA.fx
    assert np.median(far.root[0, :, 2]) == pytest.approx(8, rel=0.1)
    assert np.median(takes.root[0, :, 2]) == pytest.approx(4, rel=0.1)


def test_provenance_tells_models_and_lenses_apart(track: KeypointTrack, takes: Takes) -> None:
    assert takes.provenance["model_sha256"] == "5a"
    assert takes.provenance["focal"] == CAMERA.fx  # the usual guess, written down
    options = LiftOptions(model="knowing", hypotheses=1, focal=900.0)
    assert lift(track, KNOWING, options, ignore).provenance["focal"] == 900.0


def test_provenance_tells_tracks_apart(track: KeypointTrack, takes: Takes) -> None:
    assert takes.provenance["track_sha256"] == track_hash(track)
    assert takes.provenance["track_source"] == "a test"
    moved = film(track.times + 0.001)
    assert track_hash(moved) != track_hash(track)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("hypotheses", 0, "The number of hypotheses is 0; expected 1 to 100."),
        ("iterations", 51, "The number of iterations is 51; expected 1 to 50."),
        ("seed", -1, "The seed is -1; expected 0 to"),
        ("focal", -1.0, "The focal length is -1.0 pixels; it must be positive."),
    ],
)
def test_options_out_of_range_are_refused_in_a_sentence(
    field: str, value: float, sentence: str
) -> None:
    with pytest.raises(FieldError, match=f"^{sentence}") as refusal:
        LiftOptions(model="knowing", **{field: value})  # pyright: ignore[reportArgumentType]
    assert refusal.value.field == field


def test_a_clip_too_long_is_refused_before_anything_is_computed() -> None:
    week = film(np.array([0.0, 1.0, 604800.0]), speed=0)
    with pytest.raises(RetakeError, match="604800 s"):
        lift(week, KNOWING, LiftOptions(model="knowing"), ignore)


def test_a_focal_length_that_no_lens_has_is_refused_before_any_work(track: KeypointTrack) -> None:
    with pytest.raises(FieldError, match="focal length is 1 pixels") as refusal:
        lift(track, KNOWING, LiftOptions(model="knowing", focal=1.0), ignore)
    assert refusal.value.field == "focal"


def test_a_model_that_cannot_be_steered_says_so(track: KeypointTrack) -> None:
    options = LiftOptions(model="knowing", steering=Steering(variety=2.0))
    with pytest.raises(RetakeError, match="cannot be steered"):
        lift(track, KNOWING, options, ignore)
