"""Stages the extension's folder, builds its zip and validates it with Blender's own tool.

The zip mirrors the import namespace: its root stands for `retake`, so the same relative imports
serve in tests and in Blender, and nothing is rewritten. The tool is one file inside the `bpy`
package that runs without Blender. It does not know where the wheels come from.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ...shared.errors import RetakeError
from .server_wheel import FOLDER as SERVER_FOLDER

HOUSE = Path(__file__).resolve().parents[2]
"""The folder that stands for `retake`: the checkout, or the installed package."""

WHEEL_CACHE = HOUSE / "build" / "wheels"

ROOT_MODULE = '''"""Retake, a Blender extension. This folder is what `retake` is outside Blender."""

from .blender_addon import register, unregister

__all__ = ["register", "unregister"]
'''

_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc")


def stage(folder: Path, wheels: Sequence[Path], server: Path | None = None) -> None:
    """Fill the empty or absent `folder` with the extension as it is inside the zip.

    Without wheels it still works where Python has pyzmq and msgpack already, as beside the `bpy`
    package. `server` is the wheel that *Set Up Server* installs; without it that is not offered.
    """
    folder.mkdir(parents=True, exist_ok=True)
    addon, shared = HOUSE / "blender_addon", HOUSE / "shared"
    shutil.copytree(addon, folder / "blender_addon", ignore=_leave_out(addon, "packaging"))
    shutil.copytree(shared, folder / "shared", ignore=_leave_out(shared, "model"))
    manifest = folder / "blender_addon" / "blender_manifest.toml"
    text = _with_wheels(manifest.read_text(encoding="utf-8"), [wheel.name for wheel in wheels])
    manifest.unlink()
    (folder / manifest.name).write_text(text, encoding="utf-8")
    (folder / "__init__.py").write_text(ROOT_MODULE, encoding="utf-8")
    if (HOUSE / "LICENSE").is_file():
        shutil.copy(HOUSE / "LICENSE", folder)
    if wheels:
        (folder / "wheels").mkdir()
    for wheel in wheels:
        shutil.copy(wheel, folder / "wheels")
    if server:
        (folder / SERVER_FOLDER).mkdir()
        shutil.copy(server, folder / SERVER_FOLDER)


def build(
    output: Path,
    wheels: Sequence[Path],
    server: Path | None = None,
    *,
    split_platforms: bool = False,
) -> list[Path]:
    """The zips, built into `output` and validated: one for all platforms, or one for each.

    Raises RetakeError with the tool's own words if it refuses something.
    """
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="retake-extension-") as temporary:
        source, built = Path(temporary, "source"), Path(temporary, "built")
        built.mkdir()
        stage(source, wheels, server)
        split = ["--split-platforms"] if split_platforms else []
        _blender_ext("build", "--source-dir", str(source), "--output-dir", str(built), *split)
        zips = sorted(built.glob("*.zip"))
        for path in zips:
            validate(path)
        return [Path(shutil.copy(path, output)) for path in zips]


def write_index(folder: Path) -> Path:
    """`index.json` of a static extension repository that holds the zips in `folder`.

    Served as plain files, its address is what people add under Preferences > Get Extensions.
    """
    _blender_ext("server-generate", "--repo-dir", str(folder), tags=False)
    return folder / "index.json"


def validate(path: Path) -> None:
    """Raises RetakeError if Blender's tool refuses the zip or folder at `path`."""
    _blender_ext("validate", str(path))


def _leave_out(parent: Path, name: str):
    def ignore(folder: str, names: list[str]) -> set[str]:
        return _LEFT_OUT(folder, names) | ({name} if Path(folder) == parent else set())

    return ignore


def _with_wheels(manifest: str, names: list[str]) -> str:
    if manifest.count("\nwheels = []\n") != 1:
        raise RetakeError("blender_manifest.toml must have the line 'wheels = []' exactly once.")
    listed = [f"./wheels/{name}" for name in sorted(names)]
    return manifest.replace(
        "\nwheels = []\n", f"\nwheels = {json.dumps(listed, indent=2)}\n" if listed else "\n"
    )


def _blender_ext(command: str, *arguments: str, tags: bool = True) -> None:
    tool, known_tags = _find_tool()
    call = [sys.executable, str(tool), command, *arguments]
    call += [f"--valid-tags={known_tags}"] if tags else []
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RetakeError(
            f"Blender's extension tool refused to {command}: {(done.stdout + done.stderr).strip()}"
        )


def _find_tool() -> tuple[Path, Path]:
    """Blender's `blender_ext.py` and its table of allowed tags, both inside the `bpy` package."""
    spec = importlib.util.find_spec("bpy")
    for folder in (spec.submodule_search_locations if spec else None) or ():
        for tool in Path(folder).glob("*/scripts/addons_core/bl_pkg/cli/blender_ext.py"):
            tags = tool.parents[3] / "modules" / "_bpy_internal" / "extensions" / "tags.py"
            return tool, tags
    raise RetakeError(
        "Building the extension needs the bpy package. In the Retake checkout, "
        "'python3.11 tasks.py extension' installs it and builds."
    )
