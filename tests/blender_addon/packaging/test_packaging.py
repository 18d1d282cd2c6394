"""The staged extension and its wheels, without downloading anything."""

from __future__ import annotations

import hashlib
import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from retake.blender_addon.packaging import build_zip, server_wheel, wheels
from retake.blender_addon.packaging.wheels import Wheel
from retake.blender_addon.version import VERSION
from retake.shared.errors import RetakeError

PYTHONS = ("cp311", "cp313", "cp314")
"""Blender 4.5, Blender 5.1 and later, and builds of some Linux distributions."""


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    wheel = tmp_path / "msgpack-1.2.4-cp311-cp311-win_amd64.whl"
    wheel.write_bytes(b"wheel")
    build_zip.stage(tmp_path / "staged", [wheel])
    return tmp_path / "staged"


def _manifest(staged: Path) -> dict[str, Any]:
    return tomllib.loads((staged / "blender_manifest.toml").read_text("utf-8"))


def test_the_zip_holds_what_blender_can_import_and_no_more(staged: Path) -> None:
    files = {path.relative_to(staged).as_posix() for path in staged.rglob("*") if path.is_file()}
    assert {"__init__.py", "blender_addon/registration.py", "shared/protocol.py"} <= files
    outside = ("shared/model/", "blender_addon/packaging/", "server/", "training/", "cli/")
    assert [f for f in files if f.startswith(outside) or "__pycache__" in f] == []
    assert [f for f in files if f.endswith("blender_manifest.toml")] == ["blender_manifest.toml"]


def test_the_manifest_names_the_wheels_that_are_there(staged: Path) -> None:
    listed = _manifest(staged)["wheels"]
    assert [Path(name).name for name in listed] == [p.name for p in (staged / "wheels").iterdir()]


def test_without_wheels_the_manifest_has_no_list(tmp_path: Path) -> None:
    build_zip.stage(tmp_path / "staged", [])
    assert "wheels" not in _manifest(tmp_path / "staged")


def test_one_version_everywhere(staged: Path) -> None:
    project = tomllib.loads((build_zip.HOUSE / "pyproject.toml").read_text("utf-8"))["project"]
    assert _manifest(staged)["version"] == project["version"] == VERSION


def test_every_python_and_platform_has_both_libraries_and_a_true_wheel() -> None:
    """Blender reads the supported Pythons from the names; abi3 does not count beside cp311."""
    names = [wheel.file for wheel in wheels.read_table()]
    for platform in ("manylinux_2_28_x86_64", "win_amd64", "_arm64"):
        here = [n for n in names if platform in n or ("_arm64" in platform and "universal2" in n)]
        for python in PYTHONS:
            assert any(n.startswith("msgpack") and f"{python}-{python}" in n for n in here)
            pyzmq = f"{python}-{python}" if python == "cp311" else "cp312-abi3"
            assert any(n.startswith("pyzmq") and pyzmq in n for n in here)


def test_nothing_is_packed_for_a_mac_that_no_server_runs_on(staged: Path) -> None:
    """PyTorch and MediaPipe have no wheels for Intel's Macs."""
    assert "macos-x64" not in _manifest(staged)["platforms"]
    names = [wheel.file for wheel in wheels.read_table()]
    assert [n for n in names if "macosx" in n and "x86_64" in n] == []


def test_pip_is_asked_for_exactly_that_wheel() -> None:
    wheel = Wheel("pyzmq-27.3.0-cp312-abi3-manylinux_2_26_x86_64.manylinux_2_28_x86_64.whl", "")
    options = " ".join(wheel.pip_options)
    assert wheel.requirement == "pyzmq==27.3.0"
    assert "--abi abi3 --python-version 3.12" in options
    assert options.endswith("--platform manylinux_2_26_x86_64 --platform manylinux_2_28_x86_64")


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """pip, replaced by something that always 'downloads' the word `wheel`."""
    calls: list[Sequence[str]] = []

    def run(command: Sequence[str], **options: object) -> subprocess.CompletedProcess[str]:
        calls.append(command)
        folder = Path(command[command.index("--dest") + 1])
        (folder / "a-1-cp311-cp311-win_amd64.whl").write_bytes(b"wheel")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    return calls


def test_a_wheel_is_downloaded_once(tmp_path: Path, pip: list[Sequence[str]]) -> None:
    wheel = Wheel("a-1-cp311-cp311-win_amd64.whl", hashlib.sha256(b"wheel").hexdigest())
    assert wheels.fetch(tmp_path, [wheel]) == wheels.fetch(tmp_path, [wheel])
    assert len(pip) == 1


@pytest.mark.parametrize(
    ("file", "reason"),
    [("a-1-cp311-cp311-win_amd64.whl", "SHA-256"), ("b-1-cp311-cp311-win_amd64.whl", "no b-1")],
)
def test_another_content_or_name_is_refused(
    tmp_path: Path, pip: list[Sequence[str]], file: str, reason: str
) -> None:
    with pytest.raises(RetakeError, match=reason):
        wheels.fetch(tmp_path, [Wheel(file, "0" * 64)])


def test_the_servers_wheel_travels_without_being_installed_by_blender(tmp_path: Path) -> None:
    wheel = tmp_path / "retake-0.1.0-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    build_zip.stage(tmp_path / "staged", [], wheel)
    assert (tmp_path / "staged" / server_wheel.FOLDER / wheel.name).read_bytes() == b"wheel"
    assert "wheels" not in _manifest(tmp_path / "staged")


def test_the_servers_wheel_needs_a_checkout(tmp_path: Path) -> None:
    with pytest.raises(RetakeError, match="built from a checkout"):
        server_wheel.build_server_wheel(tmp_path, tmp_path / "out")


def test_a_wheel_that_pip_cannot_build_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(command: Sequence[str], **options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "one\nno space left")

    monkeypatch.setattr(subprocess, "run", fails)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "retake-0.0.9-py3-none-any.whl").touch()  # of an older build
    with pytest.raises(RetakeError, match="no space left"):
        server_wheel.build_server_wheel(build_zip.HOUSE, tmp_path / "out")
