"""What a track knows of its video travels with it: in the file, over the wire, into the takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from retake.blender_addon.takes.messages import LiftSettings, lift_request
from retake.server.worker.requests import read_lift
from retake.shared.errors import RetakeError
from retake.shared.keypoints import VIDEO, KeypointTrack
from retake.shared.protocol import decode_reply, decode_request, encode
from retake.shared.track_message import message_of, track_of

ABOUT = {"video_sha256": "ab" * 32, "pictures": {"cuts": [[3, 3]], "camera": [[0, 4]]}}


@pytest.fixture
def track() -> KeypointTrack:
    points = np.random.default_rng(0).uniform(0, 400, (5, 17, 2)).astype(np.float32)
    ones = np.ones((5, 17), np.float32)
    times = np.arange(5) / 25
    return KeypointTrack(points, ones, times, (640, 480), 25.0, "a test", about=ABOUT)


def test_it_is_kept_in_the_file(track: KeypointTrack, tmp_path: Path) -> None:
    track.save(tmp_path / "t.npz")
    assert KeypointTrack.load(tmp_path / "t.npz").about == ABOUT


@pytest.mark.parametrize("about", ["[1]", "3", "{", '"text"'])
def test_a_file_that_has_something_else_there_is_refused(
    track: KeypointTrack, tmp_path: Path, about: str
) -> None:
    track.save(tmp_path / "t.npz")
    with np.load(tmp_path / "t.npz") as archive:
        arrays = {**archive, "about": np.array(about)}
    np.savez(tmp_path / "t.npz", **arrays)  # pyright: ignore[reportArgumentType]
    with pytest.raises(RetakeError, match="'about'"):
        KeypointTrack.load(tmp_path / "t.npz")


@pytest.mark.parametrize("about", [ABOUT, {}])
def test_it_travels_with_a_detection(track: KeypointTrack, about: dict[str, object]) -> None:
    message = message_of("j", replace(track, about=about))
    received = decode_reply(encode(message))
    assert track_of(received).about == about  # pyright: ignore[reportArgumentType]


def test_the_videos_hash_travels_with_a_lift(track: KeypointTrack) -> None:
    sent = lift_request("j", track, LiftSettings(model="a"))
    received = decode_request(encode(sent))
    assert read_lift(received)[0].about[VIDEO] == ABOUT[VIDEO]  # pyright: ignore[reportArgumentType]
