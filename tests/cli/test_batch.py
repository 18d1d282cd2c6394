"""Many clips: found, done once, continued, failures told; on a cluster whose workers die too."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from retake.cli import batch_work
from retake.cli.__main__ import main
from retake.cli.batch_clips import Clip, Record, Settings, find_clips, finished, table
from retake.cli.batch_work import do_clip
from retake.server.models import default_model
from retake.shared.errors import RetakeError
from retake.shared.keypoints import KeypointTrack
from retake.shared.takes import Takes

SETTINGS = Settings(default_model(), 2, 1, 0)


@pytest.fixture
def track() -> KeypointTrack:
    points = np.random.default_rng(0).uniform(0, 500, (6, 17, 2)).astype(np.float32)
    ones = np.ones((6, 17), np.float32)
    return KeypointTrack(points, ones, np.arange(6) / 25, (640, 480), 25.0, "a test")


@pytest.fixture
def clips(tmp_path: Path, track: KeypointTrack) -> Path:
    """A folder with the tracks a, b and c, a video and something else."""
    folder = tmp_path / "clips"
    folder.mkdir()
    for name in "bca":
        track.save(folder / f"{name}.npz")
    (folder / "dance.MP4").write_bytes(b"a video")
    (folder / "notes.txt").write_text("nothing")
    return folder


class Workshop:
    """Counts what is asked of it, and fails at clips of a given name."""

    def __init__(self, track: KeypointTrack, takes: Takes) -> None:
        self.track, self.takes = track, takes
        self.lifted = 0
        self.broken: str = ""

    def detect(self, video: Path) -> KeypointTrack:
        if video.stem == self.broken:
            raise RetakeError(f"{video.name} is no video.")
        return self.track

    def lift(self, track: KeypointTrack, settings: Settings) -> Takes:
        self.lifted += 1
        return self.takes

    def do_all(self, clips: list[Clip], settings: Settings) -> Iterator[Record]:
        for clip in clips:
            yield do_clip(clip, settings, self.detect, self.lift)


@pytest.fixture
def workshop(
    track: KeypointTrack, make_takes: Callable[..., Takes], monkeypatch: pytest.MonkeyPatch
) -> Workshop:
    one = Workshop(track, make_takes(np.zeros((2, 6, 17, 3))))
    monkeypatch.setattr(batch_work, "do_here", one.do_all)
    return one


def names(clips: list[Clip]) -> list[str]:
    return [clip.name for clip in clips]


def test_videos_and_tracks_of_a_folder_are_found(clips: Path, tmp_path: Path) -> None:
    assert names(find_clips(clips, tmp_path)) == ["a", "b", "c", "dance"]


def test_a_list_keeps_its_order(clips: Path, tmp_path: Path) -> None:
    (clips / "notes.txt").write_text("c.npz\n\n  dance.MP4\n")
    assert names(find_clips(clips / "notes.txt", tmp_path)) == ["c", "dance"]


@pytest.mark.parametrize(
    ("text", "words"), [("", "no videos"), ("gone.npz", "does not exist"), ("a.npz\na.npz", "both")]
)
def test_a_list_that_cannot_be_done_is_refused(
    clips: Path, tmp_path: Path, text: str, words: str
) -> None:
    (clips / "notes.txt").write_text(text)
    with pytest.raises(RetakeError, match=words):
        find_clips(clips / "notes.txt", tmp_path)


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RetakeError, match="no folder or list"):
        find_clips(tmp_path / "none", tmp_path)


def test_all_clips_get_takes_and_a_second_run_does_nothing(
    clips: Path, tmp_path: Path, workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["batch", str(clips), "--out", str(tmp_path / "out"), "--model", default_model()]
    assert main(command) == 0
    assert workshop.lifted == 4
    for name in ("a", "b", "c", "dance"):
        Takes.load(tmp_path / "out" / f"{name}.takes.npz")
    KeypointTrack.load(tmp_path / "out" / "dance.track.npz")
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert [(c["name"], c["frames"]) for c in summary["clips"]] == [
        (name, 6) for name in ("a", "b", "c", "dance")
    ]
    assert main(command) == 0
    assert workshop.lifted == 4
    assert "4 clips, 4 done before" in capsys.readouterr().out
    assert main([*command, "--seed", "1"]) == 0
    assert workshop.lifted == 8


def test_a_failure_is_listed_and_tried_again(
    clips: Path, tmp_path: Path, workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    workshop.broken = "dance"
    command = ["batch", str(clips), "--out", str(tmp_path / "out"), "--model", default_model()]
    assert main(command) == 1
    assert "dance.MP4 is no video" in capsys.readouterr().out
    assert workshop.lifted == 3
    workshop.broken = ""
    assert main(command) == 0
    assert workshop.lifted == 4


def test_after_an_interruption_only_what_is_left_is_done(
    clips: Path, tmp_path: Path, workshop: Workshop
) -> None:
    found = find_clips(clips, tmp_path)
    for clip in found[:2]:
        do_clip(clip, SETTINGS, workshop.detect, workshop.lift)
    found[1].takes.unlink()  # as if it had come no farther
    assert [bool(finished(clip, SETTINGS)) for clip in found] == [True, False, False, False]


def test_a_clip_that_has_changed_is_done_again(
    clips: Path, tmp_path: Path, workshop: Workshop
) -> None:
    clip = find_clips(clips, tmp_path)[0]
    do_clip(clip, SETTINGS, workshop.detect, workshop.lift)
    assert finished(clip, SETTINGS)
    os.utime(clip.source, (1, 1))
    assert not finished(clip, SETTINGS)


def test_wrong_numbers_are_refused_before_anything_is_done(
    clips: Path, tmp_path: Path, workshop: Workshop
) -> None:
    command = ["batch", str(clips), "--out", str(tmp_path / "out"), "--model", default_model()]
    assert main([*command, "--hypotheses", "0"]) == 1
    assert not (tmp_path / "out").exists()


def test_the_table_has_a_line_per_clip_and_the_sums() -> None:
    lines = table([Record("a", "", 6, 1.5), Record("b", "", failed="no video")]).splitlines()
    assert len(lines) == 3
    assert lines[1] == "b  failed: no video"
    assert lines[2] == "1 clip with 6 frames done, 1 failed."


def test_without_ray_it_says_what_to_install(
    clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(["batch", str(clips), "--out", str(tmp_path), "--ray", "local"]) == 1
    assert "[scale]" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_on_a_cluster_a_worker_that_dies_loses_and_repeats_nothing(
    tmp_path: Path, track: KeypointTrack, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray")
    monkeypatch.setenv("RAY_worker_niceness", "0")  # 15 is Ray's own, which gets nothing if busy
    from retake.cli import batch_ray

    folder = tmp_path / "clips"
    folder.mkdir()
    for number in range(6):
        track.save(folder / f"{number}.npz")
    log = tmp_path / "log"
    log.mkdir()

    def do(clip: Clip, settings: Settings) -> Record:
        """Notes every lift; the worker of clip 2 dies in the middle, the first time."""

        def lift(track: KeypointTrack, settings: Settings) -> Takes:
            with (log / clip.name).open("a") as file:
                file.write("begun\n")
            if clip.name == "2" and (log / clip.name).read_text().count("begun") == 1:
                os.kill(os.getpid(), 9)
            takes = batch_work.lift_in_process(track, settings)
            with (log / clip.name).open("a") as file:
                file.write("done\n")
            return takes

        return do_clip(clip, settings, batch_work.detect_in_process, lift)

    monkeypatch.setattr(batch_ray, "_do", do)
    found = find_clips(folder, tmp_path / "out")
    (tmp_path / "out").mkdir()
    records = list(batch_ray.do_all(found, SETTINGS, "local"))
    assert sorted(r.name for r in records if not r.failed) == list("012345")
    assert all(clip.takes.is_file() for clip in found)
    lines = {path.name: path.read_text().split() for path in log.iterdir()}
    assert all(words.count("done") == 1 for words in lines.values())
    assert {name for name, words in lines.items() if words.count("begun") == 2} == {"2"}
