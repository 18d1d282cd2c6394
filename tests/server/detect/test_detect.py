"""Detection on a real picture of a person: skimage's astronaut, head to waist, from the front."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import skimage.data
from PIL import Image
from retake.server.detect.child_process import find_people
from retake.server.detect.detect import choose_and_mend, detect
from retake.server.detect.order import Order
from retake.server.detect.preview import write_preview
from retake.server.detect.video import open_video
from retake.shared.errors import RetakeError
from retake.shared.keypoints import KeypointTrack

Picture = npt.NDArray[np.uint8]
WriteVideo = Callable[..., Path]

pytestmark = [
    pytest.mark.usefixtures("pose_model"),
    pytest.mark.timeout(300),  # the first one may have to fetch the model
]

NOSE, LEFT_SHOULDER, RIGHT_SHOULDER = (223, 127), (305, 255), (112, 240)
"""Pixels in the picture, read off it by eye; the shoulders to a few centimetres."""


def astronaut() -> Picture:
    """500 pixels wide: the decoder pads such rows, and MediaPipe would find nobody in them."""
    return np.ascontiguousarray(skimage.data.astronaut()[:, :500])


def ignore(done: int, total: int | None) -> None:
    """For tests that do not look at the progress."""


def distance(point: npt.NDArray[np.float32], place: tuple[int, int]) -> float:
    return float(np.linalg.norm(point - np.array(place)))


def check_upper_body(track: KeypointTrack) -> None:
    assert track.image_size == (500, 512)
    nose = track.extra_points[-1, track.extra_names.index("nose")]
    assert distance(nose, NOSE) < 12
    assert distance(track.points[-1, 11], LEFT_SHOULDER) < 30
    assert distance(track.points[-1, 14], RIGHT_SHOULDER) < 30
    assert track.confidence[-1, [8, 9, 10, 11, 14]].min() > 0.8  # calibrated: 0.87 at most


def test_head_and_shoulders_are_where_they_are_seen(write_video: WriteVideo) -> None:
    times = [0.0, 0.04, 0.1, 0.14, 0.2]
    calls: list[tuple[int, int | None]] = []
    path = write_video([astronaut()] * 5, times)
    track = detect(path, lambda done, total: calls.append((done, total)))
    check_upper_body(track)
    assert track.times == pytest.approx(times, abs=1e-3)
    assert calls == [(i, 5) for i in range(1, 6)]
    assert path.name in track.source


def test_a_video_stored_on_its_side_gives_upright_points(write_video: WriteVideo) -> None:
    sideways = np.ascontiguousarray(np.rot90(astronaut(), -1))
    check_upper_body(detect(write_video([sideways] * 5, rotation=90), ignore))


def test_frames_without_a_person_are_missing(write_video: WriteVideo) -> None:
    empty = np.full_like(astronaut(), 90)
    track = detect(write_video([empty] * 2 + [astronaut()] * 3), ignore)
    assert np.isnan(track.points[:2]).all()
    assert not track.confidence[:2].any()
    check_upper_body(track)


def test_nobody_at_all(write_video: WriteVideo) -> None:
    path = write_video([np.full_like(astronaut(), 90)] * 3)
    with pytest.raises(RetakeError, match="Nobody was found in any of the 3 frames"):
        detect(path, ignore)


def test_a_single_frame_is_no_motion(write_video: WriteVideo) -> None:
    with pytest.raises(RetakeError, match="1 readable frame"):
        detect(write_video([astronaut()]), ignore)


def test_a_damaged_video_says_so_in_its_source(write_video: WriteVideo) -> None:
    random = np.random.default_rng(0)
    noisy = [astronaut() ^ random.integers(0, 8, (512, 500, 3), np.uint8) for _ in range(24)]
    path = write_video(noisy)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 17 // 20])
    track = detect(path, ignore)
    assert 2 <= track.frame_count < 24
    assert f"only {track.frame_count} frames could be read" in track.source


def test_the_caller_can_stop_it(write_video: WriteVideo) -> None:
    class Stopped(Exception):
        pass

    def stop(done: int, total: int | None) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        detect(write_video([astronaut()] * 5), stop)


@pytest.mark.parametrize("name", ["preview.mp4", "sheet.png"])
def test_a_preview_is_drawn_over_the_video(
    write_video: WriteVideo, tmp_path: Path, name: str
) -> None:
    path = write_video([astronaut()] * 5)
    detected = choose_and_mend(path, find_people(Order(path), ignore))
    out = tmp_path / name
    write_preview(Order(path), detected, out)
    if name.endswith(".mp4"):
        with closing(open_video(out)) as video:
            pictures = [frame.picture for frame in video.frames()]
        assert len(pictures) == 5
        blue = pictures[-1].astype(int) - astronaut()
    else:
        with Image.open(out) as image:
            sheet = np.array(image)
        assert sheet.shape == (410, 2000, 3)
        return
    shoulder = LEFT_SHOULDER
    around = blue[shoulder[1] - 25 : shoulder[1] + 25, shoulder[0] - 25 : shoulder[0] + 25]
    assert (around[..., 2] - around[..., 0]).max() > 60  # the person's left is drawn in blue


def test_a_preview_of_another_kind_is_refused(write_video: WriteVideo, tmp_path: Path) -> None:
    path = write_video([astronaut()] * 3)
    detected = choose_and_mend(path, find_people(Order(path), ignore))
    with pytest.raises(RetakeError, match=r"film \(\.mp4\) or a contact sheet"):
        write_preview(Order(path), detected, tmp_path / "preview.gif")
    assert not (tmp_path / "preview.gif").exists()
