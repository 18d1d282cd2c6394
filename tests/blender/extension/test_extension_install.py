# pyright: basic, reportAttributeAccessIssue=false
"""The zip in real Blender: it validates, installs its wheels, draws, keeps its files, goes."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import addon_utils  # pyright: ignore[reportMissingImports]
import bpy
import numpy as np
import pytest
import retake.blender_addon
from retake.blender_addon.german import GERMAN
from retake.blender_addon.packaging import build_zip
from retake.shared.keypoints import KeypointTrack
from retake.shared.takes import LIMB_GROUPS, Alternative, Takes

pytestmark = pytest.mark.timeout(300)  # the first test may have to download the wheels

Part = Callable[[str], ModuleType]
Draw = Callable[[type], list[tuple[str, str]]]

ADDON = Path(retake.blender_addon.__file__).parent
OPERATORS = sorted(
    match
    for file in ADDON.rglob("*.py")
    for match in re.findall(
        r"^class RETAKE_OT_\w+\(.*?bl_idname = \"retake\.(\w+)\"",
        file.read_text("utf-8"),
        re.S | re.M,
    )
)
"""All there are in the code."""

BY_KEYS = {"depth_view", "pick_number", "pick_take", "wheel_take"}
"""What tests/gui/walk_choose.py does with real keys and clicks."""


@pytest.fixture
def track_file(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    KeypointTrack(
        points=rng.uniform(0, 500, (30, 17, 2)).astype(np.float32),
        confidence=np.ones((30, 17), np.float32),
        times=np.arange(30) / 25,
        image_size=(640, 480),
        fps=25.0,
        source="a test",
    ).save(tmp_path / "walk.npz")
    return tmp_path / "walk.npz"


@pytest.fixture
def takes(make_takes: Callable[..., Takes]) -> Takes:
    return make_takes(
        np.zeros((2, 30, 17, 3)),
        root=np.zeros((2, 30, 3), np.float32),
        weights=np.array([0.25, 0.75], np.float32),
        groups={group: (Alternative("A", 0.75, 1),) for group in LIMB_GROUPS},
        best=dict.fromkeys(LIMB_GROUPS, 1),
    )


def test_installs_enabled_and_within_blenders_rules(installed: str) -> None:
    assert addon_utils.check(installed) == (True, True)
    assert addon_utils._extensions_warnings_get() == {}


def test_wheels_of_this_python_are_unpacked(installed: str) -> None:
    """Beside the `bpy` package the libraries would be importable without them as well."""
    extensions = Path(bpy.utils.user_resource("EXTENSIONS"))
    libraries = {path.name for path in (extensions / ".local").rglob("site-packages/*")}
    assert {"zmq", "msgpack"} <= libraries
    binaries = {path.name for path in (extensions / ".local").rglob("msgpack/_cmsgpack*")}
    tag = f"{sys.version_info.major}{sys.version_info.minor}"
    assert any(tag in name for name in binaries), binaries


def test_the_zip_holds_a_folder_blender_accepts(extension_zip: Path) -> None:
    build_zip.validate(extension_zip)


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_and_their_properties_explain_themselves(installed: str, name: str) -> None:
    rna = getattr(bpy.ops.retake, name).get_rna_type()
    assert rna.description
    shown = [
        p
        for p in rna.properties
        if p.identifier not in ("rna_type", "filepath") and not p.is_hidden
    ]
    assert [p.identifier for p in shown if not p.description] == []


def test_the_code_and_blender_know_the_same_operators(installed: str) -> None:
    assert {name for name in dir(bpy.ops.retake) if not name.startswith("_")} == set(OPERATORS)


@pytest.mark.parametrize("name", OPERATORS)
def test_every_operator_is_driven_by_a_test(name: str) -> None:
    """Here, or with real keys and clicks in a window (tests/gui)."""
    if name in BY_KEYS:
        return
    tests = Path(__file__).parents[2]
    driving = (*(tests / "blender").rglob("*.py"), *(tests / "gui").glob("walk_*.py"))
    pattern = re.compile(rf"""retake\.{name}\(|\bretake, "{name}"|"{name}"|`retake\.{name}`""")
    assert any(pattern.search(file.read_text("utf-8")) for file in driving)


def test_every_name_and_tooltip_has_its_german(installed: str) -> None:
    """As Blender itself has them: the table's keys must be the same to the letter."""
    texts: set[str] = set()
    for name in OPERATORS:
        rna = getattr(bpy.ops.retake, name).get_rna_type()
        texts |= {rna.name, rna.description, *_texts_of(rna.properties, {"rna_type", "filepath"})}
    for group in bpy.types.PropertyGroup.__subclasses__():
        if group.__module__.startswith(installed):
            texts |= _texts_of(group.bl_rna.properties, {"rna_type", "name"})
    internal = {"takes", "alternatives", "stretches", "bones", "smoothings"}  # lists have no name
    assert texts - set(GERMAN) - internal - {""} == set()


def test_panels_draw_in_an_empty_file(part: Part, draw: Draw) -> None:
    drawn = {p.bl_label: draw(p) for p in _panels(part)}
    assert ("operator", "retake.try_sample") in drawn["Clip"]
    assert ("operator", "retake.detect_keypoints") in drawn["Track"]
    assert ("prop", "focal_px") in drawn["Takes"]
    assert ("operator", "retake.load_takes") in drawn["Takes"]
    assert "Choose who wears the takes" in " ".join(text for _, text in drawn["Rig"])


def test_panels_show_the_track_the_takes_and_the_rig(
    part: Part, draw: Draw, track_file: Path, takes: Takes, tmp_path: Path
) -> None:
    bpy.ops.retake.load_track(filepath=str(track_file))
    _show(part, takes, tmp_path / "takes.npz")
    bpy.ops.object.armature_add()
    drawn = {p.bl_label: draw(p) for p in _panels(part)}
    assert ("label", "30 frames, 25 fps") in drawn["Track"]
    assert all("No keypoints yet" not in text for _, text in drawn["Track"])
    assert "needed bones are not matched" in " ".join(text for _, text in drawn["Rig"])
    assert [row.name for row in bpy.context.scene.retake.takes] == [
        "Best of All",
        "Take 2",
        "Take 1",
    ]


def test_a_failed_job_is_shown_as_wrapped_lines(
    part: Part, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = part("timer").client
    sentence = "The clip is too long for so many takes; ask for fewer, or cut the clip."
    monkeypatch.setattr(client, "message", sentence)
    lines = [text for kind, text in draw(part("client.panel").RETAKE_PT_status) if kind == "label"]
    assert " ".join(lines[1:]) == sentence
    assert max(map(len, lines)) <= part("sidebar").LINE_LENGTH


def test_a_missing_library_is_a_panel_that_says_what_to_do(part: Part, draw: Draw) -> None:
    registration = part("registration")
    text = " ".join(text for _, text in draw(registration.RETAKE_PT_broken))
    assert "Disable and enable" in text


def test_a_library_that_does_not_load_registers_only_that_panel(
    part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    registration = part("registration")
    registration.unregister()
    monkeypatch.setattr(registration, "MODULES", ("missing",))
    monkeypatch.setitem(sys.modules, f"{registration.__package__}.missing", None)

    def broken(name: str, package: str) -> ModuleType:
        raise ImportError("no", name="zmq.backend.cython")

    monkeypatch.setattr(registration.importlib, "import_module", broken)
    registration.register()
    assert registration.RETAKE_PT_broken.is_registered
    assert registration.RETAKE_PT_broken.library == "zmq"
    monkeypatch.undo()
    registration.unregister()
    registration.register()
    assert hasattr(bpy.types.Scene, "retake")


def test_a_foreign_file_is_a_sentence_and_changes_nothing(installed: str, tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(RuntimeError, match="is not a keypoint track") as error:
        bpy.ops.retake.load_track(filepath=str(tmp_path / "text.npz"))
    assert "Traceback" not in str(error.value)
    assert bpy.context.scene.retake.track_path == ""


def test_buttons_that_cannot_work_are_grey(part: Part) -> None:
    assert not bpy.ops.retake.sample_takes.poll()
    assert not bpy.ops.retake.cancel_job.poll()
    assert not bpy.ops.retake.apply_take.poll()
    bpy.ops.object.armature_add()
    assert not bpy.ops.retake.apply_take.poll()


def test_a_wrong_server_python_is_a_sentence(
    installed: str, track_file: Path, tmp_path: Path
) -> None:
    preferences = bpy.context.preferences.addons[installed].preferences
    preferences.server_python = str(tmp_path / "no-python")
    bpy.ops.retake.load_track(filepath=str(track_file))
    try:
        with pytest.raises(RuntimeError, match="There is no Python at"):
            bpy.ops.retake.sample_takes(wait=True)
    finally:
        preferences.server_python = ""


def test_preferences_draw(installed: str, draw: Draw) -> None:
    preferences = bpy.context.preferences.addons[installed].preferences
    assert ("prop", "server_python") in draw(type(preferences))


def test_takes_lie_beside_a_saved_file_and_are_found_again(
    part: Part, track_file: Path, takes: Takes, tmp_path: Path
) -> None:
    session = part("session")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.retake.load_track(filepath=str(track_file))
    path = session.new_takes_path(bpy.context.scene, "0123456789")
    assert path == tmp_path / "shot.retake" / "walk-01234567.npz"
    _show(part, takes, path)
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    assert bpy.context.scene.retake.takes_path.startswith("//")
    assert session.takes_of(bpy.context.scene).hypothesis_count == 2


def test_takes_of_a_file_are_listed_and_name_the_action(
    part: Part, takes: Takes, tmp_path: Path
) -> None:
    takes.save(tmp_path / "dance.npz")
    bpy.ops.retake.load_takes(filepath=str(tmp_path / "dance.npz"))
    names = [row.name for row in bpy.context.scene.retake.takes]
    assert names == ["Best of All", "Take 2", "Take 1"]
    assert part("session").takes_of(bpy.context.scene).hypothesis_count == 2
    assert part("rig.operators").action_name(bpy.context.scene, 1) == "dance take 2"


def test_a_file_without_takes_is_a_sentence_and_changes_nothing(
    installed: str, track_file: Path
) -> None:
    with pytest.raises(RuntimeError, match="is not a takes file") as error:
        bpy.ops.retake.load_takes(filepath=str(track_file))
    assert "Traceback" not in str(error.value)
    assert bpy.context.scene.retake.takes_path == ""


def test_the_focal_length_is_sent_unless_it_is_zero(part: Part) -> None:
    settings_of, scene = part("session").settings_of, bpy.context.scene
    assert settings_of(scene).focal is None
    scene.retake.focal_px = 900
    assert settings_of(scene).focal == 900


def test_takes_of_an_unsaved_file_move_beside_it_when_it_is_saved(
    part: Part, track_file: Path, takes: Takes, tmp_path: Path
) -> None:
    session, blend = part("session"), tmp_path / "shot.blend"
    bpy.ops.retake.load_track(filepath=str(track_file))
    path = session.new_takes_path(bpy.context.scene, "0123456789")
    _show(part, takes, path)
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    assert not path.exists()
    assert bpy.context.scene.retake.takes_path == f"//shot.retake/{path.name}"
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    assert session.takes_of(bpy.context.scene).hypothesis_count == 2
    assert session.track_of(bpy.context.scene).frame_count == 30


@pytest.mark.parametrize("copy", [False, True])
def test_saved_elsewhere_the_files_are_still_found(
    part: Part, track_file: Path, takes: Takes, tmp_path: Path, copy: bool
) -> None:
    session, other = part("session"), tmp_path / "other" / "shot.blend"
    other.parent.mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.retake.load_track(filepath="//walk.npz")
    _show(part, takes, session.new_takes_path(bpy.context.scene, "0123456789"))
    before = bpy.context.scene.retake.takes_path
    bpy.ops.wm.save_as_mainfile(filepath=str(other), copy=copy)
    assert (bpy.context.scene.retake.takes_path == before) == copy
    for opened in (False, True):
        if opened:
            bpy.ops.wm.open_mainfile(filepath=str(other))
        assert session.takes_of(bpy.context.scene).hypothesis_count == 2
        assert session.track_of(bpy.context.scene).frame_count == 30


def test_takes_of_a_scene_that_is_gone_are_left_on_disk(part: Part, takes: Takes) -> None:
    part("session").show_takes("nobody's", takes, Path("takes.npz"))
    assert len(bpy.context.scene.retake.takes) == 0


def test_disabling_leaves_nothing_behind(installed: str) -> None:
    before = {name for name in dir(bpy.types) if "RETAKE" in name.upper()}
    addon_utils.disable(installed)
    try:
        assert not hasattr(bpy.types.Scene, "retake")
        assert [n for n in dir(bpy.types) if "RETAKE" in n.upper()] == []
        assert before
    finally:
        addon_utils.enable(installed)
    assert addon_utils.check(installed)[1]
    assert {name for name in dir(bpy.types) if "RETAKE" in name.upper()} == before


def _texts_of(properties: Any, others: set[str]) -> set[str]:
    own = [p for p in properties if p.identifier not in others and not p.is_hidden]
    return {text for p in own for text in (p.name, p.description)}


def _panels(part: Part) -> list[type]:
    modules = [part(f"{step}.panel") for step in part("registration").STEPS]
    return [c for m in modules for c in m.CLASSES if c.__name__.startswith("RETAKE_PT")]


def _show(part: Part, takes: Takes, path: Path) -> None:
    """What the timer does when a job's takes have arrived."""
    session = part("session")
    takes.save(path)
    session.remember_job(bpy.context.scene, "job")
    session.show_takes("job", takes, path)
