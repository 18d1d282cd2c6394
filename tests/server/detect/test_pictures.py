"""Pictures in order as a clip: found by folder or pattern, timed by their numbers."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from retake.server.detect.clip import open_clip
from retake.server.detect.order import Order
from retake.server.detect.pictures import Pictures, are_pictures, numbered
from retake.server.detect.scaling import LONGEST_SIDE, Frame
from retake.shared.errors import RetakeError

Picture = npt.NDArray[np.uint8]


def picture(seed: int, width: int = 66, height: int = 48) -> Picture:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def write(folder: Path, name: str, seed: int = 0) -> Path:
    folder.mkdir(exist_ok=True)
    Image.fromarray(picture(seed)).save(folder / name)
    return folder


@pytest.fixture
def shot(tmp_path: Path) -> Path:
    """Pictures 8, 9, 10 and 12: names sort otherwise, and one is missing."""
    for number in (8, 9, 10, 12):
        write(tmp_path / "shot", f"cam2.v3.{number}.png", number)
    return tmp_path / "shot"


def read(path: Path, fps: float = 24.0) -> tuple[Pictures, list[Frame]]:
    with closing(open_clip(Order(path, fps=fps))) as clip:
        assert isinstance(clip, Pictures)
        return clip, list(clip.frames())


def sentence(path: Path, fps: float = 24.0) -> str:
    with pytest.raises(RetakeError) as caught:
        read(path, fps)
    return str(caught.value)


@pytest.mark.parametrize("name", ["", "cam2.v3.#.png", "cam2.v3.%d.png", "cam2.v3.##.png"])
def test_a_folder_or_a_pattern_is_a_clip(shot: Path, name: str) -> None:
    path = shot / name if name else shot
    assert are_pictures(path)
    clip, frames = read(path)
    assert (clip.fps, clip.expected_frames, clip.damaged) == (24.0, 4, False)
    assert [f.time * 24 for f in frames] == pytest.approx([0, 1, 2, 4])
    for frame, number in zip(frames, (8, 9, 10, 12), strict=True):
        np.testing.assert_array_equal(frame.picture, picture(number))
        assert frame.picture.flags.c_contiguous
        assert frame.size == (66, 48)


def test_a_pattern_takes_its_own_sequence_only(shot: Path) -> None:
    write(shot, "other.9.png")
    assert "several sequences" in sentence(shot)
    assert [n for n, _ in numbered(shot / "cam2.v3.##.png")] == [8, 9, 10, 12]
    write(shot, "poster.png")
    assert "have no numbers" in sentence(shot)


def test_one_picture_is_no_clip_but_tells_its_sequence(shot: Path) -> None:
    assert are_pictures(shot / "cam2.v3.10.png")
    assert "give the folder, or cam2.v3.##.png." in sentence(shot / "cam2.v3.10.png")


def test_the_frame_rate_is_asked_for(shot: Path) -> None:
    assert "--fps 24" in sentence(shot, fps=0.0)


def test_a_picture_that_cannot_be_read_is_left_out_and_told(shot: Path) -> None:
    content = (shot / "cam2.v3.9.png").read_bytes()
    (shot / "cam2.v3.9.png").write_bytes(content[: len(content) // 2])
    (shot / "cam2.v3.10.png").write_bytes(b"")
    clip, frames = read(shot)
    assert clip.damaged
    assert [f.time * 24 for f in frames] == pytest.approx([0, 4])


def test_pictures_of_different_sizes_are_refused(shot: Path) -> None:
    Image.fromarray(picture(0, 32, 32)).save(shot / "cam2.v3.12.png")
    assert "has 32 x 32 pixels, the pictures before it 66 x 48" in sentence(shot)


def test_large_ones_are_scaled_and_turned_as_the_camera_was(tmp_path: Path) -> None:
    folder = tmp_path / "large"
    folder.mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    wide = np.zeros((600, 2560, 3), np.uint8)
    wide[:, :1280, 0] = 255
    Image.fromarray(wide).save(folder / "a1.jpg", exif=exif)
    (frame,) = read(folder)[1]
    assert frame.size == (600, 2560)
    assert frame.picture.shape == (LONGEST_SIDE, 300, 3)
    assert frame.picture[:600, :, 0].min() > 200  # left is up now


def test_grey_pictures_of_16_bits_keep_their_brightness(tmp_path: Path) -> None:
    folder = tmp_path / "grey"
    folder.mkdir()
    ramp = np.tile(np.arange(64) * 1024, (8, 1)).astype(np.uint16)
    Image.fromarray(ramp).save(folder / "x001.png")
    (frame,) = read(folder)[1]
    assert np.abs(frame.picture[4, :, 1].astype(int) - ramp[4] // 257).max() <= 1


def test_what_holds_no_pictures_is_no_sequence(tmp_path: Path) -> None:
    assert not are_pictures(tmp_path)
    assert not are_pictures(tmp_path / "clip.mp4")
    assert "There is no picture" in sentence(tmp_path / "a.####.png")
    assert "There is no picture" in sentence(tmp_path / "nowhere" / "a.####.png")
