"""The demo around Blender: the folder for its results, and how it refuses one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from retake.cli import __main__ as cli
from retake.cli import demo


def test_a_file_in_the_way_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").write_text("mine")
    assert cli.main(["demo", "--out", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert error.startswith("retake: ")
    assert error.count("\n") == 1
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("out", "mine")]


def test_a_folder_is_made_only_inside_one_that_exists(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["demo", "--out", str(tmp_path / "gone" / "out")]) == 1
    assert "gone does not exist" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_new_folder_goes_when_no_results_come(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), demo.claimed(tmp_path / "new"):
        raise error
    assert not (tmp_path / "new").exists()


def test_somebodys_folder_stays_when_no_results_come(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("mine")
    with pytest.raises(RuntimeError), demo.claimed(tmp_path):
        raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]


def test_results_replace_those_of_an_earlier_demo_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for folder, text in ((tmp_path / "first", "1"), (tmp_path / "second", "2")):
        (folder / demo.TAKES).mkdir(parents=True)
        for name in (demo.BLEND, demo.PICTURE, f"{demo.TAKES}/takes{text}.npz"):
            (folder / name).write_text(text)
    out.mkdir()
    (out / "theirs").write_text("mine")
    demo.publish(tmp_path / "first", out)
    demo.publish(tmp_path / "second", out)
    assert (out / demo.BLEND).read_text() == (out / demo.PICTURE).read_text() == "2"
    assert [path.name for path in (out / demo.TAKES).iterdir()] == ["takes2.npz"]
    assert (out / "theirs").read_text() == "mine"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_whole_demo(tmp_path: Path) -> None:
    """In Blender, with a server; both are gone afterwards, and the results are complete."""
    command = [sys.executable, "-m", "retake.cli", "demo", "--out", str(tmp_path / "out")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=580)
    assert done.returncode == 0, done.stderr
    assert "Swordplay: 210 frames" in done.stdout
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [demo.BLEND, demo.PICTURE, demo.TAKES]
    with Image.open(tmp_path / "out" / demo.PICTURE) as picture:
        assert picture.width == 1600
        assert np.asarray(picture.convert("RGB")).std() > 20
