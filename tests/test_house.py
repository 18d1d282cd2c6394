"""The rules of the house (CONTRIBUTING.md): which part may import what, and what is packaged."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PARTS = ("blender_addon", "cli", "server", "shared", "training")
FILES = sorted(path.relative_to(ROOT) for part in PARTS for path in (ROOT / part).rglob("*.py"))

MAY_IMPORT = {
    "shared": {"shared"},
    "shared.model": {"shared", "shared.model"},
    "server": {"shared", "shared.model", "server"},
    "training": {"shared", "shared.model", "training"},
    "blender_addon": {"shared", "blender_addon"},
    "cli": {"shared", "shared.model", "server", "training", "blender_addon", "cli"},
}
"""Part -> the parts it may import. Everything points towards `shared`."""

BPY_EDGES = {
    "blender_addon/choose/ahead.py",
    "blender_addon/choose/character.py",
    "blender_addon/choose/dragging.py",
    "blender_addon/choose/half_written.py",
    "blender_addon/choose/pins.py",
    "blender_addon/choose/previews.py",
    "blender_addon/choose/reading.py",
    "blender_addon/choose/ready.py",
    "blender_addon/choose/shaders.py",
    "blender_addon/choose/strip.py",
    "blender_addon/choose/wearing.py",
    "blender_addon/files.py",
    "blender_addon/jobs.py",
    "blender_addon/mannequin.py",
    "blender_addon/packing.py",
    "blender_addon/preferences.py",
    "blender_addon/properties.py",
    "blender_addon/registration.py",
    "blender_addon/reporting.py",
    "blender_addon/rig/apply_take.py",
    "blender_addon/rig/wish_operators.py",
    "blender_addon/rig/armature/read_rest_pose.py",
    "blender_addon/rig/writing/channels.py",
    "blender_addon/rig/writing/write_action.py",
    "blender_addon/saving.py",
    "blender_addon/session.py",
    "blender_addon/sidebar.py",
    "blender_addon/slices.py",
    "blender_addon/timer.py",
    "blender_addon/waiting.py",
    "blender_addon/translations.py",
    "cli/apply.py",
    "cli/demo_extension.py",
    "cli/demo_play.py",
    "cli/demo_stage.py",
}
"""The only files that may touch Blender. Everything else runs under plain Python."""

STEP_EDGES = {"operators.py", "panel.py", "properties.py", "overlay.py", "tool.py", "scene.py"}
"""In a folder of `blender_addon/`, the files that may touch Blender too."""

BPY_MODULES = {"bpy", "bpy_extras", "mathutils", "gpu", "gpu_extras", "blf", "bmesh", "addon_utils"}


def imports(file: Path) -> Iterator[str]:
    """Dotted names that `file` imports; ours, relative or not, start with `retake.`."""
    package = ("retake", *file.parent.parts)
    for node in ast.walk(ast.parse((ROOT / file).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) + 1 - node.level]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            # `from ..shared import protocol` names a module in the list, not before it.
            yield from (f"{module}.{alias.name}" for alias in node.names)


def absolute_imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse((ROOT / file).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or ""


def part_of(dotted: str) -> str:
    """The part that `retake.shared.model.denoiser` and the like belong to."""
    names = dotted.split(".")[1:]
    return "shared.model" if names[:2] == ["shared", "model"] else names[0]


def top(dotted: str) -> str:
    return dotted.split(".")[0]


def test_imports_point_towards_shared() -> None:
    for file in FILES:
        allowed = MAY_IMPORT[part_of(".".join(("retake", *file.with_suffix("").parts)))]
        ours = [name for name in imports(file) if top(name) == "retake"]
        assert [name for name in ours if part_of(name) not in allowed] == [], file


def test_packages_import_each_other_relatively() -> None:
    """The extension's package is called `bl_ext.REPOSITORY.retake` in Blender."""
    for file in FILES:
        names = absolute_imports(file)
        assert [name for name in names if top(name) in ("retake", *PARTS)] == [], file


def test_tests_import_what_a_user_imports() -> None:
    """`shared` alone is found only by accident, when the checkout is the current folder."""
    for file in (ROOT / "tests").rglob("*.py"):
        names = absolute_imports(file.relative_to(ROOT))
        assert [name for name in names if top(name) in PARTS] == [], file


def test_shared_imports_what_blender_has() -> None:
    allowed = {*sys.stdlib_module_names, "numpy", "msgpack", "retake"}
    files = (ROOT / "shared").rglob("*.py")
    for file in (f for f in files if not f.is_relative_to(ROOT / "shared/model")):
        names = imports(file.relative_to(ROOT))
        assert [name for name in names if top(name) not in allowed] == [], file


def test_only_the_edges_import_bpy() -> None:
    found = {f for f in FILES if not BPY_MODULES.isdisjoint(map(top, imports(f)))}
    steps = {f for f in found if f.parts[0] == "blender_addon" and len(f.parts) >= 3}
    edges = {f for f in steps if f.name in STEP_EDGES}
    assert {f.as_posix() for f in found - edges} - BPY_EDGES == set()


def test_every_folder_with_python_is_packaged() -> None:
    """An editable installation finds an unlisted package too; the wheel would silently lack it."""
    folders = {file.parent for file in FILES}
    packages = {".".join(("retake", *folder.parts)) for folder in folders}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == packages
    assert [f.as_posix() for f in folders if not (ROOT / f / "__init__.py").exists()] == []


def test_every_other_file_is_package_data() -> None:
    listed: set[Path] = set()
    for package, patterns in PROJECT["tool"]["setuptools"]["package-data"].items():
        folder = ROOT.joinpath(*package.split(".")[1:])
        listed |= {path for pattern in patterns for path in folder.glob(pattern)}
    files = {path for part in PARTS for path in (ROOT / part).rglob("*") if path.is_file()}
    assert {path for path in files if path.suffix not in (".py", ".pyc")} <= listed
