"""tasks.py: what it decides before it starts anything."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


def load_tasks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("retake_tasks", ROOT / "tasks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


tasks = load_tasks()


@pytest.mark.parametrize("version", [(3, 11), (3, 13)])
def test_pythons_that_have_a_blender(version: tuple[int, int]) -> None:
    assert tasks.python_problem(version) is None


@pytest.mark.parametrize("version", [(3, 9), (3, 12), (3, 14)])
def test_other_pythons_get_one_sentence(version: tuple[int, int]) -> None:
    problem = tasks.python_problem(version)
    assert f"{version[0]}.{version[1]};" in problem
    assert "3.11 (Blender 4.5)" in problem


def test_platforms() -> None:
    assert tasks.platform_problem("Linux", "x86_64") is None
    assert "Darwin x86_64" in tasks.platform_problem("Darwin", "x86_64")


def refuse_gl(name: str) -> object:
    if "GL" in name:
        raise OSError(name)
    return object()


def test_libraries_that_do_not_load_are_missing() -> None:
    assert tasks.missing_libraries(refuse_gl) == ["libGL.so.1", "libEGL.so.1"]


def test_one_line_installs_what_is_missing() -> None:
    line = tasks.install_line(["libGL.so.1"], need_venv=True, has_apt=True, is_root=False)
    venv = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    assert line == f"sudo apt-get install -y --no-install-recommends libgl1 {venv}"
    as_root = tasks.install_line(["libGL.so.1"], need_venv=True, has_apt=True, is_root=True)
    assert f"sudo {as_root}" == line


def test_other_systems_are_told_the_names() -> None:
    line = tasks.install_line(["libGL.so.1"], need_venv=True, has_apt=False, is_root=False)
    assert "libGL.so.1" in line
    assert "ensurepip" in line


def test_nothing_missing() -> None:
    assert tasks.install_line([], need_venv=False, has_apt=True, is_root=True) is None


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("  Downloading bpy-4.5.15-cp311-cp311-x.whl (373.0 MB)", "bpy 4.5.15 (373.0 MB)"),
        ("Downloading torch-2.13.0+cpu-cp311-x.whl (1.1 GB)", "torch 2.13.0+cpu (1.1 GB)"),
        ("Downloading tqdm-4.70.1-py3-none-any.whl (78 kB)", None),
        ("Downloading torch-2.13.0-cp311-cp311-win_amd64.whl.metadata (29 kB)", None),
        ("Installing collected packages: numpy, retake", "unpacking 2 packages"),
        ("Requirement already satisfied: numpy in x", None),
    ],
)
def test_what_is_shown_of_an_installation(line: str, shown: str | None) -> None:
    assert tasks.progress_line(line) == shown


def environment(folder: Path) -> Path:
    """Looks like a virtual environment from outside."""
    python: Path = tasks.venv_python(folder)
    python.parent.mkdir(parents=True)
    python.touch()
    return folder


def test_an_environment_is_filled_while_its_stamp_matches(tmp_path: Path) -> None:
    key = tasks.fingerprint((3, 11), [["-e", ".[demo]"]])
    folder = environment(tmp_path / "venv")
    assert not tasks.is_filled(folder, "demo", key)
    (folder / "retake-demo.stamp").write_text(key)
    assert tasks.is_filled(folder, "demo", key)
    assert not tasks.is_filled(folder, "test", key)
    tasks.venv_python(folder).unlink()
    assert not tasks.is_filled(folder, "demo", key)


def test_fingerprint_changes_with_all_it_stands_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tasks.fingerprint((3, 11), [["-e", ".[demo]"]])
    assert tasks.fingerprint((3, 13), [["-e", ".[demo]"]]) != here
    assert tasks.fingerprint((3, 11), [["-e", ".[test]"]]) != here
    (tmp_path / "pyproject.toml").write_text("[project]")
    monkeypatch.setattr(tasks, "ROOT", tmp_path)
    assert tasks.fingerprint((3, 11), [["-e", ".[demo]"]]) != here


def test_a_broken_environment_is_replaced(tmp_path: Path) -> None:
    folder = environment(tmp_path / "venv")
    (folder / "left-over").touch()
    tasks.make_venv(folder, [sys.executable, "-c", FAKE_VENV], (3, 11))
    assert [path.name for path in folder.iterdir()] == ["new"]


def test_a_sound_environment_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def sound(command: list[str], needs: str) -> tuple[int, int]:
        return (3, 11)

    monkeypatch.setattr(tasks, "probe", sound)
    folder = environment(tmp_path / "venv")
    tasks.make_venv(folder, [sys.executable, "-c", FAKE_VENV], (3, 11))
    assert not (folder / "new").exists()


FAKE_VENV = "import pathlib, sys; pathlib.Path(sys.argv[-1], 'new').mkdir(parents=True)"
"""In place of `-m venv FOLDER`, which takes seconds."""


def test_probe() -> None:
    assert tasks.probe([sys.executable], "pip") == sys.version_info[:2]
    assert tasks.probe([sys.executable], "no_such_module") is None
    assert tasks.probe(["no-such-python"], "pip") is None


def test_steps_go_on_after_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []

    def tool(name: str) -> int:
        seen.append(name)
        return int(name == "lint")

    monkeypatch.setattr(tasks, "tool", tool)
    assert tasks.run_steps({"a": ("lint",), "b": ("types",)}) == 1
    assert seen == ["lint", "types"]
    assert capsys.readouterr().out.endswith("== failed: a\n")


def test_type_links_lead_to_the_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for part in tasks.PARTS:
        (tmp_path / part).mkdir()
        (tmp_path / part / "__init__.py").touch()
    monkeypatch.setattr(tasks, "ROOT", tmp_path)
    tasks.link_types()
    tasks.link_types()
    assert (tmp_path / ".types" / "retake" / "shared" / "__init__.py").exists()


def test_unknown_commands_list_the_known_ones() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tasks.py"), "tests"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "blender-matrix" in done.stdout
