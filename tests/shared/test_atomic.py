import os
import sys
from pathlib import Path

import pytest
from retake.shared.atomic import new_folder, replaced_file


def write_half(path: Path) -> None:
    with replaced_file(path) as part:
        part.write_text("half")
        raise OSError("No space left on device")


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path):
    path = tmp_path / "a"
    with replaced_file(path) as part:
        part.write_text("one")
        assert not path.exists()
    assert path.read_text() == "one"
    with pytest.raises(OSError, match="No space"):
        write_half(path)
    assert path.read_text() == "one"
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes of this kind")
def test_a_file_keeps_its_mode_and_a_new_one_gets_the_usual(tmp_path: Path):
    usual = tmp_path / "usual"
    usual.touch()
    with replaced_file(tmp_path / "new"):
        pass
    assert (tmp_path / "new").stat().st_mode == usual.stat().st_mode
    usual.chmod(0o600)
    with replaced_file(usual):
        pass
    assert usual.stat().st_mode & 0o777 == 0o600


def fill_half(path: Path) -> None:
    with new_folder(path) as part:
        (part / "one").touch()
        raise KeyboardInterrupt


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path):
    path = tmp_path / "deep" / "a"
    with new_folder(path) as part:
        (part / "one").touch()
        assert not path.exists()
    assert os.listdir(path) == ["one"]
    with pytest.raises(KeyboardInterrupt):
        fill_half(tmp_path / "deep" / "b")
    assert os.listdir(tmp_path / "deep") == ["a"]


def test_what_is_there_is_not_replaced_by_a_folder(tmp_path: Path):
    (tmp_path / "a").touch()
    with pytest.raises(FileExistsError), new_folder(tmp_path / "a"):
        pass
    assert os.listdir(tmp_path) == ["a"]
