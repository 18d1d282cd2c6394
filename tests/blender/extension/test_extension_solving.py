# pyright: basic, reportAttributeAccessIssue=false
"""What a thread solves comes into a Blender that has gone on: nothing old is put on anybody."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from types import ModuleType, SimpleNamespace
from typing import Any

import bpy
import pytest
from retake.shared.errors import RetakeError

pytestmark = pytest.mark.timeout(300)  # the first test may have to download the wheels

Part = Callable[[str], ModuleType]


@pytest.fixture
def sample(installed: str, part: Part, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The character of the sample, with a limb open, in a Blender that leaves solving to threads
    as one with a window does."""
    bpy.ops.retake.try_sample(play=False)
    state = bpy.context.scene.retake_choose
    state.group, state.first_frame, state.last_frame = "left_arm", 40, 70
    with_window = SimpleNamespace(app=SimpleNamespace(background=False), data=bpy.data)
    monkeypatch.setattr(part("choose.ahead"), "bpy", with_window)
    part("choose.solves").forget()
    yield bpy.context.object
    part("choose.character").end_preview()
    _come(part)
    for scene in list(bpy.data.scenes)[1:]:
        bpy.data.scenes.remove(scene)


def test_a_preview_comes_when_it_is_solved_and_leaves_no_trace(sample: Any, part: Part) -> None:
    worn = sample.animation_data.action
    bpy.ops.retake.flip_take()
    assert sample.animation_data.action == worn
    assert part("choose.character").is_previewing()
    _come(part)
    assert sample.animation_data.action.name == "Retake Preview"
    bpy.ops.retake.cancel_preview()
    assert [a.name for a in bpy.data.actions] == [worn.name]
    assert sample.animation_data.action == worn


def test_what_a_thread_has_solved_is_not_solved_again(
    sample: Any, part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also for a rig with limits, which have numbers that equal nothing."""
    sample.pose.bones["head"].lock_location[0] = True
    solves, threads = part("choose.solves"), []
    solve_read = solves.solve_read

    def counted(*asked: Any) -> Any:
        threads.append(threading.current_thread())
        return solve_read(*asked)

    monkeypatch.setattr(solves, "solve_read", counted)
    bpy.ops.retake.flip_take()
    _come(part)
    assert threads
    assert threading.main_thread() not in threads


def test_only_the_last_of_several_previews_is_solved_and_shown(
    sample: Any, part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    for _ in range(2):  # both threads are at work
        part("choose.background").in_thread(lambda: gate.wait(20))
    solved = []
    solve_read = part("choose.solves").solve_read
    monkeypatch.setattr(
        part("choose.solves"), "solve_read", lambda *a: solved.append(a[3]) or solve_read(*a)
    )
    shown = bpy.context.scene.retake_choose
    for number in range(len(shown.alternatives)):
        bpy.ops.retake.preview_take(index=number)
    gate.set()
    _come(part)
    wanted = {d.hypothesis for choice in solved for d in choice.decisions}
    assert wanted == {shown.alternatives[shown.active_alternative].hypothesis}
    assert sample.animation_data.action.name == "Retake Preview"


def test_a_preview_of_a_character_that_is_gone_ends_with_a_sentence(
    sample: Any, part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = []
    monkeypatch.setattr(part("timer"), "say", lambda error: said.append(str(error)))
    bpy.ops.retake.flip_take()
    bpy.data.objects.remove(sample)
    _come(part)
    assert said == ["The character is gone. Choose another one in the step Rig."]
    assert not part("choose.character").is_previewing()


def test_an_action_put_on_during_a_preview_stays(sample: Any, part: Part) -> None:
    bpy.ops.retake.flip_take()
    _come(part)
    mine = bpy.data.actions.new("Mine")
    sample.animation_data.action = mine
    bpy.ops.retake.cancel_preview()
    assert sample.animation_data.action == mine
    assert not any(a.name == "Retake Preview" for a in bpy.data.actions)
    bpy.ops.retake.flip_take()
    _come(part)
    sample.animation_data.action = mine
    bpy.ops.retake.cycle_take()  # another preview, over what was put on
    _come(part)
    assert sample.animation_data.action.name == "Retake Preview"
    bpy.ops.retake.cancel_preview()
    assert sample.animation_data.action == mine


def test_other_takes_end_a_preview_that_is_not_there_yet(sample: Any, part: Part) -> None:
    scene, session = bpy.context.scene, part("session")
    bpy.ops.retake.flip_take()
    path = bpy.path.abspath(scene.retake.takes_path)
    session.set_takes(scene, path)
    assert not part("choose.character").is_previewing()
    worn = sample.animation_data.action
    _come(part)
    assert sample.animation_data.action == worn


@pytest.mark.parametrize("change", ["decision", "character", "takes", "none"])
def test_the_best_take_is_worn_only_where_nothing_came_between(
    sample: Any, part: Part, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    scene, wearer = bpy.context.scene, part("choose.wearing")
    written = []
    monkeypatch.setattr(wearer, "_wearing", lambda *who: iter(written.append(who) or ()))
    wearer.wear_best(scene)
    assert written == []
    if change == "decision":
        track = part("choose.choice_track")
        decided = track.ChoiceTrack((track.Decision(0.1, 0.3, 1, "left_arm"),))
        scene.retake_choose.decisions = decided.to_json()
    elif change == "character":
        scene.retake.character = None
    elif change == "takes":  # as an undo does
        scene.retake.takes_path = ""
    _come(part)
    assert written == ([(scene.session_uid, sample.session_uid)] if change == "none" else [])


def test_nothing_comes_after_the_add_on_is_switched_off(
    sample: Any, part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready, came = part("choose.ready"), []
    ready.afterwards(lambda: 1, came.append, came.append)
    coming = ready._orders[-1][0]
    ready.unregister()
    coming.result(timeout=20)
    ready._look()
    assert came == []


def test_a_failure_in_a_thread_becomes_a_sentence(sample: Any, part: Part) -> None:
    ready, failed = part("choose.ready"), []
    ready.afterwards(lambda: 1 // 0, failed.append, failed.append)
    _come(part)
    assert [type(error).__name__ for error in failed] == [RetakeError.__name__]
    assert str(failed[0]).startswith("Retake failed unexpectedly: ")


def _come(part: Part) -> None:
    """What Blender's timer does; in background mode there is none."""
    ready = part("choose.ready")
    wait([order[0] for order in ready._orders], timeout=60)
    ready._look()
