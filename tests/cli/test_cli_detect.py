"""`retake detect` and `retake models` with bad input: one sentence, exit code 1, no file left."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from retake.cli.__main__ import main
from retake.server.detect import child_process
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
    last = captured.err.rpartition("\r")[2]  # after the bar of progress, which is wiped out
    assert last.startswith("retake: ")
    assert captured.err.count("\n") == 1
    return last


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
    assert "video_sha256" not in track.about  # the folder is no video
    left_shoulder = [100 + 3 * 5, 50 + 7 * 5]
    assert track.points[0, 11].tolist() == left_shoulder
    assert json.loads((tmp_path / "c.json").read_text()) == []


def test_options_that_do_not_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, out = openpose_folder(tmp_path / "poses"), tmp_path / "track.npz"
    for options, words in (
        (["--fps", "25"], "give the video with --of, or both"),
        (["--size", "big", "--fps", "25"], "such as 1920x1080"),
        (["--size", "640x480", "--fps", "-1"], "frames per second"),
        (["--size", "640x480", "--fps", "25", "--person", "5"], "There is no person 5"),
        (["--person", "me"], "expected largest, a number, or"),
        (["--stride", "0"], "expected a whole number"),
        (["--preview", str(tmp_path / "p.gif")], "a film"),
        (["--size", "640x480", "--fps", "25", "--preview", str(tmp_path / "p.png")], "--of"),
        (["--coco", str(out)], "the same name"),
    ):
        assert words in complaint(capsys, "detect", folder, "-o", out, *options)
    assert not out.exists()


def none_required(order: object) -> None:
    """For stand-ins, which need no library."""


class FakeDetector:
    """Stands in the place of the child process: the figures of two shots, somebody in both."""

    PROGRAM = """
import json, sys
order = json.loads(sys.argv[1])
def say(*record):
    print(json.dumps(record), flush=True)
say("clip", 25.0, 24, "a detector", "mediapipe-33")
for i in range(order["known"], 24):
    if i == STOP:
        sys.exit("stopped")
    person = [[0.3 + 0.01 * (j % 7) + 0.001 * i, 0.2 + 0.02 * j, 0.9] for j in range(33)]
    change = 0.4 if i == 12 else 0.01
    say("frame", i / 25, [640, 480], [person] if order["people"] else [], [change, 0, 0, 1])
say("end", False)
"""

    @staticmethod
    def put(patch: pytest.MonkeyPatch, stop: int = -1) -> None:
        program = FakeDetector.PROGRAM.replace("STOP", str(stop))
        patch.setattr(child_process, "COMMAND", (sys.executable, "-c", program))
        patch.setattr(child_process, "_require_libraries", none_required)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"read by nobody")
    return path


def test_a_track_ends_at_a_cut_and_split_makes_one_of_each_shot(
    clip: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeDetector.put(monkeypatch)
    out = clip.with_name("track.npz")
    assert main(["detect", str(clip), "-o", str(out)]) == 0
    assert "2 shots are frames 0-11, 12-23" in capsys.readouterr().out
    seen = np.isfinite(KeypointTrack.load(out).points).all(axis=(1, 2))
    assert seen.sum() == 12
    assert seen[:12].all() or seen[12:].all()
    assert main(["detect", str(clip), "-o", str(out), "--split"]) == 0
    printed = capsys.readouterr().out
    assert "Frames are counted from the first one of the shot" in printed
    for first in (0, 12):
        part = KeypointTrack.load(clip.with_name(f"track-{first}.npz"))
        assert part.times == pytest.approx(np.arange(first, first + 12) / 25)
        assert f"frames {first}-{first + 11}" in part.source
        assert np.isfinite(part.points).all()


def test_the_same_command_goes_on(
    clip: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeDetector.put(monkeypatch, stop=9)
    out = clip.with_name("track.npz")
    assert "ended with code 1 after 9 frames" in complaint(capsys, "detect", clip, "-o", out)
    assert sorted(p.name for p in clip.parent.iterdir()) == ["clip.mp4", "track.npz.part"]
    FakeDetector.put(monkeypatch)
    assert main(["detect", str(clip), "-o", str(out)]) == 0
    assert "Going on after the 9 frames" in capsys.readouterr().err
    assert KeypointTrack.load(out).frame_count == 24
    assert sorted(p.name for p in clip.parent.iterdir()) == ["clip.mp4", "track.npz"]


def test_a_trackers_file_takes_size_and_times_from_the_video(
    clip: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeDetector.put(monkeypatch)
    folder, out = openpose_folder(clip.with_name("poses")), clip.with_name("track.npz")
    Image.new("RGB", (8, 8)).save(folder / "drawn_0.png")  # as OpenPose may write them, too
    assert main(["detect", str(folder), "-o", str(out), "--of", str(clip)]) == 0
    track = KeypointTrack.load(out)
    assert (track.image_size, track.fps, track.frame_count) == ((640, 480), 25.0, 24)
    assert np.isfinite(track.points[:4, 11]).all()
    assert np.isnan(track.points[4:]).all()
    assert track.source == "poses, OpenPose"
    assert "Nobody is seen in frames 4-23" in capsys.readouterr().out


def test_the_track_is_written_for_other_programs_too(
    clip: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeDetector.put(monkeypatch)
    out, folder, coco = (clip.with_name(name) for name in ("t.npz", "poses", "coco.json"))
    options = ["--openpose", str(folder), "--coco", str(coco)]
    assert main(["detect", str(clip), "-o", str(out), *options]) == 0
    track = KeypointTrack.load(out)
    for path in (folder, coco):
        again = clip.with_name("again.npz")
        assert main(["detect", str(path), "-o", str(again), "--of", str(clip), "--no-repair"]) == 0
        limbs = [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16]
        np.testing.assert_allclose(
            KeypointTrack.load(again).points[:, limbs], track.points[:, limbs], atol=1e-2
        )
    capsys.readouterr()
    assert "exists already" in complaint(capsys, "detect", clip, "-o", out, "--openpose", folder)


def test_pictures_in_order_need_a_frame_rate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3):
        Image.new("RGB", (32, 32)).save(tmp_path / f"a.{number}.png")
    pattern, out = tmp_path / "a.#.png", tmp_path / "track.npz"
    assert "--fps 24" in complaint(capsys, "detect", pattern, "-o", out)
    assert "no file" in complaint(capsys, "detect", tmp_path / "b.mp4", "-o", out, "--fps", "24")
    (tmp_path / "b.mp4").write_bytes(b"a video")
    assert "leave --fps out" in complaint(
        capsys, "detect", tmp_path / "b.mp4", "-o", out, "--fps", "24"
    )
    assert not out.exists()


def test_the_video_of_a_trackers_file_is_never_overwritten(
    clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = openpose_folder(clip.with_name("poses"))
    assert "never overwritten" in complaint(capsys, "detect", folder, "-o", clip, "--of", clip)
    assert clip.read_bytes() == b"read by nobody"


def test_a_track_of_our_own_needs_no_size_and_no_rate(
    clip: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeDetector.put(monkeypatch)
    first, again = clip.with_name("first.npz"), clip.with_name("again.npz")
    assert main(["detect", str(clip), "-o", str(first), "--no-repair"]) == 0
    assert main(["detect", str(first), "-o", str(again), "--no-repair"]) == 0
    assert "(first.npz, Retake)" in capsys.readouterr().out
    one, other = KeypointTrack.load(first), KeypointTrack.load(again)
    np.testing.assert_array_equal(one.points, other.points)
    np.testing.assert_array_equal(one.times, other.times)
    assert (one.image_size, one.fps) == (other.image_size, other.fps)
