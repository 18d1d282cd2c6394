# pyright: basic, reportAttributeAccessIssue=false
"""The window while the server lifts: no callback of the add-on may hold Blender up.

All panels, ghosts and strip are shown, the animation plays, the view turns, takes are previewed.
Needs a server, as run.py starts it. What is judged is the work of Blender's own thread: by the
clock, a machine without a graphics card is slow by itself.
"""

import time

import bpy
from mathutils import Quaternion  # pyright: ignore[reportMissingImports]
from meter import Meter, too_slow

HYPOTHESES, ITERATIONS = 10, 4
"""Enough for a job that lasts longer than all that is done meanwhile."""

LONGEST_S = 300


def main(gui):
    while gui.part("choose.shaders").is_busy():
        yield 0.5
    gui.tell_durations("until the shaders are ready")
    gui.only_open("client", "clip", "track", "takes", "choose", "rig")
    with gui.within():
        assert bpy.ops.retake.try_sample("EXEC_DEFAULT", True, play=False) == {"FINISHED"}
    yield 1.5
    yield from gui.open_tab()
    with gui.within():
        assert bpy.ops.retake.open_doubt("EXEC_DEFAULT", True, step=1) == {"FINISHED"}
        bpy.ops.wm.tool_set_by_id(name="retake.choose")
    gui.part("choose.scene").set_range(bpy.context.scene, 0.0, 1.6, "left_arm")
    yield from gui.settle()
    gui.tell_durations("before the job")
    meter = Meter(gui)
    yield from job(gui)
    calls = meter.tell("while the job ran and its takes arrived")
    slow = too_slow(calls)
    assert not slow, f"callbacks of more than 50 ms: {slow}"


def job(gui):
    """A lift of the sample, looked at all the time, until its takes are on the character."""
    state, client = bpy.context.scene.retake, gui.part("timer").client
    state.hypotheses, state.iterations = HYPOTHESES, ITERATIONS
    with gui.within():
        assert bpy.ops.retake.sample_takes() == {"FINISHED"}
        bpy.ops.screen.animation_play()
    began, path, turns = time.time(), state.takes_path, 0
    while state.takes_path == path:
        assert not client.failure, client.failure
        turns += 1
        yield from look_around(gui, turns)
        if turns == 5:
            yield from previewed(gui)
            yield from other_editors(gui)
        assert time.time() < began + LONGEST_S, "the job takes too long"
    gui.picture("2-arrived")
    for _ in range(10):
        yield from look_around(gui, 0)
    with gui.within():
        bpy.ops.screen.animation_cancel(restore_frame=False)
    yield from gui.settle()
    gui.picture("3-after")


def previewed(gui):
    """A click on a ghost shows it while the animation plays, Esc takes it back."""
    wearer, before = gui.part("choose.character"), actions()
    yield from pointed_at(gui)
    gui.picture("1-busy")
    gui.mouse("click", 1)
    yield 2.0
    gui.log("previewed by a click:", wearer.is_previewing())
    if not wearer.is_previewing():  # the figure has gone on meanwhile
        gui.mouse("key", "2")
        yield 2.0
    assert wearer.is_previewing()
    gui.picture("1-previewed")
    for key in ("Tab", "3"):
        gui.mouse("key", key)
        yield 2.0
    assert wearer.is_previewing()
    gui.mouse("key", "Escape")
    yield 2.0
    assert not wearer.is_previewing(), "Esc takes a preview back"
    assert actions() == before, "and leaves nothing behind"
    assert bpy.context.screen.is_animation_playing, "the animation goes on"


def other_editors(gui):
    """They draw into pictures of other formats, which may want other shaders."""
    area = gui.area("PROPERTIES")
    for kind in ("DOPESHEET", "CLIP_EDITOR"):
        area.ui_type = kind
        yield 0.5
        if kind == "CLIP_EDITOR":
            area.spaces.active.clip = bpy.context.scene.retake_clip.clip
        yield 2.0
        gui.picture(f"1-busy-{kind.lower()}")
    area.ui_type = "PROPERTIES"
    yield 0.5


def pointed_at(gui):
    """The mouse onto a ghost that is not worn."""
    wanted = 0 if bpy.context.scene.retake_choose.active_alternative else 1
    with gui.within():
        _, lines = gui.part("choose.overlay").pixels(bpy.context)
    x, y = lines[wanted, -1].mean(axis=0)
    gui.mouse("mousemove", *gui.on_screen(gui.region(gui.area()), x, y))
    yield 0.1


def actions():
    return sorted(action.name for action in bpy.data.actions)


def look_around(gui, turn):
    """The view turns a little and the mouse moves over it."""
    view = gui.area().spaces.active.region_3d
    view.view_rotation = Quaternion((0, 0, 1), 0.05) @ view.view_rotation
    region = gui.region(gui.area())
    gui.mouse("mousemove", *gui.on_screen(region, 300 + 9 * (turn % 40), region.height / 2))
    yield 0.3
