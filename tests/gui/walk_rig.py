# pyright: basic, reportAttributeAccessIssue=false
"""The step Rig: the bone map, applying, key poses, strips, settings of motion and feet."""

import bpy


def main(gui):
    gui.only_open("rig")
    with gui.within():
        assert bpy.ops.retake.try_sample("EXEC_DEFAULT", True, play=False) == {"FINISHED"}
    yield 1.5
    yield from gui.open_tab()
    bpy.context.scene.frame_set(40)
    bpy.ops.ed.undo_push(message="Go to Frame 40")  # so that Ctrl Z leads back to it
    yield from gui.settle()
    gui.picture("1-rig")
    yield from matched(gui)
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
