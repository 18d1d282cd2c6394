# pyright: basic, reportAttributeAccessIssue=false
"""Takes and Choose with mouse and keys: hover, click, flip, wheel, apply, drag, undo, files."""

import bpy
import numpy as np


def main(gui):
    while gui.part("choose.shaders").is_busy():
        yield 0.5
    gui.tell_durations("until the shaders are ready")
    gui.part("durations").forget()
    gui.only_open("choose")
    with gui.within():
        assert bpy.ops.retake.try_sample("EXEC_DEFAULT", True, play=False) == {"FINISHED"}
    yield 1.5
    yield from gui.open_tab()
    gui.tell_durations("until the panel is there")
    with gui.within():
        assert bpy.ops.retake.open_doubt("EXEC_DEFAULT", True, step=1) == {"FINISHED"}
    assert gui.area().spaces.active.region_3d.view_perspective != "CAMERA"
    yield from gui.settle()
    gui.picture("1-doubtful-stretch")
    with gui.within():
        bpy.ops.wm.tool_set_by_id(name="retake.choose")
    yield 1.0
    yield from by_mouse(gui)
    yield from decided(gui)
    yield from redrawn(gui)
    yield from strip(gui)
    yield from kept(gui)


def by_mouse(gui):
    """What the tool's keys do, and that Esc leaves nothing behind."""
    overlay, wearer = gui.part("choose.overlay"), gui.part("choose.character")
    before = actions()
    yield from hover(gui)
    gui.picture("2-hovered")
    assert overlay.hovered is not None, "no ghost was found under the mouse"
    gui.mouse("click", 1)
    yield 2.0
    assert wearer.is_previewing(), "a click on a ghost previews it"
    gui.picture("3-previewed")
    gui.mouse("key", "Tab")
    yield 1.5
    assert not wearer.is_previewing(), "Tab flips back"
    assert bpy.context.mode == "OBJECT"
    gui.mouse("click", 5)
    yield 1.5
    assert wearer.is_previewing(), "the wheel previews the next"
    gui.mouse("key", "Escape")
    yield 1.5
    assert not wearer.is_previewing()
    assert actions() == before, "Esc restores everything"


def hover(gui):
    """The mouse onto a bone of what is not worn, where the other ghosts are far."""
    overlay = gui.part("choose.overlay")
    with gui.within():
        _, lines = overlay.pixels(bpy.context)
    middles = lines.mean(axis=2)
    wanted = 0 if state().active_alternative else 1
    others = np.delete(middles, wanted, axis=0).reshape(-1, 2)
    apart = ((middles[wanted][:, None] - others) ** 2).sum(-1).min(1)
    x, y = middles[wanted, apart.argmax()]
    place = gui.on_screen(gui.region(gui.area()), x, y)
    gui.mouse("mousemove", *place)
    yield 0.7
    gui.mouse("mousemove", place[0] + 1, place[1])
    yield 1.0


def decided(gui):
    """A key previews, Enter applies, Ctrl Z takes it back, Ctrl Shift Z brings it again."""
    before = actions()
    gui.mouse("key", "2")
    yield 1.5
    assert gui.part("choose.character").is_previewing()
    gui.mouse("key", "Return")
    yield 2.0
    chosen = state().decisions
    assert not gui.part("choose.character").is_previewing()
    assert chosen not in ("", "[]"), "Enter decides"
    assert len(actions()) == len(before) + 1, "an action of its own; the sample's own stays"
    yield from gui.settle()
    gui.picture("4-decided")
    gui.mouse("key", "ctrl+z")
    yield 2.0
    assert state().decisions != chosen, "Ctrl Z takes a decision back"
    assert actions() == before
    gui.mouse("key", "ctrl+shift+z")
    yield 2.0
    assert state().decisions == chosen, "Ctrl Shift Z brings it again"


def redrawn(gui):
    """A ghost redraw costs less than 4 ms of Python and builds nothing."""
    overlay = gui.part("choose.overlay")
    while gui.part("choose.ready").ghosts(bpy.context.scene) is None:
        yield 0.5
    built = -1
    while built != overlay.built:  # what the redo has changed is drawn
        built = overlay.built
        gui.area().tag_redraw()
        yield 2.0
    gui.part("durations").forget()
    for _ in range(10):
        gui.area().tag_redraw()
        yield 0.25
    redraws = gui.part("durations").last_calls["choose.overlay.draw"]
    gui.log("redraws, ms", [round(1000 * call.wall, 2) for call in redraws])
    assert redraws
    assert overlay.built == built, f"a redraw builds no batch, but {overlay.built - built} did"


def strip(gui):
    """Doubt, decisions and contacts in the Dope Sheet; their ends follow the mouse."""
    gui.window.workspace = bpy.data.workspaces["Animation"]
    yield 2.0
    with gui.within("DOPESHEET_EDITOR"):
        bpy.ops.action.view_all()
    yield 2.0
    gui.picture("5-strip")
    yield from drag(gui, "decision", lambda: state().decisions)
    gui.picture("5-strip-dragged")
    yield from drag(gui, standing_part(gui), lambda: bpy.context.scene.retake_rig.contacts)
    gui.picture("5-strip-contact")
    gui.window.workspace = bpy.data.workspaces["Layout"]
    yield 1.5


def standing_part(gui):
    """The part of a foot with the longest contact."""
    spans = vars(gui.part("choose.strip").standing(bpy.context.scene))
    return max(spans, key=lambda name: max((b - a for a, b in spans[name]), default=0))


def drag(gui, what, text):
    """Esc takes a drag back; letting go keeps it; Ctrl Z takes that back."""
    before = text()
    yield from pulled(gui, what, "Escape")
    assert text() == before, "Esc takes it back"
    yield from pulled(gui, what, "")
    chosen = text()
    assert chosen != before, f"the end of a {what} follows the mouse"
    gui.mouse("key", "ctrl+z")
    yield 2.0
    assert text() == before, "one undo step"
    gui.mouse("key", "ctrl+shift+z")
    yield 2.0
    assert text() == chosen


def pulled(gui, what, key):
    """The last frame of the first decision or contact, 12 frames to the left."""
    x, y, frame = end_of(gui, what)
    region = gui.region(gui.area("DOPESHEET_EDITOR"))
    gui.mouse("mousemove", *gui.on_screen(region, x, y))
    yield 0.7
    gui.mouse("mousedown", 1)
    yield 0.5
    for step in range(1, 7):
        gui.mouse("mousemove", *gui.on_screen(region, x - 2 * step * frame, y))
        yield 0.3
    if key:
        gui.picture(f"5-strip-while-{'contact' if what != 'decision' else what}")
        gui.mouse("key", key)
        yield 0.7
    gui.mouse("mouseup", 1)
    yield 2.0


def end_of(gui, what):
    """Where it is in the region, and how wide a frame is: pixels."""
    strip, handles = gui.part("choose.strip"), gui.part("choose.handles")
    scene, region = bpy.context.scene, gui.region(gui.area("DOPESHEET_EDITOR"))
    reading = gui.part("choose.reading")
    frame_of = reading.exact_frame_of(scene, reading.takes_or_none(scene))
    ends = handles.ends_of(reading.decided(scene), strip.standing(scene), frame_of)
    end = next(e for e in ends if e.handle.what == what and e.handle.last)
    scale = bpy.context.preferences.system.ui_scale
    layout = gui.part("choose.strips").placed(region.height / scale)
    bottom = layout.feet if end.is_foot else layout.limbs
    left, wide = strip.frame_scale(region)
    return left + wide * end.frame, (bottom + layout.row * (end.rows[0] + 0.5)) * scale, wide


def kept(gui):
    """What was decided is there again after loading; a preview is never in the file."""
    path = str(gui.folder / "kept.blend")
    chosen, before = state().decisions, actions()
    with gui.within():
        bpy.ops.retake.preview_take(index=0)
    yield 2.0
    assert actions() != before
    bpy.ops.wm.save_as_mainfile(filepath=path)
    yield 1.0
    bpy.ops.wm.open_mainfile(filepath=path)
    yield 2.5
    assert state().decisions == chosen
    assert actions() == before
    yield from gui.open_tab()
    gui.picture("6-loaded")


def state():
    return bpy.context.scene.retake_choose


def actions():
    return sorted(action.name for action in bpy.data.actions)
