from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from retake.cli import apply
from retake.shared.errors import RetakeError


def arguments(takes: Path, rig: Path, out: Path) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    apply.add_arguments(parser)
    return parser.parse_args([str(takes), "--rig", str(rig), "-o", str(out)])


@pytest.fixture
def rig(tmp_path: Path) -> Path:
    """A file that begins like one of Blender's."""
    path = tmp_path / "hero.blend"
    path.write_bytes(b"BLENDER-v405")
    return path


def refusal(takes: Path, rig: Path, out: Path) -> str:
    with pytest.raises(RetakeError) as caught:
        apply.run(arguments(takes, rig, out))
    return str(caught.value)


def test_missing_files_are_named(rig: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    out = tmp_path / "shot.blend"
    assert str(gone) in refusal(gone, rig, out)
    assert str(gone) in refusal(gone, gone, out)
    assert "does not exist" in refusal(gone, rig, gone / "shot.blend")
    assert not out.exists()


def test_text_named_blend_is_not_a_blend_file(tmp_path: Path) -> None:
    text = tmp_path / "hero.blend"
    text.write_text("hello")
    assert "is not a .blend file" in refusal(tmp_path, text, tmp_path / "shot.blend")


def test_the_rigs_own_file_is_never_the_result(rig: Path, tmp_path: Path) -> None:
    detour = tmp_path / ".." / tmp_path.name / "hero.blend"
    assert "never overwritten" in refusal(tmp_path / "clip.npz", rig, detour)
    assert rig.read_bytes() == b"BLENDER-v405"


def test_a_folder_is_not_the_result(rig: Path, tmp_path: Path) -> None:
    (tmp_path / "shot.blend").mkdir()
    assert "is a folder" in refusal(tmp_path / "clip.npz", rig, tmp_path / "shot.blend")


def test_result_must_be_named_blend(rig: Path, tmp_path: Path) -> None:
    assert "must end in .blend" in refusal(tmp_path, rig, tmp_path / "shot.mp4")
