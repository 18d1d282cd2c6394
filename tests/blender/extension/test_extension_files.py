# pyright: basic, reportAttributeAccessIssue=false
"""What belongs to a .blend: packed into it, missing, changed, or interrupted while it was made."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import bpy
import numpy as np
import pytest
from retake.blender_addon.packaging.make_sample import SAMPLE, SAMPLES
from retake.shared.keypoints import KeypointTrack
from retake.shared.takes import Takes

pytestmark = pytest.mark.timeout(300)  # the first test may have to download the wheels

Part = Callable[[str], ModuleType]
Draw = Callable[[type], list[tuple[str, str]]]


@pytest.fixture
def files(make_takes: Callable[..., Takes], tmp_path: Path) -> tuple[Path, Path]:
    """A track and takes of the sample's video, as files."""
    track, takes = tmp_path / "walk.npz", tmp_path / "walk takes.npz"
    shutil.copyfile(SAMPLES / f"{SAMPLE}.npz", track)
    make_takes(np.zeros((2, 30, 17, 3)), provenance={"video_sha256": "0" * 64}).save(takes)
    return track, takes


@pytest.fixture
def scene(installed: str, files: tuple[Path, Path]) -> bpy.types.Scene:
    """With the track and the takes, saved."""
    track, takes = files
    bpy.ops.wm.save_as_mainfile(filepath=str(track.parent / "shot.blend"))
    bpy.ops.retake.load_track(filepath=str(track))
    bpy.ops.retake.load_takes(filepath=str(takes))
    return bpy.context.scene


def test_packed_files_travel_with_the_blend_alone(
    part: Part, scene: bpy.types.Scene, files: tuple[Path, Path], tmp_path: Path
) -> None:
    scene.retake.takes[1].star = True
    assert bpy.ops.retake.pack_takes() == {"FINISHED"}
    assert not bpy.ops.retake.pack_takes.poll()
    bpy.ops.wm.save_mainfile()
    mailed = tmp_path / "mailed" / "other.blend"
    mailed.parent.mkdir()
    shutil.copyfile(tmp_path / "shot.blend", mailed)
    for file in files:
        file.unlink()
    bpy.ops.wm.open_mainfile(filepath=str(mailed))
    session, scene = part("session"), bpy.context.scene
    assert session.takes_of(scene).hypothesis_count == 2
    assert session.track_of(scene).frame_count == 100
    assert scene.retake.takes[1].star
    assert part("client.scene").notices(scene) == []
    assert bpy.ops.retake.unpack_takes() == {"FINISHED"}
    folder = mailed.with_suffix(".retake")
    assert {path.name for path in folder.iterdir()} == {"walk.npz", "walk takes.npz"}
    assert session.takes_file(scene) == folder / "walk takes.npz"
    assert len(bpy.data.texts) == 0
    assert not bpy.ops.retake.unpack_takes.poll()


def test_a_packed_copy_follows_what_is_saved(
    part: Part, scene: bpy.types.Scene, make_takes: Callable[..., Takes], tmp_path: Path
) -> None:
    bpy.ops.retake.pack_takes()
    make_takes(np.zeros((3, 30, 17, 3))).save(tmp_path / "more.npz")
    bpy.ops.retake.load_takes(filepath=str(tmp_path / "more.npz"))
    bpy.ops.wm.save_mainfile()
    assert scene.retake.packed_takes.name == "more.npz"
    assert len(bpy.data.texts) == 2  # track and takes; the takes of before are gone
    (tmp_path / "more.npz").unlink()
    part("session")._loaded.clear()
    assert part("session").takes_of(scene).hypothesis_count == 3


def test_a_copy_of_the_scene_an_append_and_an_undo_keep_what_is_packed(
    part: Part, scene: bpy.types.Scene, files: tuple[Path, Path], tmp_path: Path
) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.retake.pack_takes()
    bpy.ops.ed.undo_push(message="packed")
    window = bpy.context.window_manager.windows[0]
    with bpy.context.temp_override(window=window):
        bpy.ops.ed.undo()
        assert bpy.context.scene.retake.packed_takes is None
        bpy.ops.ed.redo()
    session = part("session")
    other = bpy.context.scene.copy()
    bpy.ops.wm.save_mainfile()
    for file in files:
        file.unlink()
    session._loaded.clear()
    assert session.takes_of(other).hypothesis_count == 2
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "shot.blend")) as (there, here):
        here.scenes = there.scenes[:1]
    session._loaded.clear()
    assert session.takes_of(here.scenes[0]).hypothesis_count == 2


@pytest.mark.parametrize("harm", ["content", "digest"])
def test_a_damaged_or_hostile_pack_is_a_sentence(
    part: Part, scene: bpy.types.Scene, files: tuple[Path, Path], harm: str
) -> None:
    bpy.ops.retake.pack_takes()
    text = scene.retake.packed_takes
    if harm == "content":
        text["retake_file"] = b"something else"
        text["retake_sha256"] = "0" * 64
    else:
        text["retake_sha256"] = "../../../evil"
    files[1].unlink()
    part("session")._loaded.clear()
    with pytest.raises(Exception, match="is damaged") as error:
        part("session").takes_of(scene)
    assert type(error.value).__name__ == "RetakeError"
    (notice,) = part("client.scene").notices(scene)
    assert "did not come with this file" in notice.text


def test_a_blend_without_its_files_says_so_and_takes_them_back(
    part: Part, draw: Draw, scene: bpy.types.Scene, files: tuple[Path, Path], tmp_path: Path
) -> None:
    scene.retake.takes[1].star = True
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for file in files:
        shutil.move(file, moved)
    part("session")._loaded.clear()
    part("client.scene")._is_there.cache_clear()
    drawn = draw(part("client.panel").RETAKE_PT_status)
    text = " ".join(text for _, text in drawn)
    assert "The takes walk takes.npz did not come with this file." in text
    assert "The keypoints walk.npz did not come with this file." in text
    assert [name for kind, name in drawn if kind == "operator"].count("retake.find_file") == 2
    bpy.ops.retake.find_file(what="TRACK", filepath=str(moved / "walk.npz"))
    bpy.ops.retake.find_file(what="TAKES", filepath=str(moved / "walk takes.npz"))
    assert scene.retake.takes[1].star
    assert part("client.scene").notices(scene) == []


def test_takes_that_cannot_be_read_are_told(
    part: Part, scene: bpy.types.Scene, files: tuple[Path, Path]
) -> None:
    files[1].write_bytes(files[1].read_bytes()[:500])
    ready = part("choose.ready")
    ready.forget()
    part("session")._loaded.clear()
    assert ready.takes_at_hand(scene) is None
    assert ready._takes._coming[1].exception(timeout=20) is not None
    ready._look()
    (notice,) = part("client.scene").notices(scene)
    assert notice.text == "The takes walk takes.npz are damaged."
    with pytest.raises(RuntimeError, match="damaged"):
        bpy.ops.retake.open_doubt()


def test_another_video_is_told(part: Part, scene: bpy.types.Scene, tmp_path: Path) -> None:
    """The takes name the SHA-256 of another file."""
    video = tmp_path / "walk.mp4"
    shutil.copyfile(SAMPLES / f"{SAMPLE}.mp4", video)
    bpy.ops.retake.load_clip(filepath=str(video))
    (notice,) = _settled(part, scene)
    assert "not the one that the takes were made of" in notice.text
    scene.retake.takes_video = part("clip.fingerprint").sha256_of(video)
    assert part("client.scene").notices(scene) == []
    video.unlink()
    part("client.scene")._is_there.cache_clear()
    (notice,) = part("client.scene").notices(scene)
    assert "The video walk.mp4 is not where" in notice.text
    back = tmp_path / "back.mp4"
    shutil.copyfile(SAMPLES / f"{SAMPLE}.mp4", back)
    bpy.ops.retake.find_file(what="CLIP", filepath=str(back))
    assert _settled(part, scene) == []


def test_keypoints_of_another_video_are_told(
    part: Part, installed: str, files: tuple[Path, Path], tmp_path: Path
) -> None:
    track = KeypointTrack.load(files[0])
    replace(track, fps=track.fps * 2, times=track.times / 2).save(tmp_path / "fast.npz")
    bpy.ops.retake.load_clip(filepath=str(SAMPLES / f"{SAMPLE}.mp4"))
    bpy.ops.retake.load_track(filepath=str(files[0]))
    assert part("client.scene").notices(bpy.context.scene) == []
    bpy.ops.retake.load_track(filepath=str(tmp_path / "fast.npz"))
    (notice,) = part("client.scene").notices(bpy.context.scene)
    assert "which the clip is not" in notice.text
    assert [button.operator for button in notice.buttons] == [
        "retake.detect_keypoints",
        "retake.load_track",
    ]


def test_a_motion_of_another_rate_is_told_and_applied_again(part: Part, installed: str) -> None:
    """It would not run with the video. Where the scene's own range begins does not matter."""
    bpy.ops.retake.try_sample(play=False)
    scene, notices = bpy.context.scene, part("client.scene").notices
    frame_of = part("choose.reading").frame_of
    scene.frame_start = 21
    assert (frame_of(scene, 0.0), frame_of(scene, 0.5)) == (1, 31)
    assert notices(scene) == []
    scene.retake_clip.rate = "RESAMPLE"
    scene.render.fps = 30
    (notice,) = notices(scene)
    assert "applied at 60 fps, the scene has 30" in notice.text
    (button,) = notice.buttons
    assert button.operator == "retake.apply_take"
    again = bpy.ops.retake.apply_take("INVOKE_DEFAULT", **dict(button.options))
    assert again == {"FINISHED"}
    assert notices(scene) == []
    keys = scene.retake.character.animation_data.action.frame_range
    assert tuple(keys) == (1, 50)


def test_an_interrupted_run_is_told_and_can_be_forgotten(
    part: Part, scene: bpy.types.Scene
) -> None:
    jobs = part("jobs")
    jobs.remember(scene, "a" * 32)
    assert jobs.interrupted(scene) is None  # it runs
    bpy.ops.wm.save_mainfile()
    jobs.forget_all()  # as at the next start of Blender
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    scene = bpy.context.scene
    assert jobs.interrupted(scene) == ("takes", "a" * 32)
    (notice,) = part("client.scene").notices(scene)
    assert [button.operator for button in notice.buttons] == [
        "retake.continue_job",
        "retake.forget_job",
    ]
    bpy.ops.retake.forget_job()
    assert jobs.interrupted(scene) is None
    assert not bpy.ops.retake.continue_job.poll()


def test_a_run_that_has_ended_is_no_interrupted_one(
    part: Part, scene: bpy.types.Scene, files: tuple[Path, Path]
) -> None:
    """Also if an undo brings the scene's memory of it back, or the file was opened again."""
    session, jobs = part("session"), part("jobs")
    jobs.remember(scene, "b" * 32)
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=bpy.data.filepath)
    session.show_takes("b" * 32, Takes.load(files[1]), files[1])
    scene = bpy.context.scene
    assert scene.retake.job == ""
    assert scene.retake.takes_name == "walk takes"
    scene.retake.job = f"takes {'b' * 32}"
    assert jobs.interrupted(scene) is None


def test_where_the_files_lie_is_drawn(part: Part, draw: Draw, scene: bpy.types.Scene) -> None:
    panel = part("packing").RETAKE_PT_files
    assert "Beside the .blend" in json.dumps(draw(panel))
    bpy.ops.retake.pack_takes()
    assert "Packed into the .blend" in json.dumps(draw(panel))


def _settled(part: Part, scene: bpy.types.Scene) -> list:
    """The notices once the thread has read the video."""
    part("client.scene").notices(scene)
    deadline = time.monotonic() + 20
    while part("clip.fingerprint").is_reading() and time.monotonic() < deadline:
        time.sleep(0.02)
    return part("client.scene").notices(scene)
