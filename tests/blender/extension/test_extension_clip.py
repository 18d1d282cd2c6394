# pyright: basic, reportAttributeAccessIssue=false
"""The steps Clip and Track in Blender, driven by their operators."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import bpy
import numpy as np
import pytest
from retake.blender_addon.packaging.make_sample import SAMPLE, SAMPLES

pytestmark = pytest.mark.timeout(300)  # the first test may have to download the wheels

Part = Callable[[str], ModuleType]
Draw = Callable[[type], list[tuple[str, str]]]
VIDEO, TRACK = SAMPLES / f"{SAMPLE}.mp4", SAMPLES / f"{SAMPLE}.npz"


@pytest.fixture
def clip(installed: str):
    assert bpy.ops.retake.load_clip(filepath=str(VIDEO)) == {"FINISHED"}
    return bpy.context.scene.retake_clip


def test_a_clip_brings_its_rate_a_camera_and_its_picture(clip) -> None:
    scene = bpy.context.scene
    assert (clip.fps, clip.rotation, clip.clip.frame_duration) == (60.0, 0, 100)
    assert scene.camera == clip.camera
    assert (scene.render.resolution_x, scene.render.resolution_y) == (1080, 1920)
    (picture,) = clip.camera.data.background_images
    assert clip.camera.data.show_background_images
    assert picture.clip == clip.clip or picture.image is not None
    assert "Assumed" in clip.focal_text


def test_the_view_that_a_clip_is_dropped_onto_shows_it(installed: str) -> None:
    window = bpy.context.window_manager.windows[0]
    area = next(area for area in window.screen.areas if area.type == "VIEW_3D")
    view = area.spaces.active.region_3d
    view.view_perspective = "PERSP"
    bpy.ops.retake.load_clip(filepath=str(VIDEO))
    assert view.view_perspective == "PERSP"  # by a script: nobody looks
    with bpy.context.temp_override(window=window, screen=window.screen, area=area):
        bpy.ops.retake.load_clip(filepath=str(VIDEO))
    assert view.view_perspective == "CAMERA"


def test_matching_changes_the_scene_and_keeping_resamples(clip) -> None:
    scene = bpy.context.scene
    assert scene.render.fps == 24  # kept
    assert (scene.frame_start, scene.frame_end) == (1, 1 + int(99 / 60 * 24))
    clip.rate = "MATCH"
    assert scene.render.fps / scene.render.fps_base == 60
    assert (scene.frame_start, scene.frame_end) == (1, 100)


@pytest.mark.parametrize("frame", [1, 14, 40])
def test_resampled_the_picture_keeps_the_clips_own_pace(clip, frame: int) -> None:
    scene = bpy.context.scene
    scene.frame_set(frame)
    shown = clip.camera.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    offset = shown.background_images[0].image_user.frame_offset
    assert frame + offset == pytest.approx(1 + (frame - 1) * 60 / 24, abs=1)


def test_in_and_out_cut_what_is_lifted_and_the_scene(part: Part, clip) -> None:
    scene = bpy.context.scene
    clip.rate = "MATCH"
    bpy.ops.retake.load_track(filepath=str(TRACK))
    scene.frame_set(21)
    bpy.ops.retake.set_clip_range(edge="IN")
    scene.frame_set(60)
    bpy.ops.retake.set_clip_range(edge="OUT")
    assert (clip.first, clip.last, scene.frame_start, scene.frame_end) == (21, 60, 21, 60)
    track = part("session").track_of(scene)
    assert (track.frame_count, round(track.times[0] * 60)) == (40, 20)
    video, clip.clip = clip.clip, None
    assert part("session").track_of(scene).frame_count == 100, "no clip, no range"
    clip.clip = video
    clip.first, clip.last = 21, 60
    bpy.ops.retake.set_clip_range(edge="ALL")
    assert part("session").track_of(scene).frame_count == 100


def test_the_focal_length_is_told_to_the_lift_and_to_the_camera(part: Part, clip) -> None:
    scene, camera = bpy.context.scene, clip.camera.data
    assert part("session").settings_of(scene).focal is None
    assert camera.lens / camera.sensor_width * 1920 == pytest.approx(np.hypot(1080, 1920))
    clip.focal_from = "CAMERA"
    camera.lens = 50
    clip.focal_from = "CAMERA"
    assert scene.retake.focal_px == pytest.approx(50 / 36 * 1920)
    clip.focal_from = "METADATA"
    assert "the file says nothing" in clip.focal_text
    clip.focal_from = "PIXELS"
    scene.retake.focal_px = 1500
    assert part("session").settings_of(scene).focal == 1500


@pytest.mark.parametrize("name", ["text.mp4", "absent.mp4", "empty.mp4"])
def test_what_is_no_video_is_a_sentence_and_changes_nothing(
    installed: str, tmp_path: Path, name: str
) -> None:
    if name != "absent.mp4":
        (tmp_path / name).write_text("no video" if name == "text.mp4" else "")
    with pytest.raises(RuntimeError) as error:
        bpy.ops.retake.load_clip(filepath=str(tmp_path / name))
    assert "Traceback" not in str(error.value)
    assert bpy.context.scene.retake_clip.clip is None
    assert len(bpy.data.movieclips) == 0


def test_a_picture_is_no_clip(installed: str, tmp_path: Path) -> None:
    image = bpy.data.images.new("still", 8, 8)
    image.filepath_raw, image.file_format = str(tmp_path / "still.png"), "PNG"
    image.save()
    with pytest.raises(RuntimeError, match="single picture"):
        bpy.ops.retake.load_clip(filepath=str(tmp_path / "still.png"))
    assert len(bpy.data.movieclips) == 0


def test_damaged_corrections_and_lost_files_are_told_by_the_panel(
    part: Part, draw: Draw, clip, tmp_path: Path
) -> None:
    shutil.copy(TRACK, tmp_path / "track.npz")
    bpy.ops.retake.load_track(filepath=str(tmp_path / "track.npz"))
    panel, state = part("track.panel"), bpy.context.scene.retake_track
    state.edits = "garbage"
    assert "cannot be read" in " ".join(text for _, text in draw(panel.RETAKE_PT_track))
    assert draw(panel.RETAKE_PT_corrections)
    bpy.ops.retake.revert_keypoints(all=True)
    assert "cannot be read" not in " ".join(text for _, text in draw(panel.RETAKE_PT_track))
    (tmp_path / "track.npz").unlink()
    assert draw(panel.RETAKE_PT_track)
    with pytest.raises(RuntimeError, match="no file"):
        bpy.ops.retake.sample_takes(wait=True)


def test_a_copied_scene_has_its_own_corrections_and_camera(part: Part, clip) -> None:
    bpy.ops.retake.load_track(filepath=str(TRACK))
    bpy.ops.retake.move_keypoint(joint=1, frame=3, x=5, y=5)
    first = bpy.context.scene
    bpy.ops.scene.new(type="FULL_COPY")
    copy = bpy.context.scene
    assert copy.retake_clip.camera == copy.camera != first.camera
    bpy.ops.retake.revert_keypoints(all=True)
    assert (copy.retake_track.edits, first.retake_track.edits != "") == ("", True)


def test_undo_takes_back_a_correction(part: Part, clip) -> None:
    bpy.ops.retake.load_track(filepath=str(TRACK))
    for joint in (1, 2):
        bpy.ops.retake.move_keypoint(joint=joint, frame=3, x=5, y=5)
        bpy.ops.ed.undo_push(message=str(joint))
    window = bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    with bpy.context.temp_override(
        window=window, screen=window.screen, area=area, region=area.regions[0]
    ):
        bpy.ops.ed.undo()
    assert part("track.scene").edit_count(bpy.context.scene) == 1


def test_a_file_with_spaces_and_signs_works(installed: str, tmp_path: Path) -> None:
    path = tmp_path / "Übung — täke 1.mp4"
    shutil.copy(VIDEO, path)
    assert bpy.ops.retake.load_clip(filepath=str(path)) == {"FINISHED"}
    assert bpy.context.scene.retake_clip.fps == 60


def test_corrections_reach_the_lift_and_can_be_taken_back(part: Part, clip) -> None:
    scene, track_of = bpy.context.scene, part("session").track_of
    bpy.ops.retake.load_track(filepath=str(TRACK))
    before = track_of(scene).points.copy()
    bpy.ops.retake.move_keypoint(joint=16, frame=5, x=12, y=34, reach=1)
    bpy.ops.retake.hide_keypoint(joint=3, first=10, last=12)
    bpy.ops.retake.swap_sides(first=20, last=29)
    after = track_of(scene).points
    np.testing.assert_allclose(after[4, 16], (12, 34))
    assert np.isnan(after[9:12, 3]).all()
    np.testing.assert_array_equal(after[20, 1], before[20, 4])
    bpy.ops.retake.revert_keypoints()
    np.testing.assert_array_equal(track_of(scene).points[20], before[20])
    bpy.ops.retake.revert_keypoints(all=True)
    np.testing.assert_array_equal(track_of(scene).points, before)
    assert not bpy.ops.retake.revert_keypoints.poll()


def test_corrections_are_saved_with_the_file(part: Part, clip, tmp_path: Path) -> None:
    bpy.ops.retake.load_track(filepath=str(TRACK))
    bpy.ops.retake.move_keypoint(joint=16, frame=5, x=12, y=34)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    scene = bpy.context.scene
    np.testing.assert_allclose(part("session").track_of(scene).points[4, 16], (12, 34))
    assert scene.retake_clip.clip.frame_duration == 100
    bpy.ops.retake.load_track(filepath=str(TRACK))
    assert scene.retake_track.edits == ""  # they belonged to the other one


def test_the_report_leads_to_the_frames(part: Part, draw: Draw, clip, tmp_path: Path) -> None:
    from dataclasses import replace

    from retake.shared.keypoints import KeypointTrack

    track = KeypointTrack.load(TRACK)
    points = track.points.copy()
    points[20:61, 3, 1] = 5000
    replace(track, points=points).save(tmp_path / "cut.npz")
    bpy.ops.retake.load_track(filepath=str(tmp_path / "cut.npz"))
    drawn = draw(part("track.panel").RETAKE_PT_track)
    assert ("operator", "retake.show_clip_frame") in drawn
    assert any("feet" in text for _, text in drawn)
    bpy.ops.retake.show_clip_frame(first=21, last=61)
    scene = bpy.context.scene
    assert scene.frame_current == 1 + round(20 / 60 * 24)
    assert (scene.retake_track.first, scene.retake_track.last) == (21, 61)


def test_another_trackers_file_needs_the_clip_and_becomes_a_track(
    part: Part, tmp_path: Path
) -> None:
    people = [
        {"image_id": n, "category_id": 1, "score": 0.9, "keypoints": _coco(n)} for n in range(20)
    ]
    path = tmp_path / "coco.json"
    path.write_text(json.dumps(people))
    with pytest.raises(RuntimeError, match="Load the clip first"):
        bpy.ops.retake.load_track(filepath=str(path))
    bpy.ops.retake.load_clip(filepath=str(VIDEO))
    assert bpy.ops.retake.load_track(filepath=str(path)) == {"FINISHED"}
    track = part("session").track_of(bpy.context.scene)
    assert (track.frame_count, track.image_size, track.fps) == (20, (1080, 1920), 60.0)


def _coco(frame: int) -> list[float]:
    rng = np.random.default_rng(3)
    points = rng.uniform(300, 900, (17, 2)) + frame
    return [float(v) for x, y in points for v in (x, y, 0.9)]


def test_panels_of_both_editors_draw(part: Part, draw: Draw, clip) -> None:
    bpy.ops.retake.load_track(filepath=str(TRACK))
    bpy.ops.retake.hide_keypoint(joint=3, first=10, last=12)
    for step in ("clip", "track", "client"):
        for panel in part(f"{step}.panel").CLASSES:
            assert draw(panel)


def test_a_dropped_file_is_not_asked_for_again(part: Part) -> None:
    """Blender invokes the operator of a FileHandler with the path filled in."""
    handlers = {h.bl_idname: h for h in bpy.types.FileHandler.__subclasses__()}
    assert handlers["RETAKE_FH_clip"].bl_import_operator == "retake.load_clip"
    assert ".mov" in handlers["RETAKE_FH_clip"].bl_file_extensions
    assert handlers["RETAKE_FH_track"].bl_import_operator == "retake.load_track"
    result = bpy.ops.retake.load_clip("INVOKE_DEFAULT", filepath=str(VIDEO))
    assert result == {"FINISHED"}
    result = bpy.ops.retake.load_track("INVOKE_DEFAULT", filepath=str(TRACK))
    assert result == {"FINISHED"}


@pytest.mark.parametrize("name", ["RETAKE_FH_clip", "RETAKE_FH_track"])
def test_files_can_be_dropped_where_a_clip_is_seen(part: Part, name: str) -> None:
    (handler,) = (h for h in bpy.types.FileHandler.__subclasses__() if h.bl_idname == name)
    kinds = {
        kind: handler.poll_drop(SimpleNamespace(area=SimpleNamespace(type=kind)))
        for kind in ("VIEW_3D", "CLIP_EDITOR", "IMAGE_EDITOR", "SEQUENCE_EDITOR", "OUTLINER")
    }
    assert [kind for kind, is_taken in kinds.items() if is_taken] == ["VIEW_3D", "CLIP_EDITOR"]
    assert not handler.poll_drop(SimpleNamespace(area=None))
    operator = getattr(bpy.ops.retake, handler.bl_import_operator.removeprefix("retake."))
    path = operator.get_rna_type().properties["filepath"]
    assert path.is_skip_save  # or the file of before would be taken


def test_the_shot_camera_is_renewed_and_aligned_by_buttons(part: Part) -> None:
    """The sample's character wears its take; a camera put elsewhere comes back."""
    bpy.ops.retake.try_sample(play=False)
    camera = bpy.context.scene.retake_clip.camera
    there = camera.matrix_world.translation.copy()
    camera.location.x += 5
    assert bpy.ops.retake.align_shot_camera() == {"FINISHED"}
    bpy.context.view_layer.update()
    assert (camera.matrix_world.translation - there).length < 0.1
    bpy.data.objects.remove(camera)
    assert bpy.ops.retake.add_shot_camera() == {"FINISHED"}
    assert bpy.context.scene.camera == bpy.context.scene.retake_clip.camera is not None
