# pyright: basic, reportAttributeAccessIssue=false
"""A clip of 10,000 frames: its takes arrive and are worn; then alternatives are previewed while the
next job runs, and no callback of the add-on may hold Blender up.

The sample's keypoints forth and back, lifted by the server that run.py starts. At the arrival
Blender makes an undo step of 60 MB, which is its own and longer than all that is ours.
"""

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
from meter import Meter, too_slow
from walk_busy import look_around

FRAMES = 10_000

LONGEST_S = 400


def main(gui):
    while gui.part("choose.shaders").is_busy():
        yield 0.5
    gui.only_open("client", "takes", "choose")
    with gui.within():
        assert bpy.ops.retake.try_sample("EXEC_DEFAULT", True, play=False) == {"FINISHED"}
    yield 1.5
    yield from gui.open_tab()
    with gui.within():
        assert bpy.ops.retake.load_track(filepath=str(lengthened(gui))) == {"FINISHED"}
        bpy.context.scene.retake_clip.clip = None  # it has only the sample's frames
        bpy.context.scene.frame_end = FRAMES
    yield from gui.settle()
    meter = Meter(gui)
    yield from arrival(gui)
    began = time.time()
    while not is_worn():
        assert time.time() < began + 60, "the best take is not worn"
        yield 0.05
    gui.log(f"worn {time.time() - began:.1f} s after its arrival")
    yield 1.0
    meter.tell("until a clip of 10,000 frames was worn")
    gui.picture("1-worn")
    with gui.within():
        assert bpy.ops.retake.sample_takes() == {"FINISHED"}
    yield 1.0
    yield from previews(gui)
    calls = meter.tell("at previews in a clip of 10,000 frames, while a job runs")
    slow = too_slow(calls)
    assert not slow, f"callbacks of more than 50 ms: {slow}"


def lengthened(gui) -> Path:
    """The sample's keypoints, forth and back."""
    track = gui.part("session").track_of(bpy.context.scene)
    count = len(track.times)
    forth = np.arange(FRAMES) % (2 * count)
    rows = np.minimum(forth, 2 * count - 1 - forth)
    arrays = ("points", "confidence", "extra_points", "extra_confidence")
    longer = {name: getattr(track, name)[rows] for name in arrays}
    path = Path(tempfile.mkdtemp(), "long.keypoints.npz")
    replace(track, **longer, times=np.arange(FRAMES) / track.fps, about={}).save(path)
    return path


def arrival(gui):
    """A lift, looked at until its takes are listed."""
    state, client = bpy.context.scene.retake, gui.part("timer").client
    state.hypotheses, state.iterations = 2, 1
    began, path, turns = time.time(), state.takes_path, 0
    with gui.within():
        assert bpy.ops.retake.sample_takes() == {"FINISHED"}
    while state.takes_path == path:
        assert not client.failure, client.failure
        assert time.time() < began + LONGEST_S, "the job takes too long"
        turns += 1
        yield from look_around(gui, turns)
    gui.log(f"lifted in {time.time() - began:.0f} s")


def previews(gui):
    """One after the other, and Esc."""
    wearer, state = gui.part("choose.character"), bpy.context.scene.retake_choose
    gui.part("choose.scene").set_range(bpy.context.scene, 20.0, 21.0, "left_arm")
    yield from gui.settle()
    before = sorted(action.name for action in bpy.data.actions)
    for index in range(len(state.alternatives)):
        began = time.time()
        with gui.within():
            bpy.ops.retake.preview_take(index=index)
        while wearer.is_previewing() and wearer._coming is not None:
            assert time.time() < began + 60, "the preview does not come"
            yield from look_around(gui, index)
        gui.log(f"preview {index} shown after {time.time() - began:.1f} s")
    gui.picture("2-previewed")
    with gui.within():
        bpy.ops.retake.cancel_preview()
    yield from gui.settle()
    assert sorted(action.name for action in bpy.data.actions) == before
    assert bpy.context.scene.retake.job, "the job has ended before the previews were looked at"


def is_worn() -> bool:
    rig = bpy.context.scene.retake.character
    action = rig.animation_data.action
    return action is not None and action.frame_range[1] > FRAMES - 100
