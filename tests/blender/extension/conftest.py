# pyright: basic, reportAttributeAccessIssue=false
"""The extension as people get it: a zip, installed in this Blender, drawn without a window."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import bpy
import numpy as np
import pytest
from retake.blender_addon.packaging import build_zip, wheels
from retake.shared import connection_file
from retake.shared.takes import Takes

PACKAGE = "bl_ext.user_default.retake"


@pytest.fixture(scope="session")
def extension_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip for all platforms. The wheels are downloaded once per checkout."""
    try:
        files = wheels.fetch(build_zip.WHEEL_CACHE, wheels.read_table())
    except wheels.DownloadFailed as error:
        reason = f"the package index cannot be reached: {error}"
        if os.environ.get("CI"):  # where the result decides, nothing may vanish silently
            pytest.fail(reason)
        pytest.skip(reason)
    (path,) = build_zip.build(tmp_path_factory.mktemp("dist"), files)
    return path


@pytest.fixture(scope="session")
def installed(extension_zip: Path) -> str:
    """The name of the package, installed from the zip and enabled."""
    bpy.ops.extensions.package_install_files(
        filepath=str(extension_zip), repo="user_default", enable_on_install=True
    )
    return PACKAGE


@pytest.fixture
def part(installed: str) -> Callable[[str], ModuleType]:
    """A module of the installed extension, as Blender has it."""
    return lambda name: importlib.import_module(f"{installed}.blender_addon.{name}")


@pytest.fixture
def long_clip(tmp_path: Path) -> Callable[[], Any]:
    """Makes the sample's takes six times as long, forth and back, and has its character wear them;
    -> what there is to choose."""

    def lengthened() -> Any:
        scene = bpy.context.scene
        takes = Takes.load(Path(bpy.path.abspath(scene.retake.takes_path)))
        forth = np.arange(6 * takes.frame_count) % (2 * takes.frame_count)
        index = np.minimum(forth, 2 * takes.frame_count - 1 - forth)
        arrays = {name: getattr(takes, name)[:, index] for name in ("poses", "root")}
        arrays |= {name: getattr(takes, name)[index] for name in ("spread", "contacts")}
        path = tmp_path / "long.takes.npz"
        replace(takes, **arrays, times=np.arange(len(index)) / takes.fps).save(path)
        bpy.ops.retake.load_takes(filepath=str(path))
        bpy.ops.retake.clear_choice(everything=True)
        return scene.retake_choose

    return lengthened


@pytest.fixture(scope="module")
def server_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Servers of this module are its own, and end with it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RETAKE_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
        if "RETAKE_SERVER_PYTHON" not in os.environ:
            patch.setenv("RETAKE_SERVER_PYTHON", sys.executable)
        yield
        info = connection_file.read()
        if info and connection_file.is_alive(info):
            os.kill(info.pid, signal.SIGTERM)


class FakeLayout:
    """Runs `draw` without a window; refuses properties, operators and icons that do not exist."""

    ICONS = frozenset(
        item.identifier
        for item in bpy.types.UILayout.bl_rna.functions["prop"].parameters["icon"].enum_items
    )

    log: list[tuple[str, str]]

    def __init__(self, log: list[tuple[str, str]]) -> None:
        self.__dict__["log"] = log

    def __setattr__(self, name: str, value: Any) -> None:
        assert name in bpy.types.UILayout.bl_rna.properties, f"UILayout.{name}"

    def __getattr__(self, name: str) -> Callable[..., FakeLayout]:
        assert name in bpy.types.UILayout.bl_rna.functions, f"UILayout.{name}()"

        def call(*args: Any, **options: Any) -> FakeLayout:
            assert options.get("icon", "NONE") in self.ICONS, options["icon"]
            self.log.append((name, str(options.get("text", ""))))
            return FakeLayout(self.log)

        return call

    def prop(self, data: Any, name: str, **options: Any) -> None:
        assert name in data.bl_rna.properties, f"{data} has no property {name}"
        self.log.append(("prop", name))

    def operator(self, name: str, **options: Any) -> SimpleNamespace:
        group, _, operator = name.partition(".")
        getattr(getattr(bpy.ops, group), operator).get_rna_type()
        assert options.get("icon", "NONE") in self.ICONS, options["icon"]
        self.log.append(("operator", name))
        return SimpleNamespace()


@pytest.fixture
def fake_layout() -> type[FakeLayout]:
    """For what draws without being a panel."""
    return FakeLayout


Draw = Callable[[Any], list[tuple[str, str]]]


@pytest.fixture
def draw() -> Draw:
    """What a panel class draws: (kind, text or name) in order."""

    def draw_one(panel: Any) -> list[tuple[str, str]]:
        log: list[tuple[str, str]] = []
        panel.draw(SimpleNamespace(layout=FakeLayout(log), bl_rna=panel.bl_rna), bpy.context)
        return log

    return draw_one
