"""`retake detect` and `retake models` with bad input: one sentence, exit code 1, no file left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from retake.cli.__main__ import main
from retake.shared.keypoints import KeypointTrack


@pytest.fixture(autouse=True)
def no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETAKE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """The one line that the failing command prints."""
    assert main([str(a) for a in arguments]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("retake: ")
    assert captured.err.count("\n") == 1
    return captured.err


def test_a_missing_video(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "track.npz"
    assert "no file" in complaint(capsys, "detect", tmp_path / "none.mp4", "-o", out)
    assert list(tmp_path.iterdir()) == []


def test_a_text_file_named_mp4(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    video = tmp_path / "clip.mp4"
    video.write_text("this is text\n" * 100)
    out = tmp_path / "track.npz"
    assert "not a video" in complaint(capsys, "detect", video, "-o", out)
    assert list(tmp_path.iterdir()) == [video]


def test_an_output_that_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video = tmp_path / "clip.mp4"
    video.write_bytes(b"never read")
    assert "does not exist" in complaint(capsys, "detect", video, "-o", tmp_path / "no/track.npz")
    assert "is a folder" in complaint(capsys, "detect", video, "-o", tmp_path)
    assert "never overwritten" in complaint(capsys, "detect", video, "-o", video)
    assert video.read_bytes() == b"never read"
    assert list(tmp_path.iterdir()) == [video]


def test_a_pose_model_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.task"
    path.write_text("text")
    assert "neither a wheel" in complaint(capsys, "models", "get", "pose", "--from", path)
    assert list(tmp_path.iterdir()) == [path]


def test_the_list_says_how_to_get_the_pose_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list"]) == 0
    assert "`retake models get pose` fetches it" in capsys.readouterr().out


def openpose_folder(folder: Path) -> Path:
    """Four frames of somebody with a stretched left arm, BODY_25."""
    folder.mkdir()
    for frame in range(4):
        numbers = [v for i in range(25) for v in (100 + 3 * i + frame, 50 + 7 * i, 0.8)]
        page = {"people": [{"pose_keypoints_2d": numbers}]}
        (folder / f"clip_{frame:012d}_keypoints.json").write_text(json.dumps(page))
    return folder


def test_another_trackers_folder_becomes_a_track(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = openpose_folder(tmp_path / "poses"), tmp_path / "track.npz"
    options = ["--size", "640x480", "--fps", "25", "--changes", str(tmp_path / "c.json")]
    assert main(["detect", str(folder), "-o", str(out), *options]) == 0
    assert "a person in 4 of 4 frames (poses, OpenPose)" in capsys.readouterr().out
    track = KeypointTrack.load(out)
    assert (track.image_size, track.fps, track.frame_count) == ((640, 480), 25.0, 4)
    left_shoulder = [100 + 3 * 5, 50 + 7 * 5]
    assert track.points[0, 11].tolist() == left_shoulder
    assert json.loads((tmp_path / "c.json").read_text()) == []


def test_options_that_do_not_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, out = openpose_folder(tmp_path / "poses"), tmp_path / "track.npz"
    for options, words in (
        (["--fps", "25"], "needs both"),
        (["--size", "big", "--fps", "25"], "such as 1920x1080"),
        (["--size", "640x480", "--fps", "-1"], "frames per second"),
        (["--size", "640x480", "--fps", "25", "--person", "5"], "There is no person 5"),
        (["--person", "me"], "expected largest, a number, or"),
        (["--stride", "0"], "expected a whole number"),
    ):
        assert words in complaint(capsys, "detect", folder, "-o", out, *options)
    assert not out.exists()
