"""A steered lift from its request to its takes, with a real network of random weights."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from retake.server.lifting.lift import OpenModel, lift
from retake.server.lifting.lift_options import LiftOptions
from retake.server.worker.requests import read_lift, read_steering
from retake.shared.bones import decompose
from retake.shared.errors import FieldError
from retake.shared.keypoints import KeypointTrack
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.shared.model.guidance.plan import plan
from retake.shared.model.proposals import sample_and_propose
from retake.shared.protocol import Array, Lift, Pin, Span, Steer, Take
from retake.shared.skeleton import HUMAN36M
from retake.shared.takes import LIMB_GROUPS, Takes

FRAMES, WRIST = 30, 16
ARM = LIMB_GROUPS["right_arm"]


def ignore(stage: str, done: int, total: int) -> None:
    pass


@pytest.fixture(scope="module")
def model() -> OpenModel:
    torch.manual_seed(0)
    config = ModelConfig(
        frames=9, width=16, depth=2, heads=2, keypoint_frame="person", keypoint_mask=True
    )
    network = Diffusion(config).eval()
    return OpenModel(partial(sample_and_propose, network), "5a", plan=partial(plan, model=network))


@pytest.fixture(scope="module")
def track() -> KeypointTrack:
    rng = np.random.default_rng(0)
    drift = np.cumsum(rng.normal(0, 1, (FRAMES, 17, 2)), axis=0)
    return KeypointTrack(
        points=(rng.uniform(200, 400, (17, 2)) + drift).astype(np.float32),
        confidence=np.ones((FRAMES, 17), np.float32),
        times=np.arange(FRAMES) / 30,
        image_size=(640, 480),
        fps=30.0,
        source="a test",
    )


@pytest.fixture(scope="module")
def first(track: KeypointTrack, model: OpenModel) -> Takes:
    return lift(track, model, LiftOptions(model="tiny", hypotheses=2, iterations=1), ignore)


def request(track: KeypointTrack, steer: Steer, takes: Takes | None, **more: Any) -> Lift:
    take = None
    if takes is not None:
        take = Take(poses=Array.pack(takes.poses[1]), root=Array.pack(takes.root[1]))
    fields: dict[str, Any] = {"hypotheses": 2, "iterations": 2, "seed": 0} | more
    return Lift(
        job_id="1",
        points=Array.pack(track.points),
        confidence=Array.pack(track.confidence),
        times=Array.pack(track.times),
        width=640,
        height=480,
        fps=30.0,
        source="a test",
        model="tiny",
        steer=steer,
        take=take,
        **fields,
    )


def answer(model: OpenModel, asked: Lift) -> Takes:
    track, options, current = read_lift(asked)
    return lift(track, model, options, ignore, current)


def pin(frame: int, place: Any, space: str = "hip") -> Pin:
    return Pin(joint=WRIST, frame=frame, space=space, place=list(map(float, place)))


def test_a_range_changes_an_arm_of_the_given_take_and_keeps_its_path(
    track: KeypointTrack, model: OpenModel, first: Takes
) -> None:
    span = Span(first=8, last=20, groups=["right_arm"], strength=1.0)
    takes = answer(model, request(track, Steer(range=span, variety=2.0), first))
    before = np.broadcast_to(first.poses[1], takes.poses.shape)
    others = [j for j in range(17) if j not in ARM]
    np.testing.assert_array_equal(takes.poses[:, :8], before[:, :8])
    np.testing.assert_array_equal(takes.poses[:, 21:], before[:, 21:])
    np.testing.assert_array_equal(takes.poses[:, :, others], before[:, :, others])
    assert np.abs(takes.poses - before)[:, 12:16, WRIST].max() > 0.005
    for root in takes.root:
        np.testing.assert_allclose(root, first.root[1], atol=0.01)


def test_pins_are_met_or_told(track: KeypointTrack, model: OpenModel, first: Takes) -> None:
    near = first.poses[1, 12, WRIST] + (0.03, -0.03, 0.02)
    picture = first.camera.project(first.poses[1, 24, WRIST] + first.root[1, 24])
    met = answer(
        model, request(track, Steer(pins=[pin(12, near), pin(24, picture, "picture")]), first)
    )
    assert met.provenance["pins_missed"] == []
    assert np.linalg.norm(met.poses[:, 12, WRIST] - near, axis=-1).max() < 0.011
    far = answer(model, request(track, Steer(pins=[pin(12, (9.0, 0, 0))]), first))
    missed = far.provenance["pins_missed"]
    assert {miss["hypothesis"] for miss in missed} == {0, 1}
    assert {miss["joint"] for miss in missed} == {WRIST}
    assert min(miss["distance"] for miss in missed) > 5


def test_known_lengths_need_no_take(track: KeypointTrack, model: OpenModel) -> None:
    given: list[float] = np.linspace(0.1, 0.4, 15).tolist()
    lengths = [0.0, *given, None]
    takes = answer(model, request(track, Steer(lengths=lengths), None))
    found = decompose(takes.poses, HUMAN36M)[0][..., 1:16, 0]
    np.testing.assert_allclose(found, np.broadcast_to(given, found.shape), atol=1e-5)
    steer = takes.provenance["steer"]
    assert steer["lengths"] == pytest.approx(lengths)
    assert steer["variety"] == 1


def test_a_pinned_hidden_keypoint_is_known(
    track: KeypointTrack, model: OpenModel, first: Takes
) -> None:
    points = track.points.copy()
    points[:, WRIST] = np.nan
    shown: list[Any] = []

    def sample(*arguments: Any, **more: Any) -> Any:
        shown.append(more["known"])
        return model.sample(*arguments, **more)

    watched = replace(model, sample=sample)
    steer = Steer(pins=[pin(12, first.poses[1, 12, WRIST])])
    answer(watched, request(replace(track, points=points), steer, first))
    seconds = np.flatnonzero(shown[0][:, WRIST]) / 50
    assert seconds == pytest.approx([12 / 30], abs=0.02)
    assert shown[0][:, :WRIST].all()


def test_takes_are_of_all_that_decides_them(track: KeypointTrack, model: OpenModel) -> None:
    options = LiftOptions(model="tiny", hypotheses=1, iterations=1, height=1.7)
    takes = lift(track, model, options, ignore)
    assert takes.provenance["height"] == 1.7
    assert takes.provenance["steer"] == {
        "lengths": None,
        "pins": (),
        "range": None,
        "variety": 1.0,
    }


@pytest.mark.parametrize(
    ("steer", "has_take", "more", "field"),
    [
        (Steer(range=Span(first=0, last=5)), False, {}, "range"),
        (Steer(range=Span(first=0, last=FRAMES)), True, {}, "range.last"),
        (Steer(pins=[pin(5, (300, 200), "picture")]), False, {}, "pins[0].space"),
        (Steer(pins=[pin(FRAMES, (0, 0, 0))]), True, {}, "pins[0].frame"),
        (Steer(pins=[pin(5, (0, 0, -900))]), True, {}, "pins[0].place"),
        (Steer(lengths=[0.3, None] * 8), True, {}, "lengths"),
        (Steer(variety=99.0), False, {}, "variety"),
        (Steer(), True, {"person_height": 1.8}, "height"),
        (Steer(range=Span(first=0, last=5)), True, {"person_height": 1.8}, "height"),
    ],
)
def test_what_does_not_fit_is_named(
    track: KeypointTrack,
    model: OpenModel,
    first: Takes,
    steer: Steer,
    has_take: bool,
    more: dict[str, Any],
    field: str,
) -> None:
    asked = request(track, steer, first if has_take else None, **more)
    with pytest.raises(FieldError) as refusal:
        answer(model, asked)
    assert refusal.value.field == field


def test_a_take_of_another_clip_is_refused(track: KeypointTrack, first: Takes) -> None:
    asked = request(track, Steer(), first)
    assert asked.take is not None
    for name, short in (("poses", first.poses[1, 1:]), ("root", first.root[1, 1:])):
        take = replace(asked.take, **{name: Array.pack(short)})
        with pytest.raises(FieldError) as refusal:
            read_lift(replace(asked, take=take))
        assert refusal.value.field == f"take.{name}.shape"
    holed = first.root[1].copy()
    holed[3] = np.nan
    with pytest.raises(FieldError) as refusal:
        read_lift(replace(asked, take=replace(asked.take, root=Array.pack(holed))))
    assert refusal.value.field == "take.root"


def test_nothing_asked_for_is_the_default() -> None:
    assert read_steering(Steer()) == LiftOptions(model="tiny").steering
