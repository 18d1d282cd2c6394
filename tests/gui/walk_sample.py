# pyright: basic, reportAttributeAccessIssue=false
"""From a fresh installation through Clip and Track: the first five minutes."""

import time

import bpy
import numpy as np


def main(gui):
    yield from gui.open_tab()
    gui.picture("1-fresh")
    with gui.within():
        bpy.ops.retake.set_up_server("INVOKE_DEFAULT")
    yield 1.5
    gui.picture("2-set-up-server")
    gui.mouse("key", "Escape")
    yield 0.5
    with gui.within():
        assert bpy.ops.retake.try_sample(play=False) == {"FINISHED"}
    bpy.context.scene.frame_set(40)
    yield 2.0
    yield from gui.open_tab()
    gui.picture("3-sample")
    yield from played(gui)
    yield from resampled(gui)
    yield from free_view(gui)
    yield from troubles(gui)
    yield from clip_editor(gui)
    yield from preferences(gui)


def played(gui):
    """What our callbacks cost once all was drawn: shaders are made at the first time."""
    gui.part("durations").forget()
    for frame in range(1, 30):
        bpy.context.scene.frame_set(frame)
        yield 0.2
    gui.tell_durations("while frames change")
    bpy.context.scene.frame_set(40)
    yield 0.5


def resampled(gui):
    """The picture behind the camera keeps its own pace in a scene of another rate."""
    clip, scene = bpy.context.scene.retake_clip, bpy.context.scene
    clip.rate = "RESAMPLE"
    scene.render.fps = 24
    clip.rate = "RESAMPLE"
    scene.frame_set(1 + round(39 / 60 * 24))
    yield 1.5
    gui.picture("4-resampled")
    clip.rate = "MATCH"
    scene.frame_set(40)
    yield 0.5


def free_view(gui):
    view = gui.area().spaces.active.region_3d
    view.view_perspective = "PERSP"
    with gui.within():
        bpy.ops.view3d.view_all()
    yield 1.5
    gui.picture("5-free-view")
    view.view_perspective = "CAMERA"


def troubles(gui):
    """A set-up that runs, and a job that has failed."""
    setup, client = gui.part("setup.operators").setup, gui.part("timer").client
    outcomes = gui.part("client.outcomes")
    setup.child, setup.stage, setup.share = object(), "Downloading torch", 0.42
    setup.began = time.monotonic() - 75
    yield from gui.settle()
    gui.picture("6-setting-up")
    setup.child, setup.stage, setup.share = None, "", 0.0
    text = "The computer has 3.4 GB of memory free; this needs about 5."
    client.message = text
    client.failure = outcomes.JobFailed(
        "job", text, code="memory", detail="torch.OutOfMemoryError: tried to allocate 1.2 GiB",
        action="smaller", frames_done=412, frames=900,
    )  # fmt: skip
    bpy.context.window_manager.retake_details = True
    yield from gui.settle()
    gui.picture("7-failure")
    client.failure, client.message = None, ""
    yield from left_behind(gui)


def left_behind(gui):
    """A file that came without its takes, and whose run was interrupted; what is packed."""
    state = bpy.context.scene.retake
    path, state.takes_path = state.takes_path, "//shot.retake/walk.npz"
    state.job = f"takes {'0' * 32}"
    gui.part("client.scene")._is_there.cache_clear()
    yield from gui.settle()
    gui.picture("7-left-behind")
    state.takes_path, state.job = path, ""
    with gui.within():
        assert bpy.ops.retake.pack_takes() == {"FINISHED"}
    yield from gui.settle()
    gui.picture("7-packed")
    with gui.within():
        assert bpy.ops.retake.unpack_takes() == {"FINISHED"}


def clip_editor(gui):
    """Keypoints over the clip; one is dragged with the mouse."""
    scene, area = bpy.context.scene, gui.area()
    area.ui_type = "CLIP_EDITOR"
    yield 1.0
    area = gui.area("CLIP_EDITOR")
    area.spaces.active.clip = scene.retake_clip.clip
    yield from gui.open_tab("CLIP_EDITOR")
    with gui.within("CLIP_EDITOR"):
        bpy.ops.clip.view_all()
    yield 1.0
    gui.picture("8-clip-editor")
    yield from drag_wrist(gui, area)
    gui.picture("9-corrected")
    yield from click_person(gui, area)


def click_person(gui, area):
    """Without a server: the click is kept, and what is missing is said."""
    region, track = gui.region(area), bpy.context.scene.retake_track
    with gui.within("CLIP_EDITOR"):
        bpy.ops.retake.pick_person("INVOKE_DEFAULT")
    yield 0.5
    gui.mouse("mousemove", *gui.on_screen(region, region.width / 2, region.height / 2))
    yield 0.5
    gui.mouse("click", 1)
    yield 1.0
    gui.log("clicked at", tuple(track.place))
    width, height = bpy.context.scene.retake_clip.clip.size
    assert np.abs(np.array(track.place[:2]) - (width / 2, height / 2)).max() < 12


def drag_wrist(gui, area):
    figure, stage = gui.part("track.figure"), gui.part("track.scene")
    region, scene = gui.region(area), bpy.context.scene
    with gui.within("CLIP_EDITOR"):
        seen = stage.seen(bpy.context)
        bpy.ops.retake.correct_keypoints("INVOKE_DEFAULT")
    wrist = seen.track.points[seen.frame][16:17]
    x, y = figure.on_quad(wrist, seen.track.image_size, seen.corners)[0]
    start, end = gui.on_screen(region, x, y), gui.on_screen(region, x - 60, y + 40)
    yield 0.5
    gui.mouse("mousemove", *start)
    yield 0.5
    gui.mouse("mousedown", 1)
    yield 0.5
    gui.mouse("mousemove", *end)
    yield 1.0
    gui.mouse("mouseup", 1)
    yield 1.0
    gui.mouse("key", "Escape")
    yield 0.5
    moved = stage.shown(scene).points[seen.frame][16]
    expected = figure.off_quad(np.array([x - 60, y + 40]), seen.track.image_size, seen.corners)
    gui.log("dragged to", moved, "expected", expected)
    assert np.abs(moved - expected).max() < 8, "the wrist did not follow the mouse"


def preferences(gui):
    bpy.ops.screen.userpref_show(section="ADDONS")
    yield 1.0
    bpy.context.window_manager.addon_search = "Retake"
    bpy.ops.preferences.addon_expand(module="bl_ext.user_default.retake")
    yield 1.5
    gui.picture("10-preferences")
