"""Sampling again: what is asked of the server is what the animator opened, pinned and chose."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from retake.blender_addon.choose.again import ScenePin, again_request, read_pin, steering_of
from retake.blender_addon.choose.choice_track import WHOLE
from retake.blender_addon.choose.combine import combine
from retake.blender_addon.choose.stage import Place, stage_of
from retake.blender_addon.takes.messages import LiftSettings
from retake.shared.errors import RetakeError
from retake.shared.keypoints import KeypointTrack
from retake.shared.protocol import Lift, decode_request, encode
from retake.shared.takes import LIMB_GROUPS, Takes

WRIST, SECONDS = 13, 1.0
PIN = ScenePin(WRIST, SECONDS, (0.1, -0.2, 0.3))


def test_the_request_carries_range_pins_and_motion(clip: Takes, clip_track: KeypointTrack) -> None:
    motion = combine(clip)
    steering = steering_of(clip, 0.8, 1.6, "left_arm", 0.5, [PIN])
    lift = again_request(
        "job", clip_track, clip, motion, steering, LiftSettings(hypotheses=3, iterations=4, seed=9)
    )
    sent = decode_request(encode(lift))
    assert isinstance(sent, Lift)
    assert sent.steer is not None
    assert sent.steer.range is not None
    assert sent.take is not None
    assert (sent.steer.range.first, sent.steer.range.last) == (20, 40)
    assert sent.steer.range.groups == ["left_arm"]
    assert sent.steer.range.strength == 0.5
    (pin,) = sent.steer.pins or []
    assert (pin.joint, pin.frame, pin.space, pin.place) == (13, 25, "hip", [0.1, -0.2, 0.3])
    np.testing.assert_allclose(
        sent.take.poses.unpack("poses") + sent.take.root.unpack("root")[:, None], motion, atol=1e-5
    )
    assert (sent.hypotheses, sent.iterations, sent.seed) == (3, 4, 9)
    assert (sent.model, sent.focal) == (clip.model, clip.camera.fx)


def test_pins_that_the_range_cannot_move_are_left_out(clip: Takes) -> None:
    elsewhere = [
        replace(PIN, seconds=2.0),
        replace(PIN, joint=16),
        replace(PIN, joint=3),
    ]
    assert steering_of(clip, 0.8, 1.6, "left_arm", 0.5, elsewhere).pins == ()
    assert len(steering_of(clip, 0.8, 1.6, WHOLE, 0.5, elsewhere[1:]).pins) == 2
    torso = replace(PIN, joint=11)  # a shoulder hangs on the spine
    assert len(steering_of(clip, 0.8, 1.6, "torso_head", 0.5, [torso]).pins) == 1


def test_two_pins_on_one_joint_and_frame_are_the_later_one(clip: Takes) -> None:
    pins = [PIN, replace(PIN, from_hip=(0.0, 0.0, 0.5))]
    (kept,) = steering_of(clip, 0.8, 1.6, "left_arm", 0.5, pins).pins
    assert kept.place == (0.0, 0.0, 0.5)


def test_the_whole_body_means_every_limb(clip: Takes) -> None:
    span = steering_of(clip, 0.0, 0.2, WHOLE, 0.5).range
    assert span is not None
    assert span.groups == tuple(LIMB_GROUPS)
    assert span.blend <= 2, "a short range is not all blend"


def test_a_pin_is_where_it_lies_in_the_scene(clip: Takes) -> None:
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    motion = combine(clip)
    stage = stage_of(clip, motion, Place(2.0, turn, np.array([5.0, 6.0, 7.0])))
    joints = stage.place(motion[25])
    pin = read_pin(PIN.to_json(), joints[WRIST] - joints[0], stage)
    assert (pin.joint, pin.seconds) == (WRIST, SECONDS)
    np.testing.assert_allclose(pin.from_hip, motion[25, WRIST] - motion[25, 0], atol=1e-9)


@pytest.mark.parametrize("text", ["", "{}", json.dumps({"joint": "tail", "seconds": 1}), "[]"])
def test_a_pin_that_is_none_is_a_sentence(clip: Takes, text: str) -> None:
    with pytest.raises(RetakeError, match="pin cannot be read"):
        read_pin(text, np.zeros(3), stage_of(clip, combine(clip)))


def test_another_clips_track_is_refused(clip: Takes, track: KeypointTrack) -> None:
    steering = steering_of(clip, 0.8, 1.6, WHOLE, 0.5)
    with pytest.raises(RetakeError, match="not of the same clip"):
        again_request("job", track, clip, combine(clip), steering, LiftSettings())
