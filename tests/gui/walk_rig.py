# pyright: basic, reportAttributeAccessIssue=false
"""The step Rig: the bone map, applying, key poses, strips, settings of motion and feet."""

import bpy


def main(gui):
    gui.only_open("rig")
    open_up(gui, "motion", "smoothing", "feet", "hands", "data_bones")
    with gui.within():
        assert bpy.ops.retake.try_sample("EXEC_DEFAULT", True, play=False) == {"FINISHED"}
    yield 1.5
    yield from gui.open_tab()
    bpy.context.scene.frame_set(40)
    bpy.ops.ed.undo_push(message="Go to Frame 40")  # so that Ctrl Z leads back to it
    yield from gui.settle()
    gui.picture("1-rig")
    yield from matched(gui)
    yield from wished(gui)
    yield from kept(gui)
    yield from applied(gui)
    yield from simplified(gui)
    yield from stripped(gui)


def matched(gui):
    """By shape as if no bone had a name that means something, then by name again."""
    for way in ("SHAPE", "NAME"):
        with gui.within():
            assert bpy.ops.retake.match_bones(by=way) == {"FINISHED"}
        yield from gui.settle()
        gui.picture(f"2-map-by-{way.lower()}")


def open_up(gui, *names):
    """These panels of the step start open, too; to be called before the tab is opened."""
    panels = gui.part("rig.panel")
    each = [cls for cls in panels.CLASSES if issubclass(cls, bpy.types.Panel)]
    for cls in reversed(each):
        bpy.utils.unregister_class(cls)
    for cls in each:
        if cls.__name__.removeprefix("RETAKE_PT_") in names:
            cls.bl_options = set()
        bpy.utils.register_class(cls)


def wished(gui):
    """An arm is smoothed in a range, the rest a little."""
    state = bpy.context.scene.retake_rig
    with gui.within():
        for group, seconds in (("whole", 0.05), ("left_arm", 0.2)):
            assert bpy.ops.retake.add_smoothing() == {"FINISHED"}
            row = state.smoothings[-1]
            row.group, row.seconds = group, seconds
    row.use_range, row.first_frame, row.last_frame = True, 20, 48
    yield from gui.settle()
    gui.picture("2-smoothing")


def kept(gui):
    """The map as a preset, and the table among the armature's own properties."""
    with gui.within():
        assert bpy.ops.retake.preset_bones(name="Sample People") == {"FINISHED"}
        bpy.ops.wm.call_menu("INVOKE_DEFAULT", name="RETAKE_MT_map_presets")
    yield 1.0
    gui.picture("2-presets")
    gui.mouse("key", "Escape")
    bpy.context.view_layer.objects.active = character()
    aside = gui.area("PROPERTIES")
    yield 0.5
    aside.spaces.active.context = "DATA"
    yield from gui.settle()
    gui.picture("2-map-in-data")


def applied(gui):
    """One new action, worn by the character; Ctrl Z takes it away."""
    before = actions()
    with gui.within():
        assert bpy.ops.retake.apply_take("EXEC_DEFAULT", True) == {"FINISHED"}
    yield 1.5
    assert len(actions()) == len(before) + 1, "Apply writes one action"
    worn = character().animation_data.action
    assert worn.name not in before
    gui.picture("3-applied")
    gui.mouse("mousemove", *gui.on_screen(gui.region(gui.area()), 200, 200))
    gui.mouse("key", "ctrl+z")
    yield 2.0
    assert actions() == before, "Ctrl Z takes it away"


def simplified(gui):
    with gui.within():
        assert bpy.ops.retake.simplify_take("EXEC_DEFAULT", True) == {"FINISHED"}
    yield from gui.settle()
    gui.picture("4-key-poses")


def stripped(gui):
    """A strip per take, seen in the NLA editor."""
    with gui.within():
        assert bpy.ops.retake.bake_takes("EXEC_DEFAULT", True) == {"FINISHED"}
    assert len(character().animation_data.nla_tracks) > 1
    aside = gui.area("PROPERTIES")
    aside.ui_type = "NLA_EDITOR"
    yield from gui.settle()
    gui.picture("5-strips")


def character():
    return bpy.context.scene.objects["Retake Sample"]


def actions():
    return sorted(action.name for action in bpy.data.actions)
